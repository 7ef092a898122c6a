internal import SQL
internal import SessionModel

/// What a database of the Go OpenCode can do for us, told by its tables and columns alone: the original's schema, that of
/// its fork, and every version between.
struct GoSchema: StoreSchema {
    let tables: SQLSchema
    let messageColumns: GoMessageColumns

    static let sessions = SQLIdentifier("sessions")
    static let messages = SQLIdentifier("messages")
    static let parts = SQLIdentifier("parts")
    static let files = SQLIdentifier("files")
    static let content = SQLIdentifier("content")

    /// That a row of sessions or messages has an id.
    static func has(_ id: SQLValue) -> SQLFragment {
        .equal(SQLIdentifier("id"), id)
    }

    /// That a row of messages belongs to a session.
    static func belongs(to session: SQLValue) -> SQLFragment {
        .equal(SQLIdentifier("session_id"), session)
    }

    /// The columns without which nothing can be shown (rule R1); the original has them all.
    private static let required = [
        ("sessions", ["id", "parent_session_id", "title", "created_at", "updated_at"]),
        ("messages", ["id", "session_id", "role", "parts", "created_at", "updated_at"]),
    ]

    init?(_ tables: SQLSchema) {
        guard Self.missing(in: tables).isEmpty else { return nil }
        self.tables = tables
        messageColumns = GoMessageColumns(tables)
    }

    static func reasonForRefusal(_ tables: SQLSchema) -> String {
        "it belongs to the Go OpenCode, but lacks \(missing(in: tables).joined(separator: ", "))"
    }

    private static func missing(in tables: SQLSchema) -> [String] {
        required.flatMap { table, columns in
            tables.has(table) ? columns.filter { !tables.has($0, in: table) }.map { "\(table).\($0)" } : [table]
        }
    }
}

extension GoSchema {
    /// OpenCode's own order of messages: rows from before there was a `seq` first.
    func messageOrdering(_ direction: SQLQuery = "") -> SQLQuery {
        let columns: [SQLQuery] =
            tables.has("seq", in: Self.messages.name)
            ? ["seq", "created_at", "\(SQLFragment.bytewise(SQLIdentifier("id")))"]
            : ["created_at", "\(SQLFragment.bytewise(SQLIdentifier("id")))"]
        return .joined(columns.map { "\($0)\(direction)" }, separator: ", ")
    }

    /// Milliseconds since 1970 of a column; 0 where it holds none.
    static func milliseconds(_ value: Int64?) -> Int64 {
        value.map(GoTime.milliseconds) ?? 0
    }
}

extension StoreConnection<GoSchema> {
    /// What the database is, in a file or on a server.
    func facts() throws(StoreError) -> StoreFacts {
        StoreFacts(
            families: ["Go"], missing: try current().schema.insertionObstacles(GoSchema.filled),
            readOnlyReason: writingForbidden, provider: provider)
    }
}
