/// What may stand in the database when the program dies this very moment, told by the worker that changes it: before a call
/// both what was and what will be, after its answer one of them.
struct Ledger {
    /// What may be of a message.
    enum Fate: Hashable {
        case says(Mark)
        /// Not in the database, and it never was.
        case unborn
        /// Not in the database, but in the trash.
        case removed(Mark)
    }

    /// What may be of a session.
    enum SessionFate: Hashable {
        case stands(Home)
        case unborn
        case removed
    }

    /// What a worker has done to a message since the round began.
    struct Touches: OptionSet {
        let rawValue: Int
        static let saved = Touches(rawValue: 1)
        static let removed = Touches(rawValue: 2)
    }

    private(set) var messages: [MessageKey: Set<Fate>] = [:]
    private(set) var sessions: [String: Set<SessionFate>] = [:]
    private(set) var touches: [MessageKey: Touches] = [:]
    private(set) var movedSessions: Set<String> = []
    /// Versions whose replacing was acknowledged: the trash has them.
    private(set) var replaced: [(key: MessageKey, old: Mark, new: Mark)] = []

    init() {}

    init(messages: [MessageKey: Mark], sessions: [String: Home]) {
        self.messages = messages.mapValues { [.says($0)] }
        self.sessions = sessions.mapValues { [.stands($0)] }
    }

    mutating func merge(_ other: Ledger) {
        messages.merge(other.messages) { $1 }
        sessions.merge(other.sessions) { $1 }
        touches.merge(other.touches) { $1 }
        movedSessions.formUnion(other.movedSessions)
        replaced += other.replaced
    }

    /// What a session has whose fate is known, in the order of ids.
    func known(in session: String) -> [(key: MessageKey, mark: Mark)] {
        messages.compactMap { key, fates in
            guard key.session == session, fates.count == 1, case .says(let mark)? = fates.first else { return nil }
            return (key, mark)
        }.sorted { $0.0.id < $1.0.id }
    }

    func home(of session: String) -> Home? {
        guard let fates = sessions[session], fates.count == 1, case .stands(let home)? = fates.first else { return nil }
        return home
    }

    func mark(of key: MessageKey) -> Mark? {
        guard let fates = messages[key], fates.count == 1, case .says(let mark)? = fates.first else { return nil }
        return mark
    }

    /// A call is about to be made.
    mutating func expect(_ key: MessageKey, _ fate: Fate) {
        messages[key, default: [.unborn]].insert(fate)
        switch fate {
        case .says: touches[key, default: []].insert(.saved)
        case .removed: touches[key, default: []].insert(.removed)
        case .unborn: break
        }
    }

    /// A call was answered.
    mutating func settle(_ key: MessageKey, _ fate: Fate) {
        if case .says(let new) = fate {
            for case .says(let old) in messages[key] ?? [] where old != new { replaced.append((key, old, new)) }
        }
        messages[key] = [fate]
    }

    mutating func expect(_ session: String, _ fate: SessionFate) {
        sessions[session, default: [.unborn]].insert(fate)
        if case .stands = fate { movedSessions.insert(session) }
    }

    mutating func settle(_ session: String, _ fate: SessionFate) {
        sessions[session] = [fate]
    }
}
