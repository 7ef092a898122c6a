internal import SessionModel
internal import SessionTree
internal import VFS

/// The ordinals of the messages this mount has seen (rule N3). They never change while it is mounted: new messages count
/// on, gaps stay, and an id that comes back gets its former number.
///
/// All that were ever listed are kept, so only what a name is made of is.
struct MessageNames {
    struct Label {
        let ordinal: Int64
        /// Nil until somebody had to know it.
        let name: FileName?
    }

    /// Those of a session, each at a place of its own.
    private struct Numbers {
        var ids = IdentifierTable<Message>()
        var ordinals: [Int64] = []
        /// Who speaks, as a place in ``MessageNames/roles``; what is not known yet is ``MessageNames/unknown``.
        var roles: [UInt8] = []
        /// Names that are not made from the above.
        var given: [Int: FileName] = [:]
        var last: Int64 = 0

        /// The number of one that comes behind all others. A number in a database may be the largest there is.
        var next: Int64 { last == .max ? .max : last + 1 }

        mutating func reserve(_ count: Int) {
            ids.reserve(count)
            ordinals.reserveCapacity(count)
            roles.reserveCapacity(count)
        }

        mutating func add(_ id: Message.ID, _ ordinal: Int64) {
            ids.append(id)
            ordinals.append(ordinal)
            roles.append(MessageNames.unknown)
            last = max(last, ordinal)
        }

        mutating func setOrdinal(_ ordinal: Int64, at place: Int) {
            ordinals[place] = ordinal
            last = max(last, ordinal)
        }
    }

    private let naming: Naming
    private var sessions: [Session.ID: Numbers] = [:]
    /// There are few; more than fit make given names.
    private var roles: [[UInt8]?] = []

    private static let unknown = UInt8.max

    init(_ naming: Naming) {
        self.naming = naming
    }

    func label(of message: Message.ID, in session: Session.ID) -> Label? {
        guard let numbers = sessions[session], let place = numbers.ids.place(of: message) else { return nil }
        return Label(ordinal: numbers.ordinals[place], name: name(of: message, at: place, numbers))
    }

    /// Whether the name of a message is known.
    func isNamed(_ message: Message.ID, in session: Session.ID) -> Bool {
        guard let numbers = sessions[session], let place = numbers.ids.place(of: message) else { return false }
        return numbers.roles[place] != Self.unknown || numbers.given[place] != nil
    }

    /// Where a message stands among those of its session; as lasting as its number.
    func place(of message: Message.ID, in session: Session.ID) -> Int? {
        sessions[session]?.ids.place(of: message)
    }

    /// The messages at some places of a session, with their names as far as they are known.
    ///
    /// - Parameter places: some that ``place(of:in:)`` told.
    func messages(
        at places: some Sequence<Int>, of session: Session.ID
    ) -> some Sequence<(id: Message.ID, name: FileName?)> {
        let numbers = sessions[session] ?? Numbers()
        return places.lazy.map { place in
            let id = numbers.ids[place]
            return (id, name(of: id, at: place, numbers))
        }
    }

    /// Those that a listing shows after a message, as far as their names are known; some may be gone.
    func successors(of message: Message.ID, in session: Session.ID, count: Int) -> [(Message.ID, FileName)] {
        guard let numbers = sessions[session], let first = numbers.ids.place(of: message) else { return [] }
        let start = numbers.ordinals[first]
        let near = numbers.ordinals.indices.filter { place in
            let ordinal = numbers.ordinals[place]
            return ordinal > start && ordinal - start <= Int64(count)
        }
        let places = near.sorted { numbers.ordinals[$0] < numbers.ordinals[$1] }
        return messages(at: places, of: session).compactMap { id, name in name.map { (id, $0) } }
    }

    /// Whether this session's messages were numbered before.
    func knows(_ session: Session.ID) -> Bool {
        sessions[session] != nil
    }

    /// How many messages of a session were numbered.
    func count(of session: Session.ID) -> Int { sessions[session]?.ids.count ?? 0 }

    /// Numbers the messages that have no number yet.
    ///
    /// - Parameter order: all messages of the session in OpenCode's own order.
    /// - Returns: whether there was a new one in a session that was numbered before.
    @discardableResult
    mutating func number(_ order: [(id: Message.ID, order: Message.Order)], of session: Session.ID) -> Bool {
        let isFirst = sessions[session] == nil
        var numbers = sessions.removeValue(forKey: session) ?? Numbers()
        defer { sessions[session] = numbers }
        let before = numbers.ids.count
        if isFirst { numbers.reserve(order.count) }
        for (id, order) in order where numbers.ids.place(of: id) == nil {
            numbers.add(id, order.number ?? numbers.next)
        }
        return !isFirst && numbers.ids.count > before
    }

    /// Gives a message the name it was made under, and the number in that, or the next.
    mutating func add(_ message: Message.ID, _ name: FileName, ordinal: Int64?, in session: Session.ID) {
        var numbers = sessions.removeValue(forKey: session) ?? Numbers()
        defer { sessions[session] = numbers }
        if let place = numbers.ids.place(of: message) {
            numbers.given[place] = name
            if let ordinal { numbers.setOrdinal(ordinal, at: place) }
        } else {
            numbers.add(message, ordinal ?? numbers.next)
            numbers.given[numbers.ids.count - 1] = name
        }
    }

    /// Tells who speaks in a message that is numbered: its name is made from that from now on.
    mutating func setRole(_ role: [UInt8]?, of message: Message.ID, in session: Session.ID) {
        guard let place = sessions[session]?.ids.place(of: message) else { return }
        if let known = roles.firstIndex(of: role) {
            sessions[session]?.roles[place] = UInt8(known)
        } else if roles.count < Int(Self.unknown) {
            roles.append(role)
            sessions[session]?.roles[place] = UInt8(roles.count - 1)
        } else if let ordinal = sessions[session]?.ordinals[place] {
            sessions[session]?.given[place] = naming.name(of: message, ordinal: ordinal, role: role)
        }
    }

    private func name(of message: Message.ID, at place: Int, _ numbers: Numbers) -> FileName? {
        if let given = numbers.given[place] { return given }
        let role = numbers.roles[place]
        guard role != Self.unknown else { return nil }
        return naming.name(of: message, ordinal: numbers.ordinals[place], role: roles[Int(role)])
    }
}

extension Message.Order {
    /// The number that a row holds; nil where its rank counts.
    fileprivate var number: Int64? {
        switch self {
        case .stored(let number): number
        case .rank: nil
        }
    }
}
