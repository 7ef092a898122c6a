internal import SessionModel

/// How far to look ahead when session after session is asked for.
///
/// Whoever asks for another session soon after the last walks through the history: each time more sessions are described
/// together, as the kernel reads a file ahead. In which order they come cannot be known; the neighbours are most likely.
struct SessionWalk {
    /// Sessions described together, at most.
    static let limit = 256
    /// Messages described together, about: one session may have more.
    static let messages = 5_000
    /// Whoever takes longer from one session to the next looks around rather than walks.
    static let pause = Duration.seconds(5)

    private var window = 1
    private var last: (session: Session.ID, at: ContinuousClock.Instant)?

    /// Which sessions to describe together with one that nobody has asked for lately, that one first.
    ///
    /// - Parameter isWanted: whether a session is not described already, nor being described.
    mutating func sessions(
        from start: Session.ID, in table: SessionTable, now: ContinuousClock.Instant,
        isWanted: (Session.ID) -> Bool
    ) -> [Session.ID] {
        let isWalk = last.map { $0.session != start && $0.at + Self.pause > now } ?? false
        if !isWalk {
            if last?.session != start { window = 1 }
        } else {
            window = min(window * 4, Self.limit)
        }
        last = (start, now)
        guard isWalk, let rank = table.rank(of: start) else { return [start] }
        var budget = Self.messages - Int(clamping: table[start]?.stamp.messages ?? 0)
        var chosen = [start]
        // Those behind, then from the beginning.
        for distance in 1..<max(1, table.walk.count) {
            guard chosen.count < window, budget > 0 else { break }
            let id = table.walk[(rank + distance) % table.walk.count]
            let count = Int(clamping: table[id]?.stamp.messages ?? 100)
            guard count <= budget, isWanted(id) else { continue }
            budget -= max(1, count)
            chosen.append(id)
        }
        return chosen
    }

    /// A walk went on, by sessions that were described ahead.
    mutating func goOn(now: ContinuousClock.Instant) {
        guard let last, last.at + Self.pause > now else { return }
        self.last = (last.session, now)
    }

    /// What was looked up ahead was let go of unused: less is better.
    mutating func wasted() {
        window = 1
    }
}
