internal import Client
internal import SessionTree
internal import VFS

/// Writes a file of the tree.
enum PutCommand: Command {
    static let name = "put"
    static let summary = "write a file of the tree, without a mount"
    static let usage = ["[OPTION...] FILE < TEXT", "[OPTION...] --from LOCAL FILE"]
    static let from = CommandOption("from", argument: "LOCAL", help: "take the text from this file, not standard input")
    static let base = CommandOption(
        "base", argument: "LOCAL", help: "only if FILE still has the bytes of this file")
    static let parents = CommandOption("parents", help: "make the directories that are missing: those of a new session")
    static let options: [CommandOption] = [from, base, parents] + TreeSession.options
    static let details = """
        FILE is a path as in a mount, from its root on. What is written is checked as a save
        on a mount is; what it replaces goes to the trash, what is refused to
        .opencodefs/rejected or conflicts. With --base nobody's change is overwritten
        that came after you read the file.
        """
    static let examples = [
        (
            "opencodefs put --from ./new.json --base ./old.json 'app/ses_4d58…/messages/msg_0a1b….json'",
            "saves a message"
        ),
        ("echo '{\"tag\":\"todo\"}' | opencodefs put app/ses_4d58…/preferences.json", "keeps something with a session"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard arguments.operands.count == 1, let word = arguments.operands.first else {
            throw CommandFailure(.usage, "put: name one file; its text comes from standard input or --from LOCAL")
        }
        let bytes = try local(arguments[from] ?? "/dev/stdin")
        let expected = try arguments[base].map { (path) throws(CommandFailure) in try local(path) }
        let session = try TreeSession(arguments, command: name, isReadOnly: false)
        defer {
            session.progress.clear()
            session.closeTidily()
        }
        let path = TreePath(word)
        do throws(Errno) {
            // On a mount the file would stay as it is, and nobody would be told.
            guard !bytes.isEmpty else {
                session.explain("an empty file is nothing that OpenCode could read; to remove it, use rm")
                throw .invalid
            }
            if arguments.has(parents), let directory = path.split?.directory {
                try session.client.makeDirectories(directory)
            }
            if let expected { try compare(path, expected, bytes, session) }
            try session.client.write(bytes, to: path)
            // A name of no file of the history: on a mount a temporary file, which here would be gone at once.
            if session.holdsFleetingFiles { throw session.refusalOfFleeting() }
        } catch {
            session.complain(word, error)
            return .failure
        }
        return .success
    }

    /// Reads the file, so that a save is compared with what was read now; and that must be what the caller read before.
    private static func compare(
        _ path: TreePath, _ expected: [UInt8], _ bytes: [UInt8], _ session: TreeSession
    ) throws(Errno) {
        var current: [UInt8] = []
        do throws(Errno) {
            try session.client.read(path) { current += $0 }
            guard current != expected else { return }
        } catch {
            guard error == .noEntry else { throw error }
        }
        var reason = "it is not what --base says any more; read it again"
        if let name = path.split?.name,
            let kept = try? session.tree.salvage.keep(bytes, as: .conflict, of: name, reason: "ESTALE: \(reason)")
        {
            reason += "; what was to be saved is in .opencodefs/conflicts/\(kept)"
        }
        session.explain(reason)
        throw .stale
    }

    /// The largest text that fits a row, and a byte.
    private static let limit = 1_000_000_001

    private static func local(_ path: String) throws(CommandFailure) -> [UInt8] {
        guard let bytes = System.contents(path, limit: limit) else {
            throw CommandFailure(.failure, "put: cannot read \(path): \(ErrorNumber().text)")
        }
        return bytes
    }
}
