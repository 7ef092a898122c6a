internal import SQL

/// What a user may do with the tables of a team's database, found out by asking for it without a row being touched:
/// that also counts roles, and a server that takes no changes.
enum ServerRights {
    private static let reads: [SQLQuery] = [
        "SELECT 1 FROM sessions WHERE 1 = 0", "SELECT 1 FROM messages WHERE 1 = 0",
    ]
    /// What saving, creating and removing do, and how people call it.
    private static let changes: [(what: String, query: SQLQuery)] = [
        ("INSERT on sessions", "INSERT INTO sessions SELECT * FROM sessions WHERE 1 = 0"),
        ("UPDATE on sessions", "UPDATE sessions SET title = title WHERE 1 = 0"),
        ("DELETE on sessions", "DELETE FROM sessions WHERE 1 = 0"),
        ("INSERT on messages", "INSERT INTO messages SELECT * FROM messages WHERE 1 = 0"),
        ("UPDATE on messages", "UPDATE messages SET parts = parts WHERE 1 = 0"),
        ("DELETE on messages", "DELETE FROM messages WHERE 1 = 0"),
    ]

    /// Why nothing can be changed; nil when everything can.
    ///
    /// - Throws: where not even reading is allowed.
    static func readOnlyReason(_ connection: any SQLConnection, user: String) throws(SQLError) -> String? {
        for query in reads { try connection.rows(query) { (_) throws(SQLError) in } }
        var missing: [String] = []
        for (what, query) in changes {
            do throws(SQLError) {
                try connection.run(query)
            } catch {
                switch error.kind {
                case .readOnly: return "the server takes no changes (read_only)"
                case .denied: missing.append(what)
                default: throw error
                }
            }
        }
        return missing.isEmpty ? nil : "the user \(user) may not do: \(missing.joined(separator: ", "))"
    }
}
