import Foundation
import SQL
import SQLiteDriver
import TestSupport
import Testing
import Timing

@Suite struct SQLiteFileTests {
    @Test(arguments: [SQLiteConnection.Access.create, .readWrite, .readOnly])
    func `the rules of a connection are set`(access: SQLiteConnection.Access) throws {
        let directory = try TemporaryDirectory()
        _ = try SQLiteConnection(path: directory.file("a.db"), access: .create).run("CREATE TABLE t (a)")
        let connection = try SQLiteConnection(path: directory.file("a.db"), access: access)
        #expect(try connection.integer("PRAGMA foreign_keys") == 1)
        #expect(try connection.integer("PRAGMA synchronous") == 3, "EXTRA")
        #expect(try connection.integer("PRAGMA wal_autocheckpoint") == 0)
        #expect(try connection.integer("PRAGMA query_only") == (access == .readOnly ? 1 : 0))
        #expect(connection.dialect.name == "SQLite")
        #expect(SQLiteConnection.libraryVersion.hasPrefix("3."))
    }

    @Test(arguments: [SQLiteConnection.Access.readWrite, .readOnly])
    func `a file that is missing is not made`(access: SQLiteConnection.Access) throws {
        let directory = try TemporaryDirectory()
        let error = #expect(throws: SQLError.self) {
            try SQLiteConnection(path: directory.file("none.db"), access: access)
        }
        #expect(error?.kind == .unavailable)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test(arguments: [SQLiteConnection.Access.create, .readWrite, .readOnly])
    func `a symbolic link is refused`(access: SQLiteConnection.Access) throws {
        let directory = try TemporaryDirectory()
        _ = try SQLiteConnection(path: directory.file("a.db"), access: .create).run("CREATE TABLE t (a)")
        for target in ["a.db", "none.db"] {
            let link = directory.file("to-" + target)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            let error = #expect(throws: SQLError.self) { try SQLiteConnection(path: link, access: access) }
            #expect(error?.kind == .unavailable)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.file("none.db")))
    }

    @Test func `a file of something else is no database`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.txt")
        try Data(repeating: 0x61, count: 5000).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: SQLError.self) {
            try SQLiteConnection(path: path, access: .readWrite).integer("SELECT count(*) FROM sqlite_schema")
        }
        #expect(error?.kind == .notADatabase)
    }

    @Test func `a damaged page is told as damage`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        try SQLiteConnection(path: path, access: .create).run("CREATE TABLE t AS SELECT hex(randomblob(9000)) AS a")
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xff, count: 4096))
        try file.close()
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        let error = #expect(throws: SQLError.self) { try connection.column("SELECT a FROM t") }
        #expect(error?.kind == .corrupt)
    }

    @Test func `a database without room is full`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        try connection.run("CREATE TABLE t (a)")
        try connection.run("PRAGMA max_page_count=3")
        let error = #expect(throws: SQLError.self) { try connection.run("INSERT INTO t VALUES (randomblob(100000))") }
        #expect(error?.kind == .full)
    }

    @Test func `a value beyond SQLite's limit is too large`() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .create)
        let error = #expect(throws: SQLError.self) { try connection.integer("SELECT length(zeroblob(2000000000))") }
        #expect(error?.kind == .tooLarge)
    }

    @Test func `a connection that only reads changes nothing`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let writer = try SQLiteConnection(path: path, access: .create)
        try writer.run("CREATE TABLE t (a)")
        let reader = try SQLiteConnection(path: path, access: .readOnly)
        for statement in ["INSERT INTO t VALUES (1)", "DROP TABLE t", "DELETE FROM t"] as [SQLQuery] {
            let error = #expect(throws: SQLError.self) { try reader.run(statement) }
            #expect(error?.kind == .readOnly)
        }
        #expect(try reader.integer("SELECT count(*) FROM t") == 0)
    }
}
