import SQL
import SQLiteDriver
import Testing
import Timing

@testable import DemoHistory

@Suite struct DemoHistoryTests {
    static let newest = Timestamp(milliseconds: 1_793_491_200_000)

    @Test(arguments: DemoHistory.Family.allCases)
    func `a history is sound and as large as asked for`(family: DemoHistory.Family) throws {
        let connection = try memory()
        var history = DemoHistory(newest: Self.newest)
        history.family = family
        history.sessions = 12
        history.messages = 120
        history.attachments = 3
        history.attachmentBytes = 1_000
        try history.write(to: connection)

        #expect(try !connection.exists("PRAGMA foreign_key_check"))
        let newest = Self.newest.milliseconds
        switch family {
        case .v1:
            #expect(try connection.integer("SELECT count(*) FROM message") == 120)
            #expect(try connection.integer("SELECT count(*) FROM part WHERE data LIKE '%;base64,%'") == 3)
            #expect(try connection.integer("SELECT max(time_updated) FROM session") == newest)
            #expect(try !connection.exists("SELECT 1 FROM part WHERE NOT json_valid(data)"))
        case .v2:
            #expect(try connection.integer("SELECT count(*) FROM session_message") == 120)
            #expect(try connection.integer("SELECT max(time_updated) FROM session_v2") == newest)
            #expect(try !connection.exists("SELECT 1 FROM session_message WHERE NOT json_valid(data)"))
        case .go:
            #expect(try connection.integer("SELECT count(*) FROM messages WHERE role != 'tool'") == 120)
            #expect(try connection.integer("SELECT count(*) FROM messages WHERE role = 'tool'") ?? 0 > 20)
            #expect(try connection.integer("SELECT count(*) FROM messages WHERE parts LIKE '%\"binary\"%'") ?? 0 > 0)
            #expect(try connection.integer("SELECT max(updated_at) FROM sessions") == newest / 1000)
            #expect(try !connection.exists("SELECT 1 FROM messages WHERE NOT json_valid(parts)"))
            #expect(
                try !connection.exists(
                    """
                    SELECT 1 FROM sessions s WHERE message_count !=
                    (SELECT count(*) FROM messages WHERE session_id = s.id)
                    """))
        case .both:
            let notices = try connection.integer("SELECT count(*) FROM session_message WHERE type = 'system'") ?? 0
            #expect(try connection.integer("SELECT count(*) FROM session_message") == 120 + notices)
            #expect(try !connection.exists("SELECT 1 FROM session WHERE id NOT IN (SELECT id FROM session_v2)"))
            #expect(try connection.exists("SELECT 1 FROM session_v2 WHERE id NOT IN (SELECT id FROM session)"))
        }
    }

    /// Counts of tables and indexes are those seen in OpenCode's own files.
    @Test(arguments: [(DemoHistory.Family.v1, 20, 17, 38), (.v2, 20, 16, 48), (.both, 25, 23, 48), (.go, 10, 12, 15)])
    func `empty tables are complete`(
        family: DemoHistory.Family, tables: Int64, indexes: Int64, migrations: Int64
    ) throws {
        let connection = try memory()
        try DemoHistory.createTables(family, on: connection)
        #expect(try connection.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'") == tables)
        #expect(
            try connection.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL")
                == indexes)
        let journal = SQLIdentifier(family == .go ? "goose_db_version" : "migration")
        #expect(try connection.integer("SELECT count(*) FROM \(journal)") == migrations)
        #expect(
            try connection.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'")
                == (family == .go ? 8 : 0))
    }

    @Test func `the same seed makes the same history`() throws {
        func text(seed: UInt64) throws -> [SQLValue] {
            let connection = try memory()
            var history = DemoHistory(newest: Self.newest)
            history.sessions = 3
            history.messages = 20
            history.attachmentBytes = 100
            history.seed = seed
            try history.write(to: connection)
            return try connection.column("SELECT id || data FROM part ORDER BY rowid")
        }
        #expect(try text(seed: 5) == text(seed: 5))
        #expect(try text(seed: 5) != text(seed: 6))
    }

    @Test(arguments: [(0, 0, 0, 0), (0, 1, 1, 9), (-1, -2, -3, -4), (1, 6, 3, 0), (9, 2, 5, 40), (3, 7, 0, 2)])
    func `odd numbers are taken as they can be`(
        projects: Int, sessions: Int, messages: Int, attachments: Int
    ) throws {
        for family in DemoHistory.Family.allCases {
            let connection = try memory()
            var history = DemoHistory(newest: Timestamp(nanoseconds: .min))
            history.family = family
            history.projects = projects
            history.sessions = sessions
            history.messages = messages
            history.attachments = attachments
            history.attachmentBytes = 0
            var last = (done: -1, total: -1)
            try history.write(to: connection) { last = ($0, $1) }
            #expect(last == (sessions > 0 ? max(0, messages) : 0, sessions > 0 ? max(0, messages) : 0))
        }
    }

    /// A database of its own that no file remembers.
    private func memory() throws -> SQLiteConnection {
        try SQLiteConnection(path: ":memory:", access: .create)
    }
}
