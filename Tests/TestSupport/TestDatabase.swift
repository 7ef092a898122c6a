import DemoHistory
import SQL
import SQLiteDriver
import Timing

/// A database such as OpenCode makes, for a test to fill.
package struct TestDatabase: Sendable {
    package let path: String
    package let family: DemoHistory.Family

    /// Makes an empty database with all of the family's tables.
    package init(_ family: DemoHistory.Family, at path: String) throws {
        self.path = path
        self.family = family
        let connection = try Self.connect(path, .create)
        try DemoHistory.createTables(family, on: connection)
    }

    /// Makes a history of the demo's kind.
    package init(demo family: DemoHistory.Family, at path: String, sessions: Int = 12, messages: Int = 120) throws {
        self.path = path
        self.family = family
        let connection = try Self.connect(path, .create)
        connection.patience = .lasting(.seconds(120))
        // A fixed moment: the same history in every run.
        var history = DemoHistory(newest: Timestamp(milliseconds: 1_795_000_000_000))
        history.family = family
        history.sessions = sessions
        history.messages = messages
        history.attachments = 2
        history.attachmentBytes = 20_000
        try history.write(to: connection) { _, _ in }
    }

    /// A history that is there.
    package init(_ history: GoHistory) {
        path = history.path
        family = .go
    }

    /// Another connection, as another program would have one.
    package func connect() throws -> any SQLConnection {
        try Self.connect(path, .readWrite)
    }

    /// Runs statements in one transaction, as another program.
    package func run(_ statements: SQLQuery...) throws {
        let connection = try connect()
        try connection.writing { () throws(SQLError) in
            for statement in statements { try connection.run(statement) }
        }
    }

    /// The first column of all rows, as text.
    package func column(_ query: SQLQuery) throws -> [String] {
        try connect().column(query).map { value in
            switch value {
            case .null: "NULL"
            case .integer(let number): "\(number)"
            case .real(let number): "\(number)"
            case .text(let bytes), .blob(let bytes): String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    private static func connect(_ path: String, _ access: SQLiteConnection.Access) throws -> any SQLConnection {
        try SQLiteConnection(path: path, access: access)
    }
}
