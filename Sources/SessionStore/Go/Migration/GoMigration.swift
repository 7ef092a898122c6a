internal import SQL

/// One step of the Go OpenCode's schema, as goose counts them.
///
/// The statements are ours; tables, columns, keys, indexes and triggers are those of the fork with session providers, so
/// that it finds nothing left to do.
struct GoMigration: Sendable {
    /// What goose_db_version records.
    let version: Int64
    /// For people who wait.
    let summary: String
    /// What exists once it has run, table by table.
    let adds: [(table: String, columns: [String])]
    let statements: [SQLQuery]
    /// Changes of rows of `sessions`; they keep `updated_at`, which a trigger would set to now.
    let corrections: [SQLQuery]
    /// The same on a server, which commits each step by itself.
    let mysql: [MySQLStep]

    init(
        _ version: Int64, _ summary: String, adds: [(table: String, columns: [String])] = [],
        _ statements: [SQLQuery] = [], corrections: [SQLQuery] = [], mysql: [MySQLStep]
    ) {
        self.version = version
        self.summary = summary
        self.adds = adds
        self.statements = statements
        self.corrections = corrections
        self.mysql = mysql
    }

    /// All of them, in their order.
    static let all: [GoMigration] = [
        initial,
        GoMigration(
            20_250_515_105_448, "summaries of sessions", adds: [("sessions", ["summary_message_id"])],
            ["ALTER TABLE sessions ADD COLUMN summary_message_id TEXT"],
            mysql: [.column(.optional("summary_message_id", .varchar(255)), of: "sessions")]),
        GoMigration(
            20_260_131_204_842, "projects of sessions", adds: [("sessions", ["project_id"])],
            [
                "ALTER TABLE sessions ADD COLUMN project_id VARCHAR(512)",
                "CREATE INDEX idx_sessions_project_id ON sessions (project_id)",
                "CREATE INDEX idx_sessions_project_created ON sessions (project_id, created_at DESC)",
            ], mysql: MySQLStep.projects),
        GoMigration(
            20_260_210_120_000, "roots of sessions", adds: [("sessions", ["root_session_id"])],
            [
                "ALTER TABLE sessions ADD COLUMN root_session_id TEXT",
                "CREATE INDEX idx_sessions_root_session_id ON sessions (root_session_id)",
            ], mysql: MySQLStep.roots),
        flowStates,
        GoMigration(
            20_260_304_120_000, "order of messages", adds: [("messages", ["seq"])],
            ["ALTER TABLE messages ADD COLUMN seq INTEGER"],
            mysql: [.column(.optional("seq", .bigint), of: "messages")]),
        GoMigration(
            20_260_421_120_000, "tokens in all",
            adds: [("sessions", ["total_prompt_tokens", "total_completion_tokens"])],
            [
                "ALTER TABLE sessions ADD COLUMN total_prompt_tokens INTEGER NOT NULL DEFAULT 0",
                "ALTER TABLE sessions ADD COLUMN total_completion_tokens INTEGER NOT NULL DEFAULT 0",
            ],
            mysql: [
                .column(.required("total_prompt_tokens", .bigint, default: .integer(0)), of: "sessions"),
                .column(.required("total_completion_tokens", .bigint, default: .integer(0)), of: "sessions"),
            ]),
        recaps,
        repair,
        cronJobs,
        GoMigration(
            20_260_602_120_000, "iterations of flows", adds: [("flow_states", ["iteration"])],
            ["ALTER TABLE flow_states ADD COLUMN iteration INTEGER NOT NULL DEFAULT 1"],
            mysql: [.column(.required("iteration", .int, default: .integer(1)), of: "flow_states")]),
        bridges,
        GoMigration(
            20_260_627_120_000, "synthetic messages", adds: [("messages", ["synthetic"])],
            ["ALTER TABLE messages ADD COLUMN synthetic BOOLEAN NOT NULL DEFAULT FALSE"],
            mysql: [.column(.required("synthetic", .boolean, default: .integer(0)), of: "messages")]),
        GoMigration(
            20_260_723_120_000, "titles that people set", adds: [("sessions", ["user_set_title"])],
            ["ALTER TABLE sessions ADD COLUMN user_set_title BOOLEAN NOT NULL DEFAULT FALSE"],
            mysql: [.column(.required("user_set_title", .boolean, default: .integer(0)), of: "sessions")]),
    ]
}
