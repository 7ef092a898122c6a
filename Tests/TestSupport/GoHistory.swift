import Foundation
import SQL
import SQLiteDriver
import Timing

/// A database as OpenCode's own migrations of the Go family leave it after any of them, written down a second time:
/// what `GoMigration` says is compared with this.
package struct GoHistory: Sendable {
    package let path: String

    package static let versions: [(number: Int64, statements: [SQLQuery])] = [
        (20_250_424_200_609, first),
        (20_250_515_105_448, ["ALTER TABLE sessions ADD COLUMN summary_message_id TEXT"]),
        (
            20_260_131_204_842,
            [
                "ALTER TABLE sessions ADD COLUMN project_id VARCHAR(512)",
                "CREATE INDEX idx_sessions_project_id ON sessions(project_id)",
                "CREATE INDEX idx_sessions_project_created ON sessions(project_id, created_at DESC)",
            ]
        ),
        (
            20_260_210_120_000,
            [
                "ALTER TABLE sessions ADD COLUMN root_session_id TEXT",
                "CREATE INDEX idx_sessions_root_session_id ON sessions(root_session_id)",
            ]
        ),
        (
            20_260_220_120_000,
            [
                """
                CREATE TABLE flow_states (session_id TEXT PRIMARY KEY, root_session_id TEXT NOT NULL, flow_id TEXT NOT NULL,
                  step_id TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'running', args TEXT, output TEXT,
                  is_struct_output BOOLEAN NOT NULL DEFAULT FALSE,
                  created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE CASCADE)
                """,
                "CREATE INDEX idx_flow_states_root_session ON flow_states(root_session_id)",
                "CREATE INDEX idx_flow_states_flow_id ON flow_states(flow_id)",
                """
                CREATE TRIGGER update_flow_states_updated_at AFTER UPDATE ON flow_states BEGIN
                UPDATE flow_states SET updated_at = strftime('%s','now') WHERE session_id = new.session_id; END
                """,
            ]
        ),
        (20_260_304_120_000, ["ALTER TABLE messages ADD COLUMN seq INTEGER"]),
        (
            20_260_421_120_000,
            [
                "ALTER TABLE sessions ADD COLUMN total_prompt_tokens INTEGER NOT NULL DEFAULT 0",
                "ALTER TABLE sessions ADD COLUMN total_completion_tokens INTEGER NOT NULL DEFAULT 0",
            ]
        ),
        (
            20_260_428_120_000,
            [
                """
                CREATE TABLE session_recaps (id TEXT PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, content TEXT NOT NULL,
                  message_count INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL,
                  FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE CASCADE)
                """,
                "CREATE INDEX idx_session_recaps_session_id ON session_recaps(session_id)",
            ]
        ),
        (20_260_430_120_000, []),
        (
            20_260_507_120_000,
            [
                """
                CREATE TABLE cron_jobs (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, schedule TEXT NOT NULL,
                  prompt TEXT NOT NULL, subagent_type TEXT NOT NULL, task_title TEXT NOT NULL, task_id TEXT NOT NULL,
                  is_recurring BOOLEAN NOT NULL DEFAULT TRUE, source TEXT NOT NULL DEFAULT 'agent',
                  status TEXT NOT NULL DEFAULT 'active', firing BOOLEAN NOT NULL DEFAULT FALSE, last_run_at INTEGER,
                  next_run_at INTEGER, run_count INTEGER NOT NULL DEFAULT 0, last_result TEXT, error TEXT,
                  created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE CASCADE)
                """,
                "CREATE INDEX idx_cron_jobs_session_id ON cron_jobs(session_id)",
                "CREATE INDEX idx_cron_jobs_due ON cron_jobs(status, firing, next_run_at)",
                """
                CREATE TRIGGER update_cron_jobs_updated_at AFTER UPDATE ON cron_jobs BEGIN
                UPDATE cron_jobs SET updated_at = strftime('%s','now') WHERE id = new.id; END
                """,
            ]
        ),
        (20_260_602_120_000, ["ALTER TABLE flow_states ADD COLUMN iteration INTEGER NOT NULL DEFAULT 1"]),
        (
            20_260_609_120_000,
            [
                """
                CREATE TABLE bridge_sessions (project_id TEXT NOT NULL, channel TEXT NOT NULL, identity_id TEXT NOT NULL,
                  peer_id TEXT NOT NULL, session_id TEXT, mention_handle TEXT, mention_consumed_at INTEGER,
                  created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  PRIMARY KEY (project_id, channel, identity_id, peer_id),
                  FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE SET NULL)
                """,
                "CREATE INDEX idx_bridge_sessions_session_id ON bridge_sessions(session_id)",
                """
                CREATE TRIGGER trg_bridge_sessions_updated_at AFTER UPDATE ON bridge_sessions BEGIN
                UPDATE bridge_sessions SET updated_at = strftime('%s','now') WHERE project_id = new.project_id
                AND channel = new.channel AND identity_id = new.identity_id AND peer_id = new.peer_id; END
                """,
                """
                CREATE TABLE bridge_allowlist (project_id TEXT NOT NULL, channel TEXT NOT NULL, identity_id TEXT NOT NULL,
                  peer_id TEXT NOT NULL, created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                  PRIMARY KEY (project_id, channel, identity_id, peer_id))
                """,
            ]
        ),
        (20_260_627_120_000, ["ALTER TABLE messages ADD COLUMN synthetic BOOLEAN NOT NULL DEFAULT FALSE"]),
        (20_260_723_120_000, ["ALTER TABLE sessions ADD COLUMN user_set_title BOOLEAN NOT NULL DEFAULT FALSE"]),
    ]

    private static let first: [SQLQuery] = [
        """
        CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL,
          message_count INTEGER NOT NULL DEFAULT 0 CHECK (message_count >= 0),
          prompt_tokens INTEGER NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
          completion_tokens INTEGER NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
          cost REAL NOT NULL DEFAULT 0.0 CHECK (cost >= 0.0), updated_at INTEGER NOT NULL, created_at INTEGER NOT NULL)
        """,
        """
        CREATE TRIGGER IF NOT EXISTS update_sessions_updated_at AFTER UPDATE ON sessions BEGIN
        UPDATE sessions SET updated_at = strftime('%s','now') WHERE id = new.id; END
        """,
        """
        CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, path TEXT NOT NULL,
          content TEXT NOT NULL, version TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
          FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE, UNIQUE(path, session_id, version))
        """,
        "CREATE INDEX idx_files_session_id ON files (session_id)",
        "CREATE INDEX idx_files_path ON files (path)",
        """
        CREATE TRIGGER IF NOT EXISTS update_files_updated_at AFTER UPDATE ON files BEGIN
        UPDATE files SET updated_at = strftime('%s','now') WHERE id = new.id; END
        """,
        """
        CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL,
          parts TEXT NOT NULL default '[]', model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
          finished_at INTEGER, FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE)
        """,
        "CREATE INDEX idx_messages_session_id ON messages (session_id)",
        """
        CREATE TRIGGER IF NOT EXISTS update_messages_updated_at AFTER UPDATE ON messages BEGIN
        UPDATE messages SET updated_at = strftime('%s','now') WHERE id = new.id; END
        """,
        """
        CREATE TRIGGER IF NOT EXISTS update_session_message_count_on_insert AFTER INSERT ON messages BEGIN
        UPDATE sessions SET message_count = message_count + 1 WHERE id = new.session_id; END
        """,
        """
        CREATE TRIGGER IF NOT EXISTS update_session_message_count_on_delete AFTER DELETE ON messages BEGIN
        UPDATE sessions SET message_count = message_count - 1 WHERE id = old.session_id; END
        """,
    ]

    /// Makes a database that has had the first migrations, in WAL mode as OpenCode does, with some rows.
    package init(steps: Int, at path: String) throws {
        self.path = path
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.run("PRAGMA journal_mode=WAL")
        try connection.run(
            """
            CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
              is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))
            """)
        try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)")
        for (number, statements) in Self.versions.prefix(steps) {
            for statement in statements { try connection.run(statement) }
            try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(number), 1)")
        }
        for session: Int64 in 1...3 {
            try connection.run(
                """
                INSERT INTO sessions (id, parent_session_id, title, cost, updated_at, created_at)
                VALUES (\("s/\(session)"), NULL, 'Zoë', 0.25, \(1000 + session), 900)
                """)
            try connection.run(
                """
                INSERT INTO files (id, session_id, path, content, version, created_at, updated_at)
                VALUES (\("f\(session)"), \("s/\(session)"), 'a.go', CAST(x'ff00fe' AS TEXT), 'initial', 5, 6)
                """)
        }
        try connection.run("DROP TRIGGER update_session_message_count_on_insert")
        for message: Int64 in 1...4 {
            try connection.run(
                """
                INSERT INTO messages (id, session_id, role, parts, created_at, updated_at)
                VALUES (\("m\(message)"), 's/1', 'user', '[{"type":"text","data":{"text":"é"}}]', \(message), 7)
                """)
        }
        guard steps >= 9 else { return }
        try connection.run(Self.first[9])
        try connection.run("DROP TRIGGER update_sessions_updated_at")
        try connection.run("UPDATE sessions SET message_count = 4 WHERE id = 's/1'")
        try connection.run(Self.first[1])
    }

    package func connect() throws -> SQLiteConnection {
        try SQLiteConnection(path: path, access: .readWrite)
    }

    package func run(_ statements: SQLQuery...) throws {
        let connection = try connect()
        for statement in statements { try connection.run(statement) }
    }

    package func versions() throws -> [Int64?] {
        try connect().column("SELECT version_id FROM goose_db_version ORDER BY id").map(\.integer)
    }

    /// Every table, index, trigger and row, in a form that two databases can be compared in.
    package func dump() throws -> [String] {
        try Self.dump(path)
    }

    /// The same of any database.
    package static func dump(_ path: String) throws -> [String] {
        let connection = try SQLiteConnection(path: path, access: .readOnly)
        var lines = try Self.lines("SELECT type, name, sql FROM sqlite_schema ORDER BY name", connection)
        for table in try connection.schema().tables.keys.sorted() {
            lines += try Self.lines("SELECT * FROM \(SQLIdentifier(table))", connection).sorted()
        }
        return lines
    }

    /// How many sessions a database has.
    package static func count(_ path: String) throws -> Int64? {
        try SQLiteConnection(path: path, access: .readOnly).integer("SELECT count(*) FROM sessions")
    }

    package static func lines(_ query: SQLQuery, _ connection: SQLiteConnection, columns: Int = 24) throws -> [String] {
        var lines: [String] = []
        try connection.rows(query) { (row) throws(SQLError) in
            lines.append((0..<columns).map { "\(row.value(at: $0))" }.joined(separator: "|"))
        }
        return lines
    }
}

/// What a schema means, whatever its text looks like.
package struct GoShape: Equatable {
    package let columns: [String]
    package let indexes: [String]
    package let references: [String]
    package let checks: [String]
    package let triggers: [String]

    package init(_ path: String) throws {
        let connection = try SQLiteConnection(path: path, access: .readOnly)
        columns = try GoHistory.lines(
            """
            SELECT t.name, c.cid, c.name, c.type, c."notnull", replace(c.dflt_value, ' ', ''), c.pk, c.hidden
            FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c WHERE t.type = 'table' ORDER BY 1, 2
            """, connection, columns: 8)
        indexes = try GoHistory.lines(
            """
            SELECT t.name, i.name, i."unique", i.origin, i.partial, c.seqno, c.name, c.desc, c.coll, c.key
            FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_xinfo(i.name) AS c
            WHERE t.type = 'table' ORDER BY 1, 2, 6
            """, connection, columns: 10)
        references = try GoHistory.lines(
            """
            SELECT t.name, f."table", f."from", f."to", f.on_update, f.on_delete, f.match
            FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table' ORDER BY 1, 2, 3
            """, connection, columns: 7)
        let texts = try connection.column(
            "SELECT sql FROM sqlite_schema WHERE type IN ('table', 'trigger') ORDER BY name"
        )
        .map { String(decoding: $0.bytes ?? [], as: UTF8.self) }
        let bare = texts.map { $0.filter { !$0.isWhitespace }.replacing("IFNOTEXISTS", with: "") }
        checks = bare.flatMap { $0.matches(of: /CHECK\([^)]*\)/).map { String($0.0) } }
        triggers = bare.filter { $0.hasPrefix("CREATETRIGGER") }
    }
}
