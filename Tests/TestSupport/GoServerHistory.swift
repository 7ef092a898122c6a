import MySQLDriver
import SQL

/// A server's database as OpenCode's own migrations of the Go family leave it after any of them, written down a second
/// time: what `MySQLStep` says is compared with this.
package enum GoServerHistory {
    private static let table = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"

    package static let versions: [(number: Int64, statements: [String])] = [
        (20_250_424_200_609, first),
        (20_250_515_105_448, ["ALTER TABLE sessions ADD summary_message_id VARCHAR(255)"]),
        (
            20_260_131_204_842,
            [
                "ALTER TABLE sessions ADD project_id VARCHAR(512)",
                "CREATE INDEX idx_sessions_project_id ON sessions (project_id(255))",
                "CREATE INDEX idx_sessions_project_created ON sessions (project_id(255), created_at DESC)",
            ]
        ),
        (
            20_260_210_120_000,
            [
                "ALTER TABLE sessions ADD root_session_id VARCHAR(255)",
                "CREATE INDEX idx_sessions_root_session_id ON sessions (root_session_id)",
            ]
        ),
        (
            20_260_220_120_000,
            [
                """
                CREATE TABLE flow_states (session_id VARCHAR(255) NOT NULL, root_session_id VARCHAR(255) NOT NULL,
                flow_id VARCHAR(255) NOT NULL, step_id VARCHAR(255) NOT NULL,
                status VARCHAR(50) DEFAULT 'running' NOT NULL, args LONGTEXT NULL, output LONGTEXT NULL,
                is_struct_output BOOL DEFAULT FALSE NOT NULL, created_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL,
                updated_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL, PRIMARY KEY (session_id)) \(table)
                """,
                """
                ALTER TABLE flow_states ADD CONSTRAINT fk_flow_states_session FOREIGN KEY (session_id)
                REFERENCES sessions (id) ON DELETE CASCADE
                """,
                "CREATE INDEX idx_flow_states_root_session ON flow_states (root_session_id)",
                "CREATE INDEX idx_flow_states_flow_id ON flow_states (flow_id)",
                time("update_flow_states_updated_at", "flow_states"),
            ]
        ),
        (20_260_304_120_000, ["ALTER TABLE messages ADD seq BIGINT"]),
        (
            20_260_421_120_000,
            [
                """
                ALTER TABLE sessions ADD total_prompt_tokens BIGINT DEFAULT 0 NOT NULL,
                ADD total_completion_tokens BIGINT DEFAULT 0 NOT NULL
                """
            ]
        ),
        (
            20_260_428_120_000,
            [
                """
                CREATE TABLE session_recaps (id VARCHAR(255) NOT NULL PRIMARY KEY, session_id VARCHAR(255) NOT NULL,
                content LONGTEXT NOT NULL, message_count BIGINT DEFAULT 0 NOT NULL, created_at BIGINT NOT NULL) \(table)
                """,
                "CREATE UNIQUE INDEX idx_session_recaps_session_unique ON session_recaps (session_id)",
                "CREATE INDEX idx_session_recaps_session_id ON session_recaps (session_id)",
                """
                ALTER TABLE session_recaps ADD CONSTRAINT fk_session_recaps_session_id FOREIGN KEY (session_id)
                REFERENCES sessions (id) ON DELETE CASCADE
                """,
            ]
        ),
        (20_260_430_120_000, []),
        (
            20_260_507_120_000,
            [
                """
                CREATE TABLE cron_jobs (id VARCHAR(255) NOT NULL PRIMARY KEY, session_id VARCHAR(255) NOT NULL,
                schedule VARCHAR(255) NOT NULL, prompt LONGTEXT NOT NULL, subagent_type VARCHAR(255) NOT NULL,
                task_title VARCHAR(512) NOT NULL, task_id VARCHAR(255) NOT NULL, is_recurring BOOL DEFAULT TRUE NOT NULL,
                source VARCHAR(50) DEFAULT 'agent' NOT NULL, status VARCHAR(50) DEFAULT 'active' NOT NULL,
                firing BOOL DEFAULT FALSE NOT NULL, last_run_at BIGINT NULL, next_run_at BIGINT NULL,
                run_count BIGINT DEFAULT 0 NOT NULL, last_result LONGTEXT NULL, error LONGTEXT NULL,
                created_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL,
                updated_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL) \(table)
                """,
                "CREATE INDEX idx_cron_jobs_session_id ON cron_jobs (session_id)",
                "CREATE INDEX idx_cron_jobs_due ON cron_jobs (status, firing, next_run_at)",
                """
                ALTER TABLE cron_jobs ADD CONSTRAINT fk_cron_jobs_session FOREIGN KEY (session_id)
                REFERENCES sessions (id) ON DELETE CASCADE
                """,
                time("update_cron_jobs_updated_at", "cron_jobs"),
            ]
        ),
        (20_260_602_120_000, ["ALTER TABLE flow_states ADD iteration INT DEFAULT 1 NOT NULL"]),
        (
            20_260_609_120_000,
            [
                """
                CREATE TABLE bridge_sessions (project_id VARCHAR(255) NOT NULL, channel VARCHAR(32) NOT NULL,
                identity_id VARCHAR(64) NOT NULL, peer_id VARCHAR(128) NOT NULL, session_id VARCHAR(255) NULL,
                mention_handle VARCHAR(255) NULL, mention_consumed_at BIGINT NULL,
                created_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL,
                updated_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL,
                PRIMARY KEY (project_id, channel, identity_id, peer_id)) \(table)
                """,
                "CREATE INDEX idx_bridge_sessions_session_id ON bridge_sessions (session_id)",
                """
                ALTER TABLE bridge_sessions ADD CONSTRAINT fk_bridge_sessions_session FOREIGN KEY (session_id)
                REFERENCES sessions (id) ON DELETE SET NULL
                """,
                time("trg_bridge_sessions_updated_at", "bridge_sessions"),
                """
                CREATE TABLE bridge_allowlist (project_id VARCHAR(255) NOT NULL, channel VARCHAR(32) NOT NULL,
                identity_id VARCHAR(64) NOT NULL, peer_id VARCHAR(128) NOT NULL,
                created_at BIGINT DEFAULT (UNIX_TIMESTAMP()) NOT NULL,
                PRIMARY KEY (project_id, channel, identity_id, peer_id)) \(table)
                """,
            ]
        ),
        (20_260_627_120_000, ["ALTER TABLE messages ADD synthetic BOOL DEFAULT FALSE NOT NULL"]),
        (20_260_723_120_000, ["ALTER TABLE sessions ADD user_set_title BOOL DEFAULT FALSE NOT NULL"]),
    ]

    private static func time(_ name: String, _ table: String) -> String {
        "CREATE TRIGGER \(name) BEFORE UPDATE ON \(table) FOR EACH ROW SET NEW.updated_at = unix_timestamp()"
    }

    private static let first = [
        """
        CREATE TABLE sessions (id VARCHAR(255) NOT NULL, parent_session_id VARCHAR(255), title VARCHAR(512) NOT NULL,
        message_count BIGINT NOT NULL DEFAULT 0 CHECK (message_count>=0),
        prompt_tokens BIGINT NOT NULL DEFAULT 0 CHECK (prompt_tokens>=0),
        completion_tokens BIGINT NOT NULL DEFAULT 0 CHECK (completion_tokens>=0),
        cost DOUBLE NOT NULL DEFAULT 0.0 CHECK (cost>=0.0), updated_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
        PRIMARY KEY (id)) \(table)
        """,
        time("update_sessions_updated_at", "sessions"),
        """
        CREATE TABLE files (id VARCHAR(255) NOT NULL, session_id VARCHAR(255) NOT NULL, path VARCHAR(1024) NOT NULL,
        version VARCHAR(255) NOT NULL, content LONGTEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
        PRIMARY KEY (id)) \(table)
        """,
        "CREATE UNIQUE INDEX idx_path_version ON files (path(255), session_id, version)",
        "CREATE INDEX idx_files_session_id ON files (session_id)",
        "CREATE INDEX idx_files_path ON files (path(255))",
        """
        ALTER TABLE files ADD CONSTRAINT fk_files_session_id FOREIGN KEY (session_id) REFERENCES sessions (id)
        ON DELETE CASCADE
        """,
        time("update_files_updated_at", "files"),
        """
        CREATE TABLE messages (id VARCHAR(255) NOT NULL, session_id VARCHAR(255) NOT NULL, role VARCHAR(50) NOT NULL,
        parts LONGTEXT NOT NULL, model VARCHAR(255), created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
        finished_at BIGINT, PRIMARY KEY (id), KEY idx_messages_session_id (session_id),
        FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE) \(table)
        """,
        time("update_messages_updated_at", "messages"),
        """
        CREATE TRIGGER update_session_message_count_on_insert AFTER INSERT ON messages FOR EACH ROW
        UPDATE sessions SET message_count = message_count + 1 WHERE id = NEW.session_id
        """,
        """
        CREATE TRIGGER update_session_message_count_on_delete AFTER DELETE ON messages FOR EACH ROW
        UPDATE sessions SET message_count = message_count - 1 WHERE id = OLD.session_id
        """,
    ]

    /// Makes a database that has had the first migrations, with some rows and wrong numbers of messages before the
    /// migration that corrects them.
    package static func make(steps: Int, in database: MariaDBDatabase) throws {
        let connection = try database.connect()
        func run(_ statement: String) throws { try connection.run(SQLQuery(stringLiteral: statement)) }
        try run(
            """
            CREATE TABLE goose_db_version (id serial NOT NULL, version_id bigint NOT NULL, is_applied boolean NOT NULL,
            tstamp timestamp NULL default now(), PRIMARY KEY(id))
            """)
        try run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, TRUE)")
        for (number, statements) in versions.prefix(steps) {
            for statement in statements { try run(statement) }
            try run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(number), TRUE)")
        }
        guard steps > 0 else { return }
        for session in 1...3 {
            try run(
                """
                INSERT INTO sessions (id, parent_session_id, title, cost, message_count, updated_at, created_at)
                VALUES ('s/\(session)', NULL, 'Zoë', 0.25, \(steps < 9 && session == 2 ? 5 : 0), \(1000 + session), 900)
                """)
            try run(
                """
                INSERT INTO files (id, session_id, path, content, version, created_at, updated_at)
                VALUES ('f\(session)', 's/\(session)', 'a.go', 'ÿ', 'initial', 5, 6)
                """)
        }
        let counting = first[first.count - 2]
        if steps < 9 { try run("DROP TRIGGER update_session_message_count_on_insert") }
        for message in 1...4 {
            // The session's time stays what it was, as if the message had come then.
            try run("SET timestamp = 1001")
            try run(
                """
                INSERT INTO messages (id, session_id, role, parts, created_at, updated_at)
                VALUES ('m\(message)', 's/1', 'user', '[{"type":"text","data":{"text":"é"}}]', \(message), 7)
                """)
            try run("SET timestamp = DEFAULT")
        }
        if steps < 9 { try run(counting) }
    }

    /// Rows of a query, their columns as text.
    package static func lines(_ query: SQLQuery, _ connection: any SQLConnection, columns: Int) throws -> [String] {
        var lines: [String] = []
        try connection.rows(query) { (row) throws(SQLError) in
            lines.append(
                (0..<columns).map { column in
                    switch row.value(at: column) {
                    case .null: "NULL"
                    case .integer(let number): "\(number)"
                    case .real(let number): "\(number)"
                    case .text(let bytes), .blob(let bytes): String(decoding: bytes, as: UTF8.self)
                    }
                }.joined(separator: "|"))
        }
        return lines
    }
}

/// What the tables of a server's database are, in a form that two databases can be compared in.
package struct GoServerShape: Equatable {
    package let tables: [String]
    package let columns: [String]
    package let indexes: [String]
    package let references: [String]
    package let checks: [String]
    package let triggers: [String]

    package init(_ connection: any SQLConnection) throws {
        tables = try GoServerHistory.lines(
            """
            SELECT table_name, engine, table_collation, row_format FROM information_schema.tables
            WHERE table_schema = DATABASE() ORDER BY 1
            """, connection, columns: 4)
        columns = try GoServerHistory.lines(
            """
            SELECT table_name, ordinal_position, column_name, column_type, is_nullable, column_default, extra,
                character_set_name, collation_name, generation_expression
            FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2
            """, connection, columns: 10)
        indexes = try GoServerHistory.lines(
            """
            SELECT table_name, index_name, seq_in_index, column_name, non_unique, sub_part, collation, index_type
            FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3
            """, connection, columns: 8)
        references = try GoServerHistory.lines(
            """
            SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name,
                r.update_rule, r.delete_rule, r.match_option
            FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
                ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
                AND r.table_name = k.table_name
            WHERE k.table_schema = DATABASE() ORDER BY 1, 2, 3
            """, connection, columns: 8)
        checks = try GoServerHistory.lines(
            """
            SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints
            WHERE constraint_schema = DATABASE() ORDER BY 1, 2
            """, connection, columns: 3)
        triggers = try GoServerHistory.lines(
            """
            SELECT trigger_name, event_object_table, action_timing, event_manipulation,
                lower(regexp_replace(action_statement, '[[:space:]]', ''))
            FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1
            """, connection, columns: 5)
    }
}
