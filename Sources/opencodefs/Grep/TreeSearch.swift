internal import Client
internal import SessionStore
internal import Timing
internal import VFS

/// Walks over the tree as grep -r does: files in the order of their directories' listings, links left alone unless they are
/// named; and hands what may match to grep.
final class TreeSearch {
    private let request: GrepRequest
    private let session: TreeSession
    private var sieve: GrepSieve?
    private let batches: GrepBatches
    private var looked = 0
    /// Where the walk begins: what is named, and under which name.
    private var starts: [(name: String, node: HeldNode)] = []

    /// Opens the history, after grep has said that it understands what it is to be told.
    init(_ request: GrepRequest, _ arguments: Arguments) throws(CommandFailure) {
        self.request = request
        // A single file is not named, as grep -r does; whether it is one, the tree says.
        batches = try GrepBatches(request)
        session = try TreeSession(arguments, command: GrepCommand.name, isReadOnly: true)
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
        batches.namesFiles = request.paths.count != 1 || starts.contains { $0.node.isDirectory }
        try makeSieve()
        for start in starts where !batches.isDone {
            if start.node.isDirectory {
                try walk(start.node, called: request.paths.isEmpty ? "" : joinable(start.name))
            } else {
                try addFile(start.name)
            }
        }
        session.progress.clear()
        if !batches.isDone { try batches.look(isLast: true) }
        return status
    }

    /// A file that was named.
    private func addFile(_ path: String) throws(CommandFailure) {
        let found: (directory: HeldNode, name: FileName)
        do throws(Errno) {
            // A link that is named is followed: the file is where it leads.
            found = try session.client.location(of: TreePath(path))
        } catch {
            return complain(path, error)
        }
        try add(path, of: (found.name, found.directory))
    }

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

    /// - Parameter path: of the directory, with a slash behind it, or nothing.
    private func walk(_ directory: HeldNode, called path: String) throws(CommandFailure) {
        if !request.tellsOfAll, let sieve, !sieve.admits(directory: directory) { return }
        let entries: [ListedEntry]
        do throws(Errno) { entries = try session.client.list(directory) } catch {
            return complain(path.isEmpty ? "." : String(path.dropLast()), error)
        }
        for entry in entries {
            guard !batches.isDone, !Signals.isPending else { return }
            let name = path + entry.name.description
            switch entry.kind {
            case .link: continue
            case .directory:
                guard let child = node(of: entry, in: directory, called: name) else { continue }
                try walk(child, called: name + "/")
            case .regular:
                if let sieve, !sieve.admits(entry, in: directory) {
                    // It has no match, and no more to it than its name.
                    if request.tellsOfAll { try add(name, of: nil) }
                } else {
                    try add(name, of: (entry.name, directory))
                }
            }
        }
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

    /// - Parameter file: nil for an empty one.
    private func add(
        _ path: String, of file: (name: FileName, directory: HeldNode)?
    ) throws(CommandFailure) {
        guard batches.mayHold(path) else { return complain(path, .nameTooLong) }
        var errno = try copy(file, to: path)
        // It has changed while it was read: from the beginning, as whoever opens it again.
        for _ in 0..<2 where errno == .stale { errno = try copy(file, to: path) }
        if let errno { return complain(path, errno) }
        looked += 1
        session.progress.set("\(Human.count(looked, "file")) looked at")
        guard batches.isFull else { return }
        session.progress.clear()
        try batches.look(isLast: false)
    }

    /// - Returns: why the file could not be read.
    private func copy(
        _ file: (name: FileName, directory: HeldNode)?, to path: String
    ) throws(CommandFailure) -> Errno? {
        let copy = try batches.makeFile(path)
        var count = 0
        var failure: CommandFailure?
        if let file {
            do throws(Errno) {
                try session.client.read(file.name, in: file.directory) { (bytes) throws(Errno) in
                    do throws(CommandFailure) { try copy.append(bytes) } catch {
                        failure = error
                        throw .noSpace
                    }
                    count += bytes.count
                }
            } catch {
                if let failure { throw failure }
                return error
            }
        }
        batches.add(path, count: count)
        return nil
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
