import SQL
import Testing

@testable import SessionStore

/// How descriptions by servers of several kinds are read.
@Suite struct MySQLSchemaTests {
    @Test func `types mean the same however a server writes them`() {
        #expect(MySQLType("bigint(20)") == .bigint && MySQLType("bigint") == .bigint)
        #expect(MySQLType("int(11)") == .int && MySQLType("int") == .int)
        #expect(MySQLType("tinyint(1)") == .boolean && MySQLType("tinyint(4)") != .boolean)
        #expect(MySQLType("VARCHAR(255)") == .varchar(255))
        #expect(MySQLType("bigint(20) unsigned") != .bigint)
        #expect(MySQLType("double(10,2)") != .double)
        #expect(MySQLType("json").kind == .unknown && MySQLType("longblob").kind == .unknown)
        #expect(MySQLType("mediumtext").kind == .text && MySQLType("bigint(20) unsigned").kind == .integer)
        #expect(MySQLType("decimal(10,2)").kind == .real && MySQLType("smallint(6)").kind == .integer)
    }

    @Test func `defaults mean the same however a server writes them`() {
        #expect(MySQLDefault("NULL") == MySQLDefault(nil))
        #expect(MySQLDefault("'running'") == MySQLDefault("running"))
        #expect(MySQLDefault("0.0") == MySQLDefault("0"))
        #expect(MySQLDefault("unix_timestamp()") == .now && MySQLDefault("(UNIX_TIMESTAMP())") == .now)
        #expect(MySQLDefault("(uuid())") != .now && MySQLDefault("1") != .integer(0))
    }

    @Test func `conditions mean the same however a server writes them`() {
        #expect(MySQLTable.condition("(`message_count` >= 0)") == MySQLTable.condition("message_count>=0"))
    }

    @Test func `both providers' migrations add the same tables and columns`() {
        for migration in GoMigration.all {
            var columns: [String: [String]] = [:]
            for (table, column) in migration.mysql.flatMap(\.columns) {
                columns[table, default: []].append(column.name)
            }
            let promised = Dictionary(uniqueKeysWithValues: migration.adds.map { ($0.table, $0.columns.sorted()) })
            #expect(columns.mapValues { $0.sorted() } == promised, "\(migration.version)")
        }
    }

    private static func lacking(_ lines: String..., database: String = "open_code") -> Set<String> {
        MySQLGrants(lines, database: database).lacking(["CREATE", "TRIGGER"])
    }

    @Test func `what a grant gives is what it says, where it says`() {
        #expect(Self.lacking("GRANT USAGE ON *.* TO `u`@`%`") == ["CREATE", "TRIGGER"])
        #expect(Self.lacking("GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION") == [])
        #expect(Self.lacking("GRANT ALL PRIVILEGES ON `open_code`.* TO `u`@`%`") == [])
        #expect(Self.lacking("GRANT ALL PRIVILEGES ON `open\\_code`.* TO `u`@`%`") == [])
        #expect(Self.lacking("GRANT ALL PRIVILEGES ON `open\\_code`.* TO `u`@`%`", database: "openXcode").count == 2)
        #expect(Self.lacking("GRANT ALL PRIVILEGES ON `open%`.* TO `u`@`%`") == [])
        #expect(Self.lacking("GRANT ALL PRIVILEGES ON `other`.* TO `u`@`%`").count == 2)
        #expect(Self.lacking("GRANT SELECT, CREATE ON `open_code`.* TO `u`@`%`") == ["TRIGGER"])
        #expect(
            Self.lacking("GRANT TRIGGER ON *.* TO `u`@`%`", "GRANT CREATE ON `open_code`.* TO `u`@`%`") == [])
        // A privilege of columns is none of the table.
        #expect(
            MySQLGrants(["GRANT UPDATE (`a`, `b`), INSERT ON *.* TO `u`@`%`"], database: "d").ofServer == ["INSERT"])
    }

    @Test func `where grants cannot be added up nobody is refused for them`() {
        #expect(Self.lacking("GRANT `role`@`%` TO `u`@`%`", "GRANT USAGE ON *.* TO `u`@`%`") == [])
        #expect(Self.lacking("GRANT CREATE ON `open_code`.`sessions` TO `u`@`%`") == [])
    }

    @Test func `a GRANT to run names the account`() {
        let text = MySQLGrants.statement(["TRIGGER", "CREATE"], database: "d", user: "a@b@10.0.0.%")
        #expect(text == "GRANT CREATE, TRIGGER ON `d`.* TO 'a@b'@'10.0.0.%'")
    }
}
