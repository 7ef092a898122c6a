import SQL
import SessionModel
import TestSupport
import Testing

extension TestHistory {
    /// Makes a session with a row in every table that can name one, each value ending in the session's id, so that what
    /// is left of it can be found. Messages are left out where they would keep the session from being removed.
    ///
    /// - Parameter both: whether the other generation has the session too, with messages.
    func crowd(_ session: String, both: Bool = false) throws {
        let connection = try database.connect()
        let schema = try connection.schema()
        try addSession(SQLValue(session), title: SQLValue("title \(session)"))
        if both {
            try addSession(SQLValue(session), title: SQLValue("stale \(session)"), in: .v1)
            try addMessage(
                SQLValue("m \(session)"), of: SQLValue(session), number: 1,
                parts: [(SQLValue("p \(session)"), SQLValue("{}"))], in: .v1)
        }
        if generation != .go {
            try connection.run("INSERT INTO event_sequence (aggregate_id, seq) VALUES (\(session), 1)")
        }
        let shown = generation.sessions
        var parents: Set = [shown, "event_sequence"]
        if both { parents.insert("session") }
        let own = Set(["message", "part", "session", "session_v2", "sessions", "messages", "bridge_sessions"])
            .union(generation == .v1 ? [] : ["session_message"])
        let numbers = try numericColumns(connection)
        for (table, columns) in schema.tables where !own.contains(table) {
            let references = schema.references.filter { $0.table == table && parents.contains($0.parent) }
            guard !references.isEmpty else { continue }
            let filled = columns.filter { column in
                column.isRequired || column.name == "id" || references.contains { $0.column == column.name }
            }
            let names = SQLQuery.joined(filled.map { "\(SQLIdentifier($0.name))" }, separator: ", ")
            let values = SQLQuery.joined(
                filled.map { column in
                    references.contains { $0.column == column.name }
                        ? "\(session)"
                        : numbers.contains("\(table).\(column.name)")
                            ? "7" : "\("\(table).\(column.name) \(session)")"
                }, separator: ", ")
            try connection.run("INSERT INTO \(SQLIdentifier(table)) (\(names)) VALUES (\(values))")
        }
    }
}

extension TestHistory {
    /// The columns that take numbers only, as a server's do: table.column.
    private func numericColumns(_ connection: any SQLConnection) throws -> Set<String> {
        guard !database.family.holdsAnything else { return [] }
        let names = try connection.column(
            """
            SELECT concat(table_name, '.', column_name) FROM information_schema.columns \
            WHERE table_schema = database() AND (numeric_precision IS NOT NULL OR data_type = 'timestamp')
            """)
        return Set(names.compactMap(\.bytes).map { String(decoding: $0, as: UTF8.self) })
    }
}

extension [String: [[SQLValue]: Int]] {
    /// The rows in which no value ends in a word.
    func without(_ word: String) -> Self {
        mapValues { rows in
            rows.filter { row, _ in !row.contains { $0.bytes?.suffix(word.utf8.count).elementsEqual(word.utf8) == true }
            }
        }
    }

    /// The tables that have rows.
    var filled: Set<String> {
        Set(filter { !$0.value.isEmpty }.keys)
    }
}
