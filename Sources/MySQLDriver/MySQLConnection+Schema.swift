package import SQL

extension MySQLConnection {
    package func schema() throws(SQLError) -> SQLSchema {
        var tables: [String: [SQLSchema.Column]] = [:]
        // Cast to what the server keeps names in: MySQL 8 would give some of them as binary.
        try rows(
            """
            SELECT table_name, column_name, \
            is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%', column_key = 'PRI' \
            FROM information_schema.columns WHERE table_schema = database() AND extra NOT LIKE '%GENERATED%' \
            ORDER BY table_name, ordinal_position
            """
        ) { (row) throws(SQLError) in
            let column = SQLSchema.Column(
                name: row.name(at: 1), isRequired: row.integer(at: 2) == 1, isKey: row.integer(at: 3) == 1)
            tables[row.name(at: 0), default: []].append(column)
        }
        var references: [SQLSchema.Reference] = []
        try rows(
            """
            SELECT k.table_name, k.column_name, k.referenced_table_name, k.referenced_column_name, c.delete_rule \
            FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints c \
            ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name \
            AND c.table_name = k.table_name \
            WHERE k.table_schema = database() AND k.referenced_table_name IS NOT NULL \
            ORDER BY k.table_name, k.constraint_name, k.ordinal_position
            """
        ) { (row) throws(SQLError) in
            let onDelete: SQLSchema.Reference.OnDelete =
                switch row.name(at: 4) {
                case "CASCADE": .cascade
                case "SET NULL": .setNull
                default: .other
                }
            references.append(
                SQLSchema.Reference(
                    table: row.name(at: 0), column: row.name(at: 1), parent: row.name(at: 2),
                    parentColumn: row.name(at: 3), onDelete: onDelete))
        }
        return SQLSchema(tables: tables, references: references)
    }

    /// A number that moves when a column is added, dropped or changed. A server counts no changes, so its columns are
    /// added up.
    package func schemaCounter() throws(SQLError) -> Int64 {
        try integer(
            """
            SELECT coalesce(bit_xor(crc32(concat_ws('/', table_name, ordinal_position, column_name, column_type, \
            is_nullable, coalesce(column_default, 'NULL'), column_key))), 0) * 100000 + count(*) \
            FROM information_schema.columns WHERE table_schema = database()
            """) ?? 0
    }

    /// A server does not tell whether others have committed: this is the ``schemaCounter()``.
    package func changeCounter() throws(SQLError) -> Int64 {
        try schemaCounter()
    }
}

extension SQLRow {
    /// A name of the schema.
    func name(at column: Int) -> String {
        String(decoding: bytes(at: column) ?? [], as: UTF8.self)
    }
}
