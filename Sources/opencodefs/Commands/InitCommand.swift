internal import MySQLDriver
internal import SQL
internal import SQLiteDriver
internal import SessionStore
internal import Timing

/// Makes an empty database for the Go OpenCode.
enum InitCommand: Command {
    static let name = "init"
    static let summary = "make an empty database for the Go OpenCode (with session providers)"
    static let usage = ["PATH|URL", ""]
    static let options: [CommandOption] = []
    static let details = """
        The Go OpenCode looks for .opencode/opencode.db below the directory it works in, and
        migrates what came after 20260723120000 itself. OpenCode 1 and 2 make their own databases.
        Of a database on a server it makes the tables; the database itself must be there and
        empty. Without an argument: of the server that OpenCode is set up for.
        """
    static let examples = [
        ("mkdir -p .opencode && opencodefs init .opencode/opencode.db", "a history for the project in this directory"),
        ("opencodefs init mysql://dana@db.example.com/opencode?tls=true", "a history for a team"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard arguments.operands.count < 2 else {
            throw CommandFailure(.usage, "init: one database at a time; see: opencodefs init --help")
        }
        guard let path = arguments.operands.first, !DSN.isURL(path) else {
            return try makeTables(arguments.operands.first)
        }
        let target = System.path(path, below: System.workingDirectory)
        // What lies beside it belongs to a database that has gone, and SQLite would mix it in.
        for suffix in ["", "-wal", "-journal"] {
            guard case .failure = System.kind(target + suffix) else {
                throw CommandFailure(.conflict, "\(path)\(suffix) is there already; name a new file")
            }
        }
        do throws(SQLError) {
            let connection = try SQLiteConnection(path: target, access: .create)
            do throws(SQLError) {
                try connection.run("PRAGMA journal_mode=WAL")
                try GoMigrator.create(in: connection)
            } catch {
                for suffix in ["", "-wal", "-shm"] { System.remove(target + suffix) }
                throw error
            }
        } catch {
            throw CommandFailure(.failure, "cannot make \(path): \(error.message); does its directory exist?")
        }
        Console.print("\(path): an empty history for the Go OpenCode")
        return .success
    }

    /// Makes the tables of a database on a server.
    ///
    /// - Parameter url: names it; nil for the one that is configured.
    private static func makeTables(_ url: String?) throws(CommandFailure) -> ExitStatus {
        let candidate = try DatabaseSearch(named: url).candidates.first
        guard let candidate, case .server = candidate.place,
            case .server(let server) = try candidate.provider(try UserConfiguration())
        else {
            throw CommandFailure(.usage, "init: name the file to make; see: opencodefs init --help")
        }
        let name = server.settings.name
        let connection = try History.connect(server)
        let isEmpty: Bool
        do throws(SQLError) {
            isEmpty = try GoMigrator.isEmpty(connection)
            if isEmpty { try GoMigrator.create(in: connection) }
        } catch {
            throw ServerFailure(error, server.settings).failure
        }
        guard isEmpty else {
            throw CommandFailure(.conflict, "\(name) has tables already; init wants an empty database")
        }
        Console.print("\(name): an empty history for the Go OpenCode")
        return .success
    }
}
