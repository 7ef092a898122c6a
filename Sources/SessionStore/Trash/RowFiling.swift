internal import SQL

/// Files rows in the trash as they stand in the database.
struct RowFiling {
    let connection: any SQLConnection
    let tables: SQLSchema
    /// The column of a table that holds what people and models said, up to hundreds of megabytes. Such a table has an
    /// `id`.
    let longTexts: [String: String]

    func columns(of table: String) -> [String] {
        (tables.tables[table] ?? []).map(\.name)
    }

    /// Files the rows that a condition finds, as removed.
    ///
    /// - Parameter row: told the values of each.
    func removed(
        _ table: String, _ condition: SQLQuery, in deposit: Trash.Deposit, _ row: ([SQLValue]) -> Void = { _ in }
    ) throws(SQLError) {
        let columns = columns(of: table)
        try rows(of: table, condition, columns) { (values, long) throws(SQLError) in
            try add(.removed, table, columns, values, long, in: deposit, chosen: Array(columns.indices))
            row(values)
        }
    }

    /// Files what rows are and what will become of them.
    ///
    /// - Parameters:
    ///   - left: what the columns that change will be.
    ///   - changing: the columns to keep, beside them those by which the row is to be found.
    func changed(
        _ table: String, _ condition: SQLQuery, in deposit: Trash.Deposit, found: (String) -> Bool,
        changing: (String) -> Bool, left: ([String: SQLValue]) -> [String: SQLValue]
    ) throws(SQLError) {
        let columns = columns(of: table)
        try rows(of: table, condition, columns) { (values, long) throws(SQLError) in
            let row = Dictionary(zip(columns, values)) { first, _ in first }
            let after = left(row).sorted { $0.key < $1.key }
            try add(
                .unchanged, table, columns, values, long, in: deposit,
                chosen: columns.indices.filter { found(columns[$0]) })
            try deposit.add(.left, table: table, columns: after.map(\.key), values: after.map(\.value))
            try add(
                .changed, table, columns, values, long, in: deposit,
                chosen: columns.indices.filter { changing(columns[$0]) })
        }
    }

    private func add(
        _ kind: Trash.RecordKind, _ table: String, _ columns: [String], _ values: [SQLValue], _ long: Trash.LongText?,
        in deposit: Trash.Deposit, chosen: [Int]
    ) throws(SQLError) {
        let key = columns.firstIndex(of: "id").map { values[$0] } ?? .null
        try deposit.add(
            kind, table: table, columns: chosen.map { columns[$0] }, values: chosen.map { values[$0] }, long: long
        ) { (range) throws(SQLError) in try piece(range, of: long?.column ?? "", in: table, key) }
    }

    /// Hands out rows. A text too long to be held stands as NULL among the values, and beside them.
    private func rows(
        of name: String, _ condition: SQLQuery, _ columns: [String],
        _ body: ([SQLValue], Trash.LongText?) throws(SQLError) -> Void
    ) throws(SQLError) {
        let table = SQLIdentifier(name)
        let longColumn = longTexts[name].flatMap { columns.contains($0) && columns.contains("id") ? $0 : nil }
        var selected: [SQLQuery] = columns.map { "\(SQLIdentifier($0))" }
        if let longColumn, let index = columns.firstIndex(of: longColumn) {
            let column = SQLIdentifier(longColumn)
            let octets = SQLFragment.octetLength(table: table, column: column)
            // What a CASE does not choose is not read.
            selected[index] = "CASE WHEN \(octets) > \(Int64(Trash.pieceSize)) THEN NULL ELSE \(column) END"
            selected += ["\(octets)", "\(SQLFragment.isBlob(column))"]
        }
        let list = SQLQuery.joined(selected, separator: ", ")
        try connection.rows("SELECT \(list) \(condition) \(SQLFragment.locked)") { (row) throws(SQLError) in
            var long: Trash.LongText?
            if let longColumn {
                let octets = Int(row.integer(at: columns.count) ?? 0)
                let isBlob = row.integer(at: columns.count + 1) == 1
                if octets > Trash.pieceSize {
                    long = Trash.LongText(column: longColumn, octets: octets, isBlob: isBlob)
                }
            }
            try body(columns.indices.map { row.value(at: $0) }, long)
        }
    }

    private func piece(
        _ range: Range<Int>, of column: String, in table: String, _ id: SQLValue
    ) throws(SQLError) -> [UInt8] {
        let name = SQLIdentifier(table)
        let slice = SQLFragment.slice(
            table: name, column: SQLIdentifier(column), from: range.lowerBound, count: range.count)
        let bytes =
            try connection.column("SELECT \(slice) FROM \(name) WHERE \(SQLFragment.equal(SQLIdentifier("id"), id))")
            .first?.bytes ?? []
        guard bytes.count == range.count else {
            throw SQLError(.corrupt, message: "a text is shorter than the database says")
        }
        return bytes
    }
}
