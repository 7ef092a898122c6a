import Foundation
import Glibc
import SQL
import SQLiteDriver
import TestSupport
import Testing
import Timing

/// A connection knows whether the path still leads to its file.
@Suite struct SQLiteReplacementTests {
    private func database(_ path: String, rows: Int, log: Bool = true) throws {
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.run(log ? "PRAGMA journal_mode=WAL" : "PRAGMA journal_mode=DELETE")
        try connection.run("CREATE TABLE t (a)")
        for row in 0..<rows { try connection.run("INSERT INTO t VALUES (\(Int64(row)))") }
    }

    private func kind(_ body: () throws -> Void) -> SQLError.Kind? {
        do { try body() } catch { return (error as? SQLError)?.kind }
        return nil
    }

    @Test func `no two files are open under one name`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        try database(path, rows: 3)
        try database(directory.file("b.db"), rows: 5)
        var connection: SQLiteConnection? = try SQLiteConnection(path: path, access: .readWrite)
        #expect(rename(directory.file("b.db"), path) == 0)
        #expect(kind { _ = try connection?.changeCounter() } == .replaced)
        #expect(kind { try connection?.beginWriting() } == .replaced)
        #expect(kind { _ = try SQLiteConnection(path: path, access: .readWrite) } == .replaced)
        connection = nil
        #expect(try SQLiteConnection(path: path, access: .readWrite).integer("SELECT count(*) FROM t") == 5)
    }

    @Test func `a file that is written over is noticed by its header`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        try database(path, rows: 3)
        try database(directory.file("b.db"), rows: 5)
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        _ = try connection.changeCounter()
        #expect(try Run.shell("cp b.db a.db", in: directory.path).status == 0)
        #expect(kind { _ = try connection.changeCounter() } == .replaced)
    }

    @Test func `checkpoints, restarts of the log, upgrades and touch are no replacement`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        try database(path, rows: 3)
        let watch = try SQLiteConnection(path: path, access: .readWrite)
        let other = try SQLiteConnection(path: path, access: .readWrite)
        var generator = SeededGenerator(seed: 31)
        var last = try watch.changeCounter()
        for round in 0..<400 {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: _ = try other.integer("PRAGMA wal_checkpoint(PASSIVE)")
            case 1: _ = try other.integer("PRAGMA wal_checkpoint(TRUNCATE)")
            case 2: try other.run(SQLQuery(stringLiteral: "CREATE TABLE t\(round) (a)"))
            case 3: #expect(try Run.shell("touch a.db", in: directory.path).status == 0)
            case 4: try other.run("VACUUM")
            default: try other.run("INSERT INTO t VALUES (randomblob(20000))")
            }
            if Bool.random(using: &generator) { last = max(last, try watch.changeCounter()) }
        }
        #expect(try watch.changeCounter() >= last)
    }

    @Test func `checkpoints of a busy writer are no replacement`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        try database(path, rows: 3)
        let watch = try SQLiteConnection(path: path, access: .readWrite)
        let writer = Thread {
            guard let other = try? SQLiteConnection(path: path, access: .readWrite) else { return }
            _ = try? other.run("PRAGMA wal_autocheckpoint=20")
            for _ in 0..<1500 { _ = try? other.run("INSERT INTO t VALUES (randomblob(9000))") }
        }
        writer.start()
        var count = 0
        while !writer.isFinished {
            _ = try watch.changeCounter()
            count += 1
        }
        #expect(count > 100)
    }

    @Test func `without a log SQLite notices by itself`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        try database(path, rows: 3, log: false)
        try database(directory.file("b.db"), rows: 5, log: false)
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        let before = try connection.changeCounter()
        #expect(try connection.integer("SELECT count(*) FROM t") == 3)
        #expect(try Run.shell("cp b.db a.db", in: directory.path).status == 0)
        #expect(try connection.changeCounter() != before)
        #expect(try connection.integer("SELECT count(*) FROM t") == 5)
    }
}
