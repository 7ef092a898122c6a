private import Glibc
internal import SQL
internal import SessionModel
internal import Synchronization
package import Timing

extension TeamStore {
    /// How often the tables are looked at although every statement fits them: columns may have been added.
    private static let tablesInterval = Duration.seconds(60)

    /// A token of what is known, no older than the interval while the server answers.
    ///
    /// One thread polls; while it does, others go on with what is known if that is not much older, and wait for it
    /// otherwise. When the server is away what is known stays, and nobody waits.
    package func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        let came = ContinuousClock.now
        while true {
            if state.withLock({ $0.isClosed }) { throw .unavailable(reason: "the database is closed") }
            let (known, isFresh, isUsable) = state.withLock { state in
                let now = ContinuousClock.now
                let age = state.polled.map { now - $0 }
                return (
                    state.mirror.table == nil ? nil : state.mirror.token, age != nil && now < state.nextPoll,
                    // Who would be refused has no need to stand in line.
                    age.map { $0 < interval * 2 } ?? false || state.reachability.isQuiet(now: now)
                )
            }
            if let known, isFresh { return known }
            let outcome = polling.withLockIfAvailable { _ in poll(patience, since: came) }
            switch outcome {
            case nil:
                if let known, isUsable { return known }
                try patience.check()
                usleep(200)
            case .success(let token?)?: return token
            // This store has written meanwhile.
            case .success(nil)?: try patience.check()
            case .failure(let error)?:
                guard let known else { throw error }
                switch error {
                case .unavailable, .expired, .busy: return known
                // Nobody waits, or the answer was a clear one.
                case .cancelled, .notFound, .notEmpty, .taken, .notAllowed, .readOnly, .unsupportedSchema, .denied,
                    .full, .tooLarge:
                    throw error
                }
            }
        }
    }

    private struct Answer {
        let rows: [[SQLValue]]
        let clock: Int64?
        let messages: [[SQLValue]]
        let sessionColumns: GoSessionColumns
        let messageColumns: GoMessageColumns
    }

    /// - Parameter came: when the caller came: a poll that began later will do.
    /// - Returns: the token after it; nil where what it found does not count.
    private func poll(_ patience: Patience, since came: ContinuousClock.Instant) -> Result<ChangeToken?, StoreError> {
        do throws(StoreError) {
            let known = state.withLock { state in
                state.polled.flatMap { $0 >= came || .now < state.nextPoll ? state.mirror.token : nil }
            }
            if let known { return .success(known) }
            try lookAtTables(patience)
            let begun = ContinuousClock.now
            let (writes, watched, clock) = state.withLock { state in
                state.reachability.notePoll()
                return (state.mirror.writes, state.mirror.sessionsInUse(now: begun), state.mirror.clock)
            }
            let answer = try ask(.changes, patience) { (connection, schema) throws(SQLError) in
                try self.answer(connection, schema, watched, since: clock)
            }
            let schema = try connection.current().token.schema
            let former = state.withLock { $0.mirror.table }
            let isSame = former?.columns.names == answer.sessionColumns.names && former?.rows == answer.rows
            let table =
                isSame
                ? former ?? SessionTable(columns: answer.sessionColumns, rows: answer.rows, home: home)
                : SessionTable(columns: answer.sessionColumns, rows: answer.rows, home: home)
            let found = Mirror.Poll(
                table: table, clock: answer.clock, watched: watched, rows: answer.messages,
                columns: answer.messageColumns, begun: begun, schema: schema)
            let token = state.withLock { state -> ChangeToken? in
                // What was asked before this store wrote may be from before.
                guard state.mirror.writes == writes else { return nil }
                let now = ContinuousClock.now
                state.mirror.take(found, now: now)
                state.polled = begun
                // A server that needs long to answer is not asked all the time.
                state.nextPoll = interval == .zero ? now : max(begun + interval, now + (now - begun))
                if state.texts.removeAll(olderThan: now - interval) > 0 { state.textWalk.wasted() }
                return state.mirror.token
            }
            return .success(token)
        } catch {
            return .failure(error)
        }
    }

    /// Two statements: all sessions, and those messages of the watched that have changed lately.
    private func answer(
        _ connection: any SQLConnection, _ schema: GoSchema, _ watched: [Session.ID], since clock: Int64?
    ) throws(SQLError) -> Answer {
        let sessions = GoSessionColumns(schema)
        let messages = schema.messageColumns
        var rows: [[SQLValue]] = []
        var now: Int64?
        try connection.rows("SELECT \(SQLFragment.now), \(sessions.selection) FROM sessions") {
            (row) throws(SQLError) in
            now = row.integer(at: 0)
            rows.append(sessions.names.indices.map { row.value(at: $0 + 1) })
        }
        var changed: [[SQLValue]] = []
        if let clock, !watched.isEmpty {
            try connection.rows(
                """
                SELECT \(messages.selection) FROM messages \
                WHERE session_id IN (\(SQLQuery.list(watched.map(\.value)))) AND updated_at >= \(clock - Mirror.slack)
                """
            ) { (row) throws(SQLError) in changed.append(messages.values(row)) }
        }
        return Answer(
            rows: rows, clock: now, messages: changed, sessionColumns: sessions, messageColumns: messages)
    }

    private func lookAtTables(_ patience: Patience) throws(StoreError) {
        let isDue = state.withLock { state in
            guard state.lookedAtTables + Self.tablesInterval < .now, !state.reachability.isAway else { return false }
            state.lookedAtTables = .now
            return true
        }
        if isDue { _ = try connection.changeToken(patience) }
    }
}

extension SQLQuery {
    /// Values for `IN (…)`. The last is repeated up to one of a few lengths, so that few statements are to be prepared.
    static func list(_ values: [SQLValue]) -> SQLQuery {
        guard let last = values.last else { return "NULL" }
        var length = 1
        while length < values.count { length *= 4 }
        let filling = [SQLValue](repeating: last, count: length - values.count)
        return .joined((values + filling).map { "\($0)" }, separator: ", ")
    }
}
