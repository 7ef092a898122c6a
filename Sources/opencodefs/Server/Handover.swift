internal import MySQLDriver
internal import SessionModel

/// A server as text for the daemon, which gets it by a pipe: what stands on its command line or in its environment,
/// everybody who may look into /proc could read.
enum Handover {
    static func text(_ server: Server) -> [UInt8] {
        let settings = server.settings
        var text = JSONObject()
        switch settings.address {
        case .tcp(let host, let port):
            text.add("host", .string(host))
            text.add("port", .integer(Int(port)))
        case .socket(let path): text.add("socket", .string(path))
        }
        text.add("user", .string(settings.user))
        text.add("password", .string(settings.password))
        text.add("database", .string(settings.database))
        text.add("encryption", .integer(encryptions.firstIndex(of: settings.encryption) ?? 0))
        text.add("authorities", settings.certificates.authorities.map { .string($0) })
        text.add("certificate", settings.certificates.certificate.map { .string($0) })
        text.add("key", settings.certificates.key.map { .string($0) })
        text.add("connectTimeout", .integer(milliseconds(settings.connectTimeout)))
        text.add("readTimeout", settings.readTimeout.map { .integer(milliseconds($0)) })
        text.add("writeTimeout", settings.writeTimeout.map { .integer(milliseconds($0)) })
        text.add("characterSet", .string(settings.characterSet))
        text.add("collation", settings.collation.map { .string($0) })
        text.add("systemVariables", pairs(settings.systemVariables))
        text.add("maxAllowedPacket", settings.maxAllowedPacket.map { .integer($0) })
        text.add("isCompressed", .boolean(settings.isCompressed))
        text.add("rejectsReadOnly", .boolean(settings.rejectsReadOnly))
        text.add("allowsCleartextPasswords", .boolean(settings.allowsCleartextPasswords))
        text.add("connectionAttributes", pairs(settings.connectionAttributes))
        text.add("connections", .integer(server.limits.connections))
        text.add("idle", .integer(server.limits.idle))
        return text.line()
    }

    /// Nil for what is no such text.
    static func server(_ text: [UInt8]) -> Server? {
        guard let json = try? JSON(parsing: text), let user = json["user"]?.string,
            let password = json["password"]?.string, let database = json["database"]?.string,
            let encryption = number(json["encryption"]), encryptions.indices.contains(encryption)
        else { return nil }
        let address: MySQLSettings.Address
        if let path = json["socket"]?.string {
            address = .socket(path: path)
        } else if let host = json["host"]?.string, let port = number(json["port"]).flatMap(UInt16.init(exactly:)) {
            address = .tcp(host: host, port: port)
        } else {
            return nil
        }
        var settings = MySQLSettings(address: address, user: user, password: password, database: database)
        settings.encryption = encryptions[encryption]
        settings.certificates = MySQLSettings.Certificates(
            authorities: json["authorities"]?.string, certificate: json["certificate"]?.string,
            key: json["key"]?.string)
        settings.connectTimeout = duration(json["connectTimeout"]) ?? settings.connectTimeout
        settings.readTimeout = duration(json["readTimeout"])
        settings.writeTimeout = duration(json["writeTimeout"])
        settings.characterSet = json["characterSet"]?.string ?? settings.characterSet
        settings.collation = json["collation"]?.string
        settings.systemVariables = variables(json["systemVariables"])
        settings.maxAllowedPacket = number(json["maxAllowedPacket"])
        settings.isCompressed = json["isCompressed"] == .boolean(true)
        settings.rejectsReadOnly = json["rejectsReadOnly"] == .boolean(true)
        settings.allowsCleartextPasswords = json["allowsCleartextPasswords"] == .boolean(true)
        settings.connectionAttributes = variables(json["connectionAttributes"])
        let limits = Server.Limits(
            connections: number(json["connections"]) ?? 1, idle: number(json["idle"]) ?? 0)
        return Server(settings: settings, limits: limits)
    }

    private static let encryptions: [MySQLSettings.Encryption] = [.none, .preferred, .unverified, .verified]

    private static func number(_ json: JSON?) -> Int? {
        if case .number(let text) = json { Int(text) } else { nil }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        Int64((duration / .milliseconds(1)).rounded(.up))
    }

    private static func duration(_ json: JSON?) -> Duration? {
        number(json).map { .milliseconds($0) }
    }

    private static func pairs(_ variables: [MySQLSettings.Variable]) -> JSONObject.Value {
        .array(variables.map { .array([.string($0.name), .string($0.value)]) })
    }

    private static func variables(_ json: JSON?) -> [MySQLSettings.Variable] {
        guard case .array(let pairs) = json else { return [] }
        return pairs.compactMap { pair in
            guard case .array(let words) = pair, words.count == 2, let name = words[0].string,
                let value = words[1].string
            else { return nil }
            return MySQLSettings.Variable(name, value)
        }
    }
}
