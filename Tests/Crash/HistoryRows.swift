import DemoHistory
import SQL
import SQLiteDriver
import TestSupport
import Timing

/// Where a session stands.
struct Home: Hashable, CustomStringConvertible {
    let project: String
    let isArchived: Bool

    /// Its directory, below the mountpoint.
    var path: String { project + (isArchived ? "/archived" : "") }
    var description: String { path }
}

/// What the database holds, read by SQLite alone.
struct HistoryRows {
    private(set) var sessions: [String: Home] = [:]
    private(set) var messages: [MessageKey: Set<HistoryText.Cell>] = [:]
    /// Every column of every row that belongs to a message or a session, by table and id.
    private(set) var dump: [String: [String: String]] = [:]
    /// What must never be so, as sentences.
    private(set) var faults: [String] = []

    init(_ database: String, _ family: TestFamily) throws {
        let connection = try SQLiteConnection(path: database, access: .readWrite)
        let tables = Tables(family)
        try check(connection, tables)
        try connection.rows(tables.sessionQuery) { (row) throws(SQLError) in
            let project = Self.text(row, 1)
            sessions[Self.text(row, 0)] = Home(project: project, isArchived: row.integer(at: 2) != nil)
        }
        for query in tables.cellQueries {
            try connection.rows(query) { (row) throws(SQLError) in
                let key = MessageKey(session: Self.text(row, 0), id: Self.text(row, 1))
                let cell = HistoryText.Cell(row: Self.text(row, 2), column: Self.text(row, 3), text: Self.text(row, 4))
                messages[key, default: []].insert(cell)
            }
        }
        for table in tables.dumped { dump[table] = try Self.dump(table, connection) }
    }

    private mutating func check(_ connection: SQLiteConnection, _ tables: Tables) throws {
        let integrity = try connection.column("PRAGMA integrity_check").compactMap(\.bytes)
        if integrity != [Array("ok".utf8)] {
            faults.append("integrity_check: \(integrity.map { String(decoding: $0, as: UTF8.self) })")
        }
        try connection.rows("PRAGMA foreign_key_check") { (row) throws(SQLError) in
            faults.append("foreign_key_check: a row of \(Self.text(row, 0)) points at nothing in \(Self.text(row, 2))")
        }
        for (query, sentence) in tables.rules {
            try connection.rows(query) { (row) throws(SQLError) in faults.append("\(sentence): \(Self.text(row, 0))") }
        }
    }

    /// A table's rows, each with every value in SQL's own spelling.
    private static func dump(_ table: String, _ connection: SQLiteConnection) throws -> [String: String] {
        let columns = try connection.column("SELECT name FROM pragma_table_info(\(table))").compactMap(\.bytes)
            .map { SQLIdentifier(String(decoding: $0, as: UTF8.self)) }
        let list = SQLQuery.joined(columns.map { "quote(\($0))" }, separator: " || '|' || ")
        let key = table == "event_sequence" ? SQLIdentifier("aggregate_id") : SQLIdentifier("id")
        var rows: [String: String] = [:]
        try connection.rows("SELECT \(key), \(list) FROM \(SQLIdentifier(table))") { (row) throws(SQLError) in
            rows[text(row, 0)] = text(row, 1)
        }
        return rows
    }

    private static func text(_ row: any SQLRow, _ column: Int) -> String {
        String(decoding: row.bytes(at: column) ?? [], as: UTF8.self)
    }
}

/// How a family's tables are asked.
private struct Tables {
    let sessionQuery: SQLQuery
    /// Session, message, row, column, text.
    let cellQueries: [SQLQuery]
    let dumped: [String]
    let rules: [(SQLQuery, String)]

    init(_ family: TestFamily) {
        switch family {
        case .v1, .both:
            sessionQuery = "SELECT id, project_id, time_archived FROM session"
            cellQueries = [
                "SELECT session_id, id, id, 'data', data FROM message",
                "SELECT session_id, message_id, id, 'data', data FROM part",
            ]
            dumped = ["session", "message", "part"]
            rules = [
                (
                    "SELECT part.id FROM part JOIN message ON message.id = message_id WHERE part.session_id <> message.session_id",
                    "a part of another session than its message's"
                )
            ]
        case .v2:
            sessionQuery = "SELECT id, project_id, time_archived FROM session_v2"
            cellQueries = ["SELECT session_id, id, id, 'data', data FROM session_message"]
            dumped = ["session_v2", "session_message", "event_sequence"]
            rules = [
                (
                    """
                    SELECT session_id FROM session_message GROUP BY session_id HAVING max(seq) > coalesce(
                        (SELECT seq FROM event_sequence WHERE aggregate_id = session_id), -1)
                    """, "a message's number is beyond its session's sequence"
                ),
                (
                    "SELECT session_id FROM session_message GROUP BY session_id, seq HAVING count(*) > 1",
                    "two messages have one number"
                ),
                (
                    "SELECT id FROM session_message WHERE type <> 'user' OR seq < 0",
                    "a message of another type or number"
                ),
            ]
        case .go, .team:
            sessionQuery = "SELECT id, project_id, NULL FROM sessions"
            cellQueries = [
                "SELECT session_id, id, id, 'model', model FROM messages",
                "SELECT session_id, id, id, 'parts', parts FROM messages",
            ]
            dumped = ["sessions", "messages"]
            rules = [
                (
                    "SELECT id FROM sessions WHERE message_count <> (SELECT count(*) FROM messages WHERE session_id = sessions.id)",
                    "message_count is not the number of messages"
                ),
                (
                    "SELECT id FROM messages WHERE role <> 'user' OR seq IS NULL",
                    "a message of another role, or no number"
                ),
            ]
        }
    }
}

extension HistoryText {
    /// Where sessions stand when a trial begins; the last project has none.
    static let projects = ["shop", "mill", "barn"]

    /// Makes the history that trials begin with, at a path where there is nothing.
    ///
    /// - Returns: what each message says.
    func makeHistory(at path: String, sessions: Int, messages: Int) throws -> [MessageKey: Mark] {
        let database = try TestDatabase(family, at: path)
        let connection = try database.connect()
        var marks: [MessageKey: Mark] = [:]
        try connection.writing { () throws(SQLError) in
            if !family.isGo {
                for project in Self.projects {
                    try connection.run(
                        """
                        INSERT INTO project (id, worktree, time_created, time_updated, sandboxes)
                        VALUES (\(project), \("/home/u/" + project), \(Self.moment), \(Self.moment), '[]')
                        """)
                }
            }
            for session in 0..<sessions {
                let id = "ses_\(session)"
                try insert(session: id, in: Self.projects[session % 3], connection)
                for message in 0..<messages {
                    let key = MessageKey(session: id, id: "msg_s\(session)m\(message)")
                    let mark = Mark(number: session * 100 + message)
                    try insert(key, mark, number: Int64(message), connection)
                    marks[key] = mark
                }
                guard family == .v2 else { continue }
                try connection.run(
                    "INSERT INTO event_sequence (aggregate_id, seq) VALUES (\(id), \(Int64(messages - 1)))")
            }
        }
        return marks
    }

    private func insert(session id: String, in project: String, _ connection: any SQLConnection) throws(SQLError) {
        guard !family.isGo else {
            try connection.run(
                """
                INSERT INTO sessions (id, project_id, root_session_id, title, created_at, updated_at)
                VALUES (\(id), \(project), \(id), 'A session', \(Self.moment / 1000), \(Self.moment / 1000))
                """)
            return
        }
        let table = SQLIdentifier(family == .v2 ? "session_v2" : "session")
        try connection.run(
            """
            INSERT INTO \(table) (id, project_id, slug, directory, title, version, time_created, time_updated)
            VALUES (\(id), \(project), 'slug', \("/home/u/" + project), 'A session', '1.18.32',
                \(Self.moment), \(Self.moment))
            """)
    }

    private func insert(
        _ key: MessageKey, _ mark: Mark, number: Int64, _ connection: any SQLConnection
    ) throws(SQLError) {
        let cells = cells(key, mark)
        func text(_ column: String) -> String { cells.first { $0.row == key.id && $0.column == column }?.text ?? "" }
        switch family {
        case .go, .team:
            try connection.run(
                """
                INSERT INTO messages (id, session_id, role, parts, model, created_at, updated_at, seq)
                VALUES (\(key.id), \(key.session), 'user', \(text("parts")), \(text("model")), \(Self.moment / 1000),
                    \(Self.moment / 1000), \(number))
                """)
        case .v2:
            try connection.run(
                """
                INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data)
                VALUES (\(key.id), \(key.session), 'user', \(number), \(Self.moment), \(Self.moment), \(text("data")))
                """)
        case .v1, .both:
            try connection.run(
                """
                INSERT INTO message (id, session_id, time_created, time_updated, data)
                VALUES (\(key.id), \(key.session), \(Self.moment), \(Self.moment), \(text("data")))
                """)
            for cell in cells where cell.row != key.id {
                try connection.run(
                    """
                    INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
                    VALUES (\(cell.row), \(key.id), \(key.session), \(Self.moment), \(Self.moment), \(cell.text))
                    """)
            }
        }
    }
}
