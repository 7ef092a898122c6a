import MySQLDriver
import SQL
import TestSupport
import Testing
import Timing

/// What every provider can do, in the words of MySQL.
@Suite struct MySQLDialectTests {
    private static let id = SQLIdentifier("id")
    private static let table = SQLIdentifier("t")
    private static let ids = ["msg_Ab", "MSG_AB", "msg_Äb", "msg_Ab ", "msg_Ab\u{301}", "", " ", "msg_\u{0}Ab"]

    /// A table whose key takes every one of ``ids``, compared as OpenCode's tables compare.
    private func connection() throws -> MySQLConnection {
        let connection = try MariaDBServer.shared().database().connect()
        try connection.run(
            """
            CREATE TABLE t (number INT PRIMARY KEY AUTO_INCREMENT, id VARCHAR(255) COLLATE utf8mb4_unicode_ci, \
            s LONGTEXT, b LONGBLOB, INDEX by_id (id))
            """)
        for id in Self.ids { try connection.run("INSERT INTO t (id, s, b) VALUES (\(id), \(id), \(.blob([1])))") }
        try connection.run("INSERT INTO t (id, s, b) VALUES (NULL, NULL, NULL)")
        return connection
    }

    @Test func `an id is found by its bytes and nothing else`() throws {
        let connection = try connection()
        for id in Self.ids {
            let found = try connection.column("SELECT id FROM t WHERE \(.equal(Self.id, SQLValue(id)))")
            #expect(found == [SQLValue(id)])
            let blob: SQLValue = .blob(Array(id.utf8))
            #expect(try connection.column("SELECT id FROM t WHERE \(.equal(Self.id, blob))") == [SQLValue(id)])
        }
        for id in ["msg_ab", "msg_Ab  ", "msg_Ab\u{0}", "msg_A", "msg_Ab\t", "ｍsg_Ab"] {
            #expect(try connection.column("SELECT id FROM t WHERE \(.equal(Self.id, SQLValue(id)))") == [])
        }
        // No id of a database in UTF-8, and no error.
        let broken: SQLValue = .text([0x6d, 0xff, 0xc3])
        #expect(try connection.column("SELECT id FROM t WHERE \(.equal(Self.id, broken))") == [])
    }

    @Test func `NULL is equal to nothing and identical to NULL`() throws {
        let connection = try connection()
        #expect(try connection.column("SELECT id FROM t WHERE \(.equal(Self.id, .null))") == [])
        #expect(try connection.column("SELECT id FROM t WHERE \(.identical(Self.id, .null))") == [.null])
        let identical = try connection.column("SELECT id FROM t WHERE \(.identical(Self.id, SQLValue("MSG_AB")))")
        #expect(identical == [SQLValue("MSG_AB")])
        #expect(
            try connection.column("SELECT number FROM t WHERE \(.equal(SQLIdentifier("number"), .integer(2)))") == [
                .integer(2)
            ])
    }

    @Test func `an id is found by an index`() throws {
        let connection = try connection()
        try connection.run("INSERT INTO t (id, s) SELECT concat('filler', seq), '' FROM seq_1_to_500")
        try connection.run("ANALYZE TABLE t")
        for query: SQLQuery in [
            "EXPLAIN SELECT s FROM t WHERE \(.equal(Self.id, SQLValue("filler77")))",
            "EXPLAIN SELECT s FROM t WHERE \(.identical(Self.id, .blob(Array("filler77".utf8))))",
            "EXPLAIN UPDATE t SET s = 'x' WHERE \(.equal(Self.id, SQLValue("filler77")))",
        ] {
            // id, select_type, table, type, possible_keys, key, key_len, ref, rows
            let plan = try #require(try connection.rows(query, columns: 9).first)
            #expect(plan[5] == SQLValue("by_id"))
            #expect(["1", "2"].contains(plan[8].bytes.map { String(decoding: $0, as: UTF8.self) }))
        }
    }

    @Test func `a text too long for an index is compared whole`() throws {
        let connection = try connection()
        let text = Array(repeating: UInt8(ascii: "a"), count: 5000)
        try connection.run("UPDATE t SET s = \(.text(text)) WHERE number = 1")
        try connection.run("UPDATE t SET s = \(.text(text + [UInt8(ascii: " ")])) WHERE number = 2")
        let column = SQLIdentifier("s")
        #expect(try connection.column("SELECT number FROM t WHERE \(.equal(column, .text(text)))") == [.integer(1)])
        let other = Array(text.dropLast()) + [UInt8(ascii: "A")]
        #expect(try connection.column("SELECT number FROM t WHERE \(.identical(column, .text(other)))") == [])
    }

    @Test func `texts are ordered by their bytes`() throws {
        let connection = try connection()
        let found = try connection.column("SELECT id FROM t WHERE id IS NOT NULL ORDER BY \(.bytewise(Self.id))")
        let expected = Self.ids.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(found == expected.map { .text($0) })
    }

    @Test func `a text and a blob are told apart by their columns`() throws {
        let connection = try connection()
        let query: SQLQuery = """
            SELECT \(.isBlob(SQLIdentifier("s"))), \(.isBlob(SQLIdentifier("b"))), \(.isBlob(Self.id)) FROM t \
            WHERE number = 1
            """
        #expect(try connection.rows(query, columns: 3) == [[.integer(0), .integer(1), .integer(0)]])
    }

    @Test func `lengths and slices are those of bytes`() throws {
        let connection = try connection()
        let text = Array("aé🙂漢\0b".utf8)
        let column = SQLIdentifier("s")
        try connection.run("UPDATE t SET s = \(.text(text)) WHERE number = 1")
        let length: SQLQuery = "SELECT \(.octetLength(table: Self.table, column: column)) FROM t ORDER BY number"
        let lengths = try connection.column(length)
        #expect(lengths.first == .integer(Int64(text.count)))
        #expect(lengths.last == .integer(0))
        for start in 0...text.count {
            for count in 0...text.count {
                let slice: SQLQuery = """
                    SELECT \(.slice(table: Self.table, column: column, from: start, count: count)) FROM t WHERE number = 1
                    """
                #expect(try connection.column(slice) == [.blob(Array(text[start...].prefix(count)))])
            }
        }
    }

    @Test func `a summary is the length and the first two bytes`() throws {
        let connection = try connection()
        for text in ["", "{", "{}", "{\"a\":1}", "é", "🙂 "] {
            try connection.run("UPDATE t SET s = \(SQLValue(text)) WHERE number = 1")
            let summary: SQLQuery = """
                SELECT \(.summary(table: Self.table, column: SQLIdentifier("s"))) FROM t WHERE number = 1
                """
            let found = SQLTextSummary(rawValue: try connection.integer(summary) ?? -1)
            #expect(found.octets == text.utf8.count)
            #expect(found.beginning == Array(text.utf8.prefix(2)))
        }
    }
}
