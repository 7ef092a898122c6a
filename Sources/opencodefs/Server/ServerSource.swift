internal import MySQLDriver

/// What somebody has said about a server, before anything is asked for the rest, least of all for a password.
struct ServerSource: Sendable {
    enum Words: Sendable {
        /// A DSN as Go's programs have it, or a URL; the file it stands in, if it does.
        case name(String, file: String?)
        /// In pieces, each from the file that says it last.
        case pieces([SessionProvider.Key: SessionProvider.Saying])
    }

    let words: Words
    /// What led here: `--database`, a variable, a file.
    let origin: String
    let tuning: SessionProvider

    /// `mysql://host:3306/database`, as far as it is known without asking anybody; nil where it cannot be read.
    var name: String? {
        try? outline().settings.name
    }

    /// Who comes where, told by what is said and by `~/.my.cnf`; without a password. Nobody is asked.
    func outline() throws(CommandFailure) -> DSN {
        var dsn = try dsn()
        let options = ClientOptions()
        if !dsn.namesAddress, case .name(let text, _) = words, DSN.isURL(text), let address = try options.address() {
            dsn.settings.address = address
        }
        if !dsn.namesUser { dsn.settings.user = options["user"] ?? "" }
        return dsn
    }

    /// Refuses what lacks something that nobody else can add.
    func check() throws(CommandFailure) {
        try validate(try outline().settings)
    }

    /// Everything there is to know: also the password.
    ///
    /// - Returns: and lines about what was ignored.
    func server(_ configuration: UserConfiguration) throws(CommandFailure) -> (server: Server, notes: [String]) {
        let dsn = try outline()
        let options = ClientOptions()
        var settings = dsn.settings
        try validate(settings)
        settings.password = try password(dsn, settings, options, configuration)
        try encrypt(&settings, isSaid: dsn.namesEncryption, options, configuration)
        if settings.connectTimeout == .seconds(30), let seconds = tuning.number(.connectionTimeout), seconds > 0 {
            settings.connectTimeout = .seconds(min(seconds, 3600))
        }
        if case .pieces = words, settings.password.isEmpty { throw Self.missing("password", Self.passwordRemedy) }
        if !settings.password.isEmpty { System.guardMemory() }
        var limits = Server.Limits()
        if let count = tuning.number(.maxConnections), count > 0 { limits.connections = min(count, 1000) }
        if let count = tuning.number(.maxIdleConnections), count >= 0 { limits.idle = min(count, limits.connections) }
        return (Server(settings: settings, limits: limits), dsn.notes)
    }

    /// What the words say.
    private func dsn() throws(CommandFailure) -> DSN {
        switch words {
        case .name(let text, _):
            do throws(DSNError) {
                return try DSN(text)
            } catch {
                throw CommandFailure(.usage, "the \(DSN.isURL(text) ? "URL" : "DSN") of \(origin) \(error.reason)")
            }
        case .pieces(let sayings):
            var address: MySQLSettings.Address?
            if let host = sayings[.host]?.text {
                var port: UInt16 = 3306
                if let saying = sayings[.port] {
                    guard let number = UInt16(saying.text), number > 0 else {
                        throw CommandFailure(
                            .usage, "\(saying.file): sessionProvider.mysql.port must be a number from 1 to 65535")
                    }
                    port = number
                }
                address = .tcp(host: host, port: port)
            }
            return DSN(
                address: address, user: sayings[.username]?.text, password: sayings[.password]?.text,
                database: sayings[.database]?.text ?? "")
        }
    }

    /// Go's own check: the first that is missing of what it cannot do without.
    private func validate(_ settings: MySQLSettings) throws(CommandFailure) {
        switch words {
        case .name:
            if settings.database.isEmpty {
                throw Self.missing("database", "end what \(origin) says with its name, as in …/opencode")
            }
            if settings.user.isEmpty {
                throw Self.missing(
                    "username", "name it before an @ in what \(origin) says, or in [client] of ~/.my.cnf")
            }
        case .pieces(let sayings):
            let pieces = [
                ("host", sayings[.host]?.text ?? ""), ("database", settings.database), ("username", settings.user),
            ]
            if let (name, _) = pieces.first(where: { $0.1.isEmpty }) {
                throw Self.missing(name, "set sessionProvider.mysql.\(name) in .opencode.json, or OPENCODE_MYSQL_DSN")
            }
        }
    }

    private static let passwordRemedy =
        "set sessionProvider.mysql.password, OPENCODEFS_PASSWORD_FILE, or passwordFile or passwordCommand in \(UserConfiguration.path)"

    /// In Go's words, with a remedy.
    private static func missing(_ name: String, _ remedy: String) -> CommandFailure {
        CommandFailure(
            .usage, "MySQL \(name) is required when using MySQL session provider (or provide DSN); \(remedy)")
    }

    // MARK: Password

    private func password(
        _ dsn: DSN, _ settings: MySQLSettings, _ options: ClientOptions, _ configuration: UserConfiguration
    ) throws(CommandFailure) -> String {
        if let password = try PasswordSource.environment() { return password }
        if dsn.namesPassword {
            let file: String? =
                switch words {
                case .name(_, let file): file
                case .pieces(let sayings): sayings[.password]?.file
                }
            if let file, !settings.password.isEmpty { try PasswordSource.requirePrivate(file) }
            return settings.password
        }
        if let password = try PasswordSource.configuration(configuration) { return password }
        // Somebody else's password is no use, and not to be sent about.
        guard let password = options["password"], options["user"].map({ $0 == settings.user }) ?? true else {
            return ""
        }
        try PasswordSource.requirePrivate(ClientOptions.path)
        return password
    }

    // MARK: Encryption

    private func encrypt(
        _ settings: inout MySQLSettings, isSaid: Bool, _ options: ClientOptions, _ configuration: UserConfiguration
    ) throws(CommandFailure) {
        settings.certificates.authorities =
            tuning.path(.tlsCA) ?? configuration.certificates.authorities ?? options["ssl-ca"]
        settings.certificates.certificate =
            tuning.path(.tlsCert) ?? configuration.certificates.certificate ?? options["ssl-cert"]
        settings.certificates.key = tuning.path(.tlsKey) ?? configuration.certificates.key ?? options["ssl-key"]
        if !isSaid {
            // Who names an authority wants the server proven.
            settings.encryption =
                try tuning.encryption() ?? configuration.encryption
                ?? (settings.certificates.authorities != nil ? .verified : options.encryption)
        }
        let files = [
            ("tlsCA", settings.certificates.authorities), ("tlsCert", settings.certificates.certificate),
            ("tlsKey", settings.certificates.key),
        ]
        guard settings.encryption != .none else { return }
        for case (let name, let path?) in files where System.contents(path) == nil {
            throw CommandFailure(.failure, "cannot read \(path) (\(name)): \(ErrorNumber().text)")
        }
    }
}
