import Foundation
import SQL
import SQLiteDriver
import TestSupport
import Testing

@Suite struct SQLiteCellTests {
    private static let table = SQLIdentifier("t")
    private static let length = SQLFragment.octetLength(table: table, column: SQLIdentifier("data"))

    private func slice(_ offset: Int, _ count: Int) -> SQLFragment {
        .slice(table: Self.table, column: SQLIdentifier("data"), from: offset, count: count)
    }

    /// A table of one cell each.
    private func connection(_ cells: [SQLValue]) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE t (id TEXT PRIMARY KEY, data)")
        for (index, cell) in cells.enumerated() {
            try connection.run("INSERT INTO t VALUES (\("k\(index)"), \(cell))")
        }
        return connection
    }

    @Test func `the length is that of the bytes, 0 where there are none`() throws {
        let connection = try connection([
            SQLValue("abc"), .null, .text(Array("é😀".utf8)), .integer(12345), .blob([0, 1]), .text([]),
            .text([0x61, 0]),
            .real(0.5), .text([0xff]), .blob([]),
        ])
        #expect(
            try connection.column("SELECT \(Self.length) FROM t ORDER BY id").map(\.integer)
                == [3, 0, 6, 0, 2, 0, 2, 0, 1, 0])
    }

    @Test func `a summary is the length and the first two bytes`() throws {
        let texts: [SQLValue] = [
            SQLValue("{}"), .null, .integer(7), .text([]), .text([0xff]), .blob([0, 0x7d]), .blob([]),
            .text(Array(repeating: 0x7b, count: 70_000)), .text([0, 0]),
        ]
        let connection = try connection(texts)
        let summary = SQLFragment.summary(table: Self.table, column: SQLIdentifier("data"))
        let found = try connection.column("SELECT \(summary) FROM t ORDER BY id").map {
            SQLTextSummary(rawValue: $0.integer ?? -1)
        }
        #expect(found.map(\.octets) == texts.map { $0.bytes?.count ?? 0 })
        #expect(found.map(\.beginning) == texts.map { Array(($0.bytes ?? []).prefix(2)) })
    }

    @Test(arguments: [
        (0, 3, "abc"), (0, 10, "abcdef"), (2, 2, "cd"), (5, 1, "f"), (5, 9, "f"), (6, 1, ""), (7, 3, ""), (0, 0, ""),
        (.max, .max, ""), (0, .max, "abcdef"), (-3, 2, "ab"), (3, -1, ""), (1 << 40, 1, ""),
    ])
    func `a slice is what the text has there`(offset: Int, count: Int, expected: String) throws {
        let connection = try connection([SQLValue("abcdef"), .blob(Array("abcdef".utf8))])
        let blob = SQLValue.blob(Array(expected.utf8))
        #expect(try connection.column("SELECT \(slice(offset, count)) FROM t ORDER BY id") == [blob, blob])
    }

    @Test func `a slice of what holds no bytes is NULL`() throws {
        let connection = try connection([.null, .integer(1), .text([])])
        #expect(try connection.column("SELECT \(slice(0, 5)) FROM t ORDER BY id") == [.null, .null, .blob([])])
    }

    @Test func `slices of five megabytes are those of the text`() throws {
        var random = SeededGenerator(seed: 1)
        let text = random.bytes(5_000_000...5_000_000, of: Array(0x20...0x7e))
        let connection = try connection([.text(text), SQLValue("short"), .blob(text)])
        #expect(
            try connection.column("SELECT \(Self.length) FROM t ORDER BY id").map(\.integer)
                == [5_000_000, 5, 5_000_000])
        for offset in [0, 1, 4095, 4096, 1_234_567, 4_999_999, 5_000_000] {
            for count in [1, 4096, 100_000] {
                let expected = Array(text.dropFirst(offset).prefix(count))
                for key in ["k0", "k2"] {
                    let found = try connection.column("SELECT \(slice(offset, count)) FROM t WHERE id = \(key)")
                    #expect(found.first?.bytes == expected)
                }
            }
        }
    }

    @Test func `a change is seen by the next transaction`() throws {
        let connection = try connection([SQLValue("a")])
        func length() throws -> Int64? {
            try connection.reading { () throws(SQLError) in try connection.integer("SELECT \(Self.length) FROM t") }
        }
        #expect(try length() == 1)
        try connection.run("UPDATE t SET data = 'abc'")
        #expect(try length() == 3)
        try connection.run("UPDATE t SET data = NULL")
        #expect(try length() == 0)
        try connection.run("UPDATE t SET data = x'00'")
        #expect(try length() == 1)
    }

    @Test func `W9 no handle keeps a transaction open when its reading is over`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let writer = try SQLiteConnection(path: path, access: .create)
        try writer.run("PRAGMA journal_mode=WAL")
        try writer.run("CREATE TABLE t (id TEXT PRIMARY KEY, data)")
        try writer.run("INSERT INTO t VALUES ('k', 'abc'), ('l', NULL)")
        let reader = try SQLiteConnection(path: path, access: .readOnly)
        try reader.reading { () throws(SQLError) in
            #expect(try reader.column("SELECT \(Self.length) FROM t ORDER BY id") == [.integer(3), .integer(0)])
            #expect(try reader.column("SELECT \(slice(1, 1)) FROM t WHERE id = 'k'") == [.blob([0x62])])
            try writer.run("INSERT INTO t VALUES ('m', 'x')")
            writer.patience = .lasting(.milliseconds(50))
            // What is being read keeps the log as it is: the proof that the next look proves something.
            #expect(try writer.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 1)
        }
        writer.patience = .lasting(.seconds(5))
        #expect(try writer.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0)
        let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        #expect(size == 0)
    }
}
