private import Glibc
internal import SQL
internal import SessionModel
internal import Synchronization
internal import Timing

extension TeamStore {
    /// What is to be read of the messages of some sessions.
    fileprivate struct Plan {
        /// The one that was asked for, then its neighbours.
        let sessions: [Session.ID]
        let stamps: [Session.ID: SessionTable.Stamp]
        let writes: Int
    }

    fileprivate enum Step {
        case known(DescribedSession)
        case none
        case wait
        case ask(Plan)
    }

    /// The messages of a session without their texts; nil where there is no such session.
    ///
    /// - Throws: where the server would have to be asked and is away. What is known will do then, unless something says that
    ///   it is not all.
    func described(_ session: Session.ID, _ patience: Patience) throws(StoreError) -> DescribedSession? {
        while true {
            switch state.withLock({ $0.step(towards: session) }) {
            case .known(let described): return described
            case .none: return nil
            case .wait:
                try patience.check()
                usleep(100)
            case .ask(let plan):
                let found: DescribedSession?
                do throws(StoreError) {
                    found = try describe(plan, patience)
                } catch {
                    if let known = state.withLock({ $0.mirror.fallback(session) }), error.isOfTheServer { return known }
                    throw error
                }
                if let found { return found }
                try patience.check()
            }
        }
    }

    /// - Returns: the messages of the first session; nil where this store has written meanwhile.
    private func describe(_ plan: Plan, _ patience: Patience) throws(StoreError) -> DescribedSession? {
        defer { state.withLock { $0.describing.subtract(plan.sessions) } }
        let begun = ContinuousClock.now
        let (columns, rows) = try ask(.rows, patience) { (connection, schema) throws(SQLError) in
            let columns = schema.messageColumns
            var rows: [Session.ID: [[SQLValue]]] = [:]
            // Few models and roles, and one id for all messages of a session: kept once each.
            var shared: [SQLValue: SQLValue] = [:]
            try connection.rows(
                """
                SELECT \(columns.selection) FROM messages \
                WHERE session_id IN (\(SQLQuery.list(plan.sessions.map(\.value)))) ORDER BY \(schema.messageOrdering())
                """
            ) { (row) throws(SQLError) in
                let values = columns.values(row, &shared)
                // The server compares as its collation does; what counts is every byte.
                if let session = columns.session(of: values) { rows[session, default: []].append(values) }
            }
            return (columns, rows)
        }
        let described = plan.sessions.compactMap { id in
            plan.stamps[id].map {
                DescribedSession(session: id, columns: columns, rows: rows[id] ?? [], stamp: $0, begun: begun)
            }
        }
        return state.withLock { state in
            guard state.mirror.writes == plan.writes else { return nil }
            for (number, session) in described.enumerated().reversed() {
                if state.mirror.add(session, isAsked: number == 0, now: .now) { state.sessionWalk.wasted() }
            }
            return described.first
        }
    }
}

extension TeamStore.State {
    fileprivate mutating func step(towards session: Session.ID) -> TeamStore.Step {
        let now = ContinuousClock.now
        guard let table = mirror.table, let entry = table[session] else { return .none }
        let isNew = !mirror.isAsked(session)
        if let known = mirror.good(session, now: now) {
            if isNew { sessionWalk.goOn(now: now) }
            return .known(known)
        }
        if reachability.isAway, let known = mirror.fallback(session) { return .known(known) }
        guard !describing.contains(session) else { return .wait }
        var sessions = [session]
        // To look again at what one looks at is no walk.
        if !mirror.isInUse(session, now: now) {
            sessions = sessionWalk.sessions(from: session, in: table, now: now) { id in
                mirror.good(id) == nil && !describing.contains(id)
            }
        }
        describing.formUnion(sessions)
        var stamps: [Session.ID: SessionTable.Stamp] = [session: entry.stamp]
        for id in sessions { stamps[id] = table[id]?.stamp }
        return .ask(TeamStore.Plan(sessions: sessions, stamps: stamps, writes: mirror.writes))
    }
}

extension StoreError {
    /// Whether it says that the server is away, rather than what it thinks of the question.
    fileprivate var isOfTheServer: Bool {
        switch self {
        case .unavailable, .expired, .busy: true
        case .notFound, .notEmpty, .taken, .notAllowed, .readOnly, .unsupportedSchema, .denied, .full, .tooLarge,
            .cancelled:
            false
        }
    }
}
