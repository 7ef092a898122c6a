import MySQLDriver
import SQL

/// The tables of the Go OpenCode in a database of a ``MariaDBServer``, as its own migrations leave them, for a test to
/// fill as OpenCode would.
package struct TeamDatabase: Sendable {
    package let database: MariaDBDatabase

    package init(_ server: MariaDBServer) throws {
        database = try server.database()
        let connection = try database.connect()
        for statement in Self.statements { try connection.run(statement) }
    }

    /// Fills it with sessions named `s0001`…, in one project, with messages `s0001-m00001`… each.
    ///
    /// - Parameters:
    ///   - first: number of the first session.
    ///   - octets: length of each message's parts.
    ///   - time: `created_at` and `updated_at`, seconds since 1970.
    package func fill(sessions: Int, messages: Int, octets: Int = 200, time: Int64 = 1_750_000_000, from first: Int = 1)
        throws
    {
        let connection = try database.connect()
        connection.patience = .lasting(.seconds(120))
        for session in first..<(first + sessions) {
            try connection.writing { () throws(SQLError) in
                let id = Self.session(session)
                try connection.run(
                    """
                    INSERT INTO sessions (id, title, project_id, created_at, updated_at) VALUES (\(id), \
                    \("Session \(id)"), 'example.com/team', \(time + Int64(session)), \(time))
                    """)
                var number = 0
                while number < messages {
                    let rows = (number..<min(number + 50, messages)).map { index -> SQLQuery in
                        let message = Self.message(index + 1, of: id)
                        let role = index % 2 == 0 ? "user" : "assistant"
                        let start = #"[{"type":"text","data":{"text":"\#(message) "#
                        let end = #""}}]"#
                        let text = start + String(repeating: "x", count: max(0, octets - start.count - end.count)) + end
                        let seq = Int64(index + 1)
                        return """
                            (\(message), \(id), \(role), \(text), 'claude', \(time), \(time), \(time), \(seq))
                            """
                    }
                    number += rows.count
                    try connection.run(
                        """
                        INSERT INTO messages (id, session_id, role, parts, model, created_at, updated_at, finished_at, seq)
                        VALUES \(SQLQuery.joined(rows, separator: ", "))
                        """)
                }
                // Triggers have set it to now.
                try connection.run("SET SESSION timestamp = \(time)")
                try connection.run("UPDATE sessions SET title = title, updated_at = \(time - 1) WHERE id = \(id)")
                try connection.run("SET SESSION timestamp = DEFAULT")
            }
        }
    }

    package static func session(_ number: Int) -> String { "s" + padded(number, 4) }
    package static func message(_ number: Int, of session: String) -> String { "\(session)-m" + padded(number, 5) }

    private static func padded(_ number: Int, _ count: Int) -> String {
        String(repeating: "0", count: max(0, count - "\(number)".count)) + "\(number)"
    }

    /// Runs statements as another program would, each committed by itself.
    package func run(_ statements: SQLQuery...) throws {
        let connection = try database.connect()
        for statement in statements { try connection.run(statement) }
    }

    private static let statements: [SQLQuery] = [
        """
        CREATE TABLE sessions (id VARCHAR(255) PRIMARY KEY, parent_session_id VARCHAR(255), title VARCHAR(512) NOT NULL,
          message_count BIGINT NOT NULL DEFAULT 0 CHECK (message_count >= 0),
          prompt_tokens BIGINT NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
          completion_tokens BIGINT NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
          cost DOUBLE NOT NULL DEFAULT 0.0 CHECK (cost >= 0.0), updated_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
          summary_message_id VARCHAR(255), project_id VARCHAR(512), root_session_id VARCHAR(255),
          total_prompt_tokens BIGINT NOT NULL DEFAULT 0, total_completion_tokens BIGINT NOT NULL DEFAULT 0,
          user_set_title TINYINT(1) NOT NULL DEFAULT 0, KEY idx_sessions_project_id (project_id(255)),
          KEY idx_sessions_root_session_id (root_session_id)
        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
        """,
        """
        CREATE TABLE messages (id VARCHAR(255) PRIMARY KEY, session_id VARCHAR(255) NOT NULL, role VARCHAR(50) NOT NULL,
          parts LONGTEXT NOT NULL, model VARCHAR(255), created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
          finished_at BIGINT, seq BIGINT, synthetic TINYINT(1) NOT NULL DEFAULT 0,
          KEY idx_messages_session_id (session_id), FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
        """,
        """
        CREATE TRIGGER update_sessions_updated_at BEFORE UPDATE ON sessions FOR EACH ROW
        SET NEW.updated_at = UNIX_TIMESTAMP()
        """,
        """
        CREATE TRIGGER update_messages_updated_at BEFORE UPDATE ON messages FOR EACH ROW
        SET NEW.updated_at = UNIX_TIMESTAMP()
        """,
        """
        CREATE TRIGGER update_session_message_count_on_insert AFTER INSERT ON messages FOR EACH ROW
        UPDATE sessions SET message_count = message_count + 1 WHERE id = NEW.session_id
        """,
        """
        CREATE TRIGGER update_session_message_count_on_delete AFTER DELETE ON messages FOR EACH ROW
        UPDATE sessions SET message_count = message_count - 1 WHERE id = OLD.session_id
        """,
    ]
}
