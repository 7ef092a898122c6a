private import Glibc
internal import SQL
internal import Synchronization
internal import Timing

/// Statements, tried again on other connections while the server is away.
extension TeamStore {
    /// How long one may wait for rows, whatever the caller's patience.
    private static let longest = Duration.seconds(5)
    /// How long one may wait for what has changed: what is known will do.
    private static let longestPoll = Duration.seconds(3)
    /// Who gave up sooner than this knows nothing about the server.
    private static let shortest = Duration.seconds(1)

    /// Asks the server, on a connection of the pool and outside of transactions: each statement sees what is committed.
    ///
    /// - Throws: `.unavailable` where the server is away, at once when somebody has found that out a moment ago.
    func ask<Answer>(
        _ purpose: Reachability.Purpose, _ patience: Patience,
        _ body: (any SQLConnection, GoSchema) throws(SQLError) -> Answer
    ) throws(StoreError) -> Answer {
        let admission = state.withLock { $0.reachability.admit(purpose, now: .now) }
        var patience = patience.atMost(purpose == .changes ? Self.longestPoll : Self.longest)
        switch admission {
        case .granted: break
        case .trial: patience = patience.atMost(Reachability.trial)
        case .refused(let reason): throw .unavailable(reason: reason)
        }
        let began = ContinuousClock.now
        do throws(SQLError) {
            let answer = try persist(purpose, patience, body)
            state.withLock { $0.reachability.succeeded(at: .now) }
            return answer
        } catch {
            let error = error.attributed(to: patience)
            state.withLock { state in
                switch error.kind {
                case .disconnected, .unavailable, .busy, .contended:
                    state.reachability.failed(purpose, error.message, at: .now, now: .now)
                case .expired where began + Self.shortest < .now:
                    state.reachability.failed(purpose, error.message, at: .now, now: .now)
                case .expired, .cancelled: state.reachability.abandoned(purpose, now: .now)
                // It answered.
                case .denied, .constraint, .readOnly, .full, .tooLarge, .corrupt, .notADatabase, .replaced, .misuse:
                    state.reachability.succeeded(at: .now)
                }
            }
            throw StoreError(error)
        }
    }

    /// Asks for something that is not kept.
    func asking<Answer>(
        _ patience: Patience, _ body: (GoSnapshot) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        var outcome: Result<Answer, StoreError>?
        try ask(.rows, patience) { (connection, schema) throws(SQLError) in
            do throws(StoreError) {
                outcome = .success(try body(GoSnapshot(connection: connection, schema: schema, home: home)))
            } catch {
                // The connection is broken, or the answer is no: the next attempt or the caller is told.
                guard connection.isBroken else { return outcome = .failure(error) }
                throw SQLError(.disconnected, message: "the connection was lost", isOfServer: true)
            }
        }
        guard let outcome else { throw .notFound }
        return try outcome.get()
    }

    /// Tries until there is an answer, or patience ends.
    private func persist<Answer>(
        _ purpose: Reachability.Purpose, _ patience: Patience,
        _ body: (any SQLConnection, GoSchema) throws(SQLError) -> Answer
    ) throws(SQLError) -> Answer {
        var tries = 0
        var hasLooked = false
        while true {
            let known: (schema: GoSchema, token: ChangeToken)
            do throws(StoreError) {
                known = try connection.current()
            } catch {
                throw SQLError(.misuse, message: "its tables are not OpenCode's any more")
            }
            do throws(SQLError) {
                return try connection.pool.lend(patience) { (connection) throws(SQLError) in
                    try body(connection, known.schema)
                }
            } catch {
                switch error.kind {
                case .disconnected, .unavailable, .busy, .contended:
                    tries += 1
                    // One connection may have been ended for being idle; after that it is the server.
                    if tries > 1 {
                        if purpose == .changes || patience.verdict != nil { throw error }
                        connection.pool.renew()
                        rest(tries, patience)
                        if patience.verdict != nil { throw error }
                    }
                    state.withLock { $0.reachability.noteRetry(error.message) }
                case .misuse where !hasLooked:
                    // An upgrade of OpenCode has changed the tables.
                    hasLooked = true
                    guard try hasOtherTables(than: known.token, patience) else { throw error }
                default: throw error
                }
            }
        }
    }

    /// Looks at the tables, and says whether they are others.
    func hasOtherTables(than token: ChangeToken, _ patience: Patience) throws(SQLError) -> Bool {
        do throws(StoreError) {
            return try connection.changeToken(patience).hasOtherTables(than: token)
        } catch {
            throw SQLError(.unavailable, message: "the database server does not say what tables it has")
        }
    }

    /// Longer each time, and not the same for all who wait.
    private func rest(_ tries: Int, _ patience: Patience) {
        let milliseconds = min(800, 50 << min(tries, 5))
        let end = ContinuousClock.now + .milliseconds(Int.random(in: milliseconds / 2...milliseconds))
        while ContinuousClock.now < end, patience.verdict == nil { usleep(5_000) }
    }
}
