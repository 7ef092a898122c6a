package import SQL
private import Timing

/// What came of putting items back.
package struct Restoration: Sendable {
    /// Items that are in the database again, or were never gone.
    package var restored: [TrashBatch.Item] = []
    /// Rows inserted, and rows that saves changed and that are what they were before.
    package var rows = 0
    /// Rows that were there already, every byte as in the trash: a removal or a save was cut short, or somebody else was
    /// quicker.
    package var present = 0
}

/// Why items cannot be put back. Nothing was changed.
package enum RestoreError: Error, Sendable {
    /// A row of the same identity, but other contents, is there; of a replaced item: a row is not as the save left it.
    case taken(TrashBatch.Item, table: String)
    /// What the item belongs to is not in the database.
    case homeless(TrashBatch.Item)
    /// The database has no such table or column any more.
    case otherSchema(TrashBatch.Item, missing: String)
    case store(StoreError)
}

extension Trash {
    /// Brings the rows of some items back, all or none, and takes the items out of the trash.
    ///
    /// - Parameters:
    ///   - connection: to the database the items came from, opened for writing.
    ///   - isRehearsal: whether to do everything and then undo it.
    ///   - beforeEnd: sees the rows as they are then, in the same transaction.
    package func restore(
        _ items: [TrashBatch.Item], into connection: any SQLConnection, isRehearsal: Bool,
        beforeEnd: () -> Void = {}
    ) throws(RestoreError) -> Restoration {
        let outcome: Result<Restoration, RestoreError>
        do throws(SQLError) {
            outcome = try put(items, backInto: connection, isRehearsal: isRehearsal, beforeEnd: beforeEnd)
        } catch {
            throw .store(StoreError(error))
        }
        return try outcome.get()
    }

    /// The same, with what the provider refuses as it says it: a server may take everything back, and then it can be done
    /// again.
    func put(
        _ items: [TrashBatch.Item], backInto connection: any SQLConnection, isRehearsal: Bool,
        beforeEnd: () -> Void = {}
    ) throws(SQLError) -> Result<Restoration, RestoreError> {
        var restoration = Restoration()
        var refusal: RestoreError?
        let schema = try connection.schema()
        try connection.beginWriting()
        defer { connection.rollback() }
        try pool.lend(.lasting(.seconds(60))) { (trash) throws(SQLError) in
            var states = try RowStates(of: items, connection: connection, trash: trash, schema: schema)
            for item in items.sorted(by: { $0.id > $1.id }) where refusal == nil {
                refusal = try states.undo(item)
            }
            guard refusal == nil else { return }
            restoration.rows += try states.vacate()
            // A session goes in before its messages: they point at it; and these before what saves took from them.
            let order = [
                items.filter { $0.kind == .removed && $0.message == nil },
                items.filter { $0.kind == .removed && $0.message != nil }, items.filter { $0.kind == .replaced },
            ]
            for item in order.flatMap({ $0 }) where refusal == nil {
                var restorer = ItemRestorer(item: item, connection: connection, schema: schema)
                refusal = try restorer.run(reading: trash, states, &restoration)
            }
            guard refusal == nil else { return }
            restoration.rows += try states.update()
            restoration.present += states.present
            restoration.restored = items
        }
        if let refusal { return .failure(refusal) }
        beforeEnd()
        if !isRehearsal {
            try connection.commit()
            // They are back, whether or not the trash (a full disk of its own) can let go of them: once more they would be
            // found to be there already.
            _ = try? forget(restoration.restored)
        }
        return .success(restoration)
    }

    /// Takes items out of the trash for good.
    package func drop(_ items: [TrashBatch.Item]) throws(StoreError) {
        do throws(SQLError) { try forget(items) } catch { throw StoreError(error) }
    }

    /// The records of an item, in the order of filing.
    static func records(
        of item: Int64, reading trash: any SQLConnection
    ) throws(SQLError) -> [(id: Int64, table: String, kind: RecordKind)] {
        var records: [(id: Int64, table: String, kind: RecordKind)] = []
        try trash.rows("SELECT id, origin, kind FROM record WHERE item = \(item) ORDER BY id") {
            (row) throws(SQLError) in
            let text = { (column: Int) in String(decoding: row.bytes(at: column) ?? [], as: UTF8.self) }
            records.append((row.integer(at: 0) ?? 0, text(1), RecordKind(rawValue: text(2)) ?? .removed))
        }
        return records
    }

    /// The columns of a record, some of which may only be recognised.
    static func stored(of record: Int64, reading trash: any SQLConnection) throws(SQLError) -> [String: Stored] {
        var fields: [String: Stored] = [:]
        for field in try self.fields(of: record, reading: trash) { fields[field.name] = .value(field.value) }
        try trash.rows("SELECT name, value FROM field WHERE record = \(record) AND pieces = \(Fingerprint.name)") {
            (row) throws(SQLError) in
            let name = String(decoding: row.bytes(at: 0) ?? [], as: UTF8.self)
            fields[name] = .fingerprint(Fingerprint(bytes: row.bytes(at: 1) ?? []))
        }
        return fields
    }

    /// The columns of a record, but for those of which there is only a fingerprint.
    static func fields(
        of record: Int64, reading trash: any SQLConnection
    ) throws(SQLError) -> [(name: String, value: SQLValue)] {
        var fields: [(name: String, value: SQLValue)] = []
        try trash.rows(
            """
            SELECT name, value, pieces, id FROM field WHERE record = \(record) AND pieces IS NOT \(Fingerprint.name) \
            ORDER BY id
            """
        ) { (row) throws(SQLError) in
            let name = String(decoding: row.bytes(at: 0) ?? [], as: UTF8.self)
            guard let kind = row.bytes(at: 2) else {
                fields.append((name, row.value(at: 1)))
                return
            }
            let bytes = try joined(row.integer(at: 3) ?? 0, trash)
            fields.append((name, kind == Array("blob".utf8) ? .blob(bytes) : .text(bytes)))
        }
        return fields
    }

    /// A field that is kept in pieces.
    private static func joined(_ field: Int64, _ trash: any SQLConnection) throws(SQLError) -> [UInt8] {
        var bytes: [UInt8] = []
        let count = try trash.integer("SELECT sum(length(bytes)) FROM piece WHERE field = \(field)") ?? 0
        bytes.reserveCapacity(Int(count))
        try trash.rows("SELECT bytes FROM piece WHERE field = \(field) ORDER BY id") { (row) throws(SQLError) in
            bytes += row.bytes(at: 0) ?? []
        }
        return bytes
    }

    private func forget(_ items: [TrashBatch.Item]) throws(SQLError) {
        try pool.lend(.lasting(.seconds(60))) { (connection) throws(SQLError) in
            try connection.writing { () throws(SQLError) in
                for item in items { try connection.run("DELETE FROM item WHERE id = \(item.id)") }
                try connection.run("DELETE FROM batch WHERE id NOT IN (SELECT batch FROM item)")
            }
            try connection.run("PRAGMA incremental_vacuum")
        }
    }
}

/// Puts the rows of one item back.
private struct ItemRestorer {
    let item: TrashBatch.Item
    let connection: any SQLConnection
    let schema: SQLSchema
    /// How many equal rows have been met, by their hash: a table without a key may hold a row twice.
    private var equals: [Int: Int] = [:]

    init(item: TrashBatch.Item, connection: any SQLConnection, schema: SQLSchema) {
        self.item = item
        self.connection = connection
        self.schema = schema
    }

    /// - Returns: why it cannot be, or nil when it is done.
    mutating func run(
        reading trash: any SQLConnection, _ states: RowStates, _ restoration: inout Restoration
    ) throws(SQLError) -> RestoreError? {
        for record in try Trash.records(of: item.id, reading: trash) where record.kind == .removed {
            guard try states.isWanted(record.id, record.table) else { continue }
            let columns = try Trash.fields(of: record.id, reading: trash)
            if let lost = columns.first(where: { !schema.has($0.name, in: record.table) }) {
                return .otherSchema(item, missing: "\(record.table).\(lost.name)")
            }
            if let refusal = try put(record.table, columns, &restoration) { return refusal }
        }
        return nil
    }

    private mutating func put(
        _ name: String, _ columns: [(name: String, value: SQLValue)], _ restoration: inout Restoration
    ) throws(SQLError) -> RestoreError? {
        let table = SQLIdentifier(name)
        let same = SQLQuery.joined(
            columns.map { "\(SQLFragment.identical(SQLIdentifier($0.name), $0.value))" }, separator: " AND ")
        let before = countEqual(name, columns)
        if try connection.integer("SELECT count(*) FROM \(table) WHERE \(same)") ?? 0 > before {
            restoration.present += 1
            return nil
        }
        let names = SQLQuery.joined(columns.map { "\(SQLIdentifier($0.name))" }, separator: ", ")
        let values = SQLQuery.joined(columns.map { "\($0.value)" }, separator: ", ")
        do throws(SQLError) {
            restoration.rows += try connection.run("INSERT INTO \(table) (\(names)) VALUES (\(values))")
            return nil
        } catch {
            guard error.kind == .constraint else { throw error }
            // A sequence that has gone on meanwhile stays where it is: going back would give a number out twice.
            if name == "event_sequence" {
                restoration.present += 1
                return nil
            }
            return error.isForeignKey ? .homeless(item) : .taken(item, table: name)
        }
    }

    /// How many rows equal to this one came before it.
    private mutating func countEqual(_ table: String, _ columns: [(name: String, value: SQLValue)]) -> Int {
        var hasher = Hasher()
        hasher.combine(table)
        for column in columns {
            // Rows without a key that differ behind their first bytes only are rarer than long ones.
            if let bytes = column.value.bytes {
                hasher.combine(bytes.count)
                hasher.combine(bytes.prefix(4096))
            } else {
                hasher.combine(column.value)
            }
        }
        let row = hasher.finalize()
        defer { equals[row, default: 0] += 1 }
        return equals[row, default: 0]
    }
}
