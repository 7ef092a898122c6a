internal import Client
internal import VFS

/// Removes files and directories of the tree.
enum RemoveCommand: Command {
    static let name = "rm"
    static let summary = "remove messages and sessions, without a mount"
    static let usage = ["[-r] [-f] [--dry-run] FILE..."]
    static let recursive = CommandOption("recursive", "r", help: "directories too, with all that is in them")
    static let force = CommandOption("force", "f", help: "say nothing of what is not there")
    static let options: [CommandOption] = [recursive, force, .dryRun] + TreeSession.options
    static let details = """
        FILE is a path as in a mount, from its root on. What goes is in the trash for 7 days:
        opencodefs restore --last brings it back. Everything else is as rm on a mount.
        """
    static let examples = [
        ("opencodefs rm -r --dry-run 'myapp~4b0e…/2026-11-18.fix-login~ses_4d58…'", "says what would go"),
        ("opencodefs rm 'myapp~4b0e…/ses_4d58…/messages/msg_0a1b….json'", "removes a message"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard !arguments.operands.isEmpty || arguments.has(force) else {
            throw CommandFailure(.usage, "rm: what? opencodefs ls lists it; see: opencodefs rm --help")
        }
        let session = try TreeSession(arguments, command: name, isReadOnly: arguments.has(.dryRun))
        defer { session.closeTidily() }
        defer { session.progress.clear() }
        var removal = Removal(
            session: session, isRecursive: arguments.has(recursive), isForced: arguments.has(force),
            isRehearsal: arguments.has(.dryRun))
        for word in arguments.operands { removal.remove(word) }
        return removal.isComplete ? .success : .failure
    }
}

/// What rm(1) does, in the order in which it does it: what a directory holds before the directory.
private struct Removal {
    let session: TreeSession
    let isRecursive: Bool
    let isForced: Bool
    let isRehearsal: Bool
    private(set) var isComplete = true
    private var count = 0

    init(session: TreeSession, isRecursive: Bool, isForced: Bool, isRehearsal: Bool) {
        self.session = session
        self.isRecursive = isRecursive
        self.isForced = isForced
        self.isRehearsal = isRehearsal
    }

    mutating func remove(_ word: String) {
        let path = TreePath(word)
        guard case .name = path.steps.last, !word.hasSuffix("/.") else {
            return refuse("refusing to remove '.' or '..' directory: skipping '\(word)'")
        }
        do throws(Errno) {
            let (directory, name) = try session.client.parent(of: path)
            let node = try session.client.lookup(name, in: directory)
            if path.needsDirectory, !node.isDirectory { throw .notDirectory }
            remove(name, node, in: directory, called: word)
        } catch {
            if isForced, error == .noEntry || error == .notDirectory { return }
            fail(word, error)
        }
    }

    private mutating func remove(_ name: FileName, _ node: HeldNode, in directory: HeldNode, called path: String) {
        do throws(Errno) {
            guard node.isDirectory else {
                return try unlink(name, in: directory, called: path)
            }
            guard isRecursive else { throw .isDirectory }
            let before = isComplete
            isComplete = true
            let prefix = path.hasSuffix("/") ? path : path + "/"
            for entry in try session.client.list(node) {
                do throws(Errno) {
                    if entry.kind == .directory {
                        let child = try session.client.node(of: entry, in: node)
                        remove(entry.name, child, in: node, called: prefix + entry.name.description)
                    } else {
                        try unlink(entry.name, in: node, called: prefix + entry.name.description)
                    }
                } catch {
                    // Somebody else was quicker.
                    if error != .noEntry { fail(prefix + entry.name.description, error) }
                }
            }
            defer { isComplete = isComplete && before }
            // rm(1) says of what failed, and not once more of all that it stands in.
            guard isComplete else { return }
            if isRehearsal { return rehearse(path, "directory") }
            try session.client.removeDirectory(name, in: directory)
            note()
        } catch {
            fail(path, error)
        }
    }

    private mutating func unlink(_ name: FileName, in directory: HeldNode, called path: String) throws(Errno) {
        if isRehearsal { return rehearse(path, nil) }
        try session.client.unlink(name, in: directory)
        note()
    }

    private mutating func note() {
        count += 1
        session.progress.set("\(count) removed")
    }

    private func rehearse(_ path: String, _ kind: String?) {
        session.progress.clear()
        Console.print("would remove \(kind.map { $0 + " " } ?? "")'\(path)'")
    }

    private mutating func fail(_ path: String, _ error: Errno) {
        isComplete = false
        session.complain("cannot remove '\(path)'", error)
    }

    private mutating func refuse(_ text: String) {
        isComplete = false
        session.complain(text)
    }
}
