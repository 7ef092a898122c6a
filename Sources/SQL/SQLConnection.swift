package import Timing

/// Connects to a database, waiting no longer than patience lasts.
package typealias SQLOpener = @Sendable (Patience) throws(SQLError) -> any SQLConnection

/// A session with a database. One thread uses it at a time; a ``ConnectionPool`` sees to that.
package protocol SQLConnection: AnyObject, Sendable {
    var dialect: SQLDialect { get }

    /// Runs a statement and hands out its rows one by one; a row lasts until the closure returns.
    func rows(_ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void) throws(SQLError)

    /// Runs a statement and says how many rows it inserted, deleted or changed itself.
    @discardableResult
    func run(_ query: SQLQuery) throws(SQLError) -> Int

    /// What the connection obeys from now on: when it is over, statements end with `.expired` or `.cancelled`.
    var patience: Patience { get set }

    /// Starts a transaction that sees one version of everything and writes nothing.
    func beginReading() throws(SQLError)

    /// Starts a transaction that will write. Where the dialect locks the whole database, nobody else can write from here to
    /// its end; where it locks rows, each statement sees what is committed by then, and a row that was selected with
    /// ``SQLFragment/locked`` is as it was seen until the end.
    func beginWriting() throws(SQLError)

    func commit() throws(SQLError)

    /// Ends a transaction and forgets what it did. Never fails: a broken connection has forgotten already.
    func rollback()

    /// A number that moves when another connection has committed something. Cheap, and meaningful only when
    /// compared with an earlier answer of this same connection. A provider that cannot tell (``SQLDialect/Locking/rows``)
    /// answers as ``schemaCounter()`` does.
    func changeCounter() throws(SQLError) -> Int64

    /// The tables, their columns and how they refer to each other.
    func schema() throws(SQLError) -> SQLSchema

    /// A number that moves when tables or columns change.
    func schemaCounter() throws(SQLError) -> Int64

    /// Whether the connection was lost: nobody need try it again.
    var isBroken: Bool { get }

    /// Finds out whether the connection still works.
    func prove() throws(SQLError)
}

/// A row in hand, its columns counted from 0.
package protocol SQLRow {
    /// Whatever the column holds.
    func value(at column: Int) -> SQLValue
    /// The column as a whole number, as the provider converts it; nil for NULL.
    func integer(at column: Int) -> Int64?
    /// The column's text or blob as bytes; nil for NULL.
    func bytes(at column: Int) -> [UInt8]?
    /// Whether ``value(at:)`` is this; told without a copy, where the provider can.
    func holds(_ value: SQLValue, at column: Int) -> Bool
}

extension SQLRow {
    package func holds(_ value: SQLValue, at column: Int) -> Bool { self.value(at: column) == value }
}

extension SQLConnection {
    /// A database in a file is always there.
    package var isBroken: Bool { false }
    package func prove() throws(SQLError) {}

    /// One transaction that reads: what happens in it sees a single version of the database.
    package func reading<Result>(
        _ body: () throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        try beginReading()
        do throws(SQLError) {
            let result = try body()
            // Nothing was written: to end it this way cannot fail.
            rollback()
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// One transaction that writes: all of it happens, durably, or nothing.
    @discardableResult
    package func writing<Result>(
        _ body: () throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        try beginWriting()
        do throws(SQLError) {
            let result = try body()
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// The first column of the first row as a whole number.
    package func integer(_ query: SQLQuery) throws(SQLError) -> Int64? {
        var result: Int64?
        try rows(query) { (row) throws(SQLError) in
            if result == nil { result = row.integer(at: 0) }
        }
        return result
    }

    /// The first column of all rows.
    package func column(_ query: SQLQuery) throws(SQLError) -> [SQLValue] {
        var result: [SQLValue] = []
        try rows(query) { (row) throws(SQLError) in result.append(row.value(at: 0)) }
        return result
    }

    /// Whether there is a row at all.
    package func exists(_ query: SQLQuery) throws(SQLError) -> Bool {
        var found = false
        try rows(query) { (_) throws(SQLError) in found = true }
        return found
    }
}
