internal import MySQLDriver
internal import SessionModel

/// opencodefs's own configuration: `$XDG_CONFIG_HOME/opencodefs/config.json`.
struct UserConfiguration {
    /// Which project a mount shows when --project does not say: an id, `.` or `all`.
    private(set) var project: String?
    /// Options of -o that every mount gets before those it names.
    private(set) var options: String?
    /// A file whose first line is the password for a server.
    private(set) var passwordFile: String?
    /// A program and its words; the first line it prints is the password.
    private(set) var passwordCommand: [String]?
    /// How connections to a server are encrypted, where nothing else says.
    private(set) var encryption: MySQLSettings.Encryption?
    private(set) var certificates = MySQLSettings.Certificates()

    static var path: String {
        (System.environment("XDG_CONFIG_HOME") ?? System.home + "/.config") + "/opencodefs/config.json"
    }

    init() throws(CommandFailure) {
        guard let bytes = System.contents(Self.path) else { return }
        let json: JSON
        do throws(JSON.Fault) {
            json = try JSON(parsing: bytes)
        } catch {
            throw CommandFailure(.usage, "\(Self.path) is no JSON (byte \(error.offset)); mend or remove it")
        }
        guard case .object(let members) = json else {
            throw CommandFailure(.usage, "\(Self.path) must hold one JSON object")
        }
        for (key, value) in members { try add(key, value) }
        // Who names an authority wants the server proven.
        if encryption == nil, certificates.authorities != nil { encryption = .verified }
    }

    private mutating func add(_ key: String, _ value: JSON) throws(CommandFailure) {
        switch key {
        case "project": project = try Self.text(key, value)
        case "options": options = try Self.text(key, value)
        case "passwordFile": passwordFile = try Self.file(key, value)
        case "passwordCommand": passwordCommand = try Self.words(key, value)
        case "tls":
            let text = if case .boolean(let truth) = value { "\(truth)" } else { try Self.text(key, value) }
            encryption = try MySQLSettings.Encryption(text, origin: "\(Self.path): \"tls\"")
        case "tlsCA": certificates.authorities = try Self.file(key, value)
        case "tlsCert": certificates.certificate = try Self.file(key, value)
        case "tlsKey": certificates.key = try Self.file(key, value)
        case "password":
            throw CommandFailure(
                .usage,
                "\(Self.path): a password has no place here; name a file with passwordFile, or a passwordCommand")
        default:
            throw CommandFailure(
                .usage,
                "\(Self.path): unknown key \"\(key)\"; known are project, options, passwordFile, passwordCommand, tls, tlsCA, tlsCert and tlsKey"
            )
        }
    }

    private static func text(_ key: String, _ value: JSON) throws(CommandFailure) -> String {
        guard let text = value.string else {
            throw CommandFailure(.usage, "\(path): \"\(key)\" must be a string")
        }
        return text
    }

    private static func file(_ key: String, _ value: JSON) throws(CommandFailure) -> String {
        System.path(try text(key, value), named: path)
    }

    /// No shell takes a line apart: a program and its words stand in an array, a program alone in a string.
    private static func words(_ key: String, _ value: JSON) throws(CommandFailure) -> [String] {
        if case .array(let values) = value {
            let words = values.compactMap(\.string)
            if words.count == values.count, let program = words.first, !program.isEmpty { return words }
        } else if let word = value.string, !word.isEmpty, !word.utf8.contains(where: { $0 <= 0x20 }) {
            return [word]
        }
        throw CommandFailure(
            .usage,
            "\(path): \"\(key)\" must be a program and its words, as in [\"pass\", \"show\", \"opencode\"]; no shell reads it"
        )
    }
}

/// Where opencodefs keeps what it must not lose: the trash, bytes that could not be saved, and copies from before a
/// migration.
enum StateDirectory {
    static var path: String {
        // A relative path is invalid and to be ignored (XDG Base Directory Specification); the daemon works in `/`.
        let base = System.environment("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (base ?? System.home + "/.local/state") + "/opencodefs"
    }

    /// The directory, or the one above it in which it would be made; without links.
    static var place: String? {
        var path = Self.path[...]
        while !path.isEmpty {
            if let real = System.realPath(String(path)) { return real }
            path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        }
        return nil
    }

    /// Makes the directory where there is none.
    ///
    /// - Returns: its path without links, as SQLite wants it: with a link in it, SQLITE_OPEN_NOFOLLOW refuses.
    static func make() throws(CommandFailure) -> String {
        let error = System.makeDirectory(path)
        guard error == nil, let real = System.realPath(path) else {
            throw CommandFailure(
                .failure,
                "cannot make \(path) for the trash: \((error ?? ErrorNumber()).text); set XDG_STATE_HOME, or mount with -o trash=0 or -o ro"
            )
        }
        return real
    }
}
