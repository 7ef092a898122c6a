internal import Client
internal import SessionFileSystem
internal import SessionStore
internal import Timing
internal import VFS

/// Walks over the tree as grep -r does: files in the order of their directories' listings, links left alone unless they are
/// named, or all are to be followed; and hands what may match to grep.
final class TreeSearch {
    private let request: GrepRequest
    private let session: TreeSession
    private var sieve: GrepSieve?
    private let batches: GrepBatches
    private var looked = 0
    /// Where the walk begins: what is named, and under which name.
    private var starts: [(name: String, node: HeldNode)] = []
    /// The directories that the walk is in, by their inodes: a link may lead back to one.
    private var above: [UInt64] = []

    /// Opens the history, after grep has said that it understands what it is to be told.
    init(_ request: GrepRequest, _ arguments: Arguments) throws(CommandFailure) {
        self.request = request
        batches = try GrepBatches(request)
        session = try TreeSession(arguments, command: GrepCommand.name, isReadOnly: true)
        batches.willPrint = { [progress = session.progress] in progress.clear() }
    }

    func run() throws(CommandFailure) -> ExitStatus {
        guard !batches.isDone else { return status }
        for path in request.paths.isEmpty ? ["."] : request.paths {
            do throws(Errno) {
                starts.append((path, try session.client.node(at: TreePath(path))))
            } catch {
                complain(path, error)
            }
        }
        // A single file is not named, as grep -r does; whether it is one, the tree says.
        batches.namesFiles = request.paths.count != 1 || starts.contains { $0.node.isDirectory }
        try makeSieve()
        for start in starts where isGoingOn {
            let isDirectory = start.node.isDirectory
            if !request.paths.isEmpty, request.scope.leavesOut(start.name, isDirectory: isDirectory, isTyped: true) {
                continue
            }
            if isDirectory {
                try walk(start.node, called: request.paths.isEmpty ? "" : joinable(start.name))
            } else {
                try addLinked(start.name)
            }
        }
        try batches.finish()
        return status
    }

    private var isGoingOn: Bool { !batches.isDone && !Signals.isPending }

    /// Everything is closed. What is left of it is gone.
    ///
    /// - Returns: the signal that this process is to end by, as grep did or because somebody wants no more.
    func end() -> Int32? {
        session.progress.clear()
        session.tree.close()
        batches.end()
        return batches.signal ?? Signals.pending
    }

    private var status: ExitStatus { ExitStatus(rawValue: batches.status) ?? .failure }

    /// What the database tells of the whole tree is worth its time only where much of the tree is to be looked at.
    private func makeSieve() throws(CommandFailure) {
        guard let needles = request.needles, !needles.isEmpty,
            starts.contains(where: { $0.node.isDirectory && TreePath($0.name).steps.count < 2 })
        else { return }
        session.progress.set("asking the database…")
        do throws(StoreError) {
            let patience = Patience(until: .now + .seconds(3600)) { [progress = session.progress] in
                progress.show()
                return Signals.isPending
            }
            sieve = try GrepSieve(needles, session.tree.store, patience)
        } catch {
            // Then all files are looked at; what is wrong with the database they tell.
            sieve = nil
        }
    }

    // MARK: Walking

    /// - Parameter path: of the directory, with a slash behind it, or nothing.
    private func walk(_ directory: HeldNode, called path: String) throws(CommandFailure) {
        if !request.tellsOfAll, let sieve, !sieve.admits(directory: directory) { return }
        guard !above.contains(directory.attributes.inode) else {
            if !request.isSilent { session.complain("warning: \(path.dropLast()): recursive directory loop") }
            return
        }
        above.append(directory.attributes.inode)
        defer { above.removeLast() }
        let entries: [ListedEntry]
        do throws(Errno) { entries = try session.client.list(directory) } catch {
            return complain(path.isEmpty ? "." : String(path.dropLast()), error)
        }
        var rest = entries[...]
        while let entry = rest.first, isGoingOn {
            let files = rest.prefix { $0.kind == .regular }
            rest = rest.dropFirst(max(1, files.count))
            if !files.isEmpty {
                try look(at: files, in: directory, called: path)
                continue
            }
            let name = path + entry.name.description
            if entry.kind == .link {
                if request.followsLinks { try follow(entry, in: directory, called: name) }
            } else if !leavesOut(entry, isDirectory: true), let child = node(of: entry, in: directory, called: name) {
                try walk(child, called: name + "/")
            }
        }
    }

    private func leavesOut(_ entry: ListedEntry, isDirectory: Bool) -> Bool {
        request.scope.leavesOut(entry.name.description, isDirectory: isDirectory, isTyped: false)
    }

    private func node(
        of entry: ListedEntry, in directory: HeldNode, called path: String
    ) -> HeldNode? {
        do throws(Errno) {
            return try session.client.node(of: entry, in: directory)
        } catch {
            complain(path, error)
            return nil
        }
    }

    /// A link that is met on the way.
    private func follow(_ entry: ListedEntry, in directory: HeldNode, called path: String) throws(CommandFailure) {
        let node: HeldNode
        do throws(Errno) { node = try session.client.node(at: TreePath(path)) } catch {
            if !leavesOut(entry, isDirectory: false) { complain(path, error) }
            return
        }
        guard !leavesOut(entry, isDirectory: node.isDirectory) else { return }
        if node.isDirectory {
            try walk(node, called: path + "/")
        } else {
            try addLinked(path)
        }
    }

    // MARK: Files

    /// Files of a directory that stand side by side.
    private func look(
        at entries: ArraySlice<ListedEntry>, in directory: HeldNode, called path: String
    ) throws(CommandFailure) {
        let shown = entries.filter { !leavesOut($0, isDirectory: false) }
        let mayMatch = shown.map { entry in sieve.map { $0.admits(entry, in: directory) } ?? true }
        var wanted = zip(shown, mayMatch).filter(\.1).map(\.0.name)[...]
        var read: ArraySlice<[UInt8]?> = []
        for (entry, mayMatch) in zip(shown, mayMatch) where isGoingOn {
            let name = path + entry.name.description
            guard mayMatch else {
                // It has no match, and no more to it than its name.
                if request.tellsOfAll { try batches.addEmpty(name) }
                continue
            }
            if read.isEmpty { read = gather(wanted, in: directory)[...] }
            wanted.removeFirst()
            if let bytes = read.popFirst() ?? nil {
                try batches.add(name) { (file) throws(CommandFailure) in
                    try file.append(bytes)
                    return true
                }
            } else {
                try add(name, (entry.name, directory))
            }
            tell()
        }
    }

    /// As many files of a directory as are read in one go.
    ///
    /// - Returns: one at least; nil for one that has to be read by itself.
    private func gather(_ names: ArraySlice<FileName>, in directory: HeldNode) -> [[UInt8]?] {
        do throws(Errno) {
            let client = session.client
            return try session.tree.fileSystem.gather(
                Array(names.prefix(64)), in: directory.id, upTo: 4 << 20, for: client.caller)
        } catch {
            // Which of them it was, and why, they tell one by one.
            return names.prefix(64).map { _ in nil }
        }
    }

    /// A file that is named, or that a link leads to.
    private func addLinked(_ path: String) throws(CommandFailure) {
        let found: (directory: HeldNode, name: FileName)
        do throws(Errno) {
            found = try session.client.location(of: TreePath(path))
        } catch {
            return complain(path, error)
        }
        try add(path, (found.name, found.directory))
        tell()
    }

    private func add(_ path: String, _ source: (name: FileName, directory: HeldNode)) throws(CommandFailure) {
        var errno: Errno?
        // It may change while it is read: from the beginning then, as whoever opens it again.
        for _ in 0..<3 {
            errno = nil
            try batches.add(path) { (file) throws(CommandFailure) in
                errno = try copy(source, to: &file)
                return errno == nil
            }
            guard errno == .stale else { break }
        }
        if let errno { complain(path, errno) }
    }

    /// - Returns: why the file could not be read.
    private func copy(
        _ source: (name: FileName, directory: HeldNode), to file: inout PrivateDirectory.File
    ) throws(CommandFailure) -> Errno? {
        var failure: CommandFailure?
        do throws(Errno) {
            try session.client.read(source.name, in: source.directory) { (bytes) throws(Errno) in
                do throws(CommandFailure) { try file.append(bytes) } catch {
                    failure = error
                    throw .noSpace
                }
            }
        } catch {
            if let failure { throw failure }
            return error
        }
        return nil
    }

    private func tell() {
        looked += 1
        if looked % 64 == 0 { session.progress.set("\(Human.count(looked, "file")) looked at") }
    }

    /// Whoever looks on is told; what can be read is searched all the same.
    private func complain(_ path: String, _ error: Errno) {
        batches.fail()
        if !request.isSilent { session.complain(path, error) }
    }

    /// With a slash behind it.
    private func joinable(_ path: String) -> String {
        var path = path[...]
        while path.hasSuffix("/") { path.removeLast() }
        return path + "/"
    }
}
