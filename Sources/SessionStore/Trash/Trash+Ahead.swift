package import SQL
internal import SessionModel
internal import Synchronization
private import Timing

/// Filing ahead: what a program that removes one message after the other will probably remove next goes into the trash with
/// the one it removes now, in one commit (docs/decisions/0022-filing-ahead.md).
///
/// An item that was filed ahead counts for nothing until it is claimed: when its message is removed, every row is read and
/// compared with what was filed, and from before the trash is asked whether it still has the item until the rows are
/// deleted the trash is locked. Whoever takes such an item out of the trash meanwhile, or changes a row, only makes the
/// removal file anew.
extension Trash {
    /// What this process knows of items it has filed ahead.
    struct Ahead {
        struct Entry {
            let item: Int64
            let path: String
            let process: Int32
            let rows: [FiledRow]
            let filed: ContinuousClock.Instant
        }

        /// Those that wait for their removal.
        fileprivate var entries: [Subject: Entry] = [:]
        /// Those that are taken out of the trash again when somebody writes there.
        fileprivate var stale: [Int64] = []
        /// Those that were removed meanwhile, and are marked in the trash as filed ahead.
        fileprivate var claimed: [Int64] = []
    }

    /// A row as it was filed.
    struct FiledRow: Hashable, Sendable {
        let kind: RecordKind
        let table: String
        let columns: [String]
        let values: [SQLValue]
    }

    /// Rows, as they are filed or would be.
    final class FiledRows {
        private(set) var all: [FiledRow] = []
        /// Bytes in them.
        private(set) var octets = 0
        /// False when one has a text that is too long to be held.
        private(set) var isWhole = true

        func note(_ row: FiledRow, isLong: Bool) {
            guard !isLong else { return isWhole = false }
            all.append(row)
            octets += row.values.reduce(0) { $0 + ($1.bytes?.count ?? 8) }
        }
    }

    /// What is filed ahead in one commit is no more than this; bytes.
    static let largestAhead = 2 << 20
    /// Nor does it keep a program, and a reading transaction, longer than this.
    static let longestFiling = Duration.milliseconds(50)
    /// What was filed ahead and not removed in that time is filed anew.
    static let longestWait = Duration.seconds(10)

    /// Takes out of the trash what this process has filed ahead and nobody removed: whoever looks is not to see it.
    ///
    /// Where it cannot be done now (no space, somebody empties the trash) it is seen for once: that is no reason not to look.
    func withdrawAhead() {
        guard ahead.withLock({ !$0.entries.isEmpty || !$0.stale.isEmpty }) else { return }
        ahead.withLock { $0.giveUp { _ in true } }
        _ = try? pool.lend(.lasting(.seconds(1))) { (connection) throws(SQLError) in
            let done = try connection.writing { () throws(SQLError) in try settle(connection) }
            settled(done)
        }
    }

    /// Part of a transaction that writes: what is stale goes, what was removed is marked no longer.
    ///
    /// - Returns: for ``settled(_:)``, once that is committed.
    func settle(_ connection: any SQLConnection) throws(SQLError) -> (stale: [Int64], claimed: [Int64]) {
        let (stale, claimed) = ahead.withLock { ahead in
            ahead.giveUp { $0.filed + Self.longestWait < .now }
            return (ahead.stale, ahead.claimed)
        }
        for item in stale { try connection.run("DELETE FROM item WHERE id = \(item)") }
        if !stale.isEmpty { try connection.run("DELETE FROM batch WHERE id NOT IN (SELECT batch FROM item)") }
        for item in claimed { try connection.run("DELETE FROM ahead WHERE item = \(item)") }
        return (stale, claimed)
    }

    func settled(_ done: (stale: [Int64], claimed: [Int64])) {
        let (stale, claimed) = (Set(done.stale), Set(done.claimed))
        ahead.withLock { ahead in
            ahead.stale.removeAll { stale.contains($0) }
            ahead.claimed.removeAll { claimed.contains($0) }
        }
    }

    /// Takes items out of the trash that were filed ahead by a process that died before it removed them: every row of
    /// theirs stands in the database, byte for byte.
    ///
    /// The trash is locked meanwhile, so nobody removes a row that was just seen.
    package func settle(against open: () throws(SQLError) -> any SQLConnection) throws(SQLError) {
        try pool.lend(.lasting(.seconds(30))) { (trash) throws(SQLError) in
            guard try trash.exists("SELECT 1 FROM ahead") else { return }
            let database = try open()
            try trash.writing { () throws(SQLError) in
                let items = try trash.column(
                    """
                    SELECT item FROM ahead JOIN item ON item.id = ahead.item JOIN batch ON batch.id = item.batch
                    WHERE batch.source = \(source)
                    """
                ).compactMap(\.integer)
                try database.reading { () throws(SQLError) in
                    let schema = try database.schema()
                    for item in items {
                        if try isThere(item, trash, database, schema) {
                            try trash.run("DELETE FROM item WHERE id = \(item)")
                        } else {
                            try trash.run("DELETE FROM ahead WHERE item = \(item)")
                        }
                    }
                }
                try trash.run("DELETE FROM batch WHERE id NOT IN (SELECT batch FROM item)")
            }
        }
    }

    /// Whether every row of an item stands in the database as it was filed.
    private func isThere(
        _ item: Int64, _ trash: any SQLConnection, _ database: any SQLConnection, _ schema: SQLSchema
    ) throws(SQLError) -> Bool {
        for record in try Self.records(of: item, reading: trash) {
            guard record.kind == .removed else { return false }
            let columns = try Self.fields(of: record.id, reading: trash)
            guard !columns.isEmpty, columns.allSatisfy({ schema.has($0.name, in: record.table) }) else { return false }
            let same = SQLQuery.joined(
                columns.map { "\(SQLFragment.identical(SQLIdentifier($0.name), $0.value))" }, separator: " AND ")
            guard try database.exists("SELECT 1 FROM \(SQLIdentifier(record.table)) WHERE \(same)") else {
                return false
            }
        }
        return true
    }
}

extension Trash.Ahead {
    /// - Parameter isMeant: which of those that wait.
    fileprivate mutating func giveUp(_ isMeant: (Entry) -> Bool) {
        let given = entries.filter { isMeant($0.value) }
        for (subject, entry) in given {
            entries[subject] = nil
            stale.append(entry.item)
        }
    }

    /// What was filed under a subject before is stale.
    mutating func add(_ entry: Entry, _ subject: Trash.Subject) {
        if let former = entries.updateValue(entry, forKey: subject) { stale.append(former.item) }
    }
}

extension Trash.Drawer {
    /// What came of looking for an item that was filed ahead.
    enum Claim {
        /// Nothing was.
        case none
        /// This is the one. The trash stays locked until the drawer is given back.
        case item(Int64)
        /// It is no longer right: to be filed anew.
        case outdated
    }

    /// Looks for an item that was filed ahead and still says what the database says.
    ///
    /// - Parameter rows: reads what would be filed now.
    func claim(
        _ subject: Trash.Subject, isLocked: Bool, _ rows: () throws(SQLError) -> Trash.FiledRows
    ) throws(SQLError) -> Claim {
        guard let entry = trash.ahead.withLock({ $0.entries.removeValue(forKey: subject) }) else { return .none }
        var isClaimed = false
        defer {
            trash.ahead.withLock { ahead in
                if isClaimed { ahead.claimed.append(entry.item) } else { ahead.stale.append(entry.item) }
            }
        }
        guard entry.process == removal.process, entry.path == removal.path, entry.filed + Trash.longestWait > .now
        else { return .outdated }
        let found = try rows()
        guard found.isWhole, found.all == entry.rows else { return .outdated }
        if !isLocked { try lock() }
        guard try connection.exists("SELECT 1 FROM item WHERE id = \(entry.item)") else {
            if !isLocked { connection.rollback() }
            return .outdated
        }
        isClaimed = true
        return .item(entry.item)
    }

    /// What the program will probably remove next and is not filed yet.
    var successors: [Writing.Successor] {
        let successors = removal.successors()
        return trash.ahead.withLock { ahead in
            successors.filter { ahead.entries[.message($0.message, of: $0.session)] == nil }
        }
    }
}
