/// What OpenCode 2.0 does to the tables of a file that 1.18 made.
///
/// These are its migrations from 20260804233008 to 20260923013825. The conversations of 1.18 stay where they are, and
/// columns stand in another order than in a new file.
enum V2Upgrade {
    static let statements: [String] =
        [
            """
            CREATE TABLE session_v2 (
                id text PRIMARY KEY,
                project_id text NOT NULL REFERENCES project(id) ON DELETE CASCADE,
                workspace_id text, parent_id text, fork_session_id text, fork_boundary text,
                slug text NOT NULL, directory text NOT NULL, path text, title text, version text NOT NULL,
                share_url text,
                summary_additions integer, summary_deletions integer, summary_files integer, summary_diffs text,
                metadata text, cost real DEFAULT 0 NOT NULL,
                tokens_input integer DEFAULT 0 NOT NULL, tokens_output integer DEFAULT 0 NOT NULL,
                tokens_reasoning integer DEFAULT 0 NOT NULL,
                tokens_cache_read integer DEFAULT 0 NOT NULL, tokens_cache_write integer DEFAULT 0 NOT NULL,
                revert text, permission text, agent text, model text,
                time_created integer NOT NULL, time_updated integer NOT NULL,
                time_compacting integer, time_archived integer, time_suspended integer
            )
            """,
            "ALTER TABLE event ADD created integer DEFAULT 0 NOT NULL",
            "DROP TABLE session_message",
            "DROP TABLE data_migration",
            "DROP TABLE session_context_epoch",
            "DROP TABLE session_input",
            "DROP TABLE workspace",
        ] + V2Schema.additions + V2Schema.sessionIndexes + [
            "ALTER TABLE session_v2 ADD resume_attempts integer DEFAULT 0 NOT NULL",
            "ALTER TABLE session_v2 ADD time_idle integer",
            "ALTER TABLE session_v2 ADD time_viewed integer",
            "ALTER TABLE session_v2 ADD idle_outcome text",
            "ALTER TABLE project ADD time_active integer DEFAULT 0 NOT NULL",
        ]
}
