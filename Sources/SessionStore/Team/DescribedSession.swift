internal import SQL
internal import SessionModel

/// The messages of a session without their texts, as one statement found them. Never changes.
final class DescribedSession: Sendable {
    let session: Session.ID
    let columns: GoMessageColumns
    /// The columns of each message, in OpenCode's own order.
    let rows: [[SQLValue]]
    /// What the session's row said before they were read: when it says something else, a message has come or gone.
    let stamp: SessionTable.Stamp
    /// When the asking began.
    let begun: ContinuousClock.Instant
    private let positions: [Message.ID: Int]

    init(
        session: Session.ID, columns: GoMessageColumns, rows: [[SQLValue]], stamp: SessionTable.Stamp,
        begun: ContinuousClock.Instant
    ) {
        self.session = session
        self.columns = columns
        self.rows = rows
        self.stamp = stamp
        self.begun = begun
        var positions = [Message.ID: Int](minimumCapacity: rows.count)
        for (index, row) in rows.enumerated() {
            if let id = columns.id(of: row) { positions[id] = index }
        }
        self.positions = positions
    }

    private init(_ other: DescribedSession, rows: [[SQLValue]]) {
        session = other.session
        columns = other.columns
        self.rows = rows
        stamp = other.stamp
        begun = other.begun
        positions = other.positions
    }

    func position(of id: Message.ID) -> Int? {
        positions[id]
    }

    func message(at position: Int) -> Message? {
        columns.message(rows[position], of: session)
    }

    /// The same with another version of one message; nil where that would stand elsewhere, or is new.
    func replacing(_ row: [SQLValue]) -> DescribedSession? {
        guard let position = columns.id(of: row).flatMap({ positions[$0] }),
            columns.isInSamePlace(row, rows[position])
        else { return nil }
        var rows = rows
        rows[position] = row
        return DescribedSession(self, rows: rows)
    }

    /// Whether another look found the same.
    func hasSameRows(as other: DescribedSession) -> Bool {
        columns.names == other.columns.names && rows == other.rows
    }

    /// Whether something may have changed without showing: a row names the second in which it changed, and that second was
    /// not over when the messages were read.
    ///
    /// - Parameter clock: the server's, not later than that reading, in seconds.
    func isRacy(clock: Int64?) -> Bool {
        guard let clock else { return true }
        return Self.isRacy(stamp.updated, clock) || rows.contains { Self.isRacy(columns.updated(of: $0), clock) }
    }

    /// Whether a time of whole seconds is so young that another change may have got the same.
    static func isRacy(_ updated: Int64?, _ clock: Int64) -> Bool {
        guard let updated else { return false }
        return GoSchema.milliseconds(updated) / 1000 > clock - 2
    }
}
