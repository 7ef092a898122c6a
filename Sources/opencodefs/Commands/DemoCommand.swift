internal import DemoHistory
internal import SQL
internal import SQLiteDriver
internal import Timing

/// Makes a history to try things on.
enum DemoCommand: Command {
    static let name = "demo"
    static let summary = "make a database with an invented history, to try things on"
    static let usage = ["[OPTION...] PATH"]
    static let family = CommandOption("family", argument: "v1|v2|both|go", help: "which OpenCode wrote it (default v1)")
    static let projects = CommandOption("projects", argument: "N", help: "projects (default 4)")
    static let sessions = CommandOption("sessions", argument: "N", help: "sessions in all (default 40)")
    static let messages = CommandOption("messages", argument: "N", help: "messages in all (default 1000)")
    static let attachments = CommandOption(
        "attachments", argument: "N", help: "messages with a file attached (default 6)")
    static let attachmentSize = CommandOption(
        "attachment-size", argument: "BYTES", help: "their usual size; from a tenth of it to 25 times (default 200000)")
    static let seed = CommandOption("seed", argument: "N", help: "another seed makes another history (default 1)")
    static let newest = CommandOption("newest", argument: "SECONDS", help: "when it ends, since 1970 (default: now)")
    static let options = [family, projects, sessions, messages, attachments, attachmentSize, seed, newest]
    static let examples = [
        ("opencodefs demo ./demo.db", "1,000 messages in 40 sessions"),
        ("opencodefs demo --family both --messages 100000 ./big.db", "a file that OpenCode 2 has taken over"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard arguments.operands.count == 1, let path = arguments.operands.first else {
            throw CommandFailure(.usage, "demo: name the file to make; see: opencodefs demo --help")
        }
        if case .success = System.kind(path) {
            throw CommandFailure(.failure, "\(path) is there already; name a new file")
        }
        let history = try history(arguments)
        do throws(SQLError) {
            let connection = try SQLiteConnection(
                path: System.path(path, below: System.workingDirectory), access: .create)
            connection.patience = .lasting(.seconds(3600))
            try history.write(to: connection) { done, total in
                Console.progress("\(done) of \(total) messages")
            }
            Console.progress("")
        } catch {
            throw CommandFailure(.failure, "cannot write \(path): \(error.message)")
        }
        Console.print(
            "\(path): \(Human.count(history.messages, "message")) in \(Human.count(history.sessions, "session")), \(Human.size(System.size(path)))"
        )
        return .success
    }

    private static func history(_ arguments: Arguments) throws(CommandFailure) -> DemoHistory {
        var newestMoment = Timestamp.now
        if arguments.has(newest) {
            newestMoment = Timestamp(milliseconds: Int64(try number(arguments, newest) ?? 0) * 1000)
        }
        var history = DemoHistory(newest: newestMoment)
        if let name = arguments[family] {
            guard let family = DemoHistory.Family(rawValue: name) else {
                let known = DemoHistory.Family.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(.usage, "demo: no family \"\(name)\"; there are \(known)")
            }
            history.family = family
        }
        history.projects = try number(arguments, projects) ?? history.projects
        history.sessions = try number(arguments, sessions) ?? history.sessions
        history.messages = try number(arguments, messages) ?? history.messages
        history.attachments = try number(arguments, attachments) ?? history.attachments
        history.attachmentBytes = try number(arguments, attachmentSize) ?? history.attachmentBytes
        history.seed = UInt64(try number(arguments, seed) ?? 1)
        return history
    }

    private static func number(_ arguments: Arguments, _ option: CommandOption) throws(CommandFailure) -> Int? {
        guard let text = arguments[option] else { return nil }
        guard let number = Int(text), (0...10_000_000_000).contains(number) else {
            throw CommandFailure(.usage, "demo: --\(option.name) \(text): must be a whole number")
        }
        return number
    }
}
