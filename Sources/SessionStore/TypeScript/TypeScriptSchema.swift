internal import SQL
internal import SessionModel

/// What a database of the TypeScript OpenCode can do for us, told by its tables and columns alone.
///
/// Migration ids and file names say nothing: OpenCode 2 upgrades the file of version 1 in place and leaves the old tables
/// behind, and forks carry migrations of their own.
struct TypeScriptSchema: StoreSchema {
    let tables: SQLSchema
    /// Generations that can be read, the newest first.
    let generations: [Generation]
    /// "table.column" of what reading would need.
    let missing: [String]

    /// The names one generation of OpenCode uses.
    struct Generation: Sendable {
        enum Kind: Sendable {
            case v1
            case v2

            var ofRecords: SessionRecord.Generation {
                switch self {
                case .v1: .v1
                case .v2: .v2
                }
            }

            /// Has a row when there is such a session.
            var hasSession: SQLTemplate {
                switch self {
                case .v1: Generation.hasV1
                case .v2: Generation.hasV2
                }
            }
        }

        let kind: Kind
        let sessions: SQLIdentifier
        let messages: SQLIdentifier

        static let v1 = Generation(
            kind: .v1, sessions: SQLIdentifier("session"), messages: SQLIdentifier("message"))
        static let v2 = Generation(
            kind: .v2, sessions: SQLIdentifier("session_v2"), messages: SQLIdentifier("session_message"))

        private static let hasV1 = SQLTemplate("SELECT 1 FROM session WHERE id = \(.parameter)")
        private static let hasV2 = SQLTemplate("SELECT 1 FROM session_v2 WHERE id = \(.parameter)")

        /// The columns without which nothing of this generation can be shown (rule R1).
        var required: [(table: String, columns: [String])] {
            switch kind {
            case .v1:
                [
                    ("session", ["id", "project_id", "title", "time_created", "time_updated"]),
                    ("message", ["id", "session_id", "time_created", "time_updated", "data"]),
                    ("part", ["id", "message_id", "session_id", "time_updated", "data"]),
                ]
            case .v2:
                [
                    ("session_v2", ["id", "project_id", "title", "time_created", "time_updated"]),
                    ("session_message", ["id", "session_id", "type", "seq", "time_created", "time_updated", "data"]),
                ]
            }
        }
    }

    /// Recognises a schema; nil where no generation can be read.
    init?(_ tables: SQLSchema) {
        var readable: [Generation] = []
        var missing: [String] = []
        for generation in [Generation.v2, .v1] {
            let required = generation.required
            // V1 has a table session_message too, for another purpose: a generation is there when its sessions are.
            guard tables.has(generation.sessions.name) else { continue }
            let lacking = required.flatMap { table, columns in
                columns.filter { !tables.has($0, in: table) }.map { "\(table).\($0)" }
            }
            if lacking.isEmpty { readable.append(generation) } else { missing += lacking }
        }
        guard !readable.isEmpty else { return nil }
        self.tables = tables
        self.missing = missing
        generations = readable
    }

    /// What to call a database none of whose generations can be read.
    static func reasonForRefusal(_ tables: SQLSchema) -> String {
        if tables.tables.isEmpty { return "it has no tables: OpenCode has not started with it yet" }
        let lacking = Generation.v1.required.flatMap { table, columns in
            tables.has(table) ? columns.filter { !tables.has($0, in: table) }.map { "\(table).\($0)" } : [table]
        }
        return "it is no OpenCode database: missing \(lacking.joined(separator: ", "))"
    }
}
