internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// Bytes of messages, and the watch over those that changed without saying so.
extension SessionFileSystem {
    /// A message up to this size is rendered whole and held while it is read; of a larger one, a window of this size.
    /// Files made of columns are always rendered whole.
    static let windowSize = 8 << 20

    /// How old the last look at a file's bytes may be when the database has changed since (rule R5).
    static let contentInterval = Duration.seconds(10)

    /// A window of the file that holds `range`, if the database still has this version.
    ///
    /// - Throws: `.stale` where it has another.
    func window(
        _ node: NodeID, _ place: Place, _ version: FileVersion, around range: Range<Int>, _ caller: Caller
    ) throws(Failure) -> Window {
        if case .trash(let place) = place {
            let window = try trashWindow(place, version, around: range, caller.patience)
            return Window(offset: window.offset, bytes: window.bytes, base: .version(version))
        }
        if case .derived(let place) = place {
            let end = min(max(range.lowerBound + Self.windowSize, range.upperBound), version.size)
            let bytes = try derivedWindow(place, version, range.lowerBound..<end, caller.patience)
            // Less than was promised: what it is made from is another by now.
            guard bytes.count == end - range.lowerBound else { throw .stale }
            return Window(offset: range.lowerBound, bytes: bytes, base: .version(version))
        }
        if case .document(let name, let session) = place {
            let (bytes, digest) = try documentContents(name, of: session, version, caller.patience)
            return Window(offset: 0, bytes: bytes, base: .content(digest))
        }
        let (token, catalog) = try catalog(caller.patience)
        let isMessage = if case .message = place { true } else { false }
        let isWhole = !isMessage || version.size <= Self.windowSize
        // Windows stand in a row, so that ranges that come out of order meet in one.
        let offset = isWhole ? 0 : range.lowerBound / Self.windowSize * Self.windowSize
        let end = isWhole ? version.size : min(max(offset + Self.windowSize, range.upperBound), version.size)
        var base = Base.version(version)
        let bytes = try reading(caller.patience) { (snapshot) throws(StoreError) -> [UInt8]? in
            guard case .message(let id, let session) = place else {
                let (bytes, changed) = try rendered(place, catalog, snapshot)
                let current = FileVersion(of: bytes, changed: Timestamp(milliseconds: changed))
                base = .content(current.digest)
                return current == version ? bytes : nil
            }
            if isWhole {
                guard let (message, texts) = try snapshot.contents(of: id, in: session, upTo: Self.windowSize),
                    revised(MessageFile.version(of: message), of: place) == version, let texts
                else { return nil }
                let (bytes, digest) = try Self.rendered(message, texts)
                base = .content(digest)
                return bytes
            }
            guard let message = try snapshot.message(id, of: session),
                revised(MessageFile.version(of: message), of: place) == version
            else { return nil }
            return try MessageFile.layout(of: message).bytes(offset..<end) { (text, range) throws(StoreError) in
                try snapshot.text(text, of: message, range: range)[...]
            }
        }
        guard let bytes else { throw .stale }
        // What was read is what was promised, or it is not handed out (rule R4).
        guard bytes.count == end - offset else {
            throw Failure(.inputOutput, "the database gave another length than it had promised")
        }
        if isWhole, isMessage { try compare(bytes, base, with: node, token) }
        return Window(offset: offset, bytes: bytes, base: base)
    }

    /// Bytes of a file, and what stands there as a whole.
    struct Window {
        let offset: Int
        let bytes: [UInt8]
        let base: Base
    }

    /// A message's file as a whole, and a hash of it that leaves out what triggers set.
    static func rendered(
        _ message: Message, _ texts: [[UInt8]]
    ) throws(StoreError) -> (bytes: [UInt8], digest: UInt64) {
        let bytes = try file(of: message, texts)
        return (bytes, MessageFile.digest(of: message, texts: texts, rendered: bytes))
    }

    /// A message's file as a whole.
    static func file(of message: Message, _ texts: [[UInt8]]) throws(StoreError) -> [UInt8] {
        let layout = MessageFile.layout(of: message)
        return try layout.bytes(0..<layout.size) { (text, range) throws(StoreError) in
            guard text < texts.count, range.upperBound <= texts[text].count else { throw .notFound }
            return texts[text][range]
        }
    }

    /// Looks whether these are the bytes that earlier readers of a node got: the kernel may have pages of them.
    private func compare(
        _ bytes: [UInt8], _ base: Base, with id: NodeID, _ token: ChangeToken
    ) throws(Failure) {
        let hash = ContentHash.value(of: bytes)
        let isOther = state.withLock { state in
            guard let node = state.nodes[id], let version = node.version else { return false }
            if let content = node.findings.content, content.hash != hash {
                // Whoever opens the file again gets the new bytes, under a version of their own.
                _ = state.revise(version, of: node.place)
                return true
            }
            let content = NodeTable.Content(hash: hash, base: base, validated: token, checked: .now)
            state.nodes.setContent(id, content)
            return false
        }
        if isOther { throw .stale }
    }

    /// Whether a row whose time is whole seconds may have got other bytes of the same length after it was looked at: the
    /// second that it names was not over then.
    private func mayHaveChanged(_ version: FileVersion, since checked: ContinuousClock.Instant) -> Bool {
        let changed = version.changed.milliseconds
        guard changed % 1000 == 0 else { return false }
        let age = (.now - checked) / .milliseconds(1)
        return Double(Timestamp.now.milliseconds) - age < Double(changed) + 1000
    }

    /// The version to show now. A foreign UPDATE may leave times and lengths alone; then only the bytes tell, and they
    /// are looked at no more than every ten seconds, and only after something has been committed.
    func recheckedContent(
        _ place: Place, _ version: FileVersion, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> FileVersion {
        guard case .message(let id, let session) = place, version.size <= Self.windowSize,
            let (node, content) = state.withLock({ state in
                state.nodes.current(place).flatMap { current in
                    current.node.version == version ? current.node.findings.content.map { (current.id, $0) } : nil
                }
            }),
            content.validated != token,
            content.checked + Self.contentInterval <= .now || mayHaveChanged(version, since: content.checked)
                || content.validated.isOfAnotherFile(than: token)
        else { return version }
        let hash = try reading(patience) { (snapshot) throws(StoreError) -> UInt64? in
            guard let (message, texts) = try snapshot.contents(of: id, in: session, upTo: Self.windowSize),
                revised(MessageFile.version(of: message), of: place) == version, let texts
            else { return nil }
            return ContentHash.value(of: try Self.rendered(message, texts).bytes)
        }
        // It has changed once more meanwhile: the next lookup sees that.
        guard let hash else { return version }
        return state.withLock { state in
            if hash != content.hash { return state.revise(version, of: place) }
            let same = NodeTable.Content(hash: hash, base: content.base, validated: token, checked: .now)
            state.nodes.setContent(node, same)
            return version
        }
    }
}
