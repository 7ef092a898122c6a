internal import SQL
internal import SessionModel

extension SQLConnection {
    /// A whole row, found by its id.
    ///
    /// - Parameter lock: ``SQLFragment/locked``, where it is to stay as it is.
    func record(
        in table: SQLIdentifier, id: SQLValue, _ schema: SQLSchema, _ lock: SQLQuery = ""
    ) throws(SQLError) -> Record? {
        let columns = (schema.tables[table.name] ?? []).map(\.name)
        let list = SQLQuery.joined(columns.map { "\(SQLIdentifier($0))" }, separator: ", ")
        var record: Record?
        try rows("SELECT \(list) FROM \(table) WHERE \(SQLFragment.equal(SQLIdentifier("id"), id)) \(lock)") {
            (row) throws(SQLError) in
            var fields: [String: Record.Field] = [:]
            for (index, column) in columns.enumerated() { fields[column] = Record.Field(row.value(at: index)) }
            record = Record(fields, columns: columns)
        }
        return record
    }
}

extension Record.Field {
    /// What a column holds; nil for NULL.
    init?(_ value: SQLValue) {
        switch value {
        case .null: return nil
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .real(value)
        case .text(let bytes), .blob(let bytes): self = .text(bytes)
        }
    }
}
