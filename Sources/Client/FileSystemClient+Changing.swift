package import VFS

extension FileSystemClient {
    /// Makes the bytes those of the file at a path, as a shell's `>` does: what was there is replaced, or a file is made.
    ///
    /// - Throws: what open(2), write(2) and close(2) fail with. What was refused is where the file system keeps such bytes.
    package func write(_ bytes: [UInt8], to path: TreePath) throws(Errno) {
        let (directory, name) = try parent(of: path)
        guard !path.needsDirectory else { throw .isDirectory }
        // Nobody else has the file open here: a second attempt looks it up once more, and so gets a node of its own.
        let (handle, node) = try retryingOnce { () throws(Errno) in try openToWrite(name, in: directory) }
        defer {
            fileSystem.release(handle)
            withExtendedLifetime(node) {}
        }
        var offset = 0
        while offset < bytes.count {
            let piece = Array(bytes[offset..<min(offset + Self.writtenAtOnce, bytes.count)])
            try fileSystem.write(piece, to: handle, at: Int64(offset), for: caller)
            offset += piece.count
        }
        try fileSystem.flush(handle, for: caller)
    }

    /// As much as the kernel hands over at once.
    private static let writtenAtOnce = 1 << 20

    private func openToWrite(_ name: FileName, in directory: HeldNode) throws(Errno) -> (HandleID, HeldNode) {
        var existing: HeldNode?
        do throws(Errno) {
            existing = try lookup(name, in: directory)
        } catch {
            guard error == .noEntry else { throw error }
        }
        guard let node = existing else {
            let (entry, handle) = try fileSystem.create(name, in: directory.id, for: caller)
            return (handle, HeldNode(entry, of: fileSystem))
        }
        switch node.kind {
        case .directory: throw .isDirectory
        // What a link leads to is a view; to write there is refused by its own rules.
        case .link: throw .notPermitted
        case .regular: return (try fileSystem.open(node.id, .replacing, for: caller).handle, node)
        }
    }

    /// Makes a directory.
    package func makeDirectory(_ path: TreePath) throws(Errno) {
        let (directory, name) = try parent(of: path)
        _ = HeldNode(try fileSystem.makeDirectory(name, in: directory.id, for: caller), of: fileSystem)
    }

    /// Makes a directory and those above it, as far as they are not there.
    package func makeDirectories(_ path: TreePath) throws(Errno) {
        do throws(Errno) {
            _ = try directoryNode(at: path)
        } catch {
            guard error == .noEntry, let above = path.split?.directory else { throw error }
            try makeDirectories(above)
            try makeDirectory(path)
        }
    }

    package func unlink(_ name: FileName, in directory: HeldNode) throws(Errno) {
        try retryingOnce { () throws(Errno) in try fileSystem.unlink(name, in: directory.id, for: caller) }
    }

    package func removeDirectory(_ name: FileName, in directory: HeldNode) throws(Errno) {
        try retryingOnce { () throws(Errno) in
            try fileSystem.removeDirectory(name, in: directory.id, for: caller)
        }
    }

    /// Renames, as rename(2) does: a file that has the new name is replaced.
    package func rename(_ path: TreePath, to newPath: TreePath) throws(Errno) {
        try retryingOnce { () throws(Errno) in
            let (directory, name) = try parent(of: path)
            let (newDirectory, newName) = try parent(of: newPath)
            // The kernel looks both up before it asks.
            _ = try lookup(name, in: directory)
            try fileSystem.rename(
                name, in: directory.id, to: newName, in: newDirectory.id, .replacing, for: caller)
        }
    }
}
