import SQL
import SQLiteDriver
import TestSupport
import Testing

@Suite struct SQLiteSchemaTests {
    @Test func `a schema has the tables with their columns in order`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run(
            """
            CREATE TABLE "a 'b" (z TEXT PRIMARY KEY, "c ""d" INTEGER NOT NULL, e NOT NULL DEFAULT 0, f,
                g AS (z || f), h AS (z) STORED)
            """)
        try connection.run("CREATE TABLE sqlitelike (id INTEGER PRIMARY KEY AUTOINCREMENT)")
        try connection.run("CREATE VIEW v AS SELECT 1")
        let schema = try connection.schema()
        #expect(Set(schema.tables.keys) == ["a 'b", "sqlitelike"])
        #expect(
            schema.tables["a 'b"] == [
                .init(name: "z", isRequired: false, isKey: true), .init(name: "c \"d", isRequired: true),
                .init(name: "e", isRequired: false), .init(name: "f", isRequired: false),
            ])
        #expect(schema.references.isEmpty)
    }

    @Test func `a schema knows what a row takes along`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE p (id TEXT PRIMARY KEY, k UNIQUE)")
        try connection.run(
            """
            CREATE TABLE c (a REFERENCES p(id) ON DELETE CASCADE, b REFERENCES p ON DELETE SET NULL,
                c REFERENCES p(k), d REFERENCES p ON DELETE CASCADE)
            """)
        let found = Set(try connection.schema().references)
        #expect(
            found == [
                .init(table: "c", column: "a", parent: "p", parentColumn: "id", onDelete: .cascade),
                .init(table: "c", column: "b", parent: "p", parentColumn: "id", onDelete: .setNull),
                .init(table: "c", column: "c", parent: "p", parentColumn: "k", onDelete: .other),
                .init(table: "c", column: "d", parent: "p", parentColumn: "id", onDelete: .cascade),
            ])
    }

    @Test func `a reference means the table and column it finds, however it is written`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE Parent (other, Key TEXT PRIMARY KEY)")
        try connection.run(
            """
            CREATE TABLE c (a REFERENCES PARENT(KEY) ON DELETE CASCADE, b REFERENCES parent ON DELETE cascade,
                c REFERENCES nobody ON DELETE SET NULL)
            """)
        let found = Set(try connection.schema().references)
        #expect(
            found == [
                .init(table: "c", column: "a", parent: "Parent", parentColumn: "Key", onDelete: .cascade),
                .init(table: "c", column: "b", parent: "Parent", parentColumn: "Key", onDelete: .cascade),
                .init(table: "c", column: "c", parent: "nobody", parentColumn: "id", onDelete: .setNull),
            ])
    }

    @Test func `an empty database has an empty schema`() throws {
        #expect(try SQLiteConnection(path: ":memory:", access: .create).schema().tables.isEmpty)
    }

    @Test(arguments: ["UTF-16le", "UTF-16be"]) func `text in UTF-16 is refused`(encoding: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.run(SQLQuery(stringLiteral: "PRAGMA encoding='\(encoding)'"))
        try connection.run("CREATE TABLE t (a)")
        let error = #expect(throws: SQLError.self) { try SQLiteConnection(path: path, access: .readOnly).schema() }
        #expect(error?.kind == .misuse)
        #expect(error?.message.contains("UTF-16") == true)
    }

    @Test func `the change counter moves for what others commit and for nothing else`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.run("PRAGMA journal_mode=WAL")
        try connection.run("CREATE TABLE t (a)")
        let other = try SQLiteConnection(path: path, access: .readWrite)
        let start = try connection.changeCounter()
        try connection.run("INSERT INTO t VALUES (1)")
        #expect(try connection.changeCounter() == start)
        _ = try other.reading { () throws(SQLError) in try other.integer("SELECT count(*) FROM t") }
        try other.beginWriting()
        try other.run("INSERT INTO t VALUES (2)")
        #expect(try connection.changeCounter() == start)
        other.rollback()
        #expect(try connection.changeCounter() == start)
        var seen: Set = [start]
        for number in 0..<5 as Range<Int64> {
            try other.run("INSERT INTO t VALUES (\(number))")
            #expect(seen.insert(try connection.changeCounter()).inserted)
        }
    }

    @Test func `the schema counter moves with tables and columns only`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.run("CREATE TABLE t (a)")
        let other = try SQLiteConnection(path: path, access: .readWrite)
        let start = try connection.schemaCounter()
        try other.run("INSERT INTO t VALUES (1)")
        #expect(try connection.schemaCounter() == start)
        try other.run("ALTER TABLE t ADD b")
        #expect(try connection.schemaCounter() != start)
    }

    @Test(arguments: ["WAL", "DELETE"], [1, 2, 3] as [UInt64])
    func `the change counter is SQLite's own, also where the log's index is asked instead`(
        mode: String, seed: UInt64
    ) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let maker = try SQLiteConnection(path: path, access: .create)
        try maker.run(SQLQuery(stringLiteral: "PRAGMA journal_mode=\(mode)"))
        try maker.run("CREATE TABLE t (a)")
        let watch = try SQLiteConnection(path: path, access: .readWrite)
        var other: SQLiteConnection? = try SQLiteConnection(path: path, access: .readWrite)
        var random = SeededGenerator(seed: seed)
        var moved = 0
        var last = try watch.changeCounter()
        for round in 0..<300 {
            let isCommitted: Bool
            switch random.next() % 9 {
            case 0: (isCommitted, _) = (false, try maker.integer("PRAGMA wal_checkpoint(PASSIVE)"))
            case 1: (isCommitted, _) = (false, try maker.integer("PRAGMA wal_checkpoint(TRUNCATE)"))
            case 2:
                try maker.beginWriting()
                try maker.run("INSERT INTO t VALUES (\(Int64(round)))")
                maker.rollback()
                isCommitted = false
            case 3:
                other = nil
                other = try SQLiteConnection(path: path, access: .readWrite)
                isCommitted = false
            case 4: (isCommitted, _) = (false, try watch.run("INSERT INTO t VALUES (-1)"))
            case 5: (isCommitted, _) = (true, try other?.run("INSERT INTO t VALUES (\(Int64(round)))"))
            case 6: (isCommitted, _) = (true, try maker.run("UPDATE t SET a = \(Int64(round))"))
            default: isCommitted = false
            }
            let counter = try watch.changeCounter()
            #expect(counter == (try watch.integer("PRAGMA data_version")))
            // An UPDATE of no row commits nothing.
            if counter != last { moved += 1 } else { #expect(!isCommitted || moved == 0) }
            last = counter
        }
        #expect(moved > 30)
    }

    @Test(arguments: ["WAL", "DELETE"])
    func `W3 within a transaction the change counter is the transaction's, whatever others commit meanwhile`(
        mode: String
    ) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let other = try SQLiteConnection(path: path, access: .create)
        try other.run(SQLQuery(stringLiteral: "PRAGMA journal_mode=\(mode)"))
        try other.run("CREATE TABLE t (a)")
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        _ = try connection.changeCounter()
        try connection.beginReading()
        _ = try connection.integer("SELECT count(*) FROM t")
        if mode == "WAL" { try other.run("INSERT INTO t VALUES (1)") }
        let seen = try connection.changeCounter()
        #expect(try connection.integer("SELECT count(*) FROM t") == 0)
        connection.rollback()
        if mode == "DELETE" { try other.run("INSERT INTO t VALUES (1)") }
        try connection.beginWriting()
        #expect(try connection.changeCounter() != seen)
        connection.rollback()
        #expect(try connection.changeCounter() != seen)
    }
}
