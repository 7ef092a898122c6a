internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

/// Open files that are written to (rule W1): bytes are gathered, and committed when a descriptor is closed or synced.
extension SessionFileSystem {
    /// Opens a file of the history to write to it.
    ///
    /// The node becomes the draft's: it is one version no more. Whoever looks the file up from now on gets another node,
    /// and with it what is committed. A program that reads this very node must not see its pages change, so a node that is
    /// open is not taken: ESTALE makes the kernel look the path up again, and it comes back with a node of its own.
    func openToWrite(
        _ id: NodeID, _ node: NodeTable.Node, _ mode: OpenMode, _ caller: Caller
    ) throws(Failure) -> HandleID {
        guard let version = node.version else { throw Failure(.isDirectory, "is a directory") }
        if let handle = try openReadme(id, node.place) { return handle }
        try refuseInControl(node.place)
        try refuseWhenReadOnly()
        guard version.size <= Draft.maximumSize else {
            throw Failure(.tooLarge, "a file of more than \(Draft.maximumSize) bytes fits no row")
        }
        var draft = Draft(
            place: node.place, name: try nameForPeople(of: node.place, caller.patience),
            parent: node.place.directory ?? .root, opener: caller.program, base: .absent, bytes: [])
        try state.withLock { [draft] state throws(Failure) in
            try state.take(id, node.place, for: caller)
            // From here on nobody else opens it, whatever is asked of the database meanwhile.
            state.drafts[id] = draft
        }
        do throws(Failure) {
            let (bytes, digest) = try contents(of: node.place, version, caller)
            // A program that only writes has read what it was handed out, not what stands there now (W3).
            let seen = state.withLock { $0.handedOut.base(node.place.inode, process: draft.opener) }
            draft.base = mode == .updating ? .content(digest) : seen ?? .content(digest)
            draft.bytes = bytes
            if mode == .replacing { try draft.resize(to: 0) }
        } catch {
            state.withLock { state in
                state.drafts[id] = nil
                state.nodes.setWritten(id, as: node.place)
            }
            throw error
        }
        return state.withLock { [draft] state in
            state.drafts[id] = draft
            return state.handles.add(HandleTable.Writer(node: id, place: node.place))
        }
    }

    /// What a program that writes a file anew has to have seen of it: what was handed out last, or else what stands there
    /// (rule W3).
    func lastSeen(_ place: Place, _ caller: Caller) throws(Failure) -> Base {
        let program = caller.program
        if let base = state.withLock({ $0.handedOut.base(place.inode, process: program) }) { return base }
        return .content(try contents(of: place, nil, caller).digest)
    }

    /// A file as a whole, of whatever size.
    ///
    /// - Parameter version: which it must be, if that matters.
    /// - Throws: `.stale` where it is another.
    func contents(
        of place: Place, _ version: FileVersion?, _ caller: Caller
    ) throws(Failure) -> (bytes: [UInt8], digest: UInt64) {
        if case .document(let name, let session) = place {
            return try documentContents(name, of: session, version, caller.patience)
        }
        let (_, catalog) = try catalog(caller.patience)
        let found = try reading(caller.patience) { (snapshot) throws(StoreError) -> ([UInt8], UInt64)? in
            guard case .message(let id, let session) = place else {
                let (bytes, changed) = try rendered(place, catalog, snapshot)
                let current = FileVersion(of: bytes, changed: Timestamp(milliseconds: changed))
                return version == nil || version == current ? (bytes, current.digest) : nil
            }
            guard let message = try snapshot.message(id, of: session) else { return nil }
            let current = revised(MessageFile.version(of: message), of: place)
            guard version == nil || version == current else { return nil }
            return try Self.rendered(message, try snapshot.texts(of: message))
        }
        guard let found else { throw .stale }
        return found
    }

    package func write(
        _ bytes: [UInt8], to handle: HandleID, at offset: Int64, for caller: Caller
    ) throws(Errno) {
        guard let writer = state.withLock({ $0.handles.writer(handle) }) else { throw .badHandle }
        try perform("write", writer.node, nil, caller) { () throws(Failure) in
            if case .derived(let view) = writer.place { return try compare(bytes, with: view, at: offset, caller) }
            try state.withLock { state throws(Failure) in
                if case .scratch(let number) = writer.place {
                    try state.scratch.write(bytes, to: number, at: offset)
                } else {
                    guard state.drafts[writer.node] != nil else { throw .stale }
                    try state.reserve(offset, bytes.count, for: writer.node)
                    try state.drafts[writer.node]?.write(bytes, at: offset)
                }
            }
        }
    }

    package func setAttributes(
        of id: NodeID, _ changes: AttributeChanges, for caller: Caller
    ) throws(Errno) -> (Attributes, validity: Double) {
        try perform("setattr", id, nil, caller) { () throws(Failure) in
            let node = try node(id)
            let isWritten = try state.withLock { state throws(Failure) in
                try state.change(id, node.place, changes)
            }
            if !isWritten {
                if let size = changes.size, size != Int64(node.version?.size ?? 0) {
                    throw Failure(
                        .invalid, "a file of the history is not cut while it is closed",
                        remedy: "open it for writing, and write the whole text")
                }
                if let modified = changes.modified { try touch(node.place, modified, id, caller) }
            }
        }
        var (attributes, _) = try attributes(of: id, for: caller)
        if let modified = changes.modified, attributes.kind == .regular { attributes.modified = modified }
        return (attributes, 0)
    }

    /// Sets when a message says it changed, where its family can hold that (rule W8).
    private func touch(_ place: Place, _ modified: Timestamp, _ node: NodeID, _ caller: Caller) throws(Failure) {
        let touch: Change
        switch place {
        case .message(let id, let session):
            touch = .touchMessage(id, of: session, milliseconds: modified.milliseconds)
        case .todos(let session): touch = .touchTodos(session, milliseconds: modified.milliseconds)
        case .document(let name, let session):
            try refuseWhenReadOnly()
            return try touchDocument(name, of: session, modified, caller.patience)
        default: return
        }
        try refuseWhenReadOnly()
        try change(path(of: node, nil), caller) { _ in [touch] }
        state.withLock { $0.nodes.retire(place) }
    }

    package func flush(_ handle: HandleID, for caller: Caller) throws(Errno) {
        guard let (node, draft) = draft(of: handle), draft.isDirty, draft.isWritten else { return }
        // `(a; b) > f`: each of the two closes the descriptor it shares. The text is whole when the last has written it;
        // until then nobody is told that it is not.
        if JSONText.fault(in: draft.bytes) != nil, caller.program != draft.opener { return }
        try perform("flush", node, nil, caller) { () throws(Failure) in try save(node, caller) }
    }

    package func synchronize(_ handle: HandleID, for caller: Caller) throws(Errno) {
        guard let (node, draft) = draft(of: handle), draft.isDirty else { return }
        try perform("fsync", node, nil, caller) { () throws(Failure) in try save(node, caller) }
    }

    private func draft(of handle: HandleID) -> (node: NodeID, draft: Draft)? {
        state.withLock { state in
            guard let writer = state.handles.writer(handle) else { return nil }
            return state.drafts[writer.node].map { (writer.node, $0) }
        }
    }

    /// Commits a draft. What is refused stays a draft, and its bytes are kept.
    private func save(_ node: NodeID, _ caller: Caller) throws(Failure) {
        guard let draft = state.withLock({ $0.drafts[node] }) else { return }
        // fsync said so already, and nothing has been written since.
        if let failure = draft.failure { throw failure.told }
        do throws(Failure) {
            if draft.isUnlinked {
                throw Failure(
                    .stale, "the file was removed while it was open", remedy: "what was written is kept",
                    isNotable: true)
            }
            try commit(
                Save(
                    bytes: draft.bytes, place: draft.place, base: draft.base, name: draft.name,
                    modified: draft.modified, path: path(of: node, nil)), caller)
        } catch {
            let failure = keep(draft.bytes, as: draft.name, error)
            state.withLock { state in
                // What has been written meanwhile is another text, and has its own answer.
                if state.drafts[node]?.revision == draft.revision { state.drafts[node]?.failure = failure }
                // A message that stepped aside for this text is not what its backup stands for any more: to remove that
                // must not remove the message.
                state.scratch.giveBack(draft.place)
                state.nodes.retire(draft.place)
            }
            throw failure
        }
        state.withLock { state in
            if state.drafts[node]?.revision == draft.revision { state.drafts[node]?.isDirty = false }
            state.drafts[node]?.isNew = false
            state.drafts[node]?.base = state.handedOut.base(draft.place.inode, process: caller.program) ?? draft.base
            state.nodes.setWritten(node, as: draft.place)
            state.nodes.retire(draft.place)
        }
    }

    /// The last descriptor is closed: what was never committed is now, or is kept.
    func finish(_ node: NodeID) {
        guard let draft = state.withLock({ $0.drafts[node] }) else { return }
        let caller = Caller(process: draft.opener, patience: .lasting(Self.writePatience))
        if draft.isDirty, draft.failure == nil {
            _ = try? perform("release", node, nil, caller) { () throws(Failure) in
                guard draft.isWritten else {
                    throw Failure(
                        .invalid,
                        draft.isNew
                            ? "an empty file is no message"
                            : "it was emptied and nothing was written: it stays as it was",
                        remedy: draft.isNew ? "" : "to remove it, use rm", isNotable: true)
                }
                try save(node, caller)
            }
        }
        state.withLock { state in
            state.nodes.setWritten(node, as: draft.place)
            state.drafts[node] = nil
            state.scratch.giveBack(draft.place)
        }
    }

    /// The mount ends: nobody will close what is open. What was written and never closed is no save, and is kept.
    package func end() {
        for (node, draft) in state.withLock({ $0.drafts.all }) where draft.isDirty && draft.isWritten {
            guard draft.failure == nil else { continue }
            let failure = Failure(.inputOutput, "the mount ended while the file was being written", isNotable: true)
            errors.record(
                keep(draft.bytes, as: draft.name, failure), operation: "unmount", path: path(of: node, nil),
                process: draft.opener)
        }
    }

    /// Keeps bytes that were refused, and says so with the reason.
    func keep(_ bytes: [UInt8], as name: FileName, _ failure: Failure) -> Failure {
        guard let salvage = settings.salvage, !bytes.isEmpty else { return failure }
        let kind: SalvageKind = failure.errno == .stale ? .conflict : .rejected
        let directory = kind == .conflict ? "conflicts" : "rejected"
        do throws(SalvageError) {
            let kept = try salvage.keep(bytes, as: kind, of: name, reason: "\(failure.errno.symbol): \(failure.reason)")
            let complete = Failure(
                failure.errno, failure.reason,
                remedy: [failure.remedy, "what was to be saved is in .opencodefs/\(directory)/\(kept)"]
                    .filter { !$0.isEmpty }.joined(separator: "; "), isNotable: true)
            // The kernel repeats a rename that was answered with ESTALE: that is the same save once more.
            let isRepeated = state.withLock { state in
                defer { state.lastKept = kept }
                return state.lastKept == kept
            }
            return isRepeated ? complete.told : complete
        } catch {
            return Failure(
                failure.errno, "\(failure.reason); what was to be saved could not be kept: \(error)",
                remedy: failure.remedy, isNotable: true)
        }
    }

    func writing(_ path: String, _ caller: Caller) -> Writing {
        Writing(patience: caller.patience.atMost(Self.writePatience), process: caller.process, path: path)
    }

    /// How a file is called where bytes of it are kept.
    private func nameForPeople(of place: Place, _ patience: Patience) throws(Failure) -> FileName {
        switch place {
        case .message(let id, let session): try canonicalName(of: id, in: session, patience) ?? bareName(of: id)
        case .sessionFile: .sessionFile
        case .todos: .todos
        case .document(let name, _): name.name
        default: .projectFile
        }
    }
}

extension SessionFileSystem.State {
    /// Makes a node nobody's but a draft's.
    ///
    /// - Throws: `.stale` where somebody reads from it, or writes. The same program is then given a node of its own when it
    ///   looks the file up once more.
    fileprivate mutating func take(_ node: NodeID, _ place: Place, for caller: Caller) throws(Failure) {
        nodes.retire(place)
        if handles.isRead(node) || drafts[node] != nil {
            nodes.reserve(place, for: caller.process, now: .now)
            throw .stale
        }
    }

    /// Makes sure that a draft may grow: all of them together take no more than the largest text.
    fileprivate func reserve(_ offset: Int64, _ count: Int, for node: NodeID) throws(Failure) {
        let others = drafts.size - Int64(drafts[node]?.bytes.count ?? 0)
        let (end, overflow) = offset.addingReportingOverflow(Int64(count))
        guard !overflow, end <= Draft.maximumSize else { return }
        guard others + end <= Draft.maximumSize else {
            throw Failure(
                .noSpace, "files that are being written take more than \(Draft.maximumSize) bytes together",
                remedy: "close some of them")
        }
    }

    /// Changes the size or time of a file that is being written or that only this mount knows.
    ///
    /// - Returns: false where the node is none of these.
    fileprivate mutating func change(
        _ node: NodeID, _ place: Place, _ changes: AttributeChanges
    ) throws(Failure) -> Bool {
        if case .scratch(let number) = place {
            if let size = changes.size { try scratch.resize(number, to: size) }
            if let modified = changes.modified { scratch.setModified(number, modified) }
            return true
        }
        guard let draft = drafts[node] else { return false }
        if let size = changes.size {
            try reserve(size, 0, for: node)
            try drafts[node]?.resize(to: size)
        }
        if let modified = changes.modified { drafts[node]?.modified = modified }
        // A text that is committed already has a row that can be told.
        return changes.size != nil || draft.isDirty || draft.isNew
    }
}
