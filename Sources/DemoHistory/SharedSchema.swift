/// The tables that a new file has alike in OpenCode 1.18 and 2.0.
///
/// Here and in the other schemas times are milliseconds.
enum SharedSchema {
    static let statements: [String] = [
        "CREATE TABLE migration (id TEXT PRIMARY KEY, time_completed INTEGER NOT NULL)",
        """
        CREATE TABLE account (
            id text PRIMARY KEY, email text NOT NULL, url text NOT NULL,
            access_token text NOT NULL, refresh_token text NOT NULL, token_expiry integer,
            time_created integer NOT NULL, time_updated integer NOT NULL
        )
        """,
        """
        CREATE TABLE account_state (
            id integer PRIMARY KEY,
            active_account_id text REFERENCES account(id) ON DELETE SET NULL,
            active_org_id text
        )
        """,
        """
        CREATE TABLE control_account (
            email text NOT NULL, url text NOT NULL,
            access_token text NOT NULL, refresh_token text NOT NULL, token_expiry integer, active integer NOT NULL,
            time_created integer NOT NULL, time_updated integer NOT NULL,
            PRIMARY KEY (email, url)
        )
        """,
        """
        CREATE TABLE credential (
            id text PRIMARY KEY, integration_id text, label text NOT NULL, value text NOT NULL,
            connector_id text, method_id text, active integer,
            time_created integer NOT NULL, time_updated integer NOT NULL
        )
        """,
        """
        CREATE TABLE event_sequence (aggregate_id text PRIMARY KEY, seq integer NOT NULL, owner_id text)
        """,
        """
        CREATE TABLE permission (
            id text PRIMARY KEY,
            project_id text NOT NULL REFERENCES project(id) ON DELETE CASCADE,
            action text NOT NULL, resource text NOT NULL,
            time_created integer NOT NULL, time_updated integer NOT NULL
        )
        """,
        """
        CREATE UNIQUE INDEX permission_project_action_resource_idx ON permission (project_id, action, resource)
        """,
        """
        CREATE TABLE project_directory (
            project_id text NOT NULL REFERENCES project(id) ON DELETE CASCADE,
            directory text NOT NULL, type text, strategy text, time_created integer NOT NULL,
            PRIMARY KEY (project_id, directory)
        )
        """,
    ]

    /// The indexes of `event`, a table whose columns differ.
    static let eventIndexes: [String] = [
        "CREATE UNIQUE INDEX event_aggregate_seq_idx ON event (aggregate_id, seq)",
        "CREATE INDEX event_aggregate_type_seq_idx ON event (aggregate_id, type, seq)",
    ]

    /// The indexes of `session_message`, a table that refers to another one in each generation.
    static let sessionMessageIndexes: [String] = [
        "CREATE UNIQUE INDEX session_message_session_seq_idx ON session_message (session_id, seq)",
        "CREATE INDEX session_message_session_type_seq_idx ON session_message (session_id, type, seq)",
        """
        CREATE INDEX session_message_session_time_created_id_idx
            ON session_message (session_id, time_created, id)
        """,
        "CREATE INDEX session_message_time_created_idx ON session_message (time_created)",
    ]
}
