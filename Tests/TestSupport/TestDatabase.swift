import DemoHistory
import Foundation
import MySQLDriver
import SQL
import SQLiteDriver
import SessionStore
import Timing

/// A database such as OpenCode makes, for a test to fill.
package struct TestDatabase: Sendable {
    package let family: TestFamily
    /// The file; of a server its address, without the password.
    package let path: String
    /// The database on a server; nil for a file.
    package let server: MySQLSettings?

    /// Makes an empty database with all of the family's tables.
    ///
    /// - Parameter path: of the file, where it is to be one.
    package init(_ family: TestFamily, at path: String) throws {
        self.family = family
        guard family != .team else {
            let server = try MariaDBServer.shared().database().settings
            self.server = server
            self.path = Self.address(of: server)
            try GoMigrator.create(in: try Self.connect(server))
            return
        }
        self.path = path
        server = nil
        try DemoHistory.createTables(family.tables, on: try Self.connect(path, .create))
    }

    /// Makes a history of the demo's kind.
    package init(demo family: TestFamily, at path: String, sessions: Int = 12, messages: Int = 120) throws {
        if family == .team {
            let file = try TestDatabase(demo: .go, at: path, sessions: sessions, messages: messages)
            self = try TestDatabase(.team, at: path)
            try copyRows(from: file)
            return
        }
        self.family = family
        self.path = path
        server = nil
        let connection = try Self.connect(path, .create)
        connection.patience = .lasting(.seconds(120))
        // A fixed moment: the same history in every run.
        var history = DemoHistory(newest: Timestamp(milliseconds: 1_795_000_000_000))
        history.family = family.tables
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
        server = nil
    }

    /// A history that is there, on a server.
    package init(_ server: MySQLSettings) {
        path = Self.address(of: server)
        family = .team
        self.server = server
    }

    /// What the mount table and `opencodefs status` call it.
    package var name: String { server?.name ?? path }

    /// What makes it the one that opencodefs takes when nobody names one.
    package var variables: [String: String] {
        guard let server, case .tcp(let host, let port) = server.address else { return ["OPENCODE_DB": path] }
        return [
            "OPENCODE_SESSION_PROVIDER_TYPE": "mysql",
            "OPENCODE_MYSQL_DSN": "\(server.user)@tcp(\(host):\(port))/\(server.database)",
        ]
    }

    /// Another connection, as another program would have one.
    package func connect() throws -> any SQLConnection {
        if let server { return try Self.connect(server) }
        return try Self.connect(path, .readWrite)
    }

    /// A transaction of another program that keeps everybody from writing, until it ends: the database is locked, or on a
    /// server every row of the history.
    package func locked() throws -> any SQLConnection {
        let connection = try connect()
        try connection.beginWriting()
        if server != nil {
            for table in ["sessions", "messages"] {
                _ = try connection.column("SELECT id FROM \(SQLIdentifier(table))\(.locked)")
            }
        }
        return connection
    }

    /// The words of a command that runs a statement when that is added. A server's wants the password as MYSQL_PWD.
    package var client: String {
        guard let server, case .tcp(let host, let port) = server.address else { return "sqlite3 \(path)" }
        return """
            mariadb --no-defaults --protocol=tcp --host=\(host) --port=\(port) --user=\(server.user) \
            --default-character-set=utf8mb4 --database=\(server.database) --execute
            """
    }

    /// How a store connects.
    package var opener: SQLOpener {
        opener(isReadOnly: false)
    }

    package func opener(isReadOnly: Bool) -> SQLOpener {
        { [server, path] (patience) throws(SQLError) -> any SQLConnection in
            if let server { return try MySQLConnection(server, patience) }
            return try SQLiteConnection(path: path, access: isReadOnly ? .readOnly : .readWrite)
        }
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

    /// As `--database` takes it.
    private static func address(of server: MySQLSettings) -> String {
        server.name.replacingOccurrences(of: "mysql://", with: "mysql://\(server.user)@")
    }

    private static func connect(_ path: String, _ access: SQLiteConnection.Access) throws -> any SQLConnection {
        try SQLiteConnection(path: path, access: access)
    }

    private static func connect(_ server: MySQLSettings) throws -> any SQLConnection {
        let connection = try MySQLConnection(server, .lasting(.seconds(30)))
        connection.patience = .lasting(.seconds(60))
        return connection
    }

    /// The rows of a file's tables, byte for byte and with the times that they have there, whatever triggers do.
    private func copyRows(from file: TestDatabase) throws {
        let (source, target) = (try file.connect(), try connect())
        let tables = try target.schema().tables
        for table in ["sessions", "messages", "files", "flow_states", "session_recaps", "cron_jobs", "bridge_sessions"]
        {
            let columns = try (source.schema().tables[table] ?? []).map(\.name).filter { name in
                tables[table]?.contains { $0.name == name } == true
            }
            let names = SQLQuery.joined(columns.map { "\(SQLIdentifier($0))" }, separator: ", ")
            try target.writing { () throws(SQLError) in
                try source.rows("SELECT \(names) FROM \(SQLIdentifier(table))") { (row) throws(SQLError) in
                    let values = columns.indices.map { "\(row.value(at: $0))" as SQLQuery }
                    try target.run(
                        "INSERT INTO \(SQLIdentifier(table)) (\(names)) VALUES (\(.joined(values, separator: ", ")))")
                }
            }
        }
        // The triggers have counted, and have set the time.
        try target.writing { () throws(SQLError) in
            try source.rows("SELECT id, message_count, updated_at FROM sessions") { (row) throws(SQLError) in
                try target.run("SET SESSION timestamp = \(row.value(at: 2))")
                try target.run("UPDATE sessions SET message_count = \(row.value(at: 1)) WHERE id = \(row.value(at: 0))")
            }
        }
    }
}
