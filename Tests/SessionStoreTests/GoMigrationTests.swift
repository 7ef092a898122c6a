import Foundation
import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing
import Timing

/// What becomes of older databases of the Go family.
@Suite struct GoMigrationTests {
    private static let numbers = [0] + GoHistory.versions.map(\.number)

    private static func options(
        project: String? = nil, progress: @escaping (String) -> Void = { _ in },
        backUp: @escaping () throws(MigrationError) -> String = { () throws(MigrationError) in "copy" }
    ) -> GoMigrator.Options {
        GoMigrator.Options(home: project.map { ProjectIdentity(Project.ID($0)) }, backUp: backUp, progress: progress)
    }

    @Test func `a new database is what all of OpenCode's migrations make`() throws {
        let directory = try TemporaryDirectory()
        let old = try GoHistory(steps: 14, at: directory.file("old.db"))
        let connection = try SQLiteConnection(path: directory.file("new.db"), access: .create)
        try GoMigrator.create(in: connection)
        #expect(try GoShape(directory.file("new.db")) == GoShape(old.path))
        #expect(
            try connection.column("SELECT version_id FROM goose_db_version ORDER BY id").map(\.integer) == Self.numbers)
        #expect(try connection.integer("SELECT min(is_applied) FROM goose_db_version") == 1)
        let shape = try GoShape(old.path)
        #expect(shape.triggers.count == 8 && shape.checks.count == 4 && shape.references.count == 6)
    }

    @Test(arguments: 1...14)
    func `every version is brought to the newest, with all its rows`(steps: Int) throws {
        let directory = try TemporaryDirectory()
        let fresh = try SQLiteConnection(path: directory.file("fresh.db"), access: .create)
        try GoMigrator.create(in: fresh)
        let history = try GoHistory(steps: steps, at: directory.file("opencode.db"))
        let rows: [SQLQuery] = [
            """
            SELECT id, parent_session_id, title, prompt_tokens, completion_tokens, cost, updated_at, created_at \
            FROM sessions ORDER BY id
            """,
            "SELECT id, session_id, role, parts, model, created_at, updated_at, finished_at FROM messages ORDER BY id",
            "SELECT id, session_id, path, content, version, created_at, updated_at FROM files ORDER BY id",
        ]
        let connection = try history.connect()
        let before = try rows.map { try GoHistory.lines($0, connection, columns: 7) }
        let report = try #require(try GoMigrator.migrate(connection, Self.options(project: "github.com/a/b")))
        #expect(report.from == Self.numbers[steps] && report.to == Self.numbers[14])
        #expect(report.steps == 14 - steps)
        #expect(report.backup == (steps == 14 ? nil : "copy"))
        #expect(try rows.map { try GoHistory.lines($0, connection, columns: 7) } == before)
        #expect(try GoShape(history.path) == GoShape(directory.file("fresh.db")))
        #expect(try history.versions() == Self.numbers)
        #expect(try connection.column("SELECT message_count FROM sessions ORDER BY id").map(\.integer) == [4, 0, 0])
        #expect(report.adopted == 3)
        #expect(try connection.integer("SELECT count(*) FROM sessions WHERE project_id = 'github.com/a/b'") == 3)
        // Nothing is left to do.
        let again = try #require(try GoMigrator.migrate(connection, Self.options(project: "other")))
        #expect(again == MigrationReport(from: report.to, to: report.to, steps: 0, backup: nil, adopted: 0))
    }

    @Test func `triggers that are missing are there again afterwards`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        try history.run(
            "DROP TRIGGER update_messages_updated_at", "DROP TRIGGER update_session_message_count_on_delete")
        _ = try GoMigrator.migrate(history.connect(), Self.options())
        try history.run("DELETE FROM messages WHERE id = 'm1'")
        #expect(try history.connect().integer("SELECT message_count FROM sessions WHERE id = 's/1'") == 3)
    }

    @Test func `sessions of a project keep it, and without a known project nobody is given one`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 14, at: directory.file("opencode.db"))
        try history.run("UPDATE sessions SET project_id = 'mine' WHERE id = 's/2'")
        #expect(try GoMigrator.migrate(history.connect(), Self.options())?.adopted == 0)
        let trigger = try history.dump().filter { $0.contains("trigger") }
        #expect(try GoMigrator.migrate(history.connect(), Self.options(project: "p"))?.adopted == 2)
        let projects = try history.connect().column("SELECT project_id FROM sessions ORDER BY id")
        #expect(projects == ["p", "mine", "p"].map { SQLValue($0) })
        #expect(try history.dump().filter { $0.contains("trigger") } == trigger)
        #expect(try history.connect().integer("SELECT updated_at FROM sessions WHERE id = 's/1'") == 1001)
    }

    @Test func `a step that fails takes all others back`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        try history.run("CREATE TABLE bridge_allowlist (mine)", "INSERT INTO bridge_allowlist VALUES (1)")
        let before = try history.dump()
        let error = #expect(throws: MigrationError.self) {
            try GoMigrator.migrate(history.connect(), Self.options(project: "p"))
        }
        guard case .failed(let step, let cause) = error else { throw Unexpected(error: error) }
        #expect(step.contains("20260609120000"))
        #expect(cause.message.contains("bridge_allowlist"))
        #expect(try history.dump() == before)
    }

    static let refused: [(String, SQLQuery)] = [
        ("sessions.summary_message_id", "ALTER TABLE sessions DROP COLUMN summary_message_id"),
        ("files", "DROP TABLE files"),
        ("no goose_db_version", "DROP TABLE goose_db_version"),
        ("comes before", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (20260723120000, 1)"),
    ]

    @Test(arguments: 0..<4)
    func `a database that is not what its version says is refused and left alone`(index: Int) throws {
        let (reason, damage) = Self.refused[index]
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        try history.run(damage)
        let before = try history.dump()
        let error = #expect(throws: MigrationError.self) {
            try GoMigrator.migrate(
                history.connect(),
                Self.options(
                    project: "p",
                    backUp: { () throws(MigrationError) in
                        Issue.record("a copy was made for nothing")
                        return ""
                    }))
        }
        guard case .refused(let text) = error else { throw Unexpected(error: error) }
        #expect(text.contains(reason))
        #expect(try history.dump() == before)
    }

    static let newer: [(steps: Int, versions: [Int64])] = [
        (14, [20_260_822_120_000, 20_261_001_120_000, 20_261_001_130_000]), (14, [20_991_231_235_959]),
        (2, [20_260_101_000_000]), (9, [20_260_723_120_000, 20_991_231_235_959]),
    ]

    @Test(arguments: 0..<4)
    func `a database that a newer OpenCode has migrated is left alone, not refused`(index: Int) throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: Self.newer[index].steps, at: directory.file("opencode.db"))
        for version in Self.newer[index].versions {
            try history.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(version), 1)")
        }
        let before = try history.dump()
        #expect(try GoMigrator.migrate(history.connect(), Self.options(project: "p")) == nil)
        #expect(try history.dump() == before)
    }

    @Test func `a database with nothing to migrate is not judged`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 14, at: directory.file("opencode.db"))
        try history.run("DROP TABLE cron_jobs", "ALTER TABLE messages DROP COLUMN synthetic")
        #expect(try GoMigrator.migrate(history.connect(), Self.options())?.steps == 0)
    }

    @Test func `sessions without a project are no reason to fail`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 14, at: directory.file("opencode.db"))
        let writer = try history.connect()
        try writer.beginWriting()
        var options = Self.options(project: "p")
        options.patience = .milliseconds(50)
        let error = #expect(throws: MigrationError.self) { try GoMigrator.migrate(history.connect(), options) }
        guard case .notAdopted(let cause) = error else { throw Unexpected(error: error) }
        #expect(cause.kind == .busy)
        writer.rollback()
    }

    @Test func `whoever interrupts a migration gets the old database`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        let before = try history.dump()
        let isCancelled = Mutex(false)
        var options = Self.options(project: "p")
        options.isCancelled = { isCancelled.withLock { $0 } }
        options.progress = { _ in isCancelled.withLock { $0 = true } }
        try history.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
            INSERT INTO messages (id, session_id, role, created_at, updated_at)
            SELECT 'n' || i, 's/2', 'user', 1, 1 FROM n
            """)
        let large = try history.dump()
        #expect(large.count > before.count)
        #expect(throws: MigrationError.self) { try GoMigrator.migrate(history.connect(), options) }
        #expect(try history.dump() == large)
    }

    @Test func `a step that goose took back is run again`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 13, at: directory.file("opencode.db"))
        try history.run(
            "INSERT INTO goose_db_version (version_id, is_applied) VALUES (20260723120000, 1), (20260723120000, 0)")
        #expect(try GoMigrator.migrate(history.connect(), Self.options())?.steps == 1)
    }

    @Test(arguments: StoreUnderTest.all.filter { !$0.family.isGo })
    func `a database of OpenCode 1 or 2 is never migrated`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(demo: store.family, at: directory.file("opencode.db"))
        let before = try Data(contentsOf: URL(fileURLWithPath: database.path))
        let connection = try SQLiteConnection(path: database.path, access: .readWrite)
        #expect(try GoMigrator.migrate(connection, Self.options(project: "p")) == nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: database.path)) == before)
        #expect(try !connection.schema().has("goose_db_version"))
    }

    @Test func `of two at once, one migrates and the other finds it done`() async throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        let reports = try await withThrowingTaskGroup(of: MigrationReport?.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try GoMigrator.migrate(
                        history.connect(),
                        Self.options(
                            project: "p",
                            backUp: { () throws(MigrationError) in
                                // Long enough for the other to arrive.
                                usleep(200_000)
                                return "copy"
                            }))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.compactMap { $0?.steps }.sorted() == [0, 12])
        #expect(reports.compactMap { $0?.adopted }.sorted() == [0, 3])
        #expect(try history.versions() == Self.numbers)
    }

    @Test func `while it migrates others read what was before, and nobody writes`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        var looks = 0
        let look = {
            looks += 1
            #expect((try? history.versions())?.count == 3)
            let other = try? history.connect()
            other?.patience = .lasting(.milliseconds(20))
            let error = #expect(throws: SQLError.self) { try other?.beginWriting() }
            #expect(error?.kind == .busy)
        }
        _ = try GoMigrator.migrate(
            history.connect(),
            Self.options(
                progress: { _ in look() },
                backUp: { () throws(MigrationError) in
                    look()
                    return "copy"
                }))
        #expect(looks == 13)
        #expect(try history.versions().count == 15)
    }

    @Test func `without a copy nothing is begun`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        let before = try history.dump()
        #expect(throws: MigrationError.self) {
            try GoMigrator.migrate(
                history.connect(),
                Self.options(backUp: { () throws(MigrationError) in throw .noBackup(reason: "full") }))
        }
        #expect(try history.dump() == before)
        try history.run("DELETE FROM messages WHERE id = 'm1' AND FALSE")
    }

    /// What SIGKILL leaves: the file and its WAL as they are at some moment.
    @Test func `cut short at any step, the database is what it was`() throws {
        let directory = try TemporaryDirectory()
        let history = try GoHistory(steps: 2, at: directory.file("opencode.db"))
        let connection = try history.connect()
        var images: [String] = []
        _ = try GoMigrator.migrate(
            connection,
            Self.options(project: "p") { _ in
                // Pages of the transaction then reach the WAL before it ends.
                _ = try? connection.run("PRAGMA cache_spill = 1")
                _ = try? connection.run("PRAGMA shrink_memory")
                let image = directory.file("image\(images.count).db")
                for suffix in ["", "-wal"] {
                    // By another program: one of ours would drop the locks of this process.
                    _ = try? Run.program("cp", [history.path + suffix, image + suffix])
                }
                images.append(image)
            })
        #expect(images.count == 12)
        for image in images {
            let copy = try SQLiteConnection(path: image, access: .readWrite)
            #expect(try copy.column("PRAGMA integrity_check") == [SQLValue("ok")])
            #expect(try copy.integer("SELECT count(*) FROM goose_db_version") == 3)
            #expect(try copy.integer("SELECT count(*) FROM messages") == 4)
        }
    }
}

private struct Unexpected: Error {
    let error: MigrationError?
}
