package import SQL
package import Timing

/// The words of a history, in a database of ours: OpenCode's is never given a table (docs/decisions/0024).
///
/// It is a cache. Whether it is there, whole, or of now decides how long an answer takes, never what it is: each session in it
/// has the fingerprint of the rows that were read, and a session whose rows have another by now is searched in its texts.
/// The file is made by the first search. Any thread and any process may read it and write it.
package final class SearchIndex: Sendable {
    private let pool: ConnectionPool
    private let isThere: @Sendable () -> Bool
    private let discard: @Sendable () -> Void

    /// - Parameters:
    ///   - isThere: whether the file exists; asked each time.
    ///   - discard: removes the file, when it turns out to be damaged.
    ///   - open: makes a connection to it, creating it where there is none. Freed pages must be overwritten
    ///     (`secure_delete`): what is removed from a history is not to be read here.
    package init(
        isThere: @escaping @Sendable () -> Bool, discard: @escaping @Sendable () -> Void, open: @escaping SQLOpener
    ) {
        self.isThere = isThere
        self.discard = discard
        pool = ConnectionPool(open: open)
    }

    /// Lets go of the file.
    package func close() {
        pool.close()
    }

    /// Whether there is one.
    package var exists: Bool { isThere() }

    /// Whether searches can ask it: it may have been removed, or discarded because it was damaged.
    package func answers(_ patience: Patience) -> Bool {
        (try? reading(patience) { _ in true }) == true
    }

    /// Lends one version of it; nil where there is none, or nothing in it.
    func reading<Result>(
        _ patience: Patience, _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(SQLError) -> Result? {
        guard isThere() else { return nil }
        return try lend(patience) { (connection) throws(SQLError) in
            try connection.reading { () throws(SQLError) -> Result? in
                guard try IndexTables.areThere(connection) else { return nil }
                return try body(connection)
            }
        }
    }

    /// Runs a transaction on it; makes it first, where there is none.
    func writing<Result>(
        _ patience: Patience, _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        try lend(patience) { (connection) throws(SQLError) in
            try IndexTables.make(connection)
            return try connection.writing { () throws(SQLError) in try body(connection) }
        }
    }

    private func lend<Result>(
        _ patience: Patience, _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        do throws(SQLError) {
            return try pool.lendStanding(patience, body)
        } catch {
            guard error.kind == .corrupt || error.kind == .notADatabase else { throw error }
            // All of it can be made anew.
            discard()
            pool.renew()
            return try pool.lendStanding(patience, body)
        }
    }
}
