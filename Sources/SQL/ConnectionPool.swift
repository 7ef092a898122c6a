private import Synchronization
package import Timing

/// Connections to lend, one borrower each. As many exist as were ever needed at once; the callers are few, since
/// they are the threads that serve the kernel.
package final class ConnectionPool: Sendable {
    private struct Shelf {
        var idle: [any SQLConnection] = []
        var isClosed = false
        /// Moves when what was lent before is not to be lent again.
        var generation = 0
    }

    private let open: @Sendable () throws(SQLError) -> any SQLConnection
    /// Guards the connections nobody uses at the moment.
    private let shelf = Mutex(Shelf())

    package init(open: @escaping @Sendable () throws(SQLError) -> any SQLConnection) {
        self.open = open
    }

    /// Lends a connection for the length of `body`, with the caller's patience set on it.
    package func lend<Result>(
        _ patience: Patience,
        _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        let (taken, isClosed, generation) = shelf.withLock { ($0.idle.popLast(), $0.isClosed, $0.generation) }
        if isClosed { throw SQLError(.unavailable, message: "the database is closed") }
        let connection: any SQLConnection
        if let taken { connection = taken } else { connection = try open() }
        connection.patience = patience
        defer {
            shelf.withLock { shelf in
                if !shelf.isClosed, shelf.generation == generation { shelf.idle.append(connection) }
            }
        }
        return try body(connection)
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
