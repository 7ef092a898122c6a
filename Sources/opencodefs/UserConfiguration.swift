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

/// Where opencodefs keeps what it must not lose: the trash.
enum StateDirectory {
    static var path: String {
        (System.environment("XDG_STATE_HOME") ?? System.home + "/.local/state") + "/opencodefs"
    }

    static var trash: String { path + "/trash.db" }
}
