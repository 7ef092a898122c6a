internal import SQL
internal import SessionModel

/// Texts of messages that were read before anybody asked for them.
///
/// Each is handed out once: the kernel keeps what it was given. What nobody comes for is let go of after a while.
struct TextCache {
    struct Text: Sendable {
        /// The columns of the same row, by which it is told whether the text is of the version that was asked for.
        let row: [SQLValue]
        let bytes: [UInt8]
        let read: ContinuousClock.Instant
    }

    /// In bytes.
    static let limit = 8 << 20

    private var texts: [Message.ID: Text] = [:]
    private(set) var size = 0

    var count: Int { texts.count }

    mutating func add(_ id: Message.ID, _ text: Text) {
        remove(id)
        texts[id] = text
        size += text.bytes.count
        guard size > Self.limit else { return }
        // The oldest go first: whoever reads in order has passed them.
        for (id, _) in texts.sorted(by: { $0.value.read < $1.value.read }) where size > Self.limit { remove(id) }
    }

    /// Takes a text out; nil where there is none, or it is older than `limit`.
    mutating func take(_ id: Message.ID, notOlderThan limit: ContinuousClock.Instant) -> Text? {
        guard let text = texts[id] else { return nil }
        remove(id)
        return text.read >= limit ? text : nil
    }

    func contains(_ id: Message.ID, notOlderThan limit: ContinuousClock.Instant) -> Bool {
        texts[id].map { $0.read >= limit } ?? false
    }

    /// Lets go of what is older, and says how many that were.
    @discardableResult
    mutating func removeAll(olderThan limit: ContinuousClock.Instant) -> Int {
        let old = texts.filter { $0.value.read < limit }.map(\.key)
        for id in old { remove(id) }
        return old.count
    }

    mutating func removeAll() {
        texts = [:]
        size = 0
    }

    private mutating func remove(_ id: Message.ID) {
        if let text = texts.removeValue(forKey: id) { size -= text.bytes.count }
    }
}
