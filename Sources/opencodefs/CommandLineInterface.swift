/// Finds the subcommand and reports how it ended.
enum CommandLineInterface {
    static let version = "0.1.0"

    static func run(_ words: [String]) -> ExitStatus {
        guard let first = words.first else {
            Console.note(Help.overview())
            return .usage
        }
        switch first {
        case "--version", "-V", "version":
            Console.print("opencodefs \(version)")
            return .success
        case "--help", "-h", "help":
            return help(words.dropFirst().first)
        default: break
        }
        guard let command = Commands.all.first(where: { $0.name == first }) else {
            Console.complain("no command \"\(first)\"; see: opencodefs --help")
            return .usage
        }
        do throws(CommandFailure) {
            let arguments = try OptionParser.parse(
                Array(words.dropFirst()), command.options + [.help], command: command.name)
            if arguments.has(.help) {
                Console.print(Help.page(command))
                return .success
            }
            let status = try command.run(arguments)
            guard let error = Console.lostOutput else { return status }
            Console.complain("\(command.name): cannot write what was found: \(error.text)")
            return command.statusOfLostOutput
        } catch {
            Console.complain(error.message)
            return error.status
        }
    }

    private static func help(_ name: String?) -> ExitStatus {
        guard let name else {
            Console.print(Help.overview())
            return .success
        }
        guard let command = Commands.all.first(where: { $0.name == name }) else {
            Console.complain("no command \"\(name)\"; see: opencodefs --help")
            return .usage
        }
        Console.print(Help.page(command))
        return .success
    }
}
