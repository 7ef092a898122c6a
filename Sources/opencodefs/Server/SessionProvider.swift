internal import MySQLDriver
internal import SessionModel

/// `sessionProvider` of `.opencode.json`: which database the Go OpenCode keeps its sessions in. Each key is taken from the
/// file that says it last, as OpenCode lays one file over the other.
struct SessionProvider: Sendable {
    /// Keys of `sessionProvider.mysql`. Those of TLS are ours: OpenCode knows none, and passes over them.
    enum Key: String, CaseIterable, Sendable {
        case dsn, host, port, database, username, password, maxConnections, maxIdleConnections, connectionTimeout
        case tls, tlsCA, tlsCert, tlsKey
    }

    struct Saying: Sendable {
        let text: String
        let file: String
    }

    /// `sqlite`, `mysql`, or what else stands there.
    private(set) var type: Saying?
    private(set) var mysql: [Key: Saying] = [:]

    /// Lays what another file says over it.
    mutating func add(_ json: JSON, file: String) {
        if let text = json["type"]?.string, !text.isEmpty { type = Saying(text: text, file: file) }
        for key in Key.allCases {
            let text: String? =
                switch json["mysql"]?[key.rawValue] {
                case .string(let text), .number(let text): text
                case .boolean(let truth): truth ? "true" : "false"
                case .array, .object, .null, nil: nil
                }
            // Go takes an empty text for one that is not there.
            if let text, !text.isEmpty { mysql[key] = Saying(text: text, file: file) }
        }
    }

    func number(_ key: Key) -> Int? {
        mysql[key].flatMap { Int($0.text) }
    }

    /// A path, below the directory of the file that names it.
    func path(_ key: Key) -> String? {
        mysql[key].map { System.path($0.text, named: $0.file) }
    }

    func encryption() throws(CommandFailure) -> MySQLSettings.Encryption? {
        guard let saying = mysql[.tls] else {
            return mysql[.tlsCA] == nil ? nil : .verified
        }
        return try MySQLSettings.Encryption(saying.text, origin: "sessionProvider.mysql.tls in \(saying.file)")
    }
}

extension MySQLSettings.Encryption {
    /// In the words of a DSN.
    init(_ text: String, origin: String) throws(CommandFailure) {
        switch text {
        case "true": self = .verified
        case "skip-verify": self = .unverified
        case "preferred": self = .preferred
        case "false": self = .none
        default:
            throw CommandFailure(.usage, "\(origin) must be true, skip-verify, preferred or false")
        }
    }
}

extension MySQLSettings.Encryption {
    /// What a DSN says for it.
    var word: String {
        switch self {
        case .verified: "true"
        case .unverified: "skip-verify"
        case .preferred: "preferred"
        case .none: "false"
        }
    }
}

extension System {
    /// A path that a file of configuration names: `~/` is home, and others begin where the file lies.
    static func path(_ path: String, named file: String) -> String {
        if path.hasPrefix("~/") { return home + path.dropFirst() }
        return System.path(path, below: String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
    }
}
