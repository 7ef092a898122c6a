internal import SQL
internal import Timing

/// The tables of the Go OpenCode's fork with session providers, as of its migration 20260723120000.
enum GoTables {
    static let statements = [
        """
        CREATE TABLE goose_db_version (
            id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL,
            tstamp TIMESTAMP DEFAULT (datetime('now'))
        )
        """,
        """
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL,
            message_count INTEGER NOT NULL DEFAULT 0 CHECK (message_count >= 0),
            prompt_tokens INTEGER NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
            completion_tokens INTEGER NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
            cost REAL NOT NULL DEFAULT 0.0 CHECK (cost >= 0.0),
            updated_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
            summary_message_id TEXT, project_id VARCHAR(512), root_session_id TEXT,
            total_prompt_tokens INTEGER NOT NULL DEFAULT 0, total_completion_tokens INTEGER NOT NULL DEFAULT 0,
            user_set_title BOOLEAN NOT NULL DEFAULT FALSE
        )
        """,
        "CREATE INDEX idx_sessions_project_id ON sessions (project_id)",
        "CREATE INDEX idx_sessions_project_created ON sessions (project_id, created_at DESC)",
        "CREATE INDEX idx_sessions_root_session_id ON sessions (root_session_id)",
        """
        CREATE TABLE files (
            id TEXT PRIMARY KEY, session_id TEXT NOT NULL, path TEXT NOT NULL, content TEXT NOT NULL,
            version TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE, UNIQUE (path, session_id, version)
        )
        """,
        "CREATE INDEX idx_files_session_id ON files (session_id)",
        "CREATE INDEX idx_files_path ON files (path)",
        """
        CREATE TABLE messages (
            id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL DEFAULT '[]',
            model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER,
            seq INTEGER, synthetic BOOLEAN NOT NULL DEFAULT FALSE,
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX idx_messages_session_id ON messages (session_id)",
        """
        CREATE TABLE flow_states (
            session_id TEXT PRIMARY KEY, root_session_id TEXT NOT NULL, flow_id TEXT NOT NULL, step_id TEXT NOT NULL,
            status TEXT NOT NULL DEFAULT 'running', args TEXT, output TEXT,
            is_struct_output BOOLEAN NOT NULL DEFAULT FALSE,
            created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            iteration INTEGER NOT NULL DEFAULT 1,
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX idx_flow_states_root_session ON flow_states (root_session_id)",
        "CREATE INDEX idx_flow_states_flow_id ON flow_states (flow_id)",
        """
        CREATE TABLE session_recaps (
            id TEXT PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, content TEXT NOT NULL,
            message_count INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL,
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX idx_session_recaps_session_id ON session_recaps (session_id)",
        """
        CREATE TABLE cron_jobs (
            id TEXT PRIMARY KEY, session_id TEXT NOT NULL, schedule TEXT NOT NULL, prompt TEXT NOT NULL,
            subagent_type TEXT NOT NULL, task_title TEXT NOT NULL, task_id TEXT NOT NULL,
            is_recurring BOOLEAN NOT NULL DEFAULT TRUE, source TEXT NOT NULL DEFAULT 'agent',
            status TEXT NOT NULL DEFAULT 'active', firing BOOLEAN NOT NULL DEFAULT FALSE,
            last_run_at INTEGER, next_run_at INTEGER, run_count INTEGER NOT NULL DEFAULT 0,
            last_result TEXT, error TEXT,
            created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX idx_cron_jobs_session_id ON cron_jobs (session_id)",
        "CREATE INDEX idx_cron_jobs_due ON cron_jobs (status, firing, next_run_at)",
        """
        CREATE TABLE bridge_sessions (
            project_id TEXT NOT NULL, channel TEXT NOT NULL, identity_id TEXT NOT NULL, peer_id TEXT NOT NULL,
            session_id TEXT, mention_handle TEXT, mention_consumed_at INTEGER,
            created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            PRIMARY KEY (project_id, channel, identity_id, peer_id),
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE SET NULL
        )
        """,
        "CREATE INDEX idx_bridge_sessions_session_id ON bridge_sessions (session_id)",
        """
        CREATE TABLE bridge_allowlist (
            project_id TEXT NOT NULL, channel TEXT NOT NULL, identity_id TEXT NOT NULL, peer_id TEXT NOT NULL,
            created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
            PRIMARY KEY (project_id, channel, identity_id, peer_id)
        )
        """,
    ]

    /// They count a session's messages and note when a row changed. A history that has ended gets them last.
    static let triggers =
        [
            ("update_sessions_updated_at", "sessions", "id"), ("update_files_updated_at", "files", "id"),
            ("update_messages_updated_at", "messages", "id"),
            ("update_flow_states_updated_at", "flow_states", "session_id"),
            ("update_cron_jobs_updated_at", "cron_jobs", "id"),
            ("trg_bridge_sessions_updated_at", "bridge_sessions", ""),
        ].map { name, table, key in
            let row =
                key.isEmpty
                ? ["project_id", "channel", "identity_id", "peer_id"].map { "\($0) = new.\($0)" }
                    .joined(separator: " AND ") : "\(key) = new.\(key)"
            return """
                CREATE TRIGGER \(name) AFTER UPDATE ON \(table)
                BEGIN UPDATE \(table) SET updated_at = strftime('%s','now') WHERE \(row); END
                """
        } + [
            """
            CREATE TRIGGER update_session_message_count_on_insert AFTER INSERT ON messages
            BEGIN UPDATE sessions SET message_count = message_count + 1 WHERE id = new.session_id; END
            """,
            """
            CREATE TRIGGER update_session_message_count_on_delete AFTER DELETE ON messages
            BEGIN UPDATE sessions SET message_count = message_count - 1 WHERE id = old.session_id; END
            """,
        ]

    /// What goose notes: a row of its own, then one for each migration.
    static let versions: [Int64] = [
        0, 20_250_424_200_609, 20_250_515_105_448, 20_260_131_204_842, 20_260_210_120_000, 20_260_220_120_000,
        20_260_304_120_000, 20_260_421_120_000, 20_260_428_120_000, 20_260_430_120_000, 20_260_507_120_000,
        20_260_602_120_000, 20_260_609_120_000, 20_260_627_120_000, 20_260_723_120_000,
    ]

    /// Makes the tables of an empty database.
    static func create(on connection: any SQLConnection, at moment: Timestamp) throws(SQLError) {
        for statement in statements { try connection.run(SQLQuery(stringLiteral: statement)) }
        for version in versions {
            try connection.run(
                """
                INSERT INTO goose_db_version (version_id, is_applied, tstamp)
                VALUES (\(version), 1, datetime(\(moment.milliseconds / 1000), 'unixepoch'))
                """)
        }
    }
}
