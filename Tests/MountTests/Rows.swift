import DemoHistory
import SQL
import TestSupport
import Timing

/// Inserts rows as OpenCode would, and as it never would.
struct Rows {
    /// Which tables a row goes into.
    enum Generation: Sendable {
        case v1
        case v2
        case go
    }

    /// A moment that tests count from: 2026-11-18, 10:15:30 UTC.
    static let noon: Int64 = 1_794_996_930_000

    let connection: any SQLConnection
    let generation: Generation
    /// Whether rows that a server refuses are left out: awkward ones.
    var skipsRefused = false

    init(_ database: TestDatabase) throws {
        try self.init(database, database.family.generation)
    }

    init(_ database: TestDatabase, _ generation: Generation) throws {
        self.init(connection: try database.connect(), generation: generation)
        connection.patience = .lasting(.seconds(60))
    }

    init(connection: any SQLConnection, generation: Generation) {
        self.connection = connection
        self.generation = generation
    }

    private var sessions: SQLIdentifier { generation.sessions }

    /// The Go OpenCode has no rows of projects: there, a project is what its sessions name.
    func project(_ id: SQLValue, worktree: SQLValue = "/home/u/shop") throws {
        guard generation != .go else { return }
        try connection.run(
            """
            INSERT INTO project (id, worktree, time_created, time_updated, sandboxes)
            VALUES (\(id), \(worktree), \(Self.noon), \(Self.noon), '[]')
            """)
    }

    func session(
        _ id: SQLValue, in project: SQLValue = "shop", title: SQLValue = "A session", parent: SQLValue = .null,
        created: Int64 = noon, updated: Int64 = noon, archived: SQLValue = .null, workspace: SQLValue = .null
    ) throws {
        guard generation != .go else {
            return try runGo(
                """
                INSERT INTO sessions (id, project_id, parent_session_id, title, created_at, updated_at)
                VALUES (\(id), \(project), \(parent), \(title), \(created / 1000), \(updated / 1000))
                """)
        }
        try connection.run(
            """
            INSERT INTO \(sessions) (id, project_id, workspace_id, parent_id, slug, directory, title, version,
                time_created, time_updated, time_archived)
            VALUES (\(id), \(project), \(workspace), \(parent), 'slug', '/home/u/shop', \(title), '1.18.32',
                \(created), \(updated), \(archived))
            """)
    }

    /// A message; in V2 and Go its parts have no rows and `sequence` is its number. Go: `data` is the text of its parts,
    /// `type` its role.
    func message(
        _ id: SQLValue, in session: SQLValue, _ data: SQLValue = #"{"role":"user","time":{"created":1}}"#,
        created: Int64 = noon, updated: Int64? = nil, type: SQLValue = "user", sequence: Int64? = nil,
        parts: [(id: SQLValue, data: SQLValue)] = []
    ) throws {
        switch generation {
        case .v1:
            try connection.run(
                """
                INSERT INTO message (id, session_id, time_created, time_updated, data)
                VALUES (\(id), \(session), \(created), \(updated ?? created), \(data))
                """)
            for part in parts { try self.part(part.id, of: id, in: session, part.data, updated: updated ?? created) }
        case .v2:
            let next = try connection.integer(
                "SELECT coalesce(max(seq), -1) + 1 FROM session_message WHERE session_id = \(session)")
            try connection.run(
                """
                INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data)
                VALUES (\(id), \(session), \(type), \(sequence ?? next ?? 0), \(created), \(updated ?? created), \(data))
                """)
        case .go:
            try runGo(
                """
                INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq)
                VALUES (\(id), \(session), \(type), \(family.held(data)), \(created / 1000), \((updated ?? created) / 1000),
                    \(sequence.map { .integer($0) } ?? SQLValue.null))
                """)
        }
    }

    /// Whether every value is taken, or what a server's columns cannot hold.
    private var family: TestFamily { connection.dialect.locking == .rows ? .team : .go }

    /// Inserts a row. One with an id that a server cannot hold, or takes for another's, is left out there.
    private func runGo(_ statement: SQLQuery) throws(SQLError) {
        do {
            try connection.run(statement)
        } catch {
            let isRefused = error.kind == .constraint || error.kind == .tooLarge
            guard skipsRefused, !family.holdsAnything, isRefused, !error.isForeignKey else { throw error }
        }
    }

    func part(
        _ id: SQLValue, of message: SQLValue, in session: SQLValue, _ data: SQLValue, updated: Int64 = noon
    ) throws {
        try connection.run(
            """
            INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
            VALUES (\(id), \(message), \(session), \(updated), \(updated), \(data))
            """)
    }

    /// What a message's text is in this generation's tables.
    var messages: SQLIdentifier { generation.messages }

    func setTitle(_ title: SQLValue, of session: SQLValue) throws {
        try connection.run("UPDATE \(sessions) SET title = \(title) WHERE id = \(session)")
    }

    /// Rows of every other table that name a session, as far as the family has them.
    func belongings(of session: SQLValue, _ database: TestDatabase) throws {
        let tables = Set(try connection.schema().tables.keys)
        // Put together here: each provider has its own word for that.
        func named(_ prefix: String) -> SQLValue { .text(Array(prefix.utf8) + (session.bytes ?? [])) }
        func run(_ table: String, _ statement: SQLQuery) throws {
            if tables.contains(table) { try connection.run(statement) }
        }
        for position: Int64 in [1, 0] {
            try run(
                "todo",
                """
                INSERT INTO todo (session_id, content, status, priority, position, time_created, time_updated)
                SELECT \(session), \("thing \(position)"), 'pending', 'high', \(position), 1, 2
                WHERE EXISTS (SELECT 1 FROM session WHERE id = \(session))
                """)
        }
        try run(
            "session_share",
            """
            INSERT INTO session_share (session_id, id, secret, url, time_created, time_updated)
            SELECT \(session), 'share', 'share-secret', 'https://opncd.ai/s/share', 1, 2
            WHERE EXISTS (SELECT 1 FROM session WHERE id = \(session))
            """)
        try run("files", "INSERT INTO files VALUES (\(named("f")), \(session), '/p', 'text', 'initial', 1, 2)")
        try run(
            "flow_states",
            "INSERT INTO flow_states (session_id, root_session_id, flow_id, step_id) VALUES (\(session), \(session), 'f', 's')"
        )
        try run("session_recaps", "INSERT INTO session_recaps VALUES (\(named("r")), \(session), 'recap', 3, 1)")
        try run(
            "bridge_sessions",
            """
            INSERT INTO bridge_sessions (project_id, channel, identity_id, peer_id, session_id, created_at, updated_at)
            VALUES ('shop', 'slack', 'T', \(named("peer of ")), \(session), 1, 2)
            """)
        try run("event_sequence", "INSERT INTO event_sequence (aggregate_id, seq) VALUES (\(session), 7)")
        try run(
            "event",
            "INSERT INTO event (id, aggregate_id, seq, type, data) SELECT \(named("evt")), \(session), 7, 'type', '{}'"
        )
        try run(
            "instruction_entry",
            """
            INSERT INTO instruction_entry (session_id, key, value, time_created, time_updated)
            VALUES (\(session), 'key', 'value', 1, 2)
            """)
        try run(
            "instruction_state",
            """
            INSERT INTO instruction_state (session_id, epoch_start, through_seq, initial_values, current_values)
            VALUES (\(session), 0, 1, '{}', '{}')
            """)
        for table in ["session_pending", "session_inbox"] where tables.contains(table) {
            let (columns, values): (SQLQuery, SQLQuery) =
                table == "session_pending"
                ? ("data, admitted_seq", "'{}', 1") : ("payload, delivery, enqueued_seq", "'{}', 'queue', 1")
            try connection.run(
                """
                INSERT INTO \(SQLIdentifier(table)) (id, session_id, type, time_created, \(columns))
                SELECT \(named("q")), \(session), 'prompt', 1, \(values)
                """)
        }
    }

    /// Deletes a message as OpenCode does.
    func delete(_ message: SQLValue) throws {
        try connection.run("DELETE FROM \(messages) WHERE id = \(message)")
    }
}

extension Rows.Generation {
    var sessions: SQLIdentifier {
        switch self {
        case .v1: SQLIdentifier("session")
        case .v2: SQLIdentifier("session_v2")
        case .go: SQLIdentifier("sessions")
        }
    }

    var messages: SQLIdentifier {
        switch self {
        case .v1: SQLIdentifier("message")
        case .v2: SQLIdentifier("session_message")
        case .go: SQLIdentifier("messages")
        }
    }
}

extension SQLValue: ExpressibleByStringInterpolation {
    public init(stringLiteral text: String) {
        self.init(text)
    }
}

extension TestFamily {
    /// The tables whose rows the tree shows.
    var generation: Rows.Generation {
        switch self {
        case .v1: .v1
        case .v2, .both: .v2
        case .go, .team: .go
        }
    }

    /// How the project `shop` is called: that of a Go OpenCode has no worktree to be labelled by.
    var shop: String { isGo ? "shop" : "shop~shop" }
}

extension TestDatabase {
    /// Every row of every table, as text that tells values of different kinds or bytes apart.
    func dump() throws -> [String: [String]] {
        let connection = try connect()
        var dump: [String: [String]] = [:]
        for (table, described) in try connection.schema().tables {
            let columns = described.map(\.name)
            let list = SQLQuery.joined(columns.map { "\(SQLIdentifier($0))" }, separator: ", ")
            var rows: [String] = []
            try connection.rows("SELECT \(list) FROM \(SQLIdentifier(table))") { (row) throws(SQLError) in
                rows.append(
                    columns.indices.map { "\(columns[$0])=\(Self.text(row.value(at: $0)))" }.joined(separator: "|"))
            }
            dump[table] = rows.sorted()
        }
        return dump
    }

    /// Tables of a dump whose rows mention a text.
    func tables(mentioning text: String) throws -> [String] {
        try dump().filter { $0.value.contains { $0.contains(text) } }.keys.sorted()
    }

    private static func text(_ value: SQLValue) -> String {
        switch value {
        case .text(let bytes):
            // Escaped, since to Swift two spellings of é are one string.
            if bytes.allSatisfy({ $0 < 0x80 }) {
                "'" + String(decoding: bytes, as: UTF8.self) + "'"
            } else if let text = String(validating: bytes, as: UTF8.self) {
                "'" + text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() + "'"
            } else {
                "broken\(bytes)"
            }
        case .blob(let bytes): "x\(bytes)"
        case .null, .integer, .real: "\(value)"
        }
    }
}
