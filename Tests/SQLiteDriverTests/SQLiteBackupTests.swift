import Foundation
import Glibc
import SQL
import SQLiteDriver
import TestSupport
import Testing
import Timing

/// Copies that are proven, of a database that somebody holds the write lock of.
@Suite struct SQLiteBackupTests {
    private func database(_ path: String, log: Bool) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.run(log ? "PRAGMA journal_mode=WAL" : "PRAGMA journal_mode=DELETE")
        try connection.run("CREATE TABLE t (a, b)")
        try connection.run("CREATE INDEX i ON t (a)")
        try connection.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO t SELECT i, randomblob(5000) FROM n
            """)
        return connection
    }

    private func rows(_ path: String) throws -> [SQLValue] {
        try SQLiteConnection(path: path, access: .readOnly).column("SELECT hex(b) FROM t ORDER BY a")
    }

    @Test(arguments: [true, false])
    func `what is committed is copied while another connection holds the write lock`(log: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let writer = try database(path, log: log)
        let before = try rows(path)
        try writer.beginWriting()
        let reader = try SQLiteConnection(path: path, access: .readOnly)
        var (steps, last) = (0, 0)
        #expect(try reader.backupSize() > 2_500_000)
        try reader.backUp(to: directory.file("copy.db")) { done, total in
            (steps, last) = (steps + 1, done)
            #expect(done <= total && total > 600)
        }
        #expect(steps > 0 && last > 600)
        // The lock was held all the while, and the writer goes on.
        try writer.run("UPDATE t SET b = x'00'")
        try writer.commit()
        #expect(try rows(directory.file("copy.db")) == before)
        #expect(try rows(path) != before)
        let copy = try SQLiteConnection(path: directory.file("copy.db"), access: .readWrite)
        #expect(try copy.column("PRAGMA integrity_check") == [SQLValue("ok")])
        #expect(try copy.column("PRAGMA journal_mode") == [SQLValue("delete")], "one file, to be copied as it is")
        var status = stat()
        #expect(stat(directory.file("copy.db"), &status) == 0 && status.st_mode & 0o777 == 0o600)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.filter { $0.hasPrefix("copy") } == ["copy.db"])
    }

    @Test func `a damaged database has no copy, and the reason names no value`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        _ = try database(path, log: false)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for offset in 100 * 4096..<101 * 4096 { bytes[offset] = 0xee }
        try bytes.write(to: URL(fileURLWithPath: path))
        let reader = try SQLiteConnection(path: path, access: .readOnly)
        let error = #expect(throws: SQLError.self) { try reader.backUp(to: directory.file("copy.db")) }
        #expect(error?.kind == .corrupt)
        #expect(error?.message.contains("damaged") == true, "\(error?.message ?? "")")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.db"])
    }

    @Test func `nothing is written over, and a copy that is given up leaves nothing`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let connection = try database(path, log: true)
        try Data("other".utf8).write(to: URL(fileURLWithPath: directory.file("copy.db.partial")))
        #expect(throws: SQLError.self) { try connection.backUp(to: directory.file("copy.db")) }
        #expect(try String(contentsOfFile: directory.file("copy.db.partial"), encoding: .utf8) == "other")
        let impatient = try SQLiteConnection(path: path, access: .readOnly)
        impatient.patience = .lasting(.zero)
        let error = #expect(throws: SQLError.self) { try impatient.backUp(to: directory.file("second.db")) }
        #expect(error?.kind == .expired)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.filter { $0.hasPrefix("second") } == [])
    }
}
