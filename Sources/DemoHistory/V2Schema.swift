/// The tables of OpenCode 2.0.18 as it makes them in a new file (packages/core/src/database/schema.gen.ts as of the
/// migration 20260923013825).
enum V2Schema {
    static let statements: [String] =
        SharedSchema.statements + projects + sessions + event + SharedSchema.eventIndexes + additions + sessionIndexes

    private static let projects: [String] = [
        """
        CREATE TABLE project (
            id text PRIMARY KEY, worktree text NOT NULL, vcs text, name text,
            icon_url text, icon_url_override text, icon_color text,
            time_created integer NOT NULL, time_updated integer NOT NULL, time_initialized integer,
            time_active integer DEFAULT 0 NOT NULL,
            sandboxes text NOT NULL, commands text
        )
        """
    ]

    private static let sessions: [String] = [
        """
        CREATE TABLE session_v2 (
            id text PRIMARY KEY,
            project_id text NOT NULL REFERENCES project(id) ON DELETE CASCADE,
            workspace_id text, parent_id text, fork_session_id text, fork_boundary text,
            slug text NOT NULL, directory text NOT NULL, path text, title text, version text NOT NULL, share_url text,
            summary_additions integer, summary_deletions integer, summary_files integer, summary_diffs text,
            metadata text, cost real DEFAULT 0 NOT NULL,
            tokens_input integer DEFAULT 0 NOT NULL, tokens_output integer DEFAULT 0 NOT NULL,
            tokens_reasoning integer DEFAULT 0 NOT NULL,
            tokens_cache_read integer DEFAULT 0 NOT NULL, tokens_cache_write integer DEFAULT 0 NOT NULL,
            revert text, permission text, agent text, model text,
            time_created integer NOT NULL, time_updated integer NOT NULL,
            time_idle integer, time_viewed integer, idle_outcome text,
            time_compacting integer, time_archived integer, time_suspended integer,
            resume_attempts integer DEFAULT 0 NOT NULL
        )
        """
    ]

    private static let event: [String] = [
        """
        CREATE TABLE event (
            id text PRIMARY KEY,
            aggregate_id text NOT NULL REFERENCES event_sequence(aggregate_id) ON DELETE CASCADE,
            seq integer NOT NULL, created integer DEFAULT 0 NOT NULL, type text NOT NULL, data text NOT NULL
        )
        """
    ]

    static let sessionIndexes: [String] = [
        "CREATE INDEX session_v2_project_idx ON session_v2 (project_id)",
        "CREATE INDEX session_v2_workspace_idx ON session_v2 (workspace_id)",
        "CREATE INDEX session_v2_parent_idx ON session_v2 (parent_id)",
        """
        CREATE INDEX session_v2_time_suspended_idx ON session_v2 (time_suspended) WHERE time_suspended IS NOT NULL
        """,
    ]

    /// Tables that 1.18 lacks, or has in another shape; they need `session_v2` and `project`.
    static let additions: [String] =
        [
            """
            CREATE TABLE session_message (
                id text PRIMARY KEY,
                session_id text NOT NULL REFERENCES session_v2(id) ON DELETE CASCADE,
                type text NOT NULL, seq integer NOT NULL,
                time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL
            )
            """
        ] + SharedSchema.sessionMessageIndexes + queues + [
            """
            CREATE TABLE kv (
                key text PRIMARY KEY, value text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL
            )
            """,
            "CREATE TABLE instruction_blob (hash text PRIMARY KEY, value text)",
            """
            CREATE TABLE instruction_entry (
                session_id text NOT NULL REFERENCES session_v2(id) ON DELETE CASCADE,
                key text NOT NULL, value text, removed integer DEFAULT false NOT NULL,
                time_created integer NOT NULL, time_updated integer NOT NULL,
                PRIMARY KEY (session_id, key)
            )
            """,
            """
            CREATE TABLE instruction_state (
                session_id text PRIMARY KEY REFERENCES session_v2(id) ON DELETE CASCADE,
                epoch_start integer NOT NULL, through_seq integer NOT NULL,
                initial_values text NOT NULL, current_values text NOT NULL
            )
            """,
            """
            CREATE TABLE workspace (
                id text PRIMARY KEY, provider text NOT NULL, binding text,
                created_at integer NOT NULL, last_used_at integer NOT NULL
            )
            """,
            """
            CREATE TABLE worktree (
                project_id text NOT NULL REFERENCES project(id) ON DELETE CASCADE,
                directory text NOT NULL, strategy text, time_created integer NOT NULL,
                PRIMARY KEY (project_id, directory)
            )
            """,
        ]

    /// What was asked of a session and has not become a message yet.
    private static let queues: [String] = [
        """
        CREATE TABLE session_inbox (
            id text PRIMARY KEY,
            session_id text NOT NULL REFERENCES session_v2(id) ON DELETE CASCADE,
            type text NOT NULL, payload text NOT NULL, delivery text NOT NULL,
            enqueued_seq integer NOT NULL, time_created integer NOT NULL
        )
        """,
        "CREATE INDEX session_inbox_session_delivery_seq_idx ON session_inbox (session_id, delivery, enqueued_seq)",
        "CREATE UNIQUE INDEX session_inbox_session_enqueued_seq_idx ON session_inbox (session_id, enqueued_seq)",
        """
        CREATE TABLE session_pending (
            id text PRIMARY KEY,
            session_id text NOT NULL REFERENCES session_v2(id) ON DELETE CASCADE,
            type text NOT NULL, data text NOT NULL, delivery text,
            admitted_seq integer NOT NULL, time_created integer NOT NULL
        )
        """,
        """
        CREATE INDEX session_pending_session_delivery_seq_idx ON session_pending (session_id, delivery, admitted_seq)
        """,
        """
        CREATE UNIQUE INDEX session_pending_session_compaction_idx
            ON session_pending (session_id) WHERE type = 'compaction'
        """,
        "CREATE UNIQUE INDEX session_pending_session_admitted_seq_idx ON session_pending (session_id, admitted_seq)",
    ]
}
