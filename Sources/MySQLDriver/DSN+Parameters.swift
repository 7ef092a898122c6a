/// The parameters of a DSN (dsn.go, parseDSNParams): `key=value&key=value`, the last one of a name wins.
extension DSN {
    /// Parameters with a meaning here.
    private enum Known: String {
        case allowAllFiles, allowCleartextPasswords, allowFallbackToPlaintext, charset, collation, compress
        case connectionAttributes, maxAllowedPacket, readTimeout, rejectReadOnly, timeout, tls, writeTimeout
        // Keys of a Go program, and a mode that Go's driver no longer has.
        case serverPubKey, strict
    }

    /// Parameters that change how Go's driver hands rows to a Go program, and nothing here; those that are true or false.
    private static let switchesForGo: Set = [
        "allowNativePasswords", "allowOldPasswords", "checkConnLiveness", "clientFoundRows", "columnsWithAlias",
        "interpolateParams", "multiStatements", "parseTime",
    ]
    /// The others.
    private static let valuesForGo: Set = ["loc", "timeTruncate"]

    mutating func read(parameters: ArraySlice<UInt8>) throws(DSNError) {
        var allowsPlaintext = false
        var forGo: [String] = []
        for parameter in parameters.split(separator: UInt8(ascii: "&")) {
            let (key, value) = parameter.cut(at: UInt8(ascii: "="))
            guard let value else {
                notes.append("a parameter of the DSN has no \"=\" and is ignored, as OpenCode does")
                continue
            }
            let name = String(decoding: key, as: UTF8.self)
            if Self.switchesForGo.contains(name) {
                _ = try Self.truth(value, name)
                forGo.append(name)
            } else if Self.valuesForGo.contains(name) {
                forGo.append(name)
            } else if let known = Known(rawValue: name) {
                try read(known, value, &allowsPlaintext)
            } else {
                try readVariable(key, value)
            }
        }
        if !forGo.isEmpty {
            notes.append("of the DSN, \(forGo.joined(separator: ", ")) means something to programs in Go only")
        }
        if allowsPlaintext {
            switch settings.encryption {
            case .unverified: settings.encryption = .preferred
            case .verified: notes.append("allowFallbackToPlaintext of the DSN is not followed: tls=true is encrypted")
            case .none, .preferred: break
            }
        }
    }

    private mutating func read(
        _ parameter: Known, _ value: ArraySlice<UInt8>, _ allowsPlaintext: inout Bool
    ) throws(DSNError) {
        let name = parameter.rawValue
        switch parameter {
        case .allowAllFiles:
            guard try !Self.truth(value, name) else {
                throw DSNError("has allowAllFiles, which lets a server read any file of this computer; take it out")
            }
        case .allowCleartextPasswords: settings.allowsCleartextPasswords = try Self.truth(value, name)
        case .allowFallbackToPlaintext: allowsPlaintext = try Self.truth(value, name)
        case .charset:
            // A comma separates second choices. In another character set the server would send `?` for what it lacks, and the
            // next save would keep that.
            if !value.split(separator: UInt8(ascii: ",")).contains(where: { $0.elementsEqual("utf8mb4".utf8) }) {
                notes.append("charset of the DSN is not followed: only utf8mb4 has every character")
            }
        case .collation:
            let collation = try Self.identifier(value, name)
            guard collation.hasPrefix("utf8mb4_") else {
                notes.append("collation of the DSN is not followed: it is not one of utf8mb4")
                return
            }
            settings.collation = collation
        case .compress: settings.isCompressed = try Self.truth(value, name)
        case .connectionAttributes: settings.connectionAttributes = try Self.attributes(value, name)
        case .maxAllowedPacket:
            guard let bytes = Int(String(decoding: value, as: UTF8.self)), bytes >= 0 else {
                throw DSNError("has a maxAllowedPacket that is no number of bytes")
            }
            settings.maxAllowedPacket = bytes == 0 ? nil : bytes
        case .readTimeout: settings.readTimeout = try Self.duration(value, name)
        case .writeTimeout: settings.writeTimeout = try Self.duration(value, name)
        case .timeout: settings.connectTimeout = try Self.duration(value, name) ?? settings.connectTimeout
        case .rejectReadOnly: settings.rejectsReadOnly = try Self.truth(value, name)
        case .tls: try readEncryption(value)
        case .serverPubKey:
            throw DSNError("names a key of a Go program (serverPubKey); use tls=true and take it out")
        case .strict: throw DSNError("has strict, which no driver knows any more; take it out")
        }
    }

    private mutating func readEncryption(_ value: ArraySlice<UInt8>) throws(DSNError) {
        namesEncryption = true
        let bytes = PercentEncoding.decodeQuery(value) ?? []
        switch String(decoding: bytes, as: UTF8.self) {
        case "true", "TRUE", "True", "1": settings.encryption = .verified
        case "false", "FALSE", "False", "0": settings.encryption = .none
        // In any case, as Go compares these two.
        case let word where word.lowercased() == "skip-verify": settings.encryption = .unverified
        case let word where word.lowercased() == "preferred": settings.encryption = .preferred
        case "aurora":
            throw DSNError(
                "has tls=aurora, certificates that OpenCode brings along; get Amazon's global-bundle.pem, name it with tlsCA in opencodefs's config.json, and use tls=true"
            )
        default:
            throw DSNError(
                "has a tls that is none of true, false, skip-verify and preferred; for certificates of your own use tls=true and name them with tlsCA in opencodefs's config.json"
            )
        }
    }

    /// Everything else is a variable of the session, as Go has it: `SET name = value`, the value being SQL.
    private mutating func readVariable(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(DSNError) {
        let isName =
            !key.isEmpty
            && key.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "_")
            }
        // It becomes part of a statement.
        guard isName else { throw DSNError("has a parameter whose name is no name of a variable") }
        guard let decoded = PercentEncoding.decodeQuery(value) else {
            throw DSNError("has a bad %-escape in the value of a variable")
        }
        let name = String(decoding: key, as: UTF8.self)
        let text = try Self.text(decoded)
        settings.systemVariables.removeAll { $0.name == name }
        settings.systemVariables.append(.init(name, text))
    }

    /// `1`, `true`, `TRUE`, `True`, and the same for false (readBool).
    private static func truth(_ value: ArraySlice<UInt8>, _ name: String) throws(DSNError) -> Bool {
        switch String(decoding: value, as: UTF8.self) {
        case "1", "true", "TRUE", "True": return true
        case "0", "false", "FALSE", "False": return false
        default: throw DSNError("has a \(name) that is neither true nor false")
        }
    }

    /// Nil for `0`, which means without end.
    private static func duration(_ value: ArraySlice<UInt8>, _ name: String) throws(DSNError) -> Duration? {
        guard let duration = GoDuration.read(String(decoding: value, as: UTF8.self)) else {
            throw DSNError("has a \(name) that is no time as in 30s or 1m30s")
        }
        return duration == .zero ? nil : duration
    }

    private static func identifier(_ value: ArraySlice<UInt8>, _ name: String) throws(DSNError) -> String {
        let isPlain = value.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "_")
        }
        guard isPlain, !value.isEmpty else { throw DSNError("has a \(name) that is no name") }
        return String(decoding: value, as: UTF8.self)
    }

    /// `name:value,name:value`
    private static func attributes(
        _ value: ArraySlice<UInt8>, _ name: String
    ) throws(DSNError) -> [MySQLSettings.Variable] {
        guard let decoded = PercentEncoding.decodeQuery(value) else {
            throw DSNError("has a bad %-escape in \(name)")
        }
        var attributes: [MySQLSettings.Variable] = []
        for attribute in decoded.split(separator: UInt8(ascii: ",")) {
            let (key, text) = attribute.cut(at: UInt8(ascii: ":"))
            guard let text, !key.isEmpty else { continue }
            attributes.append(.init(try Self.text(Array(key)), try Self.text(Array(text))))
        }
        return attributes
    }
}
