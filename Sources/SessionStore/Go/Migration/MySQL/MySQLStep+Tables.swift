/// What the migrations make on MySQL and MariaDB, in the order in which they make it. Times are whole seconds.
extension MySQLStep {
    private static let id = MySQLType.varchar(255)

    /// The original OpenCode's tables, as the fork has them on a server.
    static let initial: [MySQLStep] =
        [
            .table(
                MySQLTable(
                    "sessions",
                    [
                        .required("id", id), .optional("parent_session_id", id), .required("title", .varchar(512)),
                        .required("message_count", .bigint, default: .integer(0), check: "message_count >= 0"),
                        .required("prompt_tokens", .bigint, default: .integer(0), check: "prompt_tokens >= 0"),
                        .required("completion_tokens", .bigint, default: .integer(0), check: "completion_tokens >= 0"),
                        .required("cost", .double, default: .real(0), check: "cost >= 0.0"),
                        .required("updated_at", .bigint), .required("created_at", .bigint),
                    ], key: ["id"])),
            .trigger(.time("update_sessions_updated_at", of: "sessions")),
            .table(
                MySQLTable(
                    "files",
                    [
                        .required("id", id), .required("session_id", id), .required("path", .varchar(1024)),
                        .required("version", .varchar(255)), .required("content", .longtext),
                        .required("created_at", .bigint), .required("updated_at", .bigint),
                    ], key: ["id"],
                    indexes: [
                        // A key of InnoDB has 3072 bytes at most, and a character may have 4.
                        MySQLIndex(
                            "idx_path_version",
                            [
                                .init(column: "path", prefix: 255), .init(column: "session_id"),
                                .init(column: "version"),
                            ],
                            isUnique: true),
                        MySQLIndex("idx_files_session_id", "session_id"),
                        MySQLIndex("idx_files_path", [.init(column: "path", prefix: 255)]),
                    ],
                    references: [.session("fk_files_session_id")])),
            .trigger(.time("update_files_updated_at", of: "files")),
            .table(
                MySQLTable(
                    "messages",
                    [
                        .required("id", id), .required("session_id", id), .required("role", .varchar(50)),
                        .required("parts", .longtext), .optional("model", .varchar(255)),
                        .required("created_at", .bigint), .required("updated_at", .bigint),
                        .optional("finished_at", .bigint),
                    ], key: ["id"], indexes: [MySQLIndex("idx_messages_session_id", "session_id")],
                    references: [.session(nil)])),
        ]
        + messageTriggers.map { .trigger($0) }

    /// What the first migration makes and the repair makes again.
    private static let messageTriggers: [MySQLTrigger] = [
        .time("update_messages_updated_at", of: "messages"),
        MySQLTrigger(
            name: "update_session_message_count_on_insert", table: "messages", moment: "AFTER INSERT",
            action: "UPDATE sessions SET message_count = message_count + 1 WHERE id = NEW.session_id"),
        MySQLTrigger(
            name: "update_session_message_count_on_delete", table: "messages", moment: "AFTER DELETE",
            action: "UPDATE sessions SET message_count = message_count - 1 WHERE id = OLD.session_id"),
    ]

    /// The numbers come last: by then every message that comes or goes is counted.
    static let repair: [MySQLStep] =
        messageTriggers.map { .trigger($0, replaces: true) } + [.collation(of: "messages"), .messageCounts]

    static let projects: [MySQLStep] = [
        .column(.optional("project_id", .varchar(512)), of: "sessions"),
        .index(MySQLIndex("idx_sessions_project_id", [.init(column: "project_id", prefix: 255)]), on: "sessions"),
        .index(
            MySQLIndex(
                "idx_sessions_project_created",
                [.init(column: "project_id", prefix: 255), .init(column: "created_at", isDescending: true)]),
            on: "sessions"),
    ]

    static let roots: [MySQLStep] = [
        .column(.optional("root_session_id", id), of: "sessions"),
        .index(MySQLIndex("idx_sessions_root_session_id", "root_session_id"), on: "sessions"),
    ]

    static let flowStates: [MySQLStep] = [
        .table(
            MySQLTable(
                "flow_states",
                [
                    .required("session_id", id), .required("root_session_id", id), .required("flow_id", id),
                    .required("step_id", id), .required("status", .varchar(50), default: .text("running")),
                    .optional("args", .longtext), .optional("output", .longtext),
                    .required("is_struct_output", .boolean, default: .integer(0)),
                    .required("created_at", .bigint, default: .now), .required("updated_at", .bigint, default: .now),
                ], key: ["session_id"], references: [.session("fk_flow_states_session")])),
        .index(MySQLIndex("idx_flow_states_root_session", "root_session_id"), on: "flow_states"),
        .index(MySQLIndex("idx_flow_states_flow_id", "flow_id"), on: "flow_states"),
        .trigger(.time("update_flow_states_updated_at", of: "flow_states")),
    ]

    static let recaps: [MySQLStep] = [
        .table(
            MySQLTable(
                "session_recaps",
                [
                    .required("id", id), .required("session_id", id), .required("content", .longtext),
                    .required("message_count", .bigint, default: .integer(0)), .required("created_at", .bigint),
                ], key: ["id"],
                indexes: [
                    MySQLIndex("idx_session_recaps_session_unique", "session_id", isUnique: true),
                    MySQLIndex("idx_session_recaps_session_id", "session_id"),
                ],
                references: [.session("fk_session_recaps_session_id")]))
    ]

    static let cronJobs: [MySQLStep] = [
        .table(
            MySQLTable(
                "cron_jobs",
                [
                    .required("id", id), .required("session_id", id), .required("schedule", .varchar(255)),
                    .required("prompt", .longtext), .required("subagent_type", .varchar(255)),
                    .required("task_title", .varchar(512)), .required("task_id", id),
                    .required("is_recurring", .boolean, default: .integer(1)),
                    .required("source", .varchar(50), default: .text("agent")),
                    .required("status", .varchar(50), default: .text("active")),
                    .required("firing", .boolean, default: .integer(0)), .optional("last_run_at", .bigint),
                    .optional("next_run_at", .bigint), .required("run_count", .bigint, default: .integer(0)),
                    .optional("last_result", .longtext), .optional("error", .longtext),
                    .required("created_at", .bigint, default: .now), .required("updated_at", .bigint, default: .now),
                ], key: ["id"], references: [.session("fk_cron_jobs_session")])),
        .index(MySQLIndex("idx_cron_jobs_session_id", "session_id"), on: "cron_jobs"),
        .index(MySQLIndex("idx_cron_jobs_due", "status", "firing", "next_run_at"), on: "cron_jobs"),
        .trigger(.time("update_cron_jobs_updated_at", of: "cron_jobs")),
    ]

    /// Whom a chat belongs to: both tables of the bridges have it as their key.
    private static let peer: [MySQLColumn] = [
        .required("project_id", .varchar(255)), .required("channel", .varchar(32)),
        .required("identity_id", .varchar(64)), .required("peer_id", .varchar(128)),
    ]

    static let bridges: [MySQLStep] = [
        .table(
            MySQLTable(
                "bridge_sessions",
                peer + [
                    .optional("session_id", id), .optional("mention_handle", .varchar(255)),
                    .optional("mention_consumed_at", .bigint), .required("created_at", .bigint, default: .now),
                    .required("updated_at", .bigint, default: .now),
                ], key: peer.map(\.name), indexes: [MySQLIndex("idx_bridge_sessions_session_id", "session_id")],
                references: [.session("fk_bridge_sessions_session", onDelete: "SET NULL")])),
        .trigger(.time("trg_bridge_sessions_updated_at", of: "bridge_sessions")),
        .table(
            MySQLTable(
                "bridge_allowlist", peer + [.required("created_at", .bigint, default: .now)], key: peer.map(\.name))),
    ]
}
