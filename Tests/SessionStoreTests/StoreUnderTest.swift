import DemoHistory
import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// A provider and a family: every promise of ``SessionStore`` is tested over each.
struct StoreUnderTest: Sendable, CustomTestStringConvertible {
    let family: DemoHistory.Family

    static let all = DemoHistory.Family.allCases.map { StoreUnderTest(family: $0) }
    static let v1 = StoreUnderTest(family: .v1)
    static let both = StoreUnderTest(family: .both)

    var testDescription: String { "SQLite, \(family.rawValue)" }

    /// The generation that OpenCode of this family writes.
    var generation: SessionRecord.Generation { family == .v1 ? .v1 : .v2 }
}

/// A database with a store over it, for a test to fill.
struct TestHistory {
    let database: TestDatabase
    let store: TypeScriptStore
    let trash: Trash
    let generation: SessionRecord.Generation

    init(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory, readOnly: String? = nil) throws {
        let database = try TestDatabase(store.family, at: directory.file("opencode.db"))
        self.database = database
        generation = store.generation
        trash = try Self.trash(for: database, in: directory)
        self.store = try Self.open(database, trash, readOnly: readOnly)
        try database.run(
            "INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) VALUES ('p', '/w', '[]', 1, 2)")
    }

    /// Another store over a database.
    static func open(_ database: TestDatabase, _ trash: Trash?, readOnly: String? = nil) throws -> TypeScriptStore {
        let path = database.path
        return try TypeScriptStore(
            open: { () throws(SQLError) in
                try SQLiteConnection(path: path, access: readOnly == nil ? .readWrite : .readOnly)
            }, trash: trash, readOnlyReason: readOnly)
    }

    static func trash(for database: TestDatabase, in directory: borrowing TemporaryDirectory) throws -> Trash {
        let path = directory.file("trash.db")
        return try Trash(source: database.path) { () throws(SQLError) in
            try SQLiteConnection(path: path, access: .create)
        }
    }

    /// What one snapshot says.
    func read<Result>(_ body: (any HistorySnapshot) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try store.reading(.lasting(.seconds(10)), body)
    }

    func addSession(
        _ id: SQLValue, title: SQLValue = SQLValue("Title"), project: String = "p", parent: SQLValue = .null,
        archived: SQLValue = .null, workspace: SQLValue = .null, in other: SessionRecord.Generation? = nil
    ) throws {
        let table = SQLIdentifier(other ?? generation == .v1 ? "session" : "session_v2")
        try database.run(
            """
            INSERT INTO \(table) (id, project_id, parent_id, workspace_id, slug, directory, title, version, \
            time_created, time_updated, time_archived) VALUES (\(id), \(project), \(parent), \(workspace), 'slug', '/w', \
            \(title), '1.0', 1000, 2000, \(archived))
            """)
    }

    /// - Parameter number: V1 the time of creation, V2 the sequence number.
    func addMessage(
        _ id: SQLValue, of session: SQLValue, number: Int64, data: SQLValue = SQLValue(#"{"role":"user"}"#),
        parts: [(id: SQLValue, data: SQLValue)] = [], in other: SessionRecord.Generation? = nil
    ) throws {
        guard other ?? generation == .v1 else {
            return try database.run(
                """
                INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data) \
                VALUES (\(id), \(session), 'user', \(number), 5, 6, \(data))
                """)
        }
        try database.run(
            """
            INSERT INTO message (id, session_id, time_created, time_updated, data) \
            VALUES (\(id), \(session), \(number), 6, \(data))
            """)
        for part in parts {
            try database.run(
                """
                INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) \
                VALUES (\(part.id), \(id), \(session), 7, 8, \(part.data))
                """)
        }
    }

    static func removal(by process: Int32 = 7, _ patience: Patience = .lasting(.seconds(10))) -> Removal {
        Removal(patience: patience, process: process, path: "/the/path")
    }
}

extension TestDatabase {
    /// Every row of every table, with how often it is there.
    func contents(without left: Set<String> = []) throws -> [String: [[SQLValue]: Int]] {
        let connection = try connect()
        var contents: [String: [[SQLValue]: Int]] = [:]
        for (table, columns) in try connection.schema().tables where !left.contains(table) {
            var rows: [[SQLValue]: Int] = [:]
            try connection.rows("SELECT * FROM \(SQLIdentifier(table))") { (row) throws(SQLError) in
                rows[columns.indices.map { row.value(at: $0) }, default: 0] += 1
            }
            contents[table] = rows
        }
        return contents
    }
}

extension StoreError {
    /// The case, without its reason.
    var name: String { String("\(self)".prefix { $0 != "(" }) }

    var reason: String {
        switch self {
        case .notAllowed(let reason), .readOnly(let reason), .unsupportedSchema(let reason), .unavailable(let reason):
            reason
        case .notFound, .notEmpty, .busy, .full, .tooLarge, .expired, .cancelled: ""
        }
    }
}
