import Foundation
import MySQLDriver
import SQL
import Synchronization
import TestSupport
import Testing
import Timing

/// Nobody waits for a server longer than they want to.
@Suite struct MySQLPatienceTests {
    /// What is allowed beyond a deadline: on a busy machine a thread comes late.
    private static let grace = Duration.milliseconds(500)

    private func failure(
        within limit: Duration, of connection: MySQLConnection? = nil, _ body: () throws -> Void
    ) -> SQLError? {
        let start = ContinuousClock.now
        do {
            try body()
            Issue.record("the server answered")
            return nil
        } catch let error as SQLError {
            let took = ContinuousClock.now - start
            #expect(took <= limit + Self.grace, "\(took)")
            return error
        } catch {
            Issue.record(error)
            return nil
        }
    }

    @Test func `a statement ends with patience when the server is silent`() throws {
        let database = try MariaDBServer.shared().database()
        let proxy = try TCPProxy(to: database.server.port)
        let connection = try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(20)))
        #expect(try connection.integer("SELECT 1") == 1)
        proxy.freeze()
        connection.patience = .lasting(.milliseconds(700))
        let error = failure(within: .milliseconds(700)) { _ = try connection.integer("SELECT 1") }
        #expect(error?.kind == .expired)
        #expect(error?.message == "the server 127.0.0.1:\(proxy.port) did not answer in time")
        #expect(connection.isBroken)
        connection.patience = .lasting(.seconds(5))
        #expect(failure(within: .zero) { try connection.run("SELECT 1") }?.kind == .disconnected)
        #expect(failure(within: .zero) { try connection.prove() }?.kind == .disconnected)
    }

    @Test func `a server that is stopped in the middle of anything holds nobody up`() throws {
        let server = try MariaDBServer()
        let database = try server.database()
        try database.run("CREATE TABLE t (id INT PRIMARY KEY)")
        let works: [(String, (MySQLConnection) throws -> Void)] = [
            ("a new statement", { try $0.run("SELECT 2") }), ("a statement", { try $0.run("SELECT 1") }),
            ("beginning", { try $0.beginReading() }), ("beginning to write", { try $0.beginWriting() }),
            ("proving", { try $0.prove() }), ("the schema", { _ = try $0.schema() }),
        ]
        let connections = try works.map { _ in
            let connection = try database.connect()
            try connection.run("SELECT 1")
            return connection
        }
        let writer = try database.connect()
        try writer.beginWriting()
        try writer.run("INSERT INTO t VALUES (1)")
        let reader = try database.connect()
        try reader.beginReading()
        server.pause()
        for (work, connection) in zip(works, connections) {
            connection.patience = .lasting(.milliseconds(300))
            let error = failure(within: .milliseconds(300)) { try work.1(connection) }
            #expect(error?.kind == .expired, "\(work.0)")
            #expect(connection.isBroken, "\(work.0)")
        }
        writer.patience = .lasting(.milliseconds(300))
        #expect(failure(within: .milliseconds(300)) { try writer.commit() }?.kind == .expired)
        // To end a transaction that reads takes no time.
        reader.patience = .lasting(.milliseconds(300))
        let start = ContinuousClock.now
        reader.rollback()
        writer.rollback()
        #expect(ContinuousClock.now - start < .milliseconds(150))
        let error = failure(within: .milliseconds(300)) { _ = try database.connect(.milliseconds(300)) }
        #expect(error?.kind == .expired)
        #expect(error?.message == "the server 127.0.0.1:\(server.port) did not let us in in time")
        server.resume()
        #expect(try database.connect().integer("SELECT 1") == 1)
    }

    @Test func `somebody who gives up is let go at once`() throws {
        let database = try MariaDBServer.shared().database()
        let connection = try database.connect()
        let start = ContinuousClock.now
        connection.patience = Patience(until: .now + .seconds(20)) { ContinuousClock.now - start > .milliseconds(200) }
        let error = failure(within: .milliseconds(250)) { try connection.run("SELECT sleep(10)") }
        #expect(error?.kind == .cancelled)
        #expect(connection.isBroken)
    }

    @Test func `without time left nothing is sent and nothing breaks`() throws {
        let database = try MariaDBServer.shared().database()
        let connection = try database.connect()
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY)")
        try connection.beginWriting()
        try connection.run("INSERT INTO t VALUES (1)")
        connection.patience = .lasting(.zero)
        #expect(failure(within: .zero) { try connection.commit() }?.kind == .expired)
        connection.rollback()
        #expect(!connection.isBroken)
        connection.patience = .lasting(.seconds(5))
        #expect(try connection.integer("SELECT count(*) FROM t") == 0)
    }

    @Test func `a row that somebody holds is waited for as long as patience lasts`() throws {
        let database = try MariaDBServer.shared().database()
        let (first, second) = (try database.connect(), try database.connect())
        try first.run("CREATE TABLE t (id INT PRIMARY KEY, n INT)")
        try first.run("INSERT INTO t VALUES (1, 1)")
        try first.beginWriting()
        try first.run("UPDATE t SET n = 2")
        second.patience = .lasting(.milliseconds(2600))
        let start = ContinuousClock.now
        try second.beginWriting()
        let error = failure(within: .milliseconds(2600)) { try second.run("UPDATE t SET n = 3") }
        // The server gave up before we did, so that the connection is as good as before.
        #expect(error?.kind == .busy || error?.kind == .contended)
        #expect(!second.isBroken)
        #expect(ContinuousClock.now - start > .milliseconds(900))
        second.rollback()
        try first.commit()
        second.patience = .lasting(.seconds(5))
        #expect(try second.run("UPDATE t SET n = 3") == 1)
    }

    @Test func `a server may be silent no longer than the settings say`() throws {
        let database = try MariaDBServer.shared().database()
        var settings = database.settings
        settings.readTimeout = .seconds(1)
        let connection = try MySQLConnection(settings, .lasting(.seconds(20)))
        connection.patience = .lasting(.seconds(20))
        let error = failure(within: .seconds(1)) { try connection.run("SELECT sleep(10)") }
        #expect(error?.kind == .disconnected)
        #expect(connection.isBroken)
    }

    @Test func `a large text is not waited for longer than a small one`() throws {
        let database = try MariaDBServer.shared().database()
        let proxy = try TCPProxy(to: database.server.port)
        let connection = try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(20)))
        try connection.run("CREATE TABLE t (s LONGTEXT)")
        #expect(try connection.integer("SELECT @@max_allowed_packet") == 16 << 20)
        proxy.freeze()
        connection.patience = .lasting(.milliseconds(500))
        let text = [UInt8](repeating: 65, count: 12 << 20)
        let error = failure(within: .milliseconds(600)) { try connection.run("INSERT INTO t VALUES (\(.text(text)))") }
        #expect(error?.kind == .expired)
    }

    @Test func `a host nobody knows is an error that says so`() {
        var settings = MySQLSettings(
            address: .tcp(host: "no-such-host.invalid", port: 3306), user: "u", password: "canary", database: "d")
        settings.connectTimeout = .seconds(2)
        let error = failure(within: .seconds(2)) { _ = try MySQLConnection(settings, .lasting(.seconds(9))) }
        #expect(error?.kind == .unavailable || error?.kind == .expired)
        #expect(error?.message.contains("no-such-host.invalid") == true)
    }
}
