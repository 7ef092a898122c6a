internal import Client
internal import VFS

/// Prints files of the tree.
enum CatCommand: Command {
    static let name = "cat"
    static let summary = "print files of the tree, without a mount"
    static let usage = ["[OPTION...] FILE..."]
    static let options: [CommandOption] = TreeSession.options
    static let details = """
        FILE is a path as in a mount, from its root on: a message, session.json, and what is
        in .opencodefs too. Links are followed. A name may be an id alone.
        """
    static let examples = [
        ("opencodefs cat .opencodefs/by/latest/transcript.md", "what was said last"),
        ("opencodefs cat .opencodefs/sessions/ses_4d58…/export.json", "a session as opencode export prints it"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard !arguments.operands.isEmpty else {
            throw CommandFailure(.usage, "cat: which file? opencodefs ls lists them; see: opencodefs cat --help")
        }
        let session = try TreeSession(arguments, command: name, isReadOnly: true)
        defer { session.tree.close() }
        var status = ExitStatus.success
        for word in arguments.operands {
            var isHeard = true
            do throws(Errno) {
                try session.client.read(TreePath(word)) { (bytes) throws(Errno) in
                    session.progress.clear()
                    isHeard = Console.print(bytes: bytes)
                    // Nobody is told: whoever read us has what they wanted.
                    if !isHeard { throw .interrupted }
                }
            } catch {
                guard isHeard else { return .failure }
                session.complain(word, error)
                status = .failure
            }
        }
        return status
    }
}
