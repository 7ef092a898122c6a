internal import Client
internal import SessionStore
internal import Timing
internal import VFS

/// Searches files of the tree.
enum GrepCommand: Command {
    static let name = "grep"
    /// 1 says that nothing was found.
    static let statusOfLostOutput = ExitStatus.usage
    static let summary = "search the tree as grep -r does on a mount, without one"
    static let usage = ["[OPTION...] PATTERN [PATH...]", "[OPTION...] -e PATTERN... [PATH...]"]
    static let options: [CommandOption] =
        GrepOptions.all + TreeSession.optionsWithoutLetters
    static let details = """
        Prints what grep -r prints in the root of a mount, and ends with its status: 0 where
        something matches, 1 where nothing does, 2 after an error. PATH is a path in the
        tree; without one all of it is searched. The database is asked first which messages
        may match, and grep itself looks at these alone.
        """
    static let examples = [
        ("opencodefs grep -il 'rate limit'", "files that speak of it"),
        ("opencodefs grep -C 2 -E 'panic|fatal' .opencodefs/by/latest/messages", "in the session that changed last"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        let request = try GrepRequest(arguments)
        // What is copied for grep goes away, whatever happens.
        Signals.hold()
        let search = try TreeSearch(request, arguments)
        let status: ExitStatus
        do throws(CommandFailure) {
            status = try search.run()
        } catch {
            if let signal = search.end() { Signals.end(by: signal) }
            throw error
        }
        if let signal = search.end() { Signals.end(by: signal) }
        return status
    }
}
