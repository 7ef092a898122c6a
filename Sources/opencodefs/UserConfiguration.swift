internal import SessionModel

/// opencodefs's own configuration: `$XDG_CONFIG_HOME/opencodefs/config.json`.
struct UserConfiguration {
    /// Which project a mount shows when --project does not say: an id, `.` or `all`.
    private(set) var project: String?
    /// Options of -o that every mount gets before those it names.
    private(set) var options: String?

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
        for (key, value) in members {
            guard let text = value.string else {
                throw CommandFailure(.usage, "\(Self.path): \"\(key)\" must be a string")
            }
            switch key {
            case "project": project = text
            case "options": options = text
            default: throw CommandFailure(.usage, "\(Self.path): unknown key \"\(key)\"; known are project and options")
            }
        }
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
