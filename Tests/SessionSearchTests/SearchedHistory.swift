import DemoHistory
import Foundation
import SQL
import SQLiteDriver
import SessionModel
import SessionSearch
import SessionStore
import SessionTree
import TestSupport
import Timing

/// A database, a store over it, and an index of its words.
final class SearchedHistory: Sendable {
    let database: TestDatabase
    let store: any SessionStore
    let index: SearchIndex
    let path: String

    static let patience = Patience.lasting(.seconds(600))

    init(_ database: TestDatabase, in directory: borrowing TemporaryDirectory) throws {
        self.database = database
        let home = ProjectIdentity(.init("home"))
        let open = database.opener
        switch database.family {
        case .team:
            let limits = ConnectionPool.Limits(
                connections: 4, idle: 4, lifetime: .seconds(300), unprovenAfter: .seconds(10))
            store = try TeamStore(
                open: open, limits: limits, trash: nil, readOnlyReason: nil, home: home, interval: .zero)
        case .go: store = try GoStore(open: open, trash: nil, readOnlyReason: nil, home: home)
        case .v1, .v2, .both: store = try TypeScriptStore(open: open, trash: nil, readOnlyReason: nil)
        }
        let path = directory.file("search.db")
        self.path = path
        index = SearchIndex(
            isThere: { FileManager.default.fileExists(atPath: path) },
            discard: { try? FileManager.default.removeItem(atPath: path) },
            open: { (_) throws(SQLError) in
                let connection = try SQLiteConnection(path: path, access: .create)
                try connection.run("PRAGMA secure_delete=ON")
                try connection.run("PRAGMA cache_spill=OFF")
                return connection
            })
    }

    func close() {
        index.close()
        store.close()
    }

    func indexer(batchLimit: Int = 4 << 20, shardLimit: Int = 16 << 20) -> SearchIndexer {
        SearchIndexer(
            store: store, index: index,
            startThread: { body in
                Thread.detachNewThread(body)
                return true
            },
            batchLimit: batchLimit, shardLimit: shardLimit)
    }

    /// Brings the index up to date.
    func update(by indexer: SearchIndexer? = nil) throws {
        _ = try store.changeToken(Self.patience)
        try (indexer ?? self.indexer()).run(Self.patience)
    }

    /// What the index's file answers to a question about its tables.
    func integer(_ question: SQLQuery) throws -> Int64 {
        try SQLiteConnection(path: path, access: .readOnly).integer(question) ?? 0
    }

    /// What a search finds, with the index as it is or without.
    func hits(_ text: String, indexed: Bool) throws -> [SearchHit] {
        let query = try SearchQuery(parsing: Array(text.utf8))
        _ = try store.changeToken(Self.patience)
        return try store.reading(Self.patience) { (snapshot) throws(StoreError) in
            let catalog = Catalog(projects: try snapshot.projects(), sessions: try snapshot.sessions(), scope: .all)
            return try HistorySearch(query, in: snapshot, catalog, Self.patience)
                .hits(indexed ? index : nil, try snapshot.fingerprints(of: nil))
        }
    }

    /// How many sessions would be read in their texts now.
    func unknownSessions() throws -> Int {
        var read = 0
        let query = try SearchQuery(parsing: Array("zebra".utf8))
        _ = try store.changeToken(Self.patience)
        try store.reading(Self.patience) { (snapshot) throws(StoreError) in
            let catalog = Catalog(projects: try snapshot.projects(), sessions: try snapshot.sessions(), scope: .all)
            read = 0
            _ = try HistorySearch(query, in: snapshot, catalog, Self.patience)
                .hits(index, try snapshot.fingerprints(of: nil)) { _, _ in read += 1 }
        }
        return read
    }
}

/// Rows as another program writes them.
struct ForeignRows {
    let database: TestDatabase
    var now: Int64 = 1_795_000_000_000

    init(_ database: TestDatabase) throws {
        self.database = database
        guard !database.family.isGo else { return }
        try database.run(
            "INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) VALUES ('p', '/home/u/shop', '[]', 1, 2)"
        )
    }

    private var isV1: Bool { database.family == .v1 }
    private var sessions: SQLIdentifier {
        SQLIdentifier(database.family.isGo ? "sessions" : isV1 ? "session" : "session_v2")
    }
    private var messages: SQLIdentifier {
        SQLIdentifier(database.family.isGo ? "messages" : isV1 ? "message" : "session_message")
    }

    func addSession(_ id: String, title: String) throws {
        guard !database.family.isGo else {
            return try database.run(
                """
                INSERT INTO sessions (id, project_id, title, created_at, updated_at) \
                VALUES (\(id), 'p', \(title), \(now / 1000), \(now / 1000))
                """)
        }
        try database.run(
            """
            INSERT INTO \(sessions) (id, project_id, slug, directory, title, version, time_created, time_updated) \
            VALUES (\(id), 'p', 's', '/home/u/shop', \(title), '1', \(now), \(now))
            """)
    }

    /// A message with a text, and a call of a tool with its answer.
    func addMessage(
        _ id: String, of session: String, number: Int64, role: String, text: String, input: String, output: String
    ) throws {
        func quoted(_ text: String) -> String { String(decoding: JSONText.quoted(text), as: UTF8.self) }
        switch database.family {
        case .v1:
            let info = #"{"role":"\#(role)","time":{"created":\#(now + number)}}"#
            try database.run(
                """
                INSERT INTO message (id, session_id, time_created, time_updated, data) \
                VALUES (\(id), \(session), \(now + number), \(now + number), \(info))
                """)
            let parts = [
                #"{"type":"text","text":\#(quoted(text))}"#,
                """
                {"type":"tool","tool":"bash","state":{"status":"completed","input":{"command":\(quoted(input))},\
                "output":\(quoted(output))}}
                """,
            ]
            for (place, part) in parts.enumerated() {
                try database.run(
                    """
                    INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) \
                    VALUES (\("\(id)_\(place)"), \(id), \(session), \(now), \(now), \(part))
                    """)
            }
        case .v2, .both:
            let data =
                role == "user"
                ? #"{"text":\#(quoted(text + " " + input + " " + output)),"time":{"created":\#(now + number)}}"#
                : """
                {"content":[{"type":"text","text":\(quoted(text))},{"type":"tool","id":"t","name":"bash","state":\
                {"status":"completed","input":{"command":\(quoted(input))},"content":[{"type":"text","text":\
                \(quoted(output))}]}}],"time":{"created":\(now + number)}}
                """
            try database.run(
                """
                INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data) \
                VALUES (\(id), \(session), \(role), \(number), \(now + number), \(now + number), \(data))
                """)
        case .go, .team:
            let parts = """
                [{"type":"text","data":{"text":\(quoted(text))}},{"type":"tool_call","data":{"id":"t","name":"bash",\
                "input":\(quoted(input)),"finished":true}},{"type":"tool_result","data":{"tool_call_id":"t",\
                "content":\(quoted(output))}}]
                """
            try database.run(
                """
                INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq) \
                VALUES (\(id), \(session), \(role), \(parts), \(now / 1000 + number), \(now / 1000 + number), \(number))
                """)
        }
    }

    /// Changes a word in all rows of a message.
    func replace(_ old: String, by new: String, in message: String) throws {
        switch database.family {
        case .v1: try database.run("UPDATE part SET data = replace(data, \(old), \(new)) WHERE message_id = \(message)")
        case .v2, .both:
            try database.run("UPDATE session_message SET data = replace(data, \(old), \(new)) WHERE id = \(message)")
        case .go, .team:
            try database.run("UPDATE messages SET parts = replace(parts, \(old), \(new)) WHERE id = \(message)")
        }
    }

    func remove(message: String) throws {
        if isV1 { try database.run("DELETE FROM part WHERE message_id = \(message)") }
        try database.run("DELETE FROM \(messages) WHERE id = \(message)")
    }

    func remove(session: String) throws {
        if isV1 { try database.run("DELETE FROM part WHERE session_id = \(session)") }
        try database.run(
            "DELETE FROM \(messages) WHERE session_id = \(session)", "DELETE FROM \(sessions) WHERE id = \(session)")
    }
}
