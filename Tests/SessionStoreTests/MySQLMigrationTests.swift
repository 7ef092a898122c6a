import Foundation
import MySQLDriver
import SQL
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing
import Timing

/// What becomes of databases of the Go family on a server.
@Suite struct MySQLMigrationTests {
    private static let numbers = [0] + GoServerHistory.versions.map(\.number)

    /// A server that need not survive a power cut: it is told to define some thousand things.
    static let server = Result {
        try MariaDBServer([
            "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0",
        ])
    }

    static func database(steps: Int? = nil) throws -> MariaDBDatabase {
        let database = try server.get().database()
        if let steps { try GoServerHistory.make(steps: steps, in: database) }
        return database
    }

    @discardableResult
    static func migrate(
        _ database: MariaDBDatabase, _ options: GoMigrator.Options = GoMigrator.Options()
    ) throws -> MigrationReport? {
        try GoMigrator.migrate(database.connect(), options)
    }

    private static func versions(_ connection: any SQLConnection) throws -> [Int64?] {
        try connection.column("SELECT version_id FROM goose_db_version ORDER BY id").map(\.integer)
    }

    /// Everything there is: tables and rows, but for the moments of the records.
    static func dump(_ database: MariaDBDatabase) throws -> [String] {
        let connection = try database.connect()
        var lines = try "\(GoServerShape(connection))".split(separator: "\"").map(String.init)
        for table in try connection.schema().tables.keys.sorted() {
            let columns: SQLQuery = table == "goose_db_version" ? "version_id, is_applied" : "*"
            lines += try GoServerHistory.lines(
                "SELECT \(columns) FROM \(SQLIdentifier(table))", connection, columns: 18)
        }
        return lines
    }

    @Test func `a new database on a server is what all of OpenCode's migrations make`() throws {
        let old = try Self.database(steps: 14)
        let new = try Self.database()
        #expect(try GoMigrator.isEmpty(new.connect()))
        try GoMigrator.create(in: new.connect())
        #expect(try !GoMigrator.isEmpty(new.connect()))
        let shape = try GoServerShape(old.connect())
        #expect(try GoServerShape(new.connect()) == shape)
        #expect(shape.tables.count == 9 && shape.triggers.count == 8 && shape.checks.count == 4)
        #expect(shape.references.count == 6)
        let connection = try new.connect()
        #expect(try Self.versions(connection) == Self.numbers)
        #expect(try connection.integer("SELECT min(is_applied) FROM goose_db_version") == 1)
        #expect(try connection.integer("SELECT count(*) FROM goose_db_version WHERE tstamp IS NULL") == 0)
    }

    @Test(arguments: 0...14)
    func `every version on a server is brought to the newest, with all its rows`(steps: Int) throws {
        let fresh = try Self.database()
        try GoMigrator.create(in: fresh.connect())
        let database = try Self.database(steps: steps)
        let rows: [(SQLQuery, Int)] = [
            (
                """
                SELECT id, parent_session_id, title, prompt_tokens, completion_tokens, cost, updated_at, created_at
                FROM sessions ORDER BY id
                """, 8
            ),
            (
                """
                SELECT id, session_id, role, hex(parts), model, created_at, updated_at, finished_at
                FROM messages ORDER BY id
                """, 8
            ),
            ("SELECT id, session_id, path, hex(content), version, created_at, updated_at FROM files ORDER BY id", 7),
        ]
        let connection = try database.connect()
        let before = steps == 0 ? [] : try rows.map { try GoServerHistory.lines($0.0, connection, columns: $0.1) }
        let report = try #require(try Self.migrate(database))
        #expect(report.from == Self.numbers[steps] && report.to == Self.numbers[14])
        #expect(report.steps == 14 - steps && report.backup == nil && report.adopted == 0)
        #expect(report.uncorrected == 0 && !report.isContinued)
        #expect(try GoServerShape(connection) == GoServerShape(fresh.connect()))
        #expect(try Self.versions(connection) == Self.numbers)
        if steps > 0 {
            #expect(try rows.map { try GoServerHistory.lines($0.0, connection, columns: $0.1) } == before)
            #expect(
                try connection.column("SELECT message_count FROM sessions ORDER BY id").map(\.integer) == [4, 0, 0])
        }
        // Nothing is left to do, and nobody's sessions are given a project.
        let dump = try Self.dump(database)
        let again = try #require(try Self.migrate(database))
        #expect(again == MigrationReport(from: report.to, to: report.to, steps: 0, backup: nil, adopted: 0))
        #expect(try Self.dump(database) == dump)
        #expect(try connection.integer("SELECT count(*) FROM sessions WHERE project_id IS NOT NULL") == 0)
    }

    @Test(arguments: [0, 2])
    func `M5 a migration that is cut off after any statement is continued by the next start`(steps: Int) throws {
        let whole = try Self.database(steps: steps == 0 ? nil : steps)
        try Self.migrate(whole)
        let wanted = try Self.dump(whole)
        var cutOff = 0
        var continued = 0
        for count in 0... {
            let database = try Self.database(steps: steps == 0 ? nil : steps)
            do throws(MigrationError) {
                _ = try GoMigrator.migrate(
                    CutConnection(try Self.connect(database), after: count), GoMigrator.Options())
                break
            } catch {
                guard case .stopped = error else {
                    guard case .unavailable = error else { throw error }
                    continue
                }
                cutOff += 1
            }
            let report = try #require(try Self.migrate(database))
            if report.isContinued { continued += 1 }
            #expect(try Self.dump(database) == wanted, "cut off after \(count) statements")
        }
        #expect(cutOff >= (steps == 0 ? 38 : 28))
        #expect(continued > 10)
    }

    private static func connect(_ database: MariaDBDatabase) throws(MigrationError) -> MySQLConnection {
        do throws(SQLError) {
            return try MySQLConnection(database.settings, .lasting(.seconds(20)))
        } catch {
            throw .unavailable(error)
        }
    }
}
