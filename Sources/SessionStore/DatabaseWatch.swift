internal import Glibc
internal import SQL
internal import Synchronization
internal import Timing

/// Watches a database for changes: of its rows, of its tables, and of the file itself.
///
/// It has a connection of its own, since the counter of a connection does not move for what that connection commits
/// itself. When the path leads to another file, everything is let go of and opened anew: the token gets another generation,
/// so nothing that was read from the former file is taken for the new one's.
final class DatabaseWatch<Schema: Sendable>: Sendable {
    /// What is known of the database, as of the last token.
    struct Known: Sendable {
        let token: ChangeToken
        let tables: SQLSchema
        /// Nil where the tables are none of ours.
        let schema: Schema?
    }

    /// A name for status and messages: "SQLite".
    let provider: String
    private let pool: ConnectionPool
    private let open: SQLOpener
    private let interpret: @Sendable (SQLSchema) -> Schema?
    /// The connection; nil while there is no database to watch. SQL runs inside, so nobody waits for it longer than they
    /// may: ``watching(_:_:)`` is the only way in.
    private let connection: Mutex<(any SQLConnection)?>
    /// Guards what is known, and whether anybody may still ask. No SQL inside.
    private let known: Mutex<(value: Known, isClosed: Bool)>
    /// Until when the database is taken for locked: who comes meanwhile waits a moment only, or every thread that serves
    /// would stand in line before the lock, one after the other.
    private let lockedUntil = Mutex(ContinuousClock.now)

    /// - Parameters:
    ///   - open: makes another connection to the database.
    ///   - pool: lends the connections of the same database, to be renewed with ours.
    ///   - interpret: what the tables mean.
    init(
        open: @escaping SQLOpener, pool: ConnectionPool,
        interpret: @escaping @Sendable (SQLSchema) -> Schema?
    ) throws(SQLError) {
        self.open = open
        self.pool = pool
        self.interpret = interpret
        let connection = try open(.lasting(.seconds(10)))
        connection.patience = .lasting(.seconds(10))
        provider = connection.dialect.name
        known = Mutex((try Self.look(connection, generation: 0, interpret), false))
        self.connection = Mutex(connection)
    }

    /// What is known as of the last token; nil once closed.
    var current: Known? {
        known.withLock { $0.isClosed ? nil : $0.value }
    }

    func close() {
        known.withLock { $0.isClosed = true }
        connection.withLock { $0 = nil }
    }

    /// Looks whether anything has been committed, or the file is another.
    func token(_ patience: Patience) throws(SQLError) -> ChangeToken {
        try watching(patience) { (connection, patience) throws(SQLError) in
            guard let known = current else { throw SQLError(.unavailable, message: "the database is closed") }
            let next: Known
            do throws(SQLError) {
                guard let watched = connection else { throw SQLError(.replaced, message: "") }
                next = try look(again: watched, known, patience)
            } catch {
                switch error.kind {
                case .replaced:
                    connection = nil
                    pool.renew()
                    let replacement = try reopen(patience)
                    next = try Self.look(replacement, generation: known.token.generation + 1, interpret)
                    connection = replacement
                case .disconnected:
                    // A server ends what has been idle for long. It is the same database behind another connection.
                    let replacement = try open(patience)
                    next = try look(again: replacement, known, patience)
                    connection = replacement
                default: throw error
                }
            }
            self.known.withLock { $0.value = next }
            return next.token
        }
    }

    /// What is known, as of now.
    private func look(
        again connection: any SQLConnection, _ known: Known, _ patience: Patience
    ) throws(SQLError) -> Known {
        connection.patience = patience
        let changes = try connection.changeCounter()
        if changes == known.token.changes { return known }
        // An upgrade of OpenCode changes the tables under us: look before anything else is read.
        let token = ChangeToken(
            changes: changes, schema: try connection.schemaCounter(), generation: known.token.generation)
        guard token.hasOtherTables(than: known.token) else {
            return Known(token: token, tables: known.tables, schema: known.schema)
        }
        let tables = try connection.schema()
        return Known(token: token, tables: tables, schema: interpret(tables))
    }

    /// Opens what stands at the path now, once those who still read from the former file have ended.
    private func reopen(_ patience: Patience) throws(SQLError) -> any SQLConnection {
        while true {
            do throws(SQLError) {
                let connection = try open(patience)
                connection.patience = patience
                return connection
            } catch {
                guard error.kind == .replaced, patience.verdict == nil else { throw error }
                usleep(1000)
            }
        }
    }

    private static func look(
        _ connection: any SQLConnection, generation: Int64, _ interpret: (SQLSchema) -> Schema?
    ) throws(SQLError) -> Known {
        // The counters first: tables that change in between are then read once more.
        let token = ChangeToken(
            changes: try connection.changeCounter(), schema: try connection.schemaCounter(), generation: generation)
        let tables = try connection.schema()
        return Known(token: token, tables: tables, schema: interpret(tables))
    }

    /// How long a database that was locked is taken for locked, and how long one waits then.
    private static var lockedFor: Duration { .seconds(1) }
    private static var momentWhenLocked: Duration { .milliseconds(100) }

    /// Has the connection to itself, or throws when patience ends first.
    private func watching<Result>(
        _ patience: Patience, _ body: (inout (any SQLConnection)?, Patience) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        var patience = patience
        while true {
            if lockedUntil.withLock({ $0 > .now }) { patience = patience.atMost(Self.momentWhenLocked) }
            let result = try connection.withLockIfAvailable { (connection) throws(SQLError) in
                do throws(SQLError) {
                    return try body(&connection, patience)
                } catch {
                    if error.kind == .busy { lockedUntil.withLock { $0 = .now + Self.lockedFor } }
                    throw error
                }
            }
            if let result { return result }
            if patience.verdict != nil {
                throw SQLError(.busy, message: "other requests are waiting for the database")
            }
            usleep(50)
        }
    }
}
