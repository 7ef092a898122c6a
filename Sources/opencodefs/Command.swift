/// A subcommand: a file in Commands/ and a line in ``Commands/all``.
protocol Command: SendableMetatype {
    static var name: String { get }
    /// One line for the list of commands.
    static var summary: String { get }
    /// The words after the name.
    static var usage: [String] { get }
    static var options: [CommandOption] { get }
    /// Further help, wrapped by hand at 80 columns.
    static var details: String { get }
    /// A command line and what it does.
    static var examples: [(String, String)] { get }
    /// How it ends where what it prints cannot be written.
    static var statusOfLostOutput: ExitStatus { get }

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus
}

extension Command {
    static var details: String { "" }
    static var statusOfLostOutput: ExitStatus { .failure }
}

/// All subcommands, in the order of the help.
enum Commands {
    static let all: [any Command.Type] = [
        MountCommand.self, UmountCommand.self, StatusCommand.self, WhereCommand.self, SearchCommand.self,
        TrashCommand.self, RestoreCommand.self, ListDirectoryCommand.self, CatCommand.self, PutCommand.self,
        RemoveCommand.self, MoveCommand.self, ListCommand.self, GrepCommand.self, ImportCommand.self,
        SlimCommand.self, DemoCommand.self, InitCommand.self,
    ]
}

/// Options that several commands have.
extension CommandOption {
    static let help = CommandOption("help", "h", help: "show this help")
    static let json = CommandOption("json", help: "one JSON document on standard output")
    static let dryRun = CommandOption("dry-run", "n", help: "say what would be done, and do nothing")
    static let database = CommandOption(
        "database", "d", argument: "PATH|URL", help: "the database; beats every variable and configuration")
    /// The short spelling of --database.
    static let db = CommandOption("db", argument: "PATH|URL", hidden: true, help: "")
}

extension Arguments {
    var database: String? {
        self[.database] ?? self[.db]
    }

    /// Refuses words that a command has no use for: they may have been to say what of all it is meant for.
    func expectOperands(atMost count: Int, _ command: any Command.Type) throws(CommandFailure) {
        guard operands.count > count else { return }
        throw CommandFailure(
            .usage, "\(command.name): \"\(operands[count])\" means nothing here; see: opencodefs \(command.name) --help"
        )
    }
}
