internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// preferences.json and cache.json of sessions (rule W12): files like the others, in a database of ours.
extension SessionFileSystem {
    /// The documents of a session, which may be in the trash.
    func documents(of session: Session.ID, _ patience: Patience) throws(Failure) -> [Document] {
        guard let documents = settings.documents else { return [] }
        return try keeping { () throws(StoreError) in try documents.documents(of: session, patience) }
    }

    func document(
        _ name: DocumentName, of session: Session.ID, _ patience: Patience
    ) throws(Failure) -> Document? {
        try documents(of: session, patience).first { $0.name == name }
    }

    /// A document as a whole.
    ///
    /// - Parameter version: which it must be, if that matters.
    /// - Throws: `.stale` where it is another.
    func documentContents(
        _ name: DocumentName, of session: Session.ID, _ version: FileVersion?, _ patience: Patience
    ) throws(Failure) -> (bytes: [UInt8], digest: UInt64) {
        guard let documents = settings.documents else { throw .stale }
        let found = try keeping { () throws(StoreError) in try documents.contents(of: name, of: session, patience) }
        guard let (document, bytes) = found, version == nil || version == FileVersion(of: document) else {
            throw .stale
        }
        return (bytes, document.digest)
    }

    /// Makes a text the document's, durably.
    func saveDocument(
        _ name: DocumentName, of session: Session.ID, _ save: Save, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) {
        guard let documents = settings.documents else { throw .noEntry }
        guard save.bytes.count <= DocumentEdit.maximumSize else {
            throw Failure(.tooLarge, "a document of more than \(DocumentEdit.maximumSize >> 20) MiB is not kept")
        }
        do throws(EditError) { try DocumentEdit.check(save.bytes) } catch { throw Failure(error) }
        guard catalog.sessions[session] != nil else {
            throw Failure(.stale, "the session is gone", isNotable: true)
        }
        let expected: UInt64? =
            switch save.base {
            case .absent: nil
            case .content(let digest): digest
            case .version(let version): version.digest
            }
        let text = DocumentSave(
            bytes: save.bytes, digest: ContentHash.value(of: save.bytes), expected: expected,
            modified: save.modified?.milliseconds)
        let outcome = try keeping { () throws(StoreError) in
            try documents.save(text, as: name, of: session, patience.atMost(Self.writePatience))
        }
        switch outcome {
        case .saved, .unchanged: break
        case .conflict:
            throw .conflict("another program has changed or removed the document since it was read")
        }
    }

    func touchDocument(
        _ name: DocumentName, of session: Session.ID, _ modified: Timestamp, _ patience: Patience
    ) throws(Failure) {
        guard let documents = settings.documents else { throw .noEntry }
        try keeping { () throws(StoreError) in
            try documents.touch(
                name, of: session, milliseconds: modified.milliseconds, patience.atMost(Self.writePatience))
        }
        state.withLock { $0.nodes.retire(.document(name, of: session)) }
    }

    func removeDocument(_ name: DocumentName, of session: Session.ID, _ patience: Patience) throws(Failure) {
        guard let documents = settings.documents else { throw .noEntry }
        // Before it is marked, or the mark would be older than the removal that it belongs to.
        state.withLock { $0.masks.begin(session, now: .now) }
        try keeping { () throws(StoreError) in
            try documents.remove(
                name, of: session, isForGood: store.trash == nil, patience.atMost(Self.writePatience))
        }
        let place = Place.document(name, of: session)
        state.withLock { state in
            state.handedOut.forget(place.inode)
            state.nodes.retire(place)
        }
    }

    /// Removes a session, and has what was removed of its documents on the way there belong to it in the trash (D3).
    ///
    /// They are its documents again before it goes: whoever dies in between has lost nothing.
    func lettingDocumentsGo(
        with session: Session.ID, _ patience: Patience, _ remove: () throws(Failure) -> Void
    ) throws(Failure) {
        guard let documents = settings.documents, store.trash != nil else { return try remove() }
        let now = Timestamp.now.milliseconds
        let began = state.withLock { $0.masks.since(session, now: .now)?.milliseconds } ?? now
        let patience = patience.atMost(Self.writePatience)
        let unmarked = try keeping { () throws(StoreError) in
            try documents.unmark(session, since: min(began, now - Self.longestPause), patience)
        }
        do throws(Failure) {
            try remove()
        } catch {
            // It stays, and they stay removed. Where that cannot be, they are seen again: nothing is lost.
            for name in unmarked {
                _ = try? documents.remove(name, of: session, isForGood: false, patience)
            }
            throw error
        }
    }

    /// Milliseconds after which what was removed is taken for removed by itself.
    private static let longestPause: Int64 = 60_000

    private func keeping<Result>(_ body: () throws(StoreError) -> Result) throws(Failure) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            guard case .unavailable(let reason) = error else { throw Failure(error) }
            throw Failure(
                .inputOutput, "documents.db: \(reason)",
                remedy: "look at it in $XDG_STATE_HOME/opencodefs, or move it away: then no session has documents")
        }
    }
}

extension FileVersion {
    init(of document: Document) {
        self.init(
            size: document.size, changed: Timestamp(milliseconds: document.modified), digest: document.digest)
    }
}
