internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing
package import VFS

extension SessionFileSystem {
    /// Reads messages of a directory, as their files show them: what opening and reading one after the other gives, in one look
    /// at the database. For who reads many once.
    ///
    /// - Parameters:
    ///   - names: of the directory, read from the first on; not empty.
    ///   - limit: bytes after which no further one is read.
    /// - Returns: the bytes of as many of them as were read, at least one; nil for what has to be opened: it is no message, is
    ///   too large to be held, is being written, or is not there.
    package func gather(
        _ names: [FileName], in directory: NodeID, upTo limit: Int, for caller: Caller
    ) throws(Errno) -> [[UInt8]?] {
        try perform("read", directory, nil, caller) { () throws(Failure) in
            let place = try node(directory).place
            guard case .messages(let session) = place else { return names.map { _ in nil } }
            let (_, catalog) = try catalog(caller.patience)
            var ids: [Message.ID?] = []
            for name in names { ids.append(try storedMessage(name, in: place, catalog, caller.patience)) }
            return try reading(caller.patience) { (snapshot) throws(StoreError) in
                // Begun anew with each reading: a store may have to read again.
                var files: [[UInt8]?] = []
                var bytes = 0
                for id in ids where bytes < limit || files.isEmpty {
                    guard let id,
                        let (message, texts) = try snapshot.contents(of: id, in: session, upTo: Self.windowSize),
                        let texts
                    else {
                        files.append(nil)
                        continue
                    }
                    let file = try Self.file(of: message, texts)
                    bytes += file.count
                    files.append(file)
                }
                return files
            }
        }
    }

    /// The message that a name leads to; nil where it leads to none, or to one that is being written.
    private func storedMessage(
        _ name: FileName, in directory: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Message.ID? {
        guard unsaved(name, in: directory) == nil else { return nil }
        do throws(Failure) {
            guard case .message(let id, _) = try resolve(name, in: directory, catalog, patience) else { return nil }
            return id
        } catch {
            guard error.errno == .noEntry else { throw error }
            return nil
        }
    }
}
