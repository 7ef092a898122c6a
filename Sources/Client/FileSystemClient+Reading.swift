package import VFS

/// A line of a listing.
package struct ListedEntry: Sendable {
    package let name: FileName
    package let kind: Attributes.Kind
    /// As stat(2) tells it.
    package let inode: UInt64
    /// The node, where the listing brought it along.
    package let node: HeldNode?
}

extension FileSystemClient {
    /// What a directory lists, of one moment, in its own order; without `.` and `..`.
    package func list(_ directory: HeldNode) throws(Errno) -> [ListedEntry] {
        let handle = try fileSystem.openDirectory(directory.id, for: caller)
        defer { fileSystem.releaseDirectory(handle) }
        var entries: [ListedEntry] = []
        try fileSystem.readDirectory(handle, from: 0, for: caller) { line, entry in
            let node = entry.map { HeldNode($0, of: fileSystem) }
            if line.name != .current, line.name != .parent {
                entries.append(ListedEntry(name: line.name, kind: line.kind, inode: line.inode, node: node))
            }
            return true
        }
        return entries
    }

    /// The node of a line of a listing.
    ///
    /// - Throws: `.noEntry` where it has gone since.
    package func node(of entry: ListedEntry, in directory: HeldNode) throws(Errno) -> HeldNode {
        if let node = entry.node { return node }
        return try lookup(entry.name, in: directory)
    }

    /// Hands out the bytes of the file that a path leads to, piece by piece.
    ///
    /// - Throws: what open(2) and read(2) fail with, or `body`'s own.
    package func read(
        _ path: TreePath, _ body: ([UInt8]) throws(Errno) -> Void
    ) throws(Errno) {
        let opened: Opened = try retryingOnce { () throws(Errno) in try open(try node(at: path)) }
        try drain(opened, body)
    }

    /// Hands out the bytes of a file of a directory, piece by piece.
    package func read(
        _ name: FileName, in directory: HeldNode, _ body: ([UInt8]) throws(Errno) -> Void
    ) throws(Errno) {
        let opened: Opened = try retryingOnce { () throws(Errno) in try open(try lookup(name, in: directory)) }
        try drain(opened, body)
    }

    /// A file that is open, with the node it is of: the file system may drop what nobody holds.
    private typealias Opened = (file: OpenedFile, node: HeldNode)

    private func open(_ node: HeldNode) throws(Errno) -> Opened {
        guard !node.isDirectory else { throw .isDirectory }
        return (try fileSystem.open(node.id, .reading, for: caller), node)
    }

    private func drain(_ opened: Opened, _ body: ([UInt8]) throws(Errno) -> Void) throws(Errno) {
        let handle = opened.file.handle
        defer { fileSystem.release(handle) }
        if let contents = opened.file.contents {
            // There are no pages that could be filled with it.
            fileSystem.setStored(handle, isTaken: false)
            if !contents.isEmpty { try body(contents) }
            return
        }
        var offset: Int64 = 0
        while true {
            let piece = try fileSystem.read(handle, at: offset, count: Self.pieceSize, for: caller)
            if piece.isEmpty { return }
            offset += Int64(piece.count)
            try body(piece)
        }
    }

    /// Bytes asked for at once.
    private static let pieceSize = 1 << 20
}
