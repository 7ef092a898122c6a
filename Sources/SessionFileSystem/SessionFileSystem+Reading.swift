internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    /// Files up to this size come into the kernel's page cache with open(2): a question less for each. Of larger ones, a program
    /// may want the beginning only.
    private static let givenSize = 1 << 20

    package func open(_ id: NodeID, _ mode: OpenMode, for caller: Caller) throws(Errno) -> OpenedFile {
        try perform("open", id, nil, caller) { () throws(Failure) in
            let node = try node(id)
            // A writer begins with what the database holds now: a change that no time tells of is not in the kernel's pages.
            if let handle = try openUnsaved(id, node, mode) {
                return OpenedFile(handle, mode == .reading ? .kept : .anew)
            }
            guard mode == .reading else { return OpenedFile(try openToWrite(id, node, mode, caller), .anew) }
            return try openToRead(id, node, caller)
        }
    }

    private func openToRead(
        _ id: NodeID, _ node: NodeTable.Node, _ caller: Caller
    ) throws(Failure) -> OpenedFile {
        guard let version = node.version else { throw Failure(.isDirectory, "is a directory") }
        var file = HandleTable.File(node: id, place: node.place, version: version)
        // What lookup has told of is kept for the open that follows, whatever has been written since.
        if let place = node.place.derived, let view = state.withLock({ $0.rendered.find(place, version) }) {
            file.view = view
            // A file that grows is read through: a page at its end would be filled with zeros, and stay so when the file
            // goes on.
            return OpenedFile(state.withLock { [file] in $0.handles.add(file) }, version.isGrowing ? .never : .kept)
        }
        if version.isGrowing { throw .stale }
        var base = node.findings.content?.base
        if let bytes = node.findings.ownBytes {
            file.window = (0, bytes)
        } else if case .salvaged(let kind, let name) = node.place {
            file.window = (0, try salvagedBytes(kind, name))
        } else {
            // Nobody has read this version yet, so the kernel has no page of it: what is taken now can be read to
            // its end whatever happens to the row meanwhile (rule R4). Taking it finds out whether it is current.
            if node.findings.content == nil, version.size > 0 {
                let window = try window(id, node.place, version, around: 0..<1, caller)
                file.window = (window.offset, window.bytes)
                base = window.base
            } else {
                try checkIsCurrent(id, node, version, caller)
            }
        }
        let program = caller.program
        while true {
            let opened = try state.withLock { [file, base] state throws(Failure) -> OpenedFile? in
                // Somebody has opened the node to write meanwhile: its pages are the draft's.
                guard state.drafts[id] == nil else { throw .stale }
                // Who reads now would make the kernel ask for pages that it is just being given.
                guard state.nodes[id]?.pages != .underWay else { return nil }
                if let base { state.handedOut.note(base, node.place.inode, process: program) }
                var contents: [UInt8]?
                if state.nodes[id]?.pages == NodeTable.Pages.none {
                    if let window = file.window, window.bytes.count == version.size, version.size <= Self.givenSize {
                        contents = window.bytes
                    }
                    state.nodes.setPages(id, contents == nil ? .its : .underWay)
                }
                return OpenedFile(state.handles.add(file), .kept, contents: contents)
            }
            if let opened { return opened }
            try wait(caller.patience, microseconds: 20)
        }
    }

    package func setStored(_ handle: HandleID, isTaken: Bool) {
        state.withLock { state in
            guard let file = state.handles.file(handle) else { return }
            state.nodes.setPages(file.node, .its)
            // The kernel has everything. Bytes that exist nowhere else stay, should it drop them.
            if isTaken, !isOwn(file) { state.handles.setWindow(handle, nil) }
        }
    }

    /// The kernel answers ESTALE on open by looking the path up once more, and so comes to the new version.
    private func checkIsCurrent(
        _ id: NodeID, _ node: NodeTable.Node, _ version: FileVersion, _ caller: Caller
    ) throws(Failure) {
        let (token, catalog) = try catalog(caller.patience)
        let facts = try facts(of: node.place, catalog, token, caller.patience)
        guard facts.version == version, state.withLock({ $0.nodes.current(node.place)?.id }) == id else {
            throw .stale
        }
        state.withLock { $0.nodes.setValidated(id, token) }
    }

    package func read(
        _ handle: HandleID, at offset: Int64, count: Int, for caller: Caller
    ) throws(Errno) -> [UInt8] {
        if let bytes = readUnsaved(handle, at: offset, count: count) { return bytes }
        if let bytes = try readReadme(handle, at: offset, count: count, caller) { return bytes }
        guard let file = state.withLock({ $0.handles.file(handle) }) else { throw .badHandle }
        return try perform("read", file.node, nil, caller) { () throws(Failure) in
            if let view = file.view {
                let start = Int(max(0, offset))
                return try bytes(of: view, start..<(start + count))
            }
            let size = file.version.size
            guard offset >= 0, offset < Int64(size), count > 0 else { return [] }
            let start = Int(offset)
            let range = start..<(start + min(count, size - start))
            let held = file.window.flatMap { window in
                range.lowerBound >= window.offset && range.upperBound <= window.offset + window.bytes.count
                    ? window : nil
            }
            let window: (offset: Int, bytes: [UInt8])
            if let held {
                window = held
            } else {
                window = try load(handle, file, range, caller)
            }
            // The kernel keeps what it was given: when it has everything, nothing need stay here. Its read-ahead asks for
            // several ranges at once, so the end of the file may come before what precedes it.
            state.withLock { state in
                let isServed = state.handles.serve(range.count, of: handle) >= size && !isOwn(file)
                if isServed || held == nil { state.handles.setWindow(handle, isServed ? nil : window) }
            }
            return Array(window.bytes[(range.lowerBound - window.offset)..<(range.upperBound - window.offset)])
        }
    }

    /// Loads the window of a file that is being read.
    ///
    /// One large window at a time: the kernel's read-ahead asks for many ranges at once, and most of them lie in the window
    /// that the first of them loads.
    private func load(
        _ handle: HandleID, _ file: HandleTable.File, _ range: Range<Int>, _ caller: Caller
    ) throws(Failure) -> (offset: Int, bytes: [UInt8]) {
        guard file.version.size > Self.windowSize else {
            let window = try window(file.node, file.place, file.version, around: range, caller)
            return (window.offset, window.bytes)
        }
        while true {
            let loaded = try loading.withLockIfAvailable { (_) throws(Failure) in
                if let held = state.withLock({ $0.handles.file(handle)?.window }), held.offset <= range.lowerBound,
                    range.upperBound <= held.offset + held.bytes.count
                {
                    return held
                }
                // What is held makes room first.
                state.withLock { $0.handles.setWindow(handle, nil) }
                let window = try window(file.node, file.place, file.version, around: range, caller)
                let fresh = (window.offset, window.bytes)
                state.withLock { $0.handles.setWindow(handle, fresh) }
                return fresh
            }
            if let loaded { return loaded }
            try wait(caller.patience)
        }
    }

    private func isOwn(_ file: HandleTable.File) -> Bool {
        switch file.place {
        case .controlFile, .salvaged: true
        default: false
        }
    }

    package func release(_ handle: HandleID) {
        if releaseUnsaved(handle) { return }
        state.withLock { $0.handles.remove(file: handle) }
    }
}
