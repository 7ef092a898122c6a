package import SQL

extension SQLiteConnection {
    package func schema() throws(SQLError) -> SQLSchema {
        guard try text("PRAGMA encoding") == "UTF-8" else {
            throw SQLError(.misuse, message: "the database stores text as UTF-16, which no OpenCode writes")
        }
        var tables: [String: [SQLSchema.Column]] = [:]
        var references: [SQLSchema.Reference] = []
        for value in try column(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
        {
            guard let bytes = value.bytes, let table = String(validating: bytes, as: UTF8.self) else { continue }
            tables[table] = try columns(of: table)
        }
        for table in tables.keys { references += try foreignKeys(of: table, among: tables) }
        return SQLSchema(tables: tables, references: references)
    }

    private func text(_ query: SQLQuery) throws(SQLError) -> String? {
        var result: String?
        try rows(query) { (row) throws(SQLError) in
            result = row.bytes(at: 0).map { String(decoding: $0, as: UTF8.self) }
        }
        return result
    }

    private func columns(of table: String) throws(SQLError) -> [SQLSchema.Column] {
        var columns: [SQLSchema.Column] = []
        // hidden: 0 is an ordinary column; generated ones are computed and need no care.
        try rows(
            "SELECT name, \"notnull\", dflt_value IS NULL, pk > 0 FROM pragma_table_xinfo(\(table)) WHERE hidden = 0"
        ) { (row) throws(SQLError) in
            columns.append(
                SQLSchema.Column(
                    name: String(decoding: row.bytes(at: 0) ?? [], as: UTF8.self),
                    isRequired: row.integer(at: 1) == 1 && row.integer(at: 2) == 1, isKey: row.integer(at: 3) == 1))
        }
        return columns
    }

    /// - Parameter tables: those of the schema: a reference may write their names in another case.
    private func foreignKeys(
        of table: String, among tables: [String: [SQLSchema.Column]]
    ) throws(SQLError) -> [SQLSchema.Reference] {
        var references: [SQLSchema.Reference] = []
        try rows("SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list(\(table))") {
            (row) throws(SQLError) in
            let text = { (column: Int) in String(decoding: row.bytes(at: column) ?? [], as: UTF8.self) }
            let onDelete: SQLSchema.Reference.OnDelete =
                switch text(3) {
                case "CASCADE": .cascade
                case "SET NULL": .setNull
                default: .other
                }
            let parent = tables.keys.first { $0.lowercased() == text(1).lowercased() } ?? text(1)
            // A reference to a table alone means its primary key.
            let named = text(2).isEmpty ? try primaryKey(of: parent) : text(2)
            let columns = tables[parent] ?? []
            references.append(
                SQLSchema.Reference(
                    table: table, column: text(0), parent: parent,
                    parentColumn: columns.first { $0.name.lowercased() == named.lowercased() }?.name ?? named,
                    onDelete: onDelete))
        }
        return references
    }

    private func primaryKey(of table: String) throws(SQLError) -> String {
        try text("SELECT name FROM pragma_table_xinfo(\(table)) WHERE pk = 1") ?? "id"
    }
}
