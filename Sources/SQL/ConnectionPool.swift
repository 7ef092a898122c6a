private import Glibc
private import Synchronization
package import Timing

/// Connections to lend, one borrower each.
///
/// Who comes while all are lent waits in line until its patience ends. A connection that broke is not lent again.
package final class ConnectionPool: Sendable {
    /// How many connections there may be, and for how long.
    package struct Limits: Sendable {
        /// At once, lent and idle.
        package var connections: Int
        /// Of those that nobody uses, so many are kept.
        package var idle: Int
        /// After that a connection is not lent again: behind a server's name another server may stand by then.
        package var lifetime: Duration
        /// What has not been used for so long is asked whether it still works before it is lent.
        package var unprovenAfter: Duration

        package init(connections: Int, idle: Int, lifetime: Duration, unprovenAfter: Duration) {
            self.connections = connections
            self.idle = idle
            self.lifetime = lifetime
            self.unprovenAfter = unprovenAfter
        }

        /// For a database in a file: the callers are few, since they are the threads that serve the kernel.
        package static let none = Limits(
            connections: .max, idle: .max, lifetime: forever, unprovenAfter: forever)
        private static let forever = Duration.seconds(100 * 365 * 86_400)
    }

    private struct Idle {
        let connection: any SQLConnection
        let opened: ContinuousClock.Instant
        let used: ContinuousClock.Instant
    }

    private struct Shelf {
        /// The one used last at the end: it is lent first, so that the others grow old.
        var idle: [Idle] = []
        var lent = 0
        /// Those who wait, in the order they came.
        var waiting: [UInt64] = []
        var nextTicket: UInt64 = 0
        var isClosed = false
        /// Moves when what was lent before is not to be lent again.
        var generation = 0
    }

    private let open: SQLOpener
    private let limits: Limits
    /// Guards the connections nobody uses at the moment.
    private let shelf = Mutex(Shelf())

    package init(limits: Limits = .none, open: @escaping SQLOpener) {
        self.limits = limits
        self.open = open
    }

    /// How many connections are lent, and how many lie idle.
    package var count: (lent: Int, idle: Int) {
        shelf.withLock { ($0.lent, $0.idle.count) }
    }

    /// Lends a connection for the length of `body`, with the caller's patience set on it.
    package func lend<Result>(
        _ patience: Patience,
        _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        let generation = try waitForTurn(patience)
        let taken: (connection: any SQLConnection, opened: ContinuousClock.Instant)
        do throws(SQLError) {
            taken = try take(patience)
        } catch {
            shelf.withLock { $0.lent -= 1 }
            throw error
        }
        let (connection, opened) = taken
        connection.patience = patience
        defer {
            let left = shelf.withLock { shelf -> (any SQLConnection)? in
                shelf.lent -= 1
                guard !shelf.isClosed, shelf.generation == generation, !connection.isBroken,
                    shelf.idle.count < limits.idle, opened + limits.lifetime > .now
                else { return connection }
                shelf.idle.append(Idle(connection: connection, opened: opened, used: .now))
                return nil
            }
            // Closed here, outside the lock: it takes a while.
            _ = consume left
        }
        return try body(connection)
    }

    /// Waits for one of the connections there may be.
    ///
    /// - Returns: the generation that it is lent in.
    private func waitForTurn(_ patience: Patience) throws(SQLError) -> Int {
        enum Turn {
            case now(generation: Int)
            case closed
            case later
        }
        let came = ContinuousClock.now
        var ticket: UInt64?
        while true {
            let turn: Turn = shelf.withLock { shelf in
                if shelf.isClosed { return .closed }
                let isFirst = ticket == nil ? shelf.waiting.isEmpty : shelf.waiting.first == ticket
                if isFirst, shelf.lent < limits.connections {
                    if ticket != nil { shelf.waiting.removeFirst() }
                    shelf.lent += 1
                    return .now(generation: shelf.generation)
                }
                if ticket == nil {
                    ticket = shelf.nextTicket
                    shelf.nextTicket += 1
                    shelf.waiting.append(shelf.nextTicket - 1)
                }
                return .later
            }
            switch turn {
            case .now(let generation): return generation
            case .closed:
                leave(ticket)
                throw SQLError(.unavailable, message: "the database is closed")
            case .later: break
            }
            if let verdict = patience.verdict {
                leave(ticket)
                let waited = (ContinuousClock.now - came) / .seconds(1)
                throw SQLError(
                    verdict == .cancelled ? .cancelled : .expired,
                    message:
                        "waited \(Int(waited.rounded())) s for one of \(limits.connections) connections, which others use"
                )
            }
            usleep(500)
        }
    }

    private func leave(_ ticket: UInt64?) {
        shelf.withLock { shelf in shelf.waiting.removeAll { $0 == ticket } }
    }

    /// An idle connection that still works, or a new one.
    private func take(
        _ patience: Patience
    ) throws(SQLError) -> (connection: any SQLConnection, opened: ContinuousClock.Instant) {
        while let idle = shelf.withLock({ $0.idle.popLast() }) {
            guard idle.opened + limits.lifetime > .now else { continue }
            if idle.used + limits.unprovenAfter > .now { return (idle.connection, idle.opened) }
            idle.connection.patience = patience
            do throws(SQLError) {
                try idle.connection.prove()
                return (idle.connection, idle.opened)
            } catch {
                // The next one may be better, or a new one.
                continue
            }
        }
        return (try open(patience), .now)
    }

    /// Lends a connection to the file that stands there now: what was lent before may have been to another, which somebody has
    /// moved or removed. For databases of ours, which anybody may take away.
    package func lendStanding<Result>(
        _ patience: Patience, _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        func once() throws(SQLError) -> Result {
            try lend(patience) { (connection) throws(SQLError) in
                // Of a file that has moved there is no counter.
                _ = try connection.changeCounter()
                return try body(connection)
            }
        }
        do throws(SQLError) {
            return try once()
        } catch {
            guard error.kind == .replaced else { throw error }
            renew()
            return try once()
        }
    }

    /// Closes what is idle now and what is lent as soon as it comes back; whoever asks later gets a new connection.
    package func renew() {
        let idle = shelf.withLock { shelf in
            shelf.generation += 1
            defer { shelf.idle = [] }
            return shelf.idle
        }
        // Closing takes a while; nobody waits for it.
        _ = consume idle
    }

    /// Closes what is idle now and what is lent as soon as it comes back; whoever asks later is refused.
    package func close() {
        shelf.withLock { shelf in
            shelf.idle = []
            shelf.isClosed = true
        }
    }
}
