import Foundation
import MySQLDriver
import SQL
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing
import Timing

/// What a migration on a server refuses, waits for, and leaves as it is.
@Suite struct MySQLMigrationSafetyTests {
    private static let numbers = [0] + GoServerHistory.versions.map(\.number)

    @Test func `ten clients that start at once migrate once`() throws {
        let database = try MySQLMigrationTests.database(steps: 2)
        let reports = Mutex<[MigrationReport?]>([])
        let failures = Mutex<[String]>([])
        let threads = (0..<10).map { _ in
            Thread {
                do {
                    let report = try MySQLMigrationTests.migrate(database)
                    reports.withLock { $0.append(report) }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        for thread in threads { thread.start() }
        while threads.contains(where: { !$0.isFinished }) { usleep(10_000) }
        #expect(failures.withLock { $0 } == [])
        #expect(reports.withLock { $0.compactMap { $0?.steps }.sorted() } == Array(repeating: 0, count: 9) + [12])
        #expect(
            try database.connect().column("SELECT version_id FROM goose_db_version ORDER BY id").map(\.integer)
                == Self.numbers)
    }

    static let refused: [(steps: Int, reason: String, damage: [String])] = [
        (2, "it lacks sessions.summary_message_id", ["ALTER TABLE sessions DROP COLUMN summary_message_id"]),
        (2, "it lacks files", ["DROP TABLE files"]),
        (2, "no goose_db_version", ["DROP TABLE goose_db_version"]),
        (2, "comes before", ["INSERT INTO goose_db_version (version_id, is_applied) VALUES (20260723120000, 1)"]),
        (2, "messages.parts is BLOB where OpenCode has LONGTEXT", ["ALTER TABLE messages MODIFY parts BLOB NOT NULL"]),
        (2, "sessions.updated_at is VARCHAR(20)", ["ALTER TABLE sessions MODIFY updated_at VARCHAR(20) NOT NULL"]),
        (
            2, "the engine of messages is Aria",
            ["ALTER TABLE messages DROP FOREIGN KEY messages_ibfk_1", "ALTER TABLE messages ENGINE = Aria"]
        ),
        (
            2, "sessions.id has the collation utf8mb4_general_ci",
            [
                "ALTER TABLE files DROP FOREIGN KEY fk_files_session_id",
                "ALTER TABLE messages DROP FOREIGN KEY messages_ibfk_1",
                "ALTER TABLE sessions CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            ]
        ),
        (
            2, "column sessions.project_id is there, but project_id is VARCHAR(100), not VARCHAR(512)",
            ["ALTER TABLE sessions ADD project_id VARCHAR(100)"]
        ),
        (
            2, "index idx_sessions_root_session_id of sessions is there, but of other columns",
            ["CREATE INDEX idx_sessions_root_session_id ON sessions (title(10))"]
        ),
        (
            2, "table bridge_allowlist is there, but",
            [
                """
                CREATE TABLE bridge_allowlist (project_id VARCHAR(255) NOT NULL PRIMARY KEY) ENGINE=InnoDB
                DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
                """
            ]
        ),
        (
            2, "trigger update_cron_jobs_updated_at is there, but does something else",
            ["CREATE TRIGGER update_cron_jobs_updated_at BEFORE INSERT ON files FOR EACH ROW SET NEW.path = 'x'"]
        ),
        (0, "tables that are not OpenCode's (orders)", ["CREATE TABLE orders (id INT)"]),
        (
            0, "tables that are not OpenCode's (orders)",
            ["CREATE TABLE orders (id INT)", "DROP TABLE goose_db_version"]
        ),
    ]

    @Test(arguments: 0..<14)
    func `a server's database that is not what its version says is refused and left alone`(index: Int) throws {
        let (steps, reason, damage) = Self.refused[index]
        let database = try MySQLMigrationTests.database(steps: steps)
        for statement in damage { try database.run(statement) }
        let before = try MySQLMigrationTests.dump(database)
        let error = #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database) }
        guard case .refused(let text) = error else { throw Unexpected(error: error) }
        #expect(text.contains(reason))
        #expect(try MySQLMigrationTests.dump(database) == before)
    }

    @Test(arguments: [(14, 20_260_822_120_000), (2, 20_260_101_000_000)] as [(Int, Int64)])
    func `a server's database that a newer OpenCode has migrated is left alone`(steps: Int, version: Int64) throws {
        let database = try MySQLMigrationTests.database(steps: steps)
        try database.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(version), 1)")
        let before = try MySQLMigrationTests.dump(database)
        #expect(try MySQLMigrationTests.migrate(database) == nil)
        #expect(try MySQLMigrationTests.dump(database) == before)
    }

    // MARK: Rights

    @Test func `privileges that are lacking are named before the first step, with the GRANT to run`() throws {
        let server = try MySQLMigrationTests.server.get()
        let database = try server.database(grants: "SELECT, INSERT, UPDATE, DELETE, ALTER")
        try server.run("GRANT ALL PRIVILEGES ON \(database.name).* TO \(database.user)@'%'")
        try GoServerHistory.make(steps: 2, in: database)
        try server.run("REVOKE CREATE, INDEX, REFERENCES, TRIGGER ON \(database.name).* FROM \(database.user)@'%'")
        let before = try MySQLMigrationTests.dump(database)
        let error = #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database) }
        guard case .denied(let reason) = error else { throw Unexpected(error: error) }
        let grant = "GRANT CREATE, INDEX, REFERENCES, TRIGGER ON `\(database.name)`.* TO '\(database.user)'@'%'"
        #expect(reason.hasSuffix(grant))
        #expect(try MySQLMigrationTests.dump(database) == before)
        // What it says helps.
        try server.run(String(grant))
        #expect(try MySQLMigrationTests.migrate(database)?.steps == 12)
    }

    @Test func `a privilege that shows only on the way stops the migration, and what is done is gone on from`() throws {
        let server = try MySQLMigrationTests.server.get()
        let database = try MySQLMigrationTests.database(steps: 2)
        try server.run(
            "REVOKE TRIGGER ON \(database.name).* FROM \(database.user)@'%'",
            // What single tables are granted cannot be added up.
            "GRANT TRIGGER ON \(database.name).messages TO \(database.user)@'%'")
        let error = #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database) }
        guard case .denied(let reason) = error else { throw Unexpected(error: error) }
        #expect(reason.contains("trigger update_flow_states_updated_at"))
        try server.run("GRANT TRIGGER ON \(database.name).* TO \(database.user)@'%'")
        let report = try #require(try MySQLMigrationTests.migrate(database))
        #expect(report.isContinued && report.from == Self.numbers[4] && report.to == Self.numbers[14])
    }

    @Test func `a server with a binary log that lets nobody make triggers is told before the first step`() throws {
        let server = try MariaDBServer(["--log-bin", "--server-id=1"])
        let database = try server.database()
        let before = try MySQLMigrationTests.dump(database)
        let error = #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database) }
        guard case .denied(let reason) = error else { throw Unexpected(error: error) }
        #expect(reason.contains("SET GLOBAL log_bin_trust_function_creators = 1"))
        #expect(try MySQLMigrationTests.dump(database) == before)
        try server.run("SET GLOBAL log_bin_trust_function_creators = 1")
        #expect(try MySQLMigrationTests.migrate(database)?.steps == 14)
    }

    // MARK: Others

    @Test func `who migrates for too long is named, and its lock ends with it`() throws {
        let database = try MySQLMigrationTests.database(steps: 2)
        var holder: MySQLConnection? = try database.connect()
        let number = try #require(try holder?.integer("SELECT CONNECTION_ID()"))
        #expect(try holder?.integer("SELECT GET_LOCK(\("opencodefs migrates \(database.name)"), 0)") == 1)
        let notes = Mutex<[String]>([])
        let options = GoMigrator.Options(
            patience: .seconds(2), progress: { note in notes.withLock { $0.append(note) } })
        let start = ContinuousClock.now
        let error = #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database, options) }
        #expect(ContinuousClock.now - start < .seconds(8))
        guard case .unavailable(let cause) = error, cause.kind == .busy else { throw Unexpected(error: error) }
        #expect(cause.message.contains("connection \(number) of the server"))
        #expect(notes.withLock { $0 } == ["another opencodefs migrates the database, waiting for it"])
        #expect(try database.connect().integer("SELECT count(*) FROM goose_db_version") == 3)
        holder = nil
        #expect(try MySQLMigrationTests.migrate(database)?.steps == 12)
    }

    @Test func `a table that others use is waited for, and they need not wait for us`() throws {
        let database = try MySQLMigrationTests.database(steps: 2)
        let other = try database.connect()
        try other.beginReading()
        #expect(try other.integer("SELECT count(*) FROM sessions") == 3)
        let options = GoMigrator.Options(patience: .seconds(3))
        let error = #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database, options) }
        guard case .stopped(let step, let cause) = error else { throw Unexpected(error: error) }
        #expect(step.contains("column sessions.project_id") && cause.kind == .contended)
        let notes = Mutex<[String]>([])
        let patient = GoMigrator.Options(
            patience: .seconds(60),
            progress: { note in
                notes.withLock { $0.append(note) }
                if note.contains("waits for transactions of others") { other.rollback() }
            })
        #expect(try MySQLMigrationTests.migrate(database, patient)?.steps == 12)
        #expect(notes.withLock { $0.contains { $0.contains("waits for transactions of others") } })
    }

    @Test func `a migration nobody wants any more ends`() throws {
        let database = try MySQLMigrationTests.database(steps: 2)
        let isCancelled = Mutex(false)
        let options = GoMigrator.Options(
            isCancelled: { isCancelled.withLock { $0 } },
            progress: { note in if note.hasPrefix("step 5 ") { isCancelled.withLock { $0 = true } } })
        #expect(throws: MigrationError.self) { try MySQLMigrationTests.migrate(database, options) }
        let report = try #require(try MySQLMigrationTests.migrate(database))
        #expect(report.to == Self.numbers[14] && (1..<12).contains(report.steps))
    }

    @Test func `messages that come while their numbers are corrected are counted`() throws {
        let database = try MySQLMigrationTests.database(steps: 8)
        try database.run("UPDATE sessions SET message_count = 100")
        let isDone = Mutex(false)
        let sent = Mutex(0)
        let failures = Mutex<[String]>([])
        let writer = Thread {
            do {
                let connection = try database.connect(.seconds(60))
                var number = 0
                while !isDone.withLock({ $0 }) {
                    try connection.run(
                        """
                        INSERT INTO messages (id, session_id, role, parts, created_at, updated_at)
                        VALUES (\("new\(number)"), 's/2', 'user', '[]', 1, 1)
                        """)
                    number += 1
                    sent.withLock { $0 += 1 }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        writer.start()
        while sent.withLock({ $0 }) == 0, failures.withLock({ $0.isEmpty }) { usleep(1000) }
        #expect(try MySQLMigrationTests.migrate(database)?.steps == 6)
        isDone.withLock { $0 = true }
        while !writer.isFinished { usleep(1000) }
        #expect(failures.withLock { $0 } == [])
        let counts = try database.connect().column("SELECT message_count FROM sessions ORDER BY id").map(\.integer)
        #expect(counts == [4, Int64(sent.withLock { $0 }), 0])
    }

    // MARK: The repair

    @Test func `numbers of messages are corrected without another time, or not at all`() throws {
        let database = try MySQLMigrationTests.database(steps: 8)
        let connection = try database.connect()
        try connection.run("DROP TRIGGER update_sessions_updated_at")
        let times: [Int64] = [0, 1, 2_147_483_647, -5, 1_763_000_000_123]
        for (index, time) in times.enumerated() {
            try connection.run(
                """
                INSERT INTO sessions (id, title, message_count, updated_at, created_at)
                VALUES (\("t\(index)"), '', 9, \(time), 1)
                """)
        }
        try database.run(
            "CREATE TRIGGER update_sessions_updated_at BEFORE UPDATE ON sessions FOR EACH ROW "
                + "SET NEW.updated_at = UNIX_TIMESTAMP()")
        let report = try #require(try MySQLMigrationTests.migrate(database))
        #expect(report.uncorrected == 2)
        let found = try GoServerHistory.lines(
            "SELECT message_count, updated_at FROM sessions WHERE id LIKE 't%' ORDER BY id", connection, columns: 2)
        #expect(found == ["0|0", "0|1", "0|2147483647", "9|-5", "9|1763000000123"])
        #expect(
            try connection.column("SELECT message_count FROM sessions WHERE id LIKE 's%' ORDER BY id").map(\.integer)
                == [4, 0, 0])
    }

    @Test func `many numbers of messages are corrected`() throws {
        let database = try MySQLMigrationTests.database(steps: 8)
        let connection = try database.connect()
        try connection.run(
            """
            INSERT INTO sessions (id, title, message_count, updated_at, created_at)
            SELECT concat('n', seq), '', 7, 5000 + seq, 1 FROM seq_1_to_333
            """)
        #expect(try MySQLMigrationTests.migrate(database)?.uncorrected == 0)
        #expect(
            try connection.integer(
                "SELECT count(*) FROM sessions WHERE message_count = 0 AND updated_at = 5000 + substring(id, 2)") == 333
        )
    }

    @Test func `messages get the collation of all tables, their triggers, and keep every byte`() throws {
        let database = try MySQLMigrationTests.database(steps: 8)
        let connection = try database.connect()
        for statement in [
            "ALTER TABLE messages DROP FOREIGN KEY messages_ibfk_1",
            "ALTER TABLE messages CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            "DROP TRIGGER update_session_message_count_on_insert",
            "DROP TRIGGER update_messages_updated_at",
            "CREATE TRIGGER update_messages_updated_at BEFORE UPDATE ON messages FOR EACH ROW SET NEW.updated_at = 3",
        ] { try database.run(statement) }
        let rows: SQLQuery = "SELECT id, hex(parts), created_at, updated_at FROM messages ORDER BY id"
        let before = try GoServerHistory.lines(rows, connection, columns: 4)
        _ = try MySQLMigrationTests.migrate(database)
        #expect(try GoServerHistory.lines(rows, connection, columns: 4) == before)
        let collations = try connection.column(
            """
            SELECT DISTINCT collation_name FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = 'messages' AND collation_name IS NOT NULL
            """)
        #expect(collations == [SQLValue("utf8mb4_unicode_ci")])
        let fresh = try MySQLMigrationTests.database()
        try GoMigrator.create(in: fresh.connect())
        #expect(try GoServerShape(connection).triggers == GoServerShape(fresh.connect()).triggers)
    }

    struct Unexpected: Error {
        let error: MigrationError?
    }
}
