internal import SQL
internal import SQLiteDriver
internal import SessionStore
internal import Timing

/// Makes an empty database for the Go OpenCode.
enum InitCommand: Command {
    static let name = "init"
    static let summary = "make an empty database for the Go OpenCode (with session providers)"
    static let usage = ["PATH"]
    static let options: [CommandOption] = []
    static let details = """
        The Go OpenCode looks for .opencode/opencode.db below the directory it works in, and
        migrates what came after 20260723120000 itself. OpenCode 1 and 2 make their own databases.
        """
    static let examples = [
        ("mkdir -p .opencode && opencodefs init .opencode/opencode.db", "a history for the project in this directory")
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard arguments.operands.count == 1, let path = arguments.operands.first else {
            throw CommandFailure(.usage, "init: name the file to make; see: opencodefs init --help")
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
}
