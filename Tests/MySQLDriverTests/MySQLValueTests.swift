import Foundation
import MySQLDriver
import SQL
import TestSupport
import Testing
import Timing

/// What goes into a MySQL database comes out of it.
@Suite struct MySQLValueTests {
    @Test func `values of every kind come back as they went`() throws {
        let connection = try MariaDBServer.shared().database().connect()
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, r DOUBLE, s LONGTEXT, b LONGBLOB)")
        let rows: [[SQLValue]] = [
            [.integer(.min), .real(0.1), .text(Array("a'b\"c\\d\0é🙂`%_\n".utf8)), .blob([0, 255, 39, 92])],
            [.integer(.max), .real(-1.7976931348623157e308), .text([]), .blob([])],
            [.integer(0), .real(.leastNonzeroMagnitude), .null, .null],
            [.null, .null, .text(Array("NULL".utf8)), .blob(Array(0...255))],
        ]
        for (index, row) in rows.enumerated() {
            let inserted = try connection.run(
                "INSERT INTO t VALUES (\(Int64(index)), \(row[0]), \(row[1]), \(row[2]), \(row[3]))")
            #expect(inserted == 1)
        }
        #expect(try connection.rows("SELECT n, r, s, b FROM t ORDER BY id", columns: 4) == rows)
    }

    @Test func `every type of a column has its kind of value`() throws {
        let connection = try MariaDBServer.shared().database().connect()
        try connection.run(
            """
            CREATE TABLE t (a TINYINT(1), b TINYINT UNSIGNED, c SMALLINT, d MEDIUMINT, e INT UNSIGNED, f BIGINT UNSIGNED, \
            g BIGINT UNSIGNED, h FLOAT, i DECIMAL(10,3), j DECIMAL(30,0), k YEAR, l DATETIME(6), m TIMESTAMP NULL, \
            n CHAR(5), o VARCHAR(9) CHARACTER SET latin1, p VARBINARY(5), q BIT(10), r ENUM('x','y'), s DATE, u TIME, v JSON)
            """)
        try connection.run(
            """
            INSERT INTO t VALUES (1, 255, -32768, -8388608, 4294967295, 9223372036854775807, 18446744073709551615, 0.1, \
            -1234.5, 123456789012345678901234567890, 2026, '2026-11-21 01:02:03.000004', '2026-11-21 01:02:03', 'ab', \
            'é', x'00ff', b'1000000001', 'y', '2026-01-02', '-12:00:01', '{"a": 1}')
            """)
        let found = try connection.rows("SELECT * FROM t", columns: 21).first
        let expected: [SQLValue] = [
            .integer(1), .integer(255), .integer(-32768), .integer(-8_388_608), .integer(4_294_967_295),
            .integer(.max), SQLValue("18446744073709551615"), .real(Double(Float(0.1))), SQLValue("-1234.500"),
            SQLValue("123456789012345678901234567890"), .integer(2026), SQLValue("2026-11-21 01:02:03.000004"),
            SQLValue("2026-11-21 01:02:03"), SQLValue("ab"), SQLValue("é"), .blob([0, 255]), .blob([2, 1]),
            SQLValue("y"), SQLValue("2026-01-02"), SQLValue("-12:00:01"), SQLValue("{\"a\": 1}"),
        ]
        for (index, (value, wanted)) in zip(try #require(found), expected).enumerated() {
            #expect(value == wanted, "column \(index)")
        }
        let sums = try connection.rows(
            "SELECT sum(a), count(*), sum(i), avg(a), max(e), 1, 1.5, NULL FROM t", columns: 8)
        #expect(
            sums == [
                [
                    .integer(1), .integer(1), SQLValue("-1234.500"), SQLValue("1.0000"), .integer(4_294_967_295),
                    .integer(1), SQLValue("1.5"), .null,
                ]
            ])
    }

    @Test func `a column is a number or bytes as somebody wants it`() throws {
        let connection = try MariaDBServer.shared().database().connect()
        var seen: [String] = []
        try connection.rows("SELECT '12ab', '-9223372036854775809', 'x', 7, 2.9e0, NULL, 1.25") {
            (row) throws(SQLError) in
            for column in 0..<8 {
                let bytes = row.bytes(at: column).map { String(decoding: $0, as: UTF8.self) }
                seen.append("\(row.integer(at: column).map(String.init) ?? "-") \(bytes ?? "-")")
            }
        }
        #expect(
            seen == ["12 12ab", "\(Int64.min) -9223372036854775809", "0 x", "7 7", "2 2.9", "- -", "1 1.25", "- -"])
    }

    @Test func `a thousand random texts are the same bytes on the server and here`() throws {
        let database = try MariaDBServer.shared().database()
        let connection = try database.connect(.seconds(60))
        try connection.run("CREATE TABLE t (id BIGINT PRIMARY KEY, s LONGTEXT NOT NULL, b LONGBLOB NOT NULL)")
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("ab 01'\"\\`%_\0\n\r\t\u{1A};?éß漢字\u{301}🙂👩‍👩‍👧\u{FEFF}\u{10FFFF}".unicodeScalars)
        var texts: [[UInt8]] = []
        for _ in 0..<1000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...400, using: &generator) {
                if let scalar = alphabet.randomElement(using: &generator) { text.append(scalar) }
            }
            texts.append(Array(String(text).utf8))
        }
        try connection.writing { () throws(SQLError) in
            for (index, text) in texts.enumerated() {
                try connection.run("INSERT INTO t VALUES (\(Int64(index)), \(.text(text)), \(.blob(text)))")
            }
        }
        let found = try connection.rows("SELECT s, b FROM t ORDER BY id", columns: 2)
        #expect(found == texts.map { [.text($0), .blob($0)] })
        for (index, text) in texts.enumerated() where index % 10 == 0 {
            let query: SQLQuery = """
                SELECT count(*) FROM t WHERE id = \(Int64(index)) AND sha2(CAST(s AS BINARY), 256) = \
                sha2(\(.blob(text)), 256) AND octet_length(s) = \(Int64(text.count))
                """
            #expect(try connection.integer(query) == 1)
        }
    }

    @Test func `a text of many megabytes goes both ways`() throws {
        let connection = try MariaDBServer.shared().database().connect(.seconds(60))
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY, s LONGTEXT NOT NULL, u LONGTEXT NOT NULL)")
        // Neither a multiple of a piece nor without characters across its ends; both together are more than a packet.
        let text = Array(String(repeating: "0123456789é🙂", count: 700_001).utf8)
        let other = Array(text.reversed().map { $0 & 0x7f })
        #expect(text.count > 10 << 20)
        try connection.run("INSERT INTO t VALUES (1, \(.text(text)), \(.text(other)))")
        #expect(try connection.rows("SELECT s, u FROM t", columns: 2) == [[.text(text), .text(other)]])
        #expect(try connection.run("UPDATE t SET s = \("short"), u = \(.text(text)) WHERE id = 1") == 1)
        #expect(try connection.rows("SELECT u, s FROM t", columns: 2) == [[.text(text), SQLValue("short")]])
    }

    @Test func `another statement may run within the rows of one`() throws {
        let connection = try MariaDBServer.shared().database().connect()
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY, s LONGTEXT)")
        for id in Int64(1)...5 { try connection.run("INSERT INTO t VALUES (\(id), \("text \(id)"))") }
        var seen: [String] = []
        let query: SQLQuery = "SELECT id, s FROM t WHERE id > \(1 as Int64) ORDER BY id"
        try connection.rows(query) { (row) throws(SQLError) in
            let id = row.integer(at: 0) ?? 0
            // The same text, and another.
            try connection.rows(query) { (_) throws(SQLError) in }
            let other = try connection.column("SELECT s FROM t WHERE id = \(id)").first?.bytes ?? []
            #expect(row.bytes(at: 1) == other)
            seen.append(String(decoding: other, as: UTF8.self))
        }
        #expect(seen == ["text 2", "text 3", "text 4", "text 5"])
    }

    @Test func `a table may change under a statement that was prepared`() throws {
        let database = try MariaDBServer.shared().database()
        let (connection, other) = (try database.connect(), try database.connect())
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY, s TEXT)")
        try connection.run("INSERT INTO t VALUES (1, 'a')")
        let query: SQLQuery = "SELECT * FROM t WHERE id = \(1 as Int64)"
        #expect(try connection.rows(query, columns: 2) == [[.integer(1), SQLValue("a")]])
        try other.run("ALTER TABLE t ADD COLUMN n BIGINT NOT NULL DEFAULT 7 FIRST")
        #expect(try connection.rows(query, columns: 3) == [[.integer(7), .integer(1), SQLValue("a")]])
        try other.run("ALTER TABLE t DROP COLUMN s")
        #expect(try connection.rows(query, columns: 3) == [[.integer(7), .integer(1), .null]])
        try other.run("DROP TABLE t")
        #expect(throws: SQLError.self) { try connection.rows(query, columns: 3) }
        #expect(!connection.isBroken)
    }

    @Test func `more different statements than are kept run all the same`() throws {
        let connection = try MariaDBServer.shared().database().connect()
        for round in 0..<2 {
            for number in 0..<150 {
                let query = SQLQuery(stringLiteral: "SELECT \(number)")
                #expect(try connection.integer(query) == Int64(number), "round \(round)")
            }
        }
    }
}

extension SQLConnection {
    /// All rows, so many columns of each.
    func rows(_ query: SQLQuery, columns: Int) throws(SQLError) -> [[SQLValue]] {
        var result: [[SQLValue]] = []
        try rows(query) { (row) throws(SQLError) in result.append((0..<columns).map { row.value(at: $0) }) }
        return result
    }
}
