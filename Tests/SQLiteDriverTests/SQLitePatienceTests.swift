import SQL
import SQLiteDriver
import TestSupport
import Testing
import Timing

@Suite struct SQLitePatienceTests {
    private static let endless: SQLQuery =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"

    @Test func `who finds the database locked waits as long as they have patience`() throws {
        let directory = try TemporaryDirectory()
        let other = try SQLiteConnection(path: directory.file("a.db"), access: .create)
        try other.run("PRAGMA journal_mode=WAL")
        try other.beginWriting()
        let connection = try SQLiteConnection(path: directory.file("a.db"), access: .readWrite)
        connection.patience = .lasting(.milliseconds(300))
        var error: SQLError?
        let waited = ContinuousClock().measure {
            error = #expect(throws: SQLError.self) { try connection.beginWriting() }
        }
        #expect(error?.kind == .busy)
        #expect(waited >= .milliseconds(300) && waited < .seconds(3))

        other.rollback()
        connection.patience = .lasting(.seconds(5))
        #expect(throws: Never.self) { try connection.beginWriting() }
    }

    @Test func `who writes keeps writers out from the beginning and readers in`() throws {
        let directory = try TemporaryDirectory()
        let first = try SQLiteConnection(path: directory.file("a.db"), access: .create)
        try first.run("PRAGMA journal_mode=WAL")
        try first.run("CREATE TABLE t (a)")
        let second = try SQLiteConnection(path: directory.file("a.db"), access: .readWrite)
        second.patience = .lasting(.milliseconds(20))
        // Nothing has been written yet: it is BEGIN IMMEDIATE that takes the lock.
        try first.beginWriting()
        #expect(throws: SQLError.self) { try second.run("INSERT INTO t VALUES (2)") }
        second.patience = .lasting(.seconds(5))
        #expect(try second.reading { () throws(SQLError) in try second.integer("SELECT count(*) FROM t") } == 0)
        try first.run("INSERT INTO t VALUES (1)")
        try first.commit()
        #expect(try second.integer("SELECT count(*) FROM t") == 1)
    }

    @Test func `a long statement ends with patience`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        let start = ContinuousClock.now
        for patience in [
            Patience.lasting(.milliseconds(100)),
            Patience(until: .now + .seconds(60)) { ContinuousClock.now > start + .milliseconds(300) },
        ] {
            connection.patience = patience
            let error = #expect(throws: SQLError.self) { try connection.integer(Self.endless) }
            #expect(error?.kind == .expired)
        }
        #expect(ContinuousClock.now - start < .seconds(5))
        connection.patience = .lasting(.seconds(5))
        #expect(try connection.integer("SELECT 1") == 1)
    }

    @Test func `a transaction whose patience is over is still undone`() throws {
        let directory = try TemporaryDirectory()
        let connection = try SQLiteConnection(path: directory.file("a.db"), access: .create)
        try connection.run("CREATE TABLE t (a)")
        #expect(throws: SQLError.self) {
            try connection.writing { () throws(SQLError) in
                try connection.run("INSERT INTO t VALUES (1)")
                connection.patience = .lasting(.zero)
                try connection.rows(Self.endless) { (_) throws(SQLError) in }
            }
        }
        #expect(connection.patience.verdict == .expired)
        let other = try SQLiteConnection(path: directory.file("a.db"), access: .readWrite)
        #expect(try other.writing { () throws(SQLError) in try other.integer("SELECT count(*) FROM t") } == 0)
    }

    @Test func `a transaction that reads sees one version`() throws {
        let directory = try TemporaryDirectory()
        let writer = try SQLiteConnection(path: directory.file("a.db"), access: .create)
        try writer.run("PRAGMA journal_mode=WAL")
        try writer.run("CREATE TABLE t (a)")
        let reader = try SQLiteConnection(path: directory.file("a.db"), access: .readOnly)
        try reader.reading { () throws(SQLError) in
            #expect(try reader.integer("SELECT count(*) FROM t") == 0)
            try writer.run("INSERT INTO t VALUES (1)")
            #expect(try reader.integer("SELECT count(*) FROM t") == 0)
        }
        #expect(try reader.integer("SELECT count(*) FROM t") == 1)
    }
}
