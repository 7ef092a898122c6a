internal import SQL

/// Which migrations of the Go family a database has had, as its goose_db_version tells.
struct GoVersion: Sendable {
    /// How many of ``GoMigration/all`` have run, from the first on without a gap.
    let count: Int
    /// Whether it has had migrations that we do not know: then only the OpenCode that made them knows what is to follow.
    let isNewer: Bool
    /// One that has run although one before it has not.
    private let stray: Int64?

    var number: Int64 { count == 0 ? 0 : GoMigration.all[count - 1].version }
    var pending: ArraySlice<GoMigration> { GoMigration.all[count...] }

    /// What goose keeps its record in; `is_applied` 0 is a step taken back.
    static let record: SQLQuery = """
        CREATE TABLE goose_db_version (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            version_id INTEGER NOT NULL,
            is_applied INTEGER NOT NULL,
            tstamp TIMESTAMP DEFAULT (datetime('now'))
        )
        """

    /// The same on a server. `serial` brings a unique key of its own.
    static let mysqlRecord: SQLQuery = """
        CREATE TABLE goose_db_version (
            id serial NOT NULL,
            version_id bigint NOT NULL,
            is_applied boolean NOT NULL,
            tstamp timestamp NULL DEFAULT now(),
            PRIMARY KEY (id)
        )
        """

    /// Whether these are the tables of the Go OpenCode, and of it alone. What lacks a column that reading needs is something
    /// else's, and a store says so.
    static func isGo(_ schema: SQLSchema) -> Bool {
        GoSchema(schema) != nil && !["session", "message", "part", "session_v2"].contains { schema.has($0) }
    }

    /// Reads the record.
    ///
    /// - Throws: `.refused` where there is none.
    init(_ connection: any SQLConnection, _ schema: SQLSchema) throws(MigrationError) {
        guard schema.has("version_id", in: "goose_db_version"), schema.has("is_applied", in: "goose_db_version") else {
            throw .refused(reason: "it has no goose_db_version, so nobody knows which migrations it has had")
        }
        try self.init(recordIn: connection)
    }

    /// Reads the record, which is there.
    init(recordIn connection: any SQLConnection) throws(MigrationError) {
        let applied = try Self.applied(connection)
        let known = GoMigration.all.map(\.version)
        let count = known.prefix { applied.contains($0) }.count
        self.count = count
        isNewer = !applied.subtracting(known).subtracting([0]).isEmpty
        stray = known.dropFirst(count).first { applied.contains($0) }
    }

    /// - Throws: `.refused` where a step was left out.
    func checkOrder() throws(MigrationError) {
        guard let next = pending.first, let stray else { return }
        throw .refused(reason: "it has had migration \(stray) but not \(next.version), which comes before")
    }

    /// Compares the record with the tables, where steps are to follow.
    ///
    /// - Throws: `.refused` where a step was left out, or where tables lack what the record promises.
    func check(_ schema: SQLSchema) throws(MigrationError) {
        guard !pending.isEmpty else { return }
        try checkOrder()
        let lacking = lacking(in: schema)
        guard lacking.isEmpty else {
            throw .refused(
                reason: "its version is \(number), but it lacks \(lacking.sorted().joined(separator: ", "))")
        }
    }

    /// Tables and columns that the version promises and that are not there.
    private func lacking(in schema: SQLSchema) -> [String] {
        GoMigration.all[..<count].flatMap(\.adds).flatMap { table, columns in
            schema.has(table) ? columns.filter { !schema.has($0, in: table) }.map { "\(table).\($0)" } : [table]
        }
    }

    /// Versions whose latest line says that they were applied.
    private static func applied(_ connection: any SQLConnection) throws(MigrationError) -> Set<Int64> {
        var applied: Set<Int64> = []
        do throws(SQLError) {
            try connection.rows("SELECT version_id, is_applied FROM goose_db_version ORDER BY id") {
                (row) throws(SQLError) in
                guard let version = row.integer(at: 0) else { return }
                if row.integer(at: 1) == 0 { applied.remove(version) } else { applied.insert(version) }
            }
        } catch {
            throw .unavailable(error)
        }
        return applied
    }
}
