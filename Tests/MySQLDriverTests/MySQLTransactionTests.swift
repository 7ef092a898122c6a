import Foundation
import MySQLDriver
import SQL
import Synchronization
import TestSupport
import Testing
import Timing

/// Transactions see what they should and keep others from what they must not do.
@Suite struct MySQLTransactionTests {
    private func database() throws -> MariaDBDatabase {
        let database = try MariaDBServer.shared().database()
        try database.run(
            "CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB", "INSERT INTO t VALUES (1, 10), (2, 20)"
        )
        return database
    }

    @Test func `a transaction that reads sees one version of everything`() throws {
        let database = try database()
        let (reader, writer) = (try database.connect(), try database.connect())
        try reader.beginReading()
        // Before its first look: it began when it began.
        try writer.run("UPDATE t SET n = 11 WHERE id = 1")
        #expect(try reader.integer("SELECT n FROM t WHERE id = 1") == 10)
        try writer.run("DELETE FROM t WHERE id = 2")
        #expect(try reader.integer("SELECT count(*) FROM t") == 2)
        reader.rollback()
        #expect(try reader.integer("SELECT n FROM t WHERE id = 1") == 11)
        #expect(try reader.integer("SELECT count(*) FROM t") == 1)
    }

    @Test func `a transaction that reads writes nothing`() throws {
        let connection = try database().connect()
        let error = #expect(throws: SQLError.self) {
            try connection.reading { () throws(SQLError) in try connection.run("UPDATE t SET n = 0") }
        }
        #expect(error?.kind == .readOnly)
        // And may not lock, so who asks for it is given the rows without.
        let seen = try connection.reading { () throws(SQLError) in
            try connection.integer("SELECT n FROM t WHERE id = 1\(.locked)")
        }
        #expect(seen == 10)
    }

    @Test func `a transaction that writes sees what is committed by then`() throws {
        let database = try database()
        let (first, second) = (try database.connect(), try database.connect())
        try first.beginWriting()
        #expect(try first.integer("SELECT n FROM t WHERE id = 1") == 10)
        try second.run("UPDATE t SET n = 11 WHERE id = 1")
        #expect(try first.integer("SELECT n FROM t WHERE id = 1") == 11)
        try first.commit()
    }

    @Test func `a row that was looked at locked stays as it is until the end`() throws {
        let database = try database()
        let (first, second) = (try database.connect(), try database.connect())
        try first.beginWriting()
        #expect(try first.integer("SELECT n FROM t WHERE id = 1\(.locked)") == 10)
        second.patience = .lasting(.milliseconds(1500))
        try second.beginWriting()
        let error = #expect(throws: SQLError.self) { try second.run("UPDATE t SET n = 99 WHERE id = 1") }
        #expect(error?.kind == .busy || error?.kind == .contended)
        second.rollback()
        // The other row is free.
        second.patience = .lasting(.seconds(5))
        #expect(try second.run("UPDATE t SET n = 21 WHERE id = 2") == 1)
        try first.run("UPDATE t SET n = 12 WHERE id = 1")
        try first.commit()
        #expect(try second.integer("SELECT n FROM t WHERE id = 1") == 12)
    }

    @Test func `of two transactions in each other's way one is told to try again`() throws {
        let database = try database()
        let (first, second) = (try database.connect(), try database.connect())
        try first.beginWriting()
        try second.beginWriting()
        try first.run("UPDATE t SET n = 1 WHERE id = 1")
        try second.run("UPDATE t SET n = 2 WHERE id = 2")
        let outcomes = Mutex<[SQLError.Kind?]>([])
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var kind: SQLError.Kind?
            do throws(SQLError) { try first.run("UPDATE t SET n = 1 WHERE id = 2") } catch { kind = error.kind }
            outcomes.withLock { $0.append(kind) }
            if kind == nil { try? first.commit() } else { first.rollback() }
            done.signal()
        }
        var kind: SQLError.Kind?
        do throws(SQLError) { try second.run("UPDATE t SET n = 2 WHERE id = 1") } catch { kind = error.kind }
        outcomes.withLock { $0.append(kind) }
        if kind == nil { try second.commit() } else { second.rollback() }
        done.wait()
        let found = outcomes.withLock { $0 }
        #expect(found.contains(.contended) && found.contains(nil))
        for connection in [first, second] { #expect(!connection.isBroken) }
        #expect(try first.column("SELECT n FROM t") == second.column("SELECT n FROM t"))
    }

    @Test func `what is not committed has not happened`() throws {
        let database = try database()
        let connection = try database.connect()
        _ = try? connection.writing { () throws(SQLError) in
            try connection.run("UPDATE t SET n = 0")
            throw SQLError(.misuse, message: "stop")
        }
        #expect(try connection.column("SELECT n FROM t ORDER BY id") == [.integer(10), .integer(20)])
        try connection.writing { () throws(SQLError) in try connection.run("UPDATE t SET n = 0 WHERE id = 2") }
        #expect(try database.connect().column("SELECT n FROM t ORDER BY id") == [.integer(10), .integer(0)])
        // Nothing is open: nothing is sent, and nothing fails.
        connection.rollback()
        connection.rollback()
    }

    @Test func `a row that is saved unchanged counts as found`() throws {
        let connection = try database().connect()
        #expect(try connection.run("UPDATE t SET n = 10 WHERE id = 1") == 1)
        #expect(try connection.run("UPDATE t SET n = 10 WHERE id = 3") == 0)
        #expect(try connection.run("DELETE FROM t") == 2)
    }

    @Test func `a transaction costs one round trip to begin and none to give up`() throws {
        let database = try database()
        let proxy = try TCPProxy(to: database.server.port)
        let connection = try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(20)))
        let query: SQLQuery = "SELECT n FROM t WHERE id = \(1 as Int64)"
        #expect(try connection.integer(query) == 10)
        proxy.delay(.milliseconds(150))
        func trips(_ body: () throws -> Void) throws -> Int {
            let start = ContinuousClock.now
            try body()
            let took = ContinuousClock.now - start
            // The answer to a transaction's end, which nobody waits for, is on its way meanwhile.
            usleep(400_000)
            return Int(took / .milliseconds(300))
        }
        #expect(try trips { _ = try connection.integer(query) } == 1)
        #expect(
            try trips { try connection.reading { () throws(SQLError) in _ = try connection.integer(query) } } == 2)
        #expect(
            try trips {
                try connection.writing { () throws(SQLError) in _ = try connection.integer(query) }
            } == 3)
        #expect(try trips { connection.rollback() } == 0)
        // Letting in takes three: the server's word, ours, and the session's settings.
        #expect(try trips { _ = try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(20))) } <= 4)
    }

    @Test func `the time of a change is what it is told to be`() throws {
        let connection = try database().connect()
        try connection.run("ALTER TABLE t ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0")
        try connection.run(
            "CREATE TRIGGER u BEFORE UPDATE ON t FOR EACH ROW SET NEW.updated_at = UNIX_TIMESTAMP()")
        try connection.writing { () throws(SQLError) in
            try connection.run("SET SESSION timestamp = \(1_700_000_000 as Int64)")
            try connection.run("UPDATE t SET n = 5 WHERE id = 1")
            try connection.run("SET SESSION timestamp = DEFAULT")
            try connection.run("UPDATE t SET n = 5 WHERE id = 2")
        }
        let times = try connection.column("SELECT updated_at FROM t ORDER BY id").compactMap(\.integer)
        #expect(times.first == 1_700_000_000)
        #expect(abs((times.last ?? 0) - Timestamp.now.seconds) < 60)
    }
}
