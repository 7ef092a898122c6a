internal import MySQLDriver
internal import SQL

/// What a command works on: a database in a file, or one on a server.
enum Provider: Sendable {
    /// Without links.
    case file(path: String)
    case server(Server)

    /// What people and the mount table are shown, and what the trash remembers. No password is in it.
    var name: String {
        switch self {
        case .file(let path): path
        case .server(let server): server.settings.name
        }
    }
}

/// A database on a server: how it is reached, and with how many connections.
struct Server: Sendable {
    var settings: MySQLSettings
    var limits: Limits

    /// As many connections as OpenCode has (sessionProvider.mysql).
    struct Limits: Sendable, Hashable {
        var connections = 10
        /// Kept when nobody uses them.
        var idle = 5

        /// OpenCode's lifetime of a connection is five minutes.
        var pool: ConnectionPool.Limits {
            ConnectionPool.Limits(
                connections: connections, idle: min(idle, connections), lifetime: .seconds(300),
                unprovenAfter: .seconds(10))
        }
    }
}
