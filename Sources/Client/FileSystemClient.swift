private import Glibc
internal import Timing
package import VFS

/// Asks a file system what the kernel would ask it: a program in the same process uses it by paths, without a mount.
///
/// Safe to use from several threads. Calls block; each waits as long as a request of the kernel does, and throws what the
/// system call would fail with.
package struct FileSystemClient: Sendable {
    package let fileSystem: any FileSystem
    private let patience: Duration
    private let isCancelled: @Sendable () -> Bool

    /// - Parameters:
    ///   - patience: for each question.
    ///   - isCancelled: asked often while a question is being answered; true ends it (EINTR).
    package init(
        _ fileSystem: any FileSystem, patience: Duration = .seconds(10),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.fileSystem = fileSystem
        self.patience = patience
        self.isCancelled = isCancelled
    }

    /// Who asks: this process, from now on with patience for one question.
    package var caller: Caller {
        let process = getpid()
        return Caller(process: process, patience: Patience(until: .now + patience, isCancelled: isCancelled)) {
            process
        }
    }

    /// As many links one after the other are followed (path_resolution(7)).
    private static let maximumLinks = 40

    // MARK: Looking up

    package func root() throws(Errno) -> HeldNode {
        HeldNode(root: try fileSystem.attributes(of: .root, for: caller).0, of: fileSystem)
    }

    package func lookup(_ name: FileName, in directory: HeldNode) throws(Errno) -> HeldNode {
        HeldNode(try fileSystem.lookup(name, in: directory.id, for: caller), of: fileSystem)
    }

    /// What a path leads to.
    ///
    /// - Parameter followsLast: whether a link at the end is followed. One before that is, and one before a slash.
    package func node(at path: TreePath, followsLast: Bool = true) throws(Errno) -> HeldNode {
        try retryingOnce { () throws(Errno) in try resolve(path, followsLast: followsLast) }
    }

    /// The directory that the last name of a path stands in, and that name.
    ///
    /// - Throws: `.exists` where the path has no last name: it is the root, or ends in `..`.
    package func parent(of path: TreePath) throws(Errno) -> (directory: HeldNode, name: FileName) {
        guard let (directory, name) = path.split else {
            throw path.steps.last == .tooLong ? .nameTooLong : .exists
        }
        return (try directoryNode(at: directory), name)
    }

    /// Where the file that a path leads to stands, through a link at its end too.
    package func location(of path: TreePath) throws(Errno) -> (directory: HeldNode, name: FileName) {
        var path = path
        for _ in 0..<Self.maximumLinks {
            let (directory, name) = try parent(of: path)
            let node = try lookup(name, in: directory)
            guard node.kind == .link else { return (directory, name) }
            path = try path.following(try target(of: node))
        }
        throw Errno(rawValue: ELOOP)
    }

    func directoryNode(at path: TreePath) throws(Errno) -> HeldNode {
        let node = try node(at: path)
        guard node.isDirectory else { throw .notDirectory }
        return node
    }

    /// Where a link leads, as it says it.
    package func target(of link: HeldNode) throws(Errno) -> [UInt8] {
        try fileSystem.readLink(link.id, for: caller)
    }

    /// The kernel repeats a call with a path that was answered ESTALE once, with fresh lookups.
    func retryingOnce<Answer>(_ body: () throws(Errno) -> Answer) throws(Errno) -> Answer {
        do throws(Errno) {
            return try body()
        } catch {
            guard error == .stale else { throw error }
            return try body()
        }
    }

    private func resolve(_ path: TreePath, followsLast: Bool) throws(Errno) -> HeldNode {
        var above = [try root()]
        // The next one is the last.
        var rest = Array(path.steps.reversed())
        var links = 0
        while let step = rest.popLast() {
            guard let directory = above.last, directory.isDirectory else { throw .notDirectory }
            switch step {
            case .tooLong: throw .nameTooLong
            case .parent:
                if above.count > 1 { above.removeLast() }
            case .name(let name):
                let node = try lookup(name, in: directory)
                guard node.kind == .link, !rest.isEmpty || followsLast || path.needsDirectory else {
                    above.append(node)
                    continue
                }
                links += 1
                guard links <= Self.maximumLinks else { throw Errno(rawValue: ELOOP) }
                let target = try target(of: node)
                // Nothing of ours leads out of the tree.
                guard target.first != UInt8(ascii: "/") else { throw .noEntry }
                rest += TreePath(bytes: target).steps.reversed()
            }
        }
        guard let node = above.last else { throw .noEntry }
        if path.needsDirectory, !node.isDirectory { throw .notDirectory }
        return node
    }
}
