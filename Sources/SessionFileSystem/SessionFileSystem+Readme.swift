internal import SessionTree
internal import Synchronization
internal import VFS

/// README.md of the mount takes the bytes it has, so that a copy of a whole mount over another ends with 0 (rule W11).
extension SessionFileSystem {
    /// Opens it to write to it what it says already; nil for all other files.
    func openReadme(_ id: NodeID, _ place: Place) throws(Failure) -> HandleID? {
        guard case .readme = place.derived?.root else { return nil }
        try refuseWhenReadOnly()
        return state.withLock { $0.handles.add(HandleTable.Writer(node: id, place: place)) }
    }

    /// Bytes of it, for who has it open to write to it; nil for handles of other files.
    func readReadme(
        _ handle: HandleID, at offset: Int64, count: Int, _ caller: Caller
    ) throws(Errno) -> [UInt8]? {
        guard let writer = state.withLock({ $0.handles.writer(handle) }), case .derived(let view) = writer.place else {
            return nil
        }
        return try perform("read", writer.node, nil, caller) { () throws(Failure) in
            guard let version = try derivedFacts(of: view, caller.patience)?.version else { throw .stale }
            guard offset >= 0, offset < Int64(version.size), count > 0 else { return [] }
            let start = Int(offset)
            return try derivedWindow(
                view, version, start..<start + min(count, version.size - start), caller.patience)
        }
    }

    /// Takes bytes that stand there already.
    ///
    /// - Throws: `.notPermitted` for others.
    func compare(_ bytes: [UInt8], with view: DerivedPlace, at offset: Int64, _ caller: Caller) throws(Failure) {
        guard let version = try derivedFacts(of: view, caller.patience)?.version else { throw .stale }
        let (end, overflow) = offset.addingReportingOverflow(Int64(bytes.count))
        if offset >= 0, !overflow, end <= Int64(version.size),
            try derivedWindow(view, version, Int(offset)..<Int(end), caller.patience) == bytes
        {
            return
        }
        throw Failure(.notPermitted, "README.md tells of the mount; it is not written to")
    }
}
