import SQL
import SQLiteDriver
import Testing

@Suite struct SQLiteValueTests {
    static let values: [SQLValue] = [
        .null, .integer(0), .integer(.min), .integer(.max), .real(0.1), .real(-1e308), .real(.leastNonzeroMagnitude),
        .real(.infinity), .real(-.infinity), .text([]), .text(Array("é😀".utf8)), .text([0xff, 0xfe, 0xc3]),
        .text([0x61, 0, 0x62]), .text([0]), .blob([]), .blob([0]), .blob(Array(0...255)), .text(Array("12".utf8)),
        .text([UInt8](repeating: 0x78, count: 300_000)), .blob([UInt8](repeating: 0, count: 300_000)),
    ]

    @Test(arguments: values) func `a value comes back bit by bit`(value: SQLValue) throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        #expect(try connection.run("INSERT INTO t (v) VALUES (\(value))") == 1)
        #expect(try connection.column("SELECT v FROM t") == [value])
        #expect(try connection.column("SELECT \(value)") == [value])
        #expect(try connection.column("SELECT id FROM t WHERE v IS \(value)") == [.integer(1)])
    }

    @Test func `a number that is none is NULL, as SQLite has it`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        #expect(try connection.column("SELECT \(SQLValue.real(.nan))") == [.null])
    }

    @Test func `a row gives numbers and bytes as SQLite converts them`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        var rows = 0
        try connection.rows("SELECT NULL, 7, 2.5, '12', x'3133', 'x'") { (row) throws(SQLError) in
            rows += 1
            #expect((0..<6).map { row.integer(at: $0) } == [nil, 7, 2, 12, 13, 0])
            #expect(
                (0..<6).map { row.bytes(at: $0).map { String(decoding: $0, as: UTF8.self) } }
                    == [nil, "7", "2.5", "12", "13", "x"])
            #expect(
                (0..<6).map { row.value(at: $0) }
                    == [.null, .integer(7), .real(2.5), SQLValue("12"), .blob([0x31, 0x33]), SQLValue("x")])
        }
        #expect(rows == 1)
    }

    @Test func `a row holds what its value is, and nothing else`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        let values: [SQLValue] = [
            .null, .integer(1), .integer(-1), .real(1), .real(2.5), SQLValue(""), SQLValue("1"), SQLValue("ab"),
            SQLValue("ac"), SQLValue("abc"), .text([0xff, 0]), .blob([]), .blob([0x31]), .blob(Array("ab".utf8)),
            .blob([0xff, 0]),
        ]
        for held in values {
            try connection.rows("SELECT \(held)") { (row) throws(SQLError) in
                for value in values { #expect(row.holds(value, at: 0) == (value == held), "\(held) and \(value)") }
            }
        }
    }

    @Test func `the rows changed are counted without those a foreign key takes along`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE p (id PRIMARY KEY)")
        try connection.run("CREATE TABLE c (p REFERENCES p(id) ON DELETE CASCADE)")
        try connection.run("INSERT INTO p VALUES (1), (2)")
        #expect(try connection.run("INSERT INTO c VALUES (1), (1), (2)") == 3)
        #expect(try connection.run("DELETE FROM p WHERE id = 1") == 1)
        #expect(try connection.integer("SELECT count(*) FROM c") == 1)
        #expect(try connection.run("DELETE FROM p WHERE id = 9") == 0)
    }

    @Test func `a statement runs inside its own rows`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE t (id INTEGER PRIMARY KEY, parent)")
        try connection.run("INSERT INTO t VALUES (1, 0), (2, 1), (3, 1), (4, 3), (5, 0)")
        var visited: [Int64] = []
        func visit(_ parent: Int64) throws(SQLError) {
            try connection.rows("SELECT id FROM t WHERE parent = \(parent) ORDER BY id") { (row) throws(SQLError) in
                let id = row.integer(at: 0) ?? 0
                visited.append(id)
                try visit(id)
            }
        }
        try visit(0)
        #expect(visited == [1, 2, 3, 4, 5])
        try visit(3)
        #expect(visited == [1, 2, 3, 4, 5, 4])
    }

    @Test func `a reader may leave in the middle of the rows`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE t AS VALUES (1), (2), (3)")
        var seen = 0
        let error = #expect(throws: SQLError.self) {
            try connection.rows("SELECT * FROM t") { (_) throws(SQLError) in
                seen += 1
                throw SQLError(.misuse, message: "enough")
            }
        }
        #expect(error?.message == "enough" && seen == 1)
        // A statement left open would keep the table locked.
        #expect(throws: Never.self) { try connection.run("DROP TABLE t") }
    }

    @Test func `an error says what is wrong and quotes no value`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE t (a UNIQUE NOT NULL CHECK (a <> 'secret'))")
        try connection.run("CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'secret trigger'); END")
        try connection.run("INSERT INTO t VALUES ('other')")
        for statement in [
            "INSERT INTO t VALUES (\("secret"))", "INSERT INTO t VALUES (\("other"))", "INSERT INTO t VALUES (NULL)",
            "DELETE FROM t",
        ] as [SQLQuery] {
            let error = #expect(throws: SQLError.self) { try connection.run(statement) }
            #expect(error?.kind == .constraint)
            #expect(error.map { $0.code & 0xff } == 19)
            #expect(error?.message.contains("secret") == false && error?.message.isEmpty == false)
        }
        let error = #expect(throws: SQLError.self) { try connection.run("SELECT nothing FROM t") }
        #expect(error?.kind == .misuse)
        #expect(error?.message.contains("nothing") == true)
    }
}
