internal import SQL

/// The migrations that make tables. Times are whole seconds.
extension GoMigration {
    /// The original OpenCode's first.
    static let initial = GoMigration(
        20_250_424_200_609, "sessions, files and messages",
        adds: [
            (
                "sessions",
                [
                    "id", "parent_session_id", "title", "message_count", "prompt_tokens", "completion_tokens", "cost",
                    "updated_at", "created_at",
                ]
            ),
            ("files", ["id", "session_id", "path", "content", "version", "created_at", "updated_at"]),
            (
                "messages",
                ["id", "session_id", "role", "parts", "model", "created_at", "updated_at", "finished_at"]
            ),
        ],
        [
            """
            CREATE TABLE sessions (
                id TEXT PRIMARY KEY,
                parent_session_id TEXT,
                title TEXT NOT NULL,
                message_count INTEGER NOT NULL DEFAULT 0 CHECK (message_count >= 0),
                prompt_tokens INTEGER NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
                completion_tokens INTEGER NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
                cost REAL NOT NULL DEFAULT 0.0 CHECK (cost >= 0.0),
                updated_at INTEGER NOT NULL,
                created_at INTEGER NOT NULL
            )
            """,
            """
            CREATE TRIGGER update_sessions_updated_at AFTER UPDATE ON sessions
            BEGIN
                UPDATE sessions SET updated_at = strftime('%s','now') WHERE id = new.id;
            END
            """,
            """
            CREATE TABLE files (
                id TEXT PRIMARY KEY,
                session_id TEXT NOT NULL,
                path TEXT NOT NULL,
                content TEXT NOT NULL,
                version TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
                UNIQUE (path, session_id, version)
            )
            """,
            "CREATE INDEX idx_files_session_id ON files (session_id)",
            "CREATE INDEX idx_files_path ON files (path)",
            """
            CREATE TRIGGER update_files_updated_at AFTER UPDATE ON files
            BEGIN
                UPDATE files SET updated_at = strftime('%s','now') WHERE id = new.id;
            END
            """,
            """
            CREATE TABLE messages (
                id TEXT PRIMARY KEY,
                session_id TEXT NOT NULL,
                role TEXT NOT NULL,
                parts TEXT NOT NULL DEFAULT '[]',
                model TEXT,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                finished_at INTEGER,
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX idx_messages_session_id ON messages (session_id)",
        ] + messageTriggers, mysql: MySQLStep.initial)

    /// What the first migration makes and the repair makes again where it is missing.
    private static let messageTriggers: [SQLQuery] = [
        """
        CREATE TRIGGER IF NOT EXISTS update_messages_updated_at AFTER UPDATE ON messages
        BEGIN
            UPDATE messages SET updated_at = strftime('%s','now') WHERE id = new.id;
        END
        """,
        """
        CREATE TRIGGER IF NOT EXISTS update_session_message_count_on_insert AFTER INSERT ON messages
        BEGIN
            UPDATE sessions SET message_count = message_count + 1 WHERE id = new.session_id;
        END
        """,
        """
        CREATE TRIGGER IF NOT EXISTS update_session_message_count_on_delete AFTER DELETE ON messages
        BEGIN
            UPDATE sessions SET message_count = message_count - 1 WHERE id = old.session_id;
        END
        """,
    ]

    static let repair = GoMigration(
        20_260_430_120_000, "numbers of messages", messageTriggers,
        corrections: [
            """
            UPDATE sessions SET message_count = counted.messages
            FROM (
                SELECT s.rowid AS line, count(m.session_id) AS messages
                FROM sessions AS s LEFT JOIN messages AS m ON m.session_id = s.id GROUP BY s.rowid
            ) AS counted
            WHERE sessions.rowid = counted.line AND sessions.message_count <> counted.messages
            """
        ], mysql: MySQLStep.repair)

    static let flowStates = GoMigration(
        20_260_220_120_000, "states of flows",
        adds: [
            (
                "flow_states",
                [
                    "session_id", "root_session_id", "flow_id", "step_id", "status", "args", "output",
                    "is_struct_output", "created_at", "updated_at",
                ]
            )
        ],
        [
            """
            CREATE TABLE flow_states (
                session_id TEXT PRIMARY KEY,
                root_session_id TEXT NOT NULL,
                flow_id TEXT NOT NULL,
                step_id TEXT NOT NULL,
                status TEXT NOT NULL DEFAULT 'running',
                args TEXT,
                output TEXT,
                is_struct_output BOOLEAN NOT NULL DEFAULT FALSE,
                created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX idx_flow_states_root_session ON flow_states (root_session_id)",
            "CREATE INDEX idx_flow_states_flow_id ON flow_states (flow_id)",
            """
            CREATE TRIGGER update_flow_states_updated_at AFTER UPDATE ON flow_states
            BEGIN
                UPDATE flow_states SET updated_at = strftime('%s','now') WHERE session_id = new.session_id;
            END
            """,
        ], mysql: MySQLStep.flowStates)

    static let recaps = GoMigration(
        20_260_428_120_000, "recaps of sessions",
        adds: [("session_recaps", ["id", "session_id", "content", "message_count", "created_at"])],
        [
            """
            CREATE TABLE session_recaps (
                id TEXT PRIMARY KEY,
                session_id TEXT NOT NULL UNIQUE,
                content TEXT NOT NULL,
                message_count INTEGER NOT NULL DEFAULT 0,
                created_at INTEGER NOT NULL,
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX idx_session_recaps_session_id ON session_recaps (session_id)",
        ], mysql: MySQLStep.recaps)

    static let cronJobs = GoMigration(
        20_260_507_120_000, "scheduled jobs",
        adds: [
            (
                "cron_jobs",
                [
                    "id", "session_id", "schedule", "prompt", "subagent_type", "task_title", "task_id", "is_recurring",
                    "source", "status", "firing", "last_run_at", "next_run_at", "run_count", "last_result", "error",
                    "created_at", "updated_at",
                ]
            )
        ],
        [
            """
            CREATE TABLE cron_jobs (
                id TEXT PRIMARY KEY,
                session_id TEXT NOT NULL,
                schedule TEXT NOT NULL,
                prompt TEXT NOT NULL,
                subagent_type TEXT NOT NULL,
                task_title TEXT NOT NULL,
                task_id TEXT NOT NULL,
                is_recurring BOOLEAN NOT NULL DEFAULT TRUE,
                source TEXT NOT NULL DEFAULT 'agent',
                status TEXT NOT NULL DEFAULT 'active',
                firing BOOLEAN NOT NULL DEFAULT FALSE,
                last_run_at INTEGER,
                next_run_at INTEGER,
                run_count INTEGER NOT NULL DEFAULT 0,
                last_result TEXT,
                error TEXT,
                created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX idx_cron_jobs_session_id ON cron_jobs (session_id)",
            "CREATE INDEX idx_cron_jobs_due ON cron_jobs (status, firing, next_run_at)",
            """
            CREATE TRIGGER update_cron_jobs_updated_at AFTER UPDATE ON cron_jobs
            BEGIN
                UPDATE cron_jobs SET updated_at = strftime('%s','now') WHERE id = new.id;
            END
            """,
        ], mysql: MySQLStep.cronJobs)

    static let bridges = GoMigration(
        20_260_609_120_000, "bridges to chats",
        adds: [
            (
                "bridge_sessions",
                [
                    "project_id", "channel", "identity_id", "peer_id", "session_id", "mention_handle",
                    "mention_consumed_at", "created_at", "updated_at",
                ]
            ),
            ("bridge_allowlist", ["project_id", "channel", "identity_id", "peer_id", "created_at"]),
        ],
        [
            """
            CREATE TABLE bridge_sessions (
                project_id TEXT NOT NULL,
                channel TEXT NOT NULL,
                identity_id TEXT NOT NULL,
                peer_id TEXT NOT NULL,
                session_id TEXT,
                mention_handle TEXT,
                mention_consumed_at INTEGER,
                created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                PRIMARY KEY (project_id, channel, identity_id, peer_id),
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE SET NULL
            )
            """,
            "CREATE INDEX idx_bridge_sessions_session_id ON bridge_sessions (session_id)",
            """
            CREATE TRIGGER trg_bridge_sessions_updated_at AFTER UPDATE ON bridge_sessions
            BEGIN
                UPDATE bridge_sessions SET updated_at = strftime('%s','now')
                WHERE project_id = new.project_id AND channel = new.channel
                    AND identity_id = new.identity_id AND peer_id = new.peer_id;
            END
            """,
            """
            CREATE TABLE bridge_allowlist (
                project_id TEXT NOT NULL,
                channel TEXT NOT NULL,
                identity_id TEXT NOT NULL,
                peer_id TEXT NOT NULL,
                created_at INTEGER NOT NULL DEFAULT (strftime('%s','now')),
                PRIMARY KEY (project_id, channel, identity_id, peer_id)
            )
            """,
        ], mysql: MySQLStep.bridges)
}
