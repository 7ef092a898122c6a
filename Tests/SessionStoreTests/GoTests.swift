import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// What only the Go family has.
@Suite struct GoTests {
    /// The tables that the original OpenCode makes, without what its fork added.
    private static let original = [
        """
        CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL,
        message_count INTEGER NOT NULL DEFAULT 0 CHECK (message_count >= 0),
        prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,
        cost REAL NOT NULL DEFAULT 0.0, updated_at INTEGER NOT NULL, created_at INTEGER NOT NULL, summary_message_id TEXT)
        """,
        """
        CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL,
        parts TEXT NOT NULL DEFAULT '[]', model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        finished_at INTEGER, FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE)
        """,
    ]

    @Test func `W10 the original's tables are read, and sessions without a project belong to the database's`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("opencode.db")
        let connection = try SQLiteConnection(path: path, access: .create)
        for statement in Self.original { try connection.run(SQLQuery(stringLiteral: statement)) }
        try connection.run(
            "INSERT INTO sessions VALUES ('s', NULL, 'T', 0, 1, 2, 0.5, 1700000000, 1700000000123, NULL)")
        for (id, time) in [("b", 5), ("a", 5), ("c", 4)] as [(String, Int64)] {
            try connection.run("INSERT INTO messages VALUES (\(id), 's', 'user', '[]', NULL, \(time), 6, NULL)")
        }
        let store = try GoStore(
            open: { (_) throws(SQLError) in try SQLiteConnection(path: path, access: .readWrite) }, trash: nil,
            readOnlyReason: nil, home: ProjectIdentity(remote: nil, directory: "/w/app"))
        #expect(try store.facts().families == ["Go"])
        try store.reading(.lasting(.seconds(5))) { (snapshot) throws(StoreError) in
            #expect(try snapshot.projects().map(\.id.description) == ["app"])
            let session = try snapshot.sessions().first
            #expect(session?.created == 1_700_000_000_123 && session?.updated == 1_700_000_000_000)
            #expect(try snapshot.messageOrder(of: .init("s")).map(\.id.description) == ["c", "a", "b"])
            #expect(try snapshot.sessionRecord(.init("s"))?.row.columns.count == 10)
        }
        try store.removeMessage(.init("a"), of: .init("s"), TestHistory.removal())
        #expect(try connection.integer("SELECT count(*) FROM messages") == 2)
    }

    /// What the fork's migrations added, the newest first.
    private static let steps: [[SQLQuery]] = [
        [], ["ALTER TABLE sessions DROP COLUMN user_set_title"], ["ALTER TABLE messages DROP COLUMN synthetic"],
        ["DROP TABLE bridge_sessions", "DROP TABLE bridge_allowlist"],
        ["ALTER TABLE flow_states DROP COLUMN iteration"],
        ["DROP TABLE cron_jobs"], ["DROP TABLE session_recaps"],
        [
            "ALTER TABLE sessions DROP COLUMN total_prompt_tokens",
            "ALTER TABLE sessions DROP COLUMN total_completion_tokens",
        ],
        ["ALTER TABLE messages DROP COLUMN seq"], ["DROP TABLE flow_states"],
        ["DROP INDEX idx_sessions_root_session_id", "ALTER TABLE sessions DROP COLUMN root_session_id"],
        [
            "DROP INDEX idx_sessions_project_id", "DROP INDEX idx_sessions_project_created",
            "ALTER TABLE sessions DROP COLUMN project_id",
        ],
        ["ALTER TABLE sessions DROP COLUMN summary_message_id"],
    ]

    @Test func `W10 every version of the schema is read, removed from and brought back`() throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(demo: .go, at: directory.file("opencode.db"), sessions: 6, messages: 40)
        let connection = try database.connect()
        for step in Self.steps {
            for statement in step { try connection.run(statement) }
            let trash = try TestHistory.trash(for: database, in: directory)
            let store = try TestHistory.open(database, trash)
            let before = try database.contents()
            let hasProjects = try connection.schema().has("project_id", in: "sessions")
            try store.reading(.lasting(.seconds(5))) { (snapshot) throws(StoreError) in
                #expect(try snapshot.sessions().count == 6)
                #expect(try snapshot.projects().count == (hasProjects ? 4 : 1))
            }
            let session = Session.ID(try database.column("SELECT max(id) FROM sessions")[0])
            let order = try store.reading(.lasting(.seconds(5))) { (snapshot) throws(StoreError) in
                try snapshot.messageOrder(of: session)
            }
            for message in order { try store.removeMessage(message.id, of: session, TestHistory.removal()) }
            try store.removeSession(session, TestHistory.removal())
            #expect(try database.column("SELECT count(*) FROM sessions") == ["5"])
            _ = try trash.restore(trash.batches().flatMap(\.items), into: database.connect(), isRehearsal: false)
            #expect(try database.contents() == before)
        }
    }

    @Test(arguments: [
        ("/w/app/.opencode/opencode.db", "/w/app"), ("/opencode.db", "/"), ("/w/opencode.db", "/"), ("/a/b/c.db", "/a"),
    ])
    func `a database is of the directory that contains its data directory`(path: String, directory: String) {
        #expect(GoStore.directory(of: path) == directory)
    }

    @Test func `N4 sessions without a project are in that of the database, as others spell it`() throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(.go, at: directory.file("opencode.db"))
        try database.run(
            """
            INSERT INTO sessions (id, project_id, title, created_at, updated_at)
            VALUES ('null', NULL, 'T', 1, 1), ('empty', '', 'T', 1, 1), ('other', 'b', 'T', 1, 1)
            """)
        let store = try GoStore(
            open: { (_) throws(SQLError) in try SQLiteConnection(path: database.path, access: .readWrite) }, trash: nil,
            readOnlyReason: nil, home: ProjectIdentity(remote: Array("ssh://git@h.org/a".utf8), directory: "/w/app"))
        func projects() throws -> [String] {
            try store.reading(.lasting(.seconds(5))) { (snapshot) throws(StoreError) in
                try snapshot.sessions().map { "\($0.id) \($0.project)" }.sorted()
            }
        }
        #expect(try projects() == ["empty h.org/a", "null h.org/a", "other b"])
        try database.run("UPDATE sessions SET project_id = 'ssh://git@h.org/a' WHERE id = 'other'")
        #expect(try projects() == ["empty ssh://h.org/a", "null ssh://h.org/a", "other ssh://h.org/a"])
        store.close()
    }

    @Test func `the demo's tables are what all of OpenCode's migrations make`() throws {
        let directory = try TemporaryDirectory()
        let migrated = directory.file("migrated.db")
        try GoMigrator.create(in: SQLiteConnection(path: migrated, access: .create))
        let demo = try TestDatabase(.go, at: directory.file("demo.db"))
        #expect(try GoShape(demo.path) == GoShape(migrated))
        let versions: SQLQuery = "SELECT version_id || ' ' || is_applied FROM goose_db_version ORDER BY id"
        #expect(
            try demo.column(versions)
                == SQLiteConnection(path: migrated, access: .readOnly).column(versions).map {
                    String(decoding: $0.bytes ?? [], as: UTF8.self)
                })
    }

    @Test func `N3 messages from before there was a seq come first, by time and id`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.addSession(SQLValue("s"))
        for (id, seq, created) in [
            ("new", .integer(1), 1), ("later", .null, 9), ("b", .null, 8), ("a", .null, 8), ("newest", .integer(2), 1),
        ] as [(String, SQLValue, Int64)] {
            try history.database.run(
                """
                INSERT INTO messages (id, session_id, role, created_at, updated_at, seq) \
                VALUES (\(id), 's', 'user', \(created), 1, \(seq))
                """)
        }
        try history.read { (snapshot) throws(StoreError) in
            let order = try snapshot.messageOrder(of: .init("s")).map(\.id.description)
            #expect(order == ["a", "b", "later", "new", "newest"])
            #expect(try snapshot.newestMessage(of: .init("s"))?.id.description == "newest")
        }
    }

    @Test func `N4 projects that differ in credentials are one, and nothing shows these`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        let ids = ["https://u:secret@h.org/a/b", "https://h.org/a/b", "https://secret@h.org/a/b", "u:secret@h.org/x"]
        for (index, id) in ids.enumerated() { try history.addSession(SQLValue("s\(index)"), project: id) }
        try history.read { (snapshot) throws(StoreError) in
            let shown = try snapshot.projects().map(\.id.description)
            #expect(shown == ["h.org/x", "https://h.org/a/b"])
            #expect(Set(try snapshot.sessions().map(\.project.description)) == Set(shown))
            #expect(try snapshot.sessionRecord(.init("s0"))?.row["project_id"] == .text(Array(ids[1].utf8)))
            #expect(try snapshot.counts().projects == 2)
        }
    }

    @Test func `D1 a stale counter does not keep a message from being removed, and comes back stale`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...3 as ClosedRange<Int64> {
            try history.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), number: number)
        }
        try history.database.run("UPDATE sessions SET message_count = 0")
        let before = try history.database.contents()
        for number in 1...3 {
            try history.store.removeMessage(.init("m\(number)"), of: .init("s"), TestHistory.removal())
        }
        #expect(try history.database.column("SELECT message_count FROM sessions") == ["0"])
        try history.store.removeSession(.init("s"), TestHistory.removal())
        _ = try history.trash.restore(
            history.trash.batches().flatMap(\.items), into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.contents() == before)
    }

    @Test func `D3 counters, times and cleared references come back although triggers rewrite them`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.crowd("s")
        try history.addSession(SQLValue("t"))
        for number in 1...3 as ClosedRange<Int64> {
            for session in ["s", "t"] {
                try history.addMessage(SQLValue("m\(number)\(session)"), of: SQLValue(session), number: number)
            }
        }
        for (peer, session) in [("one", "s"), ("two", "s"), ("three", "t")] {
            try history.database.run(
                """
                INSERT INTO bridge_sessions (project_id, channel, identity_id, peer_id, session_id, created_at, updated_at) \
                VALUES ('p', 'slack', 'i', \(peer), \(session), 1, 2)
                """)
        }
        let before = try history.database.contents()
        for number in 1...3 {
            try history.store.removeMessage(.init("m\(number)s"), of: .init("s"), TestHistory.removal())
        }
        try history.store.removeMessage(.init("m2t"), of: .init("t"), TestHistory.removal())
        try history.store.removeSession(.init("s"), TestHistory.removal())
        #expect(try history.database.column("SELECT peer_id FROM bridge_sessions WHERE session_id IS NULL").count == 2)
        let triggers = try history.database.column("SELECT sql FROM sqlite_schema ORDER BY name")
        let connection = try history.database.connect()
        _ = try history.trash.restore(history.trash.batches().flatMap(\.items), into: connection, isRehearsal: false)
        #expect(try history.database.contents() == before)
        #expect(try history.database.column("SELECT sql FROM sqlite_schema ORDER BY name") == triggers)
        // Nothing of ours is left on the connection: an update moves the time again.
        #expect(try !connection.exists("SELECT 1 FROM sqlite_temp_schema"))
        try connection.run("UPDATE sessions SET title = 'x' WHERE id = 's'")
        #expect(try connection.integer("SELECT updated_at FROM sessions WHERE id = 's'") ?? 0 > 1_700_000_000)
    }

    @Test func `D3 what somebody has made of a session since stays`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...3 as ClosedRange<Int64> {
            try history.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), number: number)
        }
        for number in 1...2 {
            try history.store.removeMessage(.init("m\(number)"), of: .init("s"), TestHistory.removal())
        }
        try history.database.run("UPDATE sessions SET title = 'renamed'")
        try history.addMessage(SQLValue("m4"), of: SQLValue("s"), number: 4)
        _ = try history.trash.restore(
            history.trash.batches().flatMap(\.items), into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.column("SELECT title || message_count FROM sessions") == ["renamed4"])
        #expect(try history.database.column("SELECT count(*) FROM messages") == ["4"])
    }

    @Test(arguments: [[1, 3], [1], [3], [1, 2, 3]])
    func `D3 a counter is right however few of several messages come back`(chosen: [Int64]) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...4 as ClosedRange<Int64> {
            try history.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), number: number)
        }
        for number in 1...3 {
            try history.store.removeMessage(.init("m\(number)"), of: .init("s"), TestHistory.removal())
        }
        let items = try history.trash.batches().flatMap(\.items)
            .filter { item in chosen.contains { item.message == .init("m\($0)") } }
        _ = try history.trash.restore(items, into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.column("SELECT message_count FROM sessions") == ["\(chosen.count + 1)"])
    }

    @Test func `D3 a counter is right when others have counted on in between`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...2 as ClosedRange<Int64> {
            try history.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), number: number)
        }
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        try history.addMessage(SQLValue("m3"), of: SQLValue("s"), number: 3)
        try history.store.removeMessage(.init("m2"), of: .init("s"), TestHistory.removal())
        _ = try history.trash.restore(
            history.trash.batches().flatMap(\.items), into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.column("SELECT message_count FROM sessions") == ["3"])
    }

    @Test func `D3 a trash from before there were kinds is read`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        try history.addSession(SQLValue("s"))
        try history.store.removeSession(.init("s"), TestHistory.removal())
        let connection = try SQLiteConnection(path: directory.file("trash.db"), access: .readWrite)
        for statement: SQLQuery in [
            "DROP TABLE ahead", "DROP TABLE piece", "ALTER TABLE field DROP COLUMN pieces",
            "ALTER TABLE record DROP COLUMN kind",
            "ALTER TABLE item DROP COLUMN project", "PRAGMA user_version = 1",
        ] {
            try connection.run(statement)
        }
        let trash = try TestHistory.trash(for: history.database, in: directory)
        let restoration = try trash.restore(
            trash.batches().flatMap(\.items), into: history.database.connect(), isRehearsal: false)
        #expect(restoration.rows == 1)
    }
}
