internal import SQL
internal import SessionModel

/// What is known of the server's history, and how well.
///
/// The sessions are as of the last poll. The messages of a session are *good* when they were read or found unchanged since
/// the last poll, and nothing says otherwise. Whatever becomes different moves the token.
struct Mirror {
    /// Descriptions that are kept, of about this many messages; those of the session asked for last always.
    static let limit = 50_000
    /// A session is in use for so long after somebody asked for its messages.
    static let use = Duration.seconds(10)
    /// What is in use is described anew after this time, in case a change did not show.
    static let refresh = Duration.seconds(30)
    /// Sessions that are watched at once.
    static let watched = 1_024
    /// So many seconds before the last poll a message may have been changed that is seen only now: its transaction took
    /// as long, or another server's clock is slow.
    static let slack: Int64 = 5

    private struct Entry {
        var described: DescribedSession
        /// The poll since which this is known to be right.
        var verified: Int
        var used: ContinuousClock.Instant
        /// Whether somebody has asked for it, rather than for a neighbour.
        var isAsked: Bool
        /// Whether something has changed that is not in it.
        var isOutdated = false
        /// Whether a change may hide in the second in which it was read.
        var isRacy: Bool
    }

    /// What one poll found.
    struct Poll {
        let table: SessionTable
        /// The server's clock in seconds; nil where there is no session to tell it.
        let clock: Int64?
        /// The sessions whose messages were asked for.
        let watched: [Session.ID]
        /// Those of their messages that changed lately.
        let rows: [[SQLValue]]
        let columns: GoMessageColumns
        let begun: ContinuousClock.Instant
        let schema: Int64
    }

    private(set) var table: SessionTable?
    /// Counts what polls found, and own changes.
    private(set) var token = ChangeToken(changes: 0, schema: 0)
    /// How many polls there were.
    private(set) var polls = 0
    /// How often this store has written: what was read before is not believed after.
    private(set) var writes = 0
    /// The server's clock at the last poll.
    private(set) var clock: Int64?
    /// When the last poll began.
    private var pollBegun: ContinuousClock.Instant?
    private var entries: [Session.ID: Entry] = [:]
    /// Messages that are described in all.
    private(set) var count = 0

    private mutating func move() {
        token = ChangeToken(changes: token.changes + 1, schema: token.schema)
    }

    // MARK: Asking

    /// The messages of a session where they are known to be right.
    mutating func good(_ session: Session.ID, now: ContinuousClock.Instant) -> DescribedSession? {
        guard let entry = entries[session], isGood(entry) else { return nil }
        entries[session]?.used = now
        entries[session]?.isAsked = true
        return entry.described
    }

    /// The same, for those who only look.
    func good(_ session: Session.ID) -> DescribedSession? {
        entries[session].flatMap { isGood($0) ? $0.described : nil }
    }

    /// The messages of a session as far as is known, when nobody can be asked: nothing says that they are different.
    func fallback(_ session: Session.ID) -> DescribedSession? {
        guard let entry = entries[session], fits(entry), !entry.isOutdated else { return nil }
        return entry.described
    }

    /// Whether a session was asked for lately: to look at it again is no step of a walk.
    func isInUse(_ session: Session.ID, now: ContinuousClock.Instant) -> Bool {
        entries[session].map { $0.isAsked && $0.used + Self.use > now } ?? false
    }

    /// Whether somebody has asked for this description before.
    func isAsked(_ session: Session.ID) -> Bool {
        entries[session]?.isAsked ?? false
    }

    private func isGood(_ entry: Entry) -> Bool {
        entry.verified == polls && !entry.isOutdated && fits(entry)
    }

    private func fits(_ entry: Entry) -> Bool {
        table?[entry.described.session]?.stamp == entry.described.stamp
    }

    // MARK: Learning

    /// Takes in what was read of a session.
    ///
    /// - Parameters:
    ///   - isAsked: whether somebody asked for it, rather than for a neighbour.
    /// - Returns: whether room was made by letting go of what nobody had asked for.
    mutating func add(
        _ described: DescribedSession, isAsked: Bool, now: ContinuousClock.Instant
    ) -> Bool {
        let session = described.session
        let isYoung = pollBegun.map { described.begun >= $0 } ?? false
        if let former = entries[session] {
            count -= former.described.rows.count
            if !former.described.hasSameRows(as: described) { move() }
        }
        entries[session] = Entry(
            described: described, verified: isYoung ? polls : -1, used: now,
            isAsked: isAsked || (entries[session]?.isAsked ?? false), isRacy: described.isRacy(clock: clock))
        count += described.rows.count
        return makeRoom(keeping: session)
    }

    /// Takes in another version of a message, which was met while its text was read.
    mutating func renew(_ row: [SQLValue], of session: Session.ID) {
        guard let entry = entries[session] else { return }
        if let position = entry.described.columns.id(of: row).flatMap({ entry.described.position(of: $0) }),
            entry.described.rows[position] == row
        {
            return
        }
        if let described = entry.described.replacing(row) {
            entries[session]?.described = described
            entries[session]?.isRacy = true
        } else {
            entries[session]?.isOutdated = true
        }
        move()
    }

    /// A message that was described is not there any more.
    mutating func doubt(_ session: Session.ID) {
        guard entries[session]?.isOutdated == false else { return }
        entries[session]?.isOutdated = true
        move()
    }

    /// This store has written, or may have: nothing read before counts.
    ///
    /// - Parameter sessions: those concerned; nil for all.
    mutating func wrote(_ sessions: Set<Session.ID>?) {
        writes += 1
        for session in sessions ?? Set(entries.keys) { forget(session) }
        move()
    }

    private mutating func forget(_ session: Session.ID) {
        if let entry = entries.removeValue(forKey: session) { count -= entry.described.rows.count }
    }

    private mutating func makeRoom(keeping session: Session.ID) -> Bool {
        guard count > Self.limit else { return false }
        var isWaste = false
        for (id, entry) in entries.sorted(by: { $0.value.used < $1.value.used }) where id != session {
            guard count > Self.limit else { break }
            if !entry.isAsked { isWaste = true }
            forget(id)
        }
        return isWaste
    }

    // MARK: Polling

    /// The sessions whose messages the next poll should ask for.
    func sessionsInUse(now: ContinuousClock.Instant) -> [Session.ID] {
        let inUse = entries.filter { $0.value.used + Self.use > now && isGood($0.value) && !$0.value.isRacy }
        guard inUse.count > Self.watched else { return Array(inUse.keys) }
        return inUse.sorted { $0.value.used > $1.value.used }.prefix(Self.watched).map(\.key)
    }

    /// Takes in what a poll found. Whatever is different moves the token, and so does a session that is watched no longer:
    /// nothing that was found right under an old token is believed for ever.
    mutating func take(_ poll: Poll, now: ContinuousClock.Instant) {
        let former = polls
        polls += 1
        var isMoved = false
        if token.schema != poll.schema || table?.columns.names != poll.table.columns.names {
            entries = [:]
            count = 0
            token = ChangeToken(changes: token.changes, schema: poll.schema)
            isMoved = true
        }
        // What is equal is the same table.
        if table !== poll.table { isMoved = true }
        table = poll.table
        clock = poll.clock
        pollBegun = poll.begun
        let isChanged = note(poll.rows, poll.columns, clock: poll.clock)
        let watched = Set(poll.watched)
        for (id, entry) in entries {
            guard poll.table[id] != nil else {
                forget(id)
                continue
            }
            guard entry.verified == former else { continue }
            let isWatched =
                watched.contains(id) && entry.described.begun + Self.refresh > now && !entry.isOutdated
            // What was read while the poll was under way is no older than it.
            if fits(entry), isWatched || entry.described.begun >= poll.begun {
                entries[id]?.verified = polls
            } else {
                isMoved = true
            }
        }
        if isMoved || isChanged { move() }
    }

    /// Takes in messages that changed lately, and says whether there was news among them.
    private mutating func note(_ rows: [[SQLValue]], _ columns: GoMessageColumns, clock: Int64?) -> Bool {
        var isNews = false
        for row in rows {
            guard let session = columns.session(of: row), let entry = entries[session],
                let id = columns.id(of: row)
            else { continue }
            if let clock, DescribedSession.isRacy(columns.updated(of: row), clock) { entries[session]?.isRacy = true }
            if let position = entry.described.position(of: id), entry.described.rows[position] == row { continue }
            isNews = true
            if let described = entry.described.replacing(row) {
                entries[session]?.described = described
            } else {
                entries[session]?.isOutdated = true
            }
        }
        return isNews
    }
}
