package import SQL
package import SessionModel
internal import Synchronization
package import Timing

/// The history of the Go OpenCode on a server that a team shares.
///
/// To ask a server costs a round trip, so what it said is kept in a ``Mirror`` and asked for many at a time; what others do is
/// found out by polling when somebody asks, at most once in an interval. docs/decisions/0017-a-mirror-of-the-server.md has
/// the reasons and the figures.
package final class TeamStore: SessionStore {
    /// What is kept between requests. Plain values; SQL runs outside.
    struct State: Sendable {
        var mirror = Mirror()
        /// When the last poll began; nil when what it found does not count any more.
        var polled: ContinuousClock.Instant?
        /// Not before then is polled again, if the last poll counts.
        var nextPoll = ContinuousClock.now
        /// When the tables were looked at last.
        var lookedAtTables = ContinuousClock.now
        var texts = TextCache()
        var sessionWalk = SessionWalk()
        var textWalk = TextWalk()
        /// What some thread is reading at the moment: others wait for it rather than read it too.
        var describing: Set<Session.ID> = []
        var reading: Set<Message.ID> = []
        var reachability = Reachability()
        var isClosed = false
    }

    let connection: StoreConnection<GoSchema>
    let home: ProjectIdentity
    /// How old what is known may be before the server is asked again.
    let interval: Duration
    /// Guards everything kept between requests. No SQL runs while it is held.
    let state = Mutex(State())
    /// Held by the thread that polls.
    let polling = Mutex(())
    private let copies = RecentCopies()

    /// - Parameters:
    ///   - open: makes another connection to the server.
    ///   - limits: how many connections there may be.
    ///   - trash: where removed rows go; nil when the user wants none.
    ///   - readOnlyReason: why nothing may be written, if so.
    ///   - home: the project of sessions that name none.
    ///   - interval: how old what is known may be before the server is asked again.
    /// - Throws: `.unsupportedSchema` for a database of something else.
    package init(
        open: @escaping SQLOpener, limits: ConnectionPool.Limits, trash: Trash?, readOnlyReason: String?,
        home: ProjectIdentity, interval: Duration = .seconds(1)
    ) throws(StoreError) {
        connection = try StoreConnection(open: open, trash: trash, readOnlyReason: readOnlyReason, limits: limits)
        self.home = home
        self.interval = interval
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        connection.close()
    }

    package var trash: Trash? { connection.trash }

    /// How the store and its server get along.
    package var condition: TeamCondition {
        state.withLock { $0.reachability.condition }
    }

    /// How many messages are described in memory, and how many bytes of texts are held.
    package var held: (messages: Int, octets: Int) {
        state.withLock { ($0.mirror.count, $0.texts.size) }
    }

    package func facts() throws(StoreError) -> StoreFacts {
        try connection.facts()
    }

    /// Lends what is known as one version. What is missing is asked for; `body` is run again when the server then says
    /// something else than was known.
    package func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        while true {
            _ = try changeToken(patience)
            guard let table = state.withLock({ $0.mirror.table }) else {
                throw .unavailable(reason: "the database server has not answered yet")
            }
            let snapshot = MirrorSnapshot(store: self, table: table, patience: patience)
            let outcome: Swift.Result<Result, StoreError>
            do throws(StoreError) { outcome = .success(try body(snapshot)) } catch { outcome = .failure(error) }
            guard snapshot.isOvertaken else { return try outcome.get() }
            try patience.check()
        }
    }
}

/// What changes the history goes to the rows themselves, and what is kept of them is forgotten: this mount sees at once
/// what it has done.
extension TeamStore {
    package func removeMessage(
        _ id: Message.ID, of session: Session.ID, _ removal: Writing
    ) throws(StoreError) {
        defer { forget([session]) }
        try connection.remove(.message(id, of: session), removal, by: GoRemover.self)
    }

    package func removeSession(_ id: Session.ID, _ removal: Writing) throws(StoreError) {
        defer { forget([id]) }
        try connection.remove(.session(id), removal, by: GoRemover.self)
    }

    package func apply(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change]
    ) throws(StoreError) {
        var concerned: Set<Session.ID> = []
        var isRefused = false
        // Also after an error: what has become of a COMMIT is not always known. And whose save is refused finds out
        // what the rows say, rather than be shown what was known before until the interval is over.
        defer {
            if !concerned.isEmpty { forget(concerned) }
            if isRefused { state.withLock { $0.polled = nil } }
        }
        try connection.apply(
            writing,
            { (snapshot) throws(StoreError) in
                isRefused = true
                let changes = try decide(snapshot)
                isRefused = changes.isEmpty
                for change in changes { if let session = change.session { concerned.insert(session) } }
                return changes
            }, reading: { GoSnapshot(connection: $0, schema: $1, home: home, isLocking: true) },
            by: { GoEditor(connection: $0, schema: $1, now: Timestamp.now.milliseconds / 1000, copies: copies) })
    }

    package func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration {
        defer { forget(nil) }
        return try connection.restore(items, patience)
    }

    package func rehearsing<Outcome>(
        _ items: [TrashBatch.Item], _ patience: Patience,
        _ body: (any HistorySnapshot) throws(StoreError) -> Outcome
    ) throws(RestoreError) -> Outcome {
        try connection.rehearsing(
            items, patience, reading: { GoSnapshot(connection: $0, schema: $1, home: home) }, body)
    }

    /// - Parameter sessions: those concerned; nil for all.
    private func forget(_ sessions: Set<Session.ID>?) {
        state.withLock { state in
            state.mirror.wrote(sessions)
            state.texts.removeAll()
            state.polled = nil
        }
    }
}

extension Change {
    /// The session whose rows it changes; nil for a project's.
    fileprivate var session: Session.ID? {
        switch self {
        case .insertMessage(let message): message.session
        case .updateMessage(_, let session, _), .touchMessage(_, let session, _): session
        case .insertSession(let session, _), .updateSession(let session, _), .replaceTodos(let session, _),
            .touchTodos(let session, _):
            session
        case .insertProject, .updateProject: nil
        }
    }
}
