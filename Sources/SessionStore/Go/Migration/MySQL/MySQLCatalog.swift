internal import SQL

/// Tables and triggers of a MySQL or MariaDB database, as information_schema describes them to this user.
struct MySQLCatalog: Sendable {
    private(set) var tables: [String: MySQLTable] = [:]
    /// By name. Who has not the privilege TRIGGER is shown none.
    private(set) var triggers: [String: MySQLTrigger] = [:]

    /// Reads all of the connection's database: some six short queries.
    init(_ connection: any SQLConnection) throws(SQLError) {
        try readTables(connection)
        try readColumns(connection)
        try readIndexes(connection)
        try readReferences(connection)
        try readChecks(connection)
        try readTriggers(connection)
    }

    init(tables: [MySQLTable] = [], triggers: [MySQLTrigger] = []) {
        self.tables = Dictionary(tables.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        self.triggers = Dictionary(triggers.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }

    private mutating func readTables(_ connection: any SQLConnection) throws(SQLError) {
        let query: SQLQuery = """
            SELECT table_name, engine, table_collation FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
            """
        for line in try connection.texts(query, columns: 3) {
            guard let name = line[0] else { continue }
            var table = MySQLTable(name, [], key: [])
            table.engine = line[1] ?? ""
            table.collation = line[2] ?? ""
            tables[name] = table
        }
    }

    private mutating func readColumns(_ connection: any SQLConnection) throws(SQLError) {
        let query: SQLQuery = """
            SELECT table_name, column_name, column_type, is_nullable, column_default, collation_name
            FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position
            """
        for line in try connection.texts(query, columns: 6) {
            guard let table = line[0], let name = line[1] else { continue }
            tables[table]?.columns.append(
                MySQLColumn(
                    name: name, type: MySQLType(line[2] ?? ""), isRequired: line[3] == "NO",
                    standard: MySQLDefault(line[4]), collation: line[5]))
        }
    }

    private mutating func readIndexes(_ connection: any SQLConnection) throws(SQLError) {
        let query: SQLQuery = """
            SELECT table_name, index_name, column_name, non_unique, sub_part, collation
            FROM information_schema.statistics WHERE table_schema = DATABASE()
            ORDER BY table_name, index_name, seq_in_index
            """
        for line in try connection.texts(query, columns: 6) {
            guard let table = line[0], let name = line[1] else { continue }
            guard name != "PRIMARY" else {
                tables[table]?.key.append(line[2] ?? "")
                continue
            }
            // An index of an expression has no column, and is none of OpenCode's.
            let part = MySQLIndex.Part(
                column: line[2] ?? "", prefix: line[4].flatMap { Int($0) }, isDescending: line[5] == "D")
            let earlier = tables[table]?.indexes.last.flatMap { $0.name == name ? $0 : nil }
            if earlier != nil { tables[table]?.indexes.removeLast() }
            tables[table]?.indexes.append(
                MySQLIndex(name, (earlier?.parts ?? []) + [part], isUnique: line[3] == "0"))
        }
    }

    private mutating func readReferences(_ connection: any SQLConnection) throws(SQLError) {
        let query: SQLQuery = """
            SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name,
                r.delete_rule
            FROM information_schema.key_column_usage AS k JOIN information_schema.referential_constraints AS r
                ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
                AND r.table_name = k.table_name
            WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
            """
        for line in try connection.texts(query, columns: 6) {
            guard let table = line[0] else { continue }
            tables[table]?.references.append(
                MySQLReference(
                    name: line[1], column: line[2] ?? "", parent: line[3] ?? "", parentColumn: line[4] ?? "",
                    onDelete: line[5] ?? ""))
        }
    }

    private mutating func readChecks(_ connection: any SQLConnection) throws(SQLError) {
        // MariaDB names the table, and its names of conditions are a table's own; in MySQL they are the database's.
        let namesTable = try connection.exists(
            """
            SELECT 1 FROM information_schema.columns
            WHERE table_schema = 'information_schema' AND table_name = 'CHECK_CONSTRAINTS' AND column_name = 'TABLE_NAME'
            """)
        let query: SQLQuery =
            namesTable
            ? """
            SELECT table_name, check_clause FROM information_schema.check_constraints
            WHERE constraint_schema = DATABASE()
            """
            : """
            SELECT t.table_name, c.check_clause
            FROM information_schema.check_constraints AS c JOIN information_schema.table_constraints AS t
                ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
            WHERE c.constraint_schema = DATABASE() AND t.constraint_type = 'CHECK'
            """
        for line in try connection.texts(query, columns: 2) {
            guard let table = line[0], let clause = line[1] else { continue }
            tables[table]?.checks.insert(MySQLTable.condition(clause))
        }
    }

    private mutating func readTriggers(_ connection: any SQLConnection) throws(SQLError) {
        let query: SQLQuery = """
            SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_statement
            FROM information_schema.triggers WHERE trigger_schema = DATABASE()
            """
        for line in try connection.texts(query, columns: 5) {
            guard let name = line[0] else { continue }
            triggers[name] = MySQLTrigger(
                name: name, table: line[1] ?? "", moment: "\(line[2] ?? "") \(line[3] ?? "")", action: line[4] ?? "")
        }
    }
}

extension SQLConnection {
    /// All rows, each column as text; nil for NULL.
    func texts(_ query: SQLQuery, columns: Int) throws(SQLError) -> [[String?]] {
        var lines: [[String?]] = []
        try rows(query) { (row) throws(SQLError) in
            lines.append(
                (0..<columns).map { column in
                    switch row.value(at: column) {
                    case .null: nil
                    case .integer(let number): String(number)
                    case .real(let number): String(number)
                    case .text(let bytes), .blob(let bytes): String(decoding: bytes, as: UTF8.self)
                    }
                })
        }
        return lines
    }
}
