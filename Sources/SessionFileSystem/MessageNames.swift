internal import SessionModel
internal import VFS

/// The ordinals of the messages this mount has seen (rule N3). They never change while it is mounted: new messages count
/// on, gaps stay, and an id that comes back gets its former number.
struct MessageNames {
    struct Label {
        let ordinal: Int64
        /// Nil until somebody had to know it.
        fileprivate(set) var name: FileName?
    }

    private struct Numbers {
        var labels: [Message.ID: Label] = [:]
        var last: Int64 = 0
    }

    private var sessions: [Session.ID: Numbers] = [:]

    func label(of message: Message.ID, in session: Session.ID) -> Label? {
        sessions[session]?.labels[message]
    }

    /// Those that a listing shows after a message, as far as their names are known; some may be gone.
    func successors(of message: Message.ID, in session: Session.ID, count: Int) -> [(Message.ID, FileName)] {
        guard let labels = sessions[session]?.labels, let start = labels[message]?.ordinal else { return [] }
        let near = labels.filter { $0.value.ordinal > start && $0.value.ordinal - start <= Int64(count) }
        return near.sorted { $0.value.ordinal < $1.value.ordinal }.compactMap { id, label in
            label.name.map { (id, $0) }
        }
    }

    /// Whether this session's messages were numbered before.
    func knows(_ session: Session.ID) -> Bool {
        sessions[session] != nil
    }

    /// Numbers the messages that have no number yet.
    ///
    /// - Parameter order: all messages of the session in OpenCode's own order.
    /// - Returns: whether there was a new one in a session that was numbered before.
    @discardableResult
    mutating func number(_ order: [(id: Message.ID, order: Message.Order)], of session: Session.ID) -> Bool {
        let isFirst = sessions[session] == nil
        var numbers = sessions.removeValue(forKey: session) ?? Numbers()
        defer { sessions[session] = numbers }
        let before = numbers.labels.count
        for (id, order) in order where numbers.labels[id] == nil {
            let ordinal =
                switch order {
                case .stored(let number): number
                // A number in a database may be the largest there is.
                case .rank: numbers.last == .max ? .max : numbers.last + 1
                }
            numbers.labels[id] = Label(ordinal: ordinal)
            numbers.last = max(numbers.last, ordinal)
        }
        return !isFirst && numbers.labels.count > before
    }

    /// Gives a message the name it was made under, and the number in that, or the next.
    mutating func add(_ message: Message.ID, _ name: FileName, ordinal: Int64?, in session: Session.ID) {
        var numbers = sessions.removeValue(forKey: session) ?? Numbers()
        defer { sessions[session] = numbers }
        let number =
            ordinal ?? numbers.labels[message]?.ordinal ?? (numbers.last == .max ? .max : numbers.last + 1)
        numbers.labels[message] = Label(ordinal: number, name: name)
        numbers.last = max(numbers.last, number)
    }

    /// Sets the name a message has from now on.
    mutating func setName(_ name: FileName, of message: Message.ID, in session: Session.ID) {
        sessions[session]?.labels[message]?.name = name
    }
}
