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
    let family: TestFamily

    static let all = TestFamily.allCases.map { StoreUnderTest(family: $0) }
    /// Those whose database is a file: for what only files promise.
    static let files = TestFamily.files.map { StoreUnderTest(family: $0) }
    static let v1 = StoreUnderTest(family: .v1)
    static let both = StoreUnderTest(family: .both)
    static let go = StoreUnderTest(family: .go)
    static let team = StoreUnderTest(family: .team)
    static let typeScript = all.filter { !$0.family.isGo }

    var testDescription: String { family.rawValue }

    /// The generation that OpenCode of this family writes.
    var generation: SessionRecord.Generation {
        switch family {
        case .v1: .v1
        case .v2, .both: .v2
        case .go, .team: .go
        }
    }

    /// The table of the sessions that are shown.
    var sessions: String { generation.sessions }

    /// The table of the messages that are shown.
    var messages: String {
        switch generation {
        case .v1: "message"
        case .v2: "session_message"
        case .go: "messages"
        }
    }

    /// When a row changed.
    var changed: String { family.isGo ? "updated_at" : "time_updated" }
}

extension SessionRecord.Generation {
    var sessions: String {
        switch self {
        case .v1: "session"
        case .v2: "session_v2"
        case .go: "sessions"
        }
    }
}

/// A database with a store over it, for a test to fill.
struct TestHistory {
    let database: TestDatabase
    let store: any SessionStore
    let trash: Trash
    let generation: SessionRecord.Generation

    init(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory, readOnly: String? = nil) throws {
        let database = try TestDatabase(store.family, at: directory.file("opencode.db"))
        self.database = database
        generation = store.generation
        trash = try Self.trash(for: database, in: directory)
        self.store = try Self.open(database, trash, readOnly: readOnly)
        guard !store.family.isGo else { return }
        try database.run(
            "INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) VALUES ('p', '/w', '[]', 1, 2)")
    }

    /// Another store over a database.
    ///
    /// - Parameter connect: how it connects, where that is not as everybody does.
    static func open(
        _ database: TestDatabase, _ trash: Trash?, readOnly: String? = nil, through connect: SQLOpener? = nil
    ) throws -> any SessionStore {
        let open = connect ?? database.opener(isReadOnly: readOnly != nil)
        if database.family == .team {
            // What is promised of one version after another must not wait for an interval.
            return try TeamStore(
                open: open, limits: TeamStoreTests.limits, trash: trash, readOnlyReason: readOnly,
                home: ProjectIdentity(.init("home")), interval: .zero)
        }
        return database.family.isGo
            ? try GoStore(open: open, trash: trash, readOnlyReason: readOnly, home: ProjectIdentity(.init("home")))
            : try TypeScriptStore(open: open, trash: trash, readOnlyReason: readOnly)
    }

    static func trash(for database: TestDatabase, in directory: borrowing TemporaryDirectory) throws -> Trash {
        let path = directory.file("trash.db")
        return try Trash(source: database.path) { (_) throws(SQLError) in
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
        guard generation != .go else {
            return try database.run(
                """
                INSERT INTO sessions (id, project_id, parent_session_id, title, created_at, updated_at) \
                VALUES (\(id), \(project), \(parent), \(title), 1, 2)
                """)
        }
        let table = SQLIdentifier((other ?? generation).sessions)
        try database.run(
            """
            INSERT INTO \(table) (id, project_id, parent_id, workspace_id, slug, directory, title, version, \
            time_created, time_updated, time_archived) VALUES (\(id), \(project), \(parent), \(workspace), 'slug', '/w', \
            \(title), '1.0', 1000, 2000, \(archived))
            """)
    }

    /// - Parameters:
    ///   - number: V1 the time of creation, V2 and Go the sequence number.
    ///   - data: what stands for it where the column does not hold everything.
    func addMessage(
        _ id: SQLValue, of session: SQLValue, number: Int64, data: SQLValue = SQLValue(#"{"role":"user"}"#),
        parts: [(id: SQLValue, data: SQLValue)] = [], in other: SessionRecord.Generation? = nil
    ) throws {
        guard generation != .go else {
            return try database.run(
                """
                INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq) \
                VALUES (\(id), \(session), 'user', \(database.family.held(data)), 5, 6, \(number))
                """)
        }
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

    static func removal(by process: Int32 = 7, _ patience: Patience = .lasting(.seconds(10))) -> Writing {
        Writing(patience: patience, process: process, path: "/the/path")
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
        case .taken(let reason), .notAllowed(let reason), .readOnly(let reason), .unsupportedSchema(let reason),
            .unavailable(let reason):
            reason
        case .tooLarge(let reason), .denied(let reason): reason
        case .notFound, .notEmpty, .busy, .full, .expired, .cancelled: ""
        }
    }
}
