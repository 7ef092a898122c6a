import SQL
import TestSupport
import Testing
import Timing

@testable import MySQLDriver

/// What a server tells of its tables and of itself.
@Suite struct MySQLSchemaTests {
    @Test func `tables come with their columns and what they refer to`() throws {
        let database = try MariaDBServer.shared().database()
        try database.run(
            """
            CREATE TABLE sessions (id VARCHAR(255) PRIMARY KEY, title VARCHAR(512) NOT NULL, \
            cost DOUBLE NOT NULL DEFAULT 0.0 CHECK (cost >= 0), parent VARCHAR(255), \
            twice DOUBLE AS (cost * 2), at BIGINT NOT NULL DEFAULT (UNIX_TIMESTAMP()))
            """,
            """
            CREATE TABLE messages (n BIGINT AUTO_INCREMENT, id VARCHAR(255), s VARCHAR(255), u VARCHAR(255), \
            PRIMARY KEY (n, id), CONSTRAINT a FOREIGN KEY (s) REFERENCES sessions(id) ON DELETE CASCADE, \
            CONSTRAINT b FOREIGN KEY (u) REFERENCES sessions(id) ON DELETE SET NULL)
            """)
        let other = try MariaDBServer.shared().database()
        try other.run("CREATE TABLE foreigners (id INT PRIMARY KEY)")
        let schema = try database.connect().schema()
        typealias Column = SQLSchema.Column
        #expect(Set(schema.tables.keys) == ["sessions", "messages"])
        #expect(
            schema.tables["sessions"] == [
                Column(name: "id", isRequired: true, isKey: true), Column(name: "title", isRequired: true),
                Column(name: "cost", isRequired: false), Column(name: "parent", isRequired: false),
                Column(name: "at", isRequired: false),
            ])
        #expect(
            schema.tables["messages"]?.prefix(2) == [
                Column(name: "n", isRequired: false, isKey: true), Column(name: "id", isRequired: true, isKey: true),
            ])
        typealias Reference = SQLSchema.Reference
        #expect(
            schema.references == [
                Reference(table: "messages", column: "s", parent: "sessions", parentColumn: "id", onDelete: .cascade),
                Reference(table: "messages", column: "u", parent: "sessions", parentColumn: "id", onDelete: .setNull),
            ])
    }

    @Test func `a counter moves when a table changes and not when rows do`() throws {
        let database = try MariaDBServer.shared().database()
        let connection = try database.connect()
        var counters = [try connection.schemaCounter()]
        for change in [
            "CREATE TABLE t (id INT PRIMARY KEY)", "ALTER TABLE t ADD COLUMN s TEXT",
            "ALTER TABLE t MODIFY COLUMN s LONGTEXT", "ALTER TABLE t MODIFY COLUMN s LONGTEXT NOT NULL",
            "ALTER TABLE t DROP COLUMN s", "CREATE TABLE u (id INT PRIMARY KEY)",
        ] {
            try database.run(change)
            counters.append(try connection.schemaCounter())
        }
        // Without column s the table is as it was.
        #expect(Set(counters).count == counters.count - 1)
        let before = try connection.changeCounter()
        try database.run("INSERT INTO t VALUES (1)")
        #expect(try connection.changeCounter() == before)
    }

    @Test func `a server tells what it is and what the user may do`() throws {
        let server = try MariaDBServer.shared()
        let facts = try server.database().connect().serverFacts()
        #expect(facts.version.contains("MariaDB"))
        #expect(!facts.isReadOnly && facts.isDurable && facts.trustsTriggerCreators)
        #expect(facts.maxAllowedPacket == 16 << 20)
        for privilege in MySQLServerFacts.Privilege.allCases { #expect(facts.allows(privilege)) }

        let readers = try server.database(grants: "SELECT")
        try server.run(
            "CREATE TABLE \(readers.name).messages (id INT PRIMARY KEY)",
            "GRANT UPDATE, DELETE ON \(readers.name).messages TO \(readers.user)@'%'")
        let some = try readers.connect().serverFacts()
        #expect(some.allows(.select) && !some.allows(.update) && !some.allows(.create))
        #expect(some.allows(.update, on: "messages") && some.allows(.select, on: "messages"))
        #expect(!some.allows(.update, on: "sessions") && !some.allows(.insert, on: "messages"))
    }

    @Test(arguments: [
        ("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", true),
        ("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*00'", false),
        ("GRANT SELECT, INSERT ON `open_code`.* TO `u`@`%`", true),
        ("GRANT SELECT, INSERT ON `opencode`.* TO `u`@`%`", false),
        ("GRANT SELECT ON `open\\_code`.* TO `u`@`%`", true), ("GRANT SELECT ON `open%`.* TO `u`@`%`", true),
        ("GRANT SELECT ON `%`.* TO `u`@`%`", true), ("GRANT SELECT ON `other`.* TO `u`@`%`", false),
        ("GRANT SELECT (id, title), INSERT ON `open_code`.* TO `u`@`%`", false),
        ("GRANT SELECT ON \"open_code\".* TO \"u\"@\"%\"", true), ("GRANT `role` TO `u`@`%`", false),
        ("GRANT SELECT", false), ("GRANT SELECT ON `open_code", false), ("", false),
    ])
    func `a grant is read as the server means it`(line: String, allows: Bool) {
        var grants = MySQLGrants(database: "open_code")
        grants.add(line)
        #expect(grants.everywhere.contains(.select) == allows)
    }
}
