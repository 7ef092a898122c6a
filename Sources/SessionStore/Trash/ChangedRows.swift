internal import SQL

/// Rows that a removal changed and did not delete: a session's counter and time, a reference that the database cleared.
///
/// Removals are undone from the last to the first, each only where the row still is as that removal left it: whatever
/// somebody else has made of it since stays.
struct ChangedRows {
    private let connection: any SQLConnection
    /// What the rows are to be.
    private var wanted: [Key: [String: SQLValue]] = [:]

    /// A row by the columns that removing and restoring leave alone.
    private struct Key: Hashable {
        let table: String
        let columns: [String: SQLValue]
    }

    /// Works out what is to become of the rows, which must be as they were before any message is inserted.
    init(
        of items: [TrashBatch.Item], reading trash: any SQLConnection, connection: any SQLConnection, schema: SQLSchema
    ) throws(SQLError) {
        self.connection = connection
        for item in items.sorted(by: { $0.id > $1.id }) {
            var (unchanged, left): ([String: SQLValue], [String: SQLValue]) = ([:], [:])
            for record in try Trash.records(of: item, reading: trash) where record.kind != .removed {
                let fields = try Trash.fields(of: record.id, reading: trash)
                // A table or column that is gone since has nothing to be put back into.
                guard fields.allSatisfy({ schema.has($0.name, in: record.table) }) else { continue }
                let columns = Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
                switch record.kind {
                case .unchanged: unchanged = columns
                case .left: left = columns
                case .changed: try add(Key(table: record.table, columns: unchanged), from: columns, to: left)
                case .removed: break
                }
            }
        }
    }

    private mutating func add(
        _ key: Key, from before: [String: SQLValue], to left: [String: SQLValue]
    ) throws(SQLError) {
        guard !key.columns.isEmpty else { return }
        let isLeft: Bool
        if let state = wanted[key] {
            isLeft = left.allSatisfy { state[$0.key] == $0.value }
        } else {
            let row = key.columns.merging(left) { first, _ in first }
            isLeft =
                try connection.integer(
                    "SELECT count(*) FROM \(SQLIdentifier(key.table)) WHERE \(Self.equal(row))") == 1
        }
        if isLeft { wanted[key] = before }
    }

    /// Makes the rows what they were.
    func undo() throws(SQLError) {
        for (key, values) in wanted {
            let table = SQLIdentifier(key.table)
            let row = key.columns.merging(values) { first, _ in first }
            guard try !connection.exists("SELECT 1 FROM \(table) WHERE \(Self.equal(row))") else { continue }
            try guarded(table, key.columns, values) { () throws(SQLError) in
                let assignments = SQLQuery.joined(
                    values.map { "\(SQLIdentifier($0.key)) = \($0.value)" }, separator: ", ")
                try connection.run("UPDATE \(table) SET \(assignments) WHERE \(Self.equal(key.columns))")
            }
        }
    }

    /// Updates a row although a trigger would set the time of its change: other values than those wanted are ignored
    /// while `update` runs, by a trigger of this connection alone. Theirs stay where they are.
    private func guarded(
        _ table: SQLIdentifier, _ key: [String: SQLValue], _ values: [String: SQLValue],
        _ update: () throws(SQLError) -> Void
    ) throws(SQLError) {
        let columns = Array(key.merging(values) { first, _ in first })
        let names = columns.indices.map { SQLIdentifier("c\($0)") }
        // Columns without a type: what is put in stays as it is.
        try connection.run(
            "CREATE TEMP TABLE opencodefs_wanted (\(.joined(names.map { "\($0)" }, separator: ", ")))")
        try connection.run(
            "INSERT INTO opencodefs_wanted VALUES (\(.joined(columns.map { "\($0.value)" }, separator: ", ")))")
        let isRow = columns.indices.filter { key[columns[$0].key] != nil }
            .map { "\(names[$0]) IS new.\(SQLIdentifier(columns[$0].key))" as SQLQuery }
        let isOther = columns.indices.filter { key[columns[$0].key] == nil }
            .map { "\(names[$0]) IS NOT new.\(SQLIdentifier(columns[$0].key))" as SQLQuery }
        try connection.run(
            """
            CREATE TEMP TRIGGER opencodefs_guard BEFORE UPDATE ON main.\(table) WHEN EXISTS (SELECT 1 \
            FROM opencodefs_wanted WHERE \(.joined(isRow, separator: " AND ")) \
            AND (\(.joined(isOther, separator: " OR ")))) BEGIN SELECT RAISE(IGNORE); END
            """)
        // Where the update fails, the transaction is rolled back, and this with it.
        try update()
        try connection.run("DROP TRIGGER opencodefs_guard")
        try connection.run("DROP TABLE opencodefs_wanted")
    }

    private static func equal(_ columns: [String: SQLValue]) -> SQLQuery {
        .joined(columns.map { "\(SQLIdentifier($0.key)) IS \($0.value)" }, separator: " AND ")
    }
}
