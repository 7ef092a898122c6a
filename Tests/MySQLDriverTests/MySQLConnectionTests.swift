import Foundation
import MySQLDriver
import SQL
import TestSupport
import Testing
import Timing

/// A connection is what we need whatever the server's settings are, and says so when it is lost.
@Suite struct MySQLConnectionTests {
    /// A server whose administrator likes things otherwise.
    private static let odd = Result {
        try MariaDBServer([
            "--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT", "--autocommit=0",
            "--max-allowed-packet=1M", "--character-set-server=latin1", "--collation-server=latin1_swedish_ci",
            "--innodb-lock-wait-timeout=120", "--transaction-isolation=SERIALIZABLE", "--completion-type=CHAIN",
            "--innodb-snapshot-isolation=ON",
        ])
    }

    @Test func `a statement that the server does not prepare is run as it is`() throws {
        // PREPARE stands for CREATE TRIGGER, which MySQL does not prepare and MariaDB does.
        let connection = try MariaDBServer.shared().database().connect()
        try connection.run("PREPARE one FROM 'SELECT 1'")
        try connection.run("DEALLOCATE PREPARE one")
        #expect(try connection.integer("SELECT 2") == 2)
    }

    @Test func `a server's own settings change nothing for us`() throws {
        let database = try Self.odd.get().database()
        let connection = try database.connect()
        try connection.run("CREATE TABLE `t` (id INT PRIMARY KEY, s VARCHAR(20), `b``q` INT)")
        let text = SQLValue("a'b\"c\\d\\'é🙂")
        #expect(try connection.run("INSERT INTO t (id, s) VALUES (1, \(text))") == 1)
        // A quote of another kind is text here, a backslash escapes, and || is OR.
        #expect(try connection.column("SELECT \"s\"") == [SQLValue("s")])
        #expect(try connection.column("SELECT '\\''") == [SQLValue("'")])
        #expect(try connection.integer("SELECT 1 || 0") == 1)
        #expect(try connection.column("SELECT s FROM t") == [text])
        #expect(try connection.integer("SELECT count(\(SQLIdentifier("b`q"))) FROM t") == 0)
        // It is committed, and what is too long is refused, not cut.
        let other = try database.connect()
        #expect(try other.column("SELECT s FROM t") == [text])
        let error = #expect(throws: SQLError.self) {
            try connection.run("UPDATE t SET s = \("a text of more than twenty characters")")
        }
        #expect(error?.kind == .tooLarge)
        try connection.writing { () throws(SQLError) in
            try connection.run("UPDATE t SET s = 'x' WHERE id = 1")
        }
        // With completion_type=CHAIN another transaction would go on, and show what was there when it began.
        try other.run("UPDATE t SET s = 'y' WHERE id = 1")
        #expect(try connection.column("SELECT s FROM t") == [SQLValue("y")])
        #expect(try connection.integer("SELECT @@innodb_lock_wait_timeout <= 20 AND @@time_zone = '+00:00'") == 1)
    }

    @Test func `a text larger than a packet is refused before it is sent`() throws {
        let server = try Self.odd.get()
        let database = try server.database()
        let connection = try database.connect()
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY, s LONGTEXT)")
        let text = [UInt8](repeating: 65, count: 1 << 20)
        let error = #expect(throws: SQLError.self) { try connection.run("INSERT INTO t VALUES (1, \(.text(text)))") }
        #expect(error?.kind == .tooLarge)
        #expect(error?.message == "1048576 bytes; the server takes 1048576 (max_allowed_packet)")
        #expect(!connection.isBroken)
        // What just fits goes, and two of them in one statement.
        let fits = Array(text.dropLast(2048))
        try connection.run("INSERT INTO t VALUES (1, \(.text(fits))), (2, \(.text(fits)))")
        #expect(try connection.column("SELECT s FROM t") == [.text(fits), .text(fits)])
        // Many short ones that together are too much for a packet.
        let short = SQLValue.text(Array(text.prefix(200_000)))
        try connection.run(
            "INSERT INTO t VALUES (3, \(short)), (4, \(short)), (5, \(short)), (6, \(short)), (7, \(short)), (8, \(short))"
        )
        #expect(try connection.integer("SELECT sum(octet_length(s)) FROM t WHERE id > 2") == 1_200_000)
    }

    @Test func `a text that came in when packets were larger is read and compared whole`() throws {
        let server = try Self.odd.get()
        let database = try server.database()
        var settings = database.settings
        settings.maxAllowedPacket = 64 << 20
        let text = Array(String(repeating: "0123456789é🙂", count: 300_000).utf8)
        // The size of packets is that of the moment somebody connected.
        try server.run("SET GLOBAL max_allowed_packet = 67108864")
        let former = try MySQLConnection(settings, .lasting(.seconds(30)))
        try server.run("SET GLOBAL max_allowed_packet = 1048576")
        try former.run("CREATE TABLE t (id INT PRIMARY KEY, s LONGTEXT) CHARACTER SET utf8mb4")
        try former.run("INSERT INTO t VALUES (1, \(.text(text)))")
        let connection = try database.connect()
        #expect(try connection.integer("SELECT @@max_allowed_packet") == 1 << 20)
        #expect(try connection.column("SELECT s FROM t") == [.text(text)])
        let (table, column) = (SQLIdentifier("t"), SQLIdentifier("s"))
        #expect(
            try connection.integer("SELECT \(.octetLength(table: table, column: column)) FROM t") == Int64(text.count))
        let slice: SQLQuery = "SELECT \(.slice(table: table, column: column, from: 4_000_000, count: 4096)) FROM t"
        #expect(try connection.column(slice) == [.blob(Array(text[4_000_000..<4_004_096]))])
        #expect(try former.integer("SELECT count(*) FROM t WHERE \(.equal(column, .text(text)))") == 1)
    }

    @Test func `a connection that was killed says so and is broken`() throws {
        let database = try MariaDBServer.shared().database()
        let works: [(MySQLConnection) throws -> Void] = [
            { try $0.prove() }, { try $0.run("SELECT 1") }, { try $0.beginReading() },
            { connection in
                connection.rollback()
                try connection.run("SELECT 1")
            },
        ]
        for (index, work) in works.enumerated() {
            let connection = try database.connect()
            if index == 3 { try connection.beginReading() }
            let number = try #require(try connection.integer("SELECT connection_id()"))
            try database.server.run("KILL \(number)")
            let error = #expect(throws: SQLError.self) { try work(connection) }
            #expect(error?.kind == .disconnected, "\(index)")
            #expect(connection.isBroken)
            // It is not mended behind anybody's back.
            #expect(throws: SQLError.self) { try connection.run("SELECT 1") }
        }
    }

    @Test func `a connection that nobody used for too long says so`() throws {
        let connection = try MariaDBServer.shared().database().connect()
        try connection.run("SET SESSION wait_timeout = 1")
        try connection.prove()
        usleep(1_800_000)
        let error = #expect(throws: SQLError.self) { try connection.run("SELECT 1") }
        #expect(error?.kind == .disconnected)
        #expect(connection.isBroken)
    }

    @Test func `a pool gives out a connection that works after one was killed`() throws {
        let database = try MariaDBServer.shared().database()
        let limits = ConnectionPool.Limits(connections: 4, idle: 4, lifetime: .seconds(60), unprovenAfter: .zero)
        let pool = ConnectionPool(limits: limits, open: database.opener)
        let number = try pool.lend(.lasting(.seconds(9))) { (connection) throws(SQLError) in
            try connection.integer("SELECT connection_id()") ?? 0
        }
        try database.server.run("KILL \(number)")
        let answer = try pool.lend(.lasting(.seconds(9))) { (connection) throws(SQLError) in
            try connection.integer("SELECT 7")
        }
        #expect(answer == 7)
    }

    @Test func `what was committed survives a server that is killed`() throws {
        let server = try MariaDBServer()
        let database = try server.database()
        try database.run("CREATE TABLE t (id INT PRIMARY KEY)")
        let (first, second) = (try database.connect(), try database.connect())
        try first.writing { () throws(SQLError) in try first.run("INSERT INTO t VALUES (1)") }
        try second.beginWriting()
        try second.run("INSERT INTO t VALUES (2)")
        server.kill()
        #expect(#expect(throws: SQLError.self) { try second.commit() }?.kind == .disconnected)
        second.rollback()
        #expect(#expect(throws: SQLError.self) { try first.prove() }?.kind == .disconnected)
        #expect(#expect(throws: SQLError.self) { try database.connect() }?.kind == .unavailable)
        try server.start()
        #expect(try database.connect().column("SELECT id FROM t") == [.integer(1)])
        server.stop()
        #expect(#expect(throws: SQLError.self) { try database.connect() }?.kind == .unavailable)
    }

    @Test func `a cut connection is lost and a refused one is none`() throws {
        let database = try MariaDBServer.shared().database()
        let proxy = try TCPProxy(to: database.server.port)
        let connection = try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(9)))
        proxy.cut()
        #expect(#expect(throws: SQLError.self) { try connection.run("SELECT 1") }?.kind == .disconnected)
        proxy.refuse(true)
        let error = #expect(throws: SQLError.self) {
            try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(9)))
        }
        #expect(error?.kind == .disconnected || error?.kind == .unavailable)
        proxy.refuse(false)
        #expect(
            try MySQLConnection(database.settings(port: proxy.port), .lasting(.seconds(9))).integer("SELECT 1") == 1)
    }

    @Test func `a server that turns read-only says so and can be left for another`() throws {
        let server = try MariaDBServer()
        let database = try server.database()
        try database.run("CREATE TABLE t (id INT PRIMARY KEY)")
        let connection = try database.connect()
        var settings = database.settings
        settings.rejectsReadOnly = true
        let leaving = try MySQLConnection(settings, .lasting(.seconds(20)))
        try server.run("SET GLOBAL read_only = 1")
        #expect(try connection.serverFacts().isReadOnly)
        for connection in [connection, leaving] {
            let error = #expect(throws: SQLError.self) {
                try connection.writing { () throws(SQLError) in try connection.run("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.kind == .readOnly)
            #expect(try connection === leaving || connection.integer("SELECT count(*) FROM t") == 0)
        }
        #expect(!connection.isBroken)
        #expect(leaving.isBroken)
    }

    @Test func `variables of the DSN are set and cannot make a save lossy`() throws {
        var settings = try MariaDBServer.shared().database().settings
        settings.systemVariables = [
            .init("sql_mode", "''"), .init("max_statement_time", "7.5"), .init("time_zone", "'+02:00'"),
        ]
        settings.collation = "utf8mb4_bin"
        let connection = try MySQLConnection(settings, .lasting(.seconds(20)))
        let query: SQLQuery = "SELECT @@sql_mode, @@max_statement_time, @@time_zone, @@collation_connection"
        #expect(
            try connection.rows(query, columns: 4) == [
                [SQLValue("STRICT_ALL_TABLES"), .real(7.5), SQLValue("+02:00"), SQLValue("utf8mb4_bin")]
            ])
    }

    @Test func `a compressed connection and one over a socket carry the same`() throws {
        let database = try MariaDBServer.shared().database()
        var compressed = database.settings
        compressed.isCompressed = true
        var local = database.settings
        local.address = .socket(path: database.server.socket)
        let text = SQLValue(String(repeating: "é🙂 abc ", count: 200_000))
        try database.run("CREATE TABLE t (id INT PRIMARY KEY, s LONGTEXT)")
        for (id, settings) in [compressed, local].enumerated() {
            let connection = try MySQLConnection(settings, .lasting(.seconds(20)))
            try connection.run("INSERT INTO t VALUES (\(Int64(id)), \(text))")
            #expect(try connection.column("SELECT s FROM t WHERE id = \(Int64(id))") == [text])
        }
    }
}
