import SQL
import TestSupport
import Testing
import Timing

@testable import MySQLDriver

/// What a server refuses is sorted by what can be done about it, and tells nobody's secrets.
@Suite struct MySQLErrorTests {
    private static let secret = "canary of a conversation"

    @Test func `what a table refuses is said without the values`() throws {
        let database = try MariaDBServer.shared().database()
        let connection = try database.connect()
        try database.run(
            "CREATE TABLE p (id VARCHAR(64) PRIMARY KEY)",
            """
            CREATE TABLE t (id VARCHAR(64) PRIMARY KEY, s VARCHAR(30) NOT NULL, n INT CHECK (n > 0), \
            a VARCHAR(64) CHARACTER SET latin1, p VARCHAR(64), j JSON, FOREIGN KEY (p) REFERENCES p(id))
            """, "INSERT INTO p VALUES ('\(Self.secret)')",
            "INSERT INTO t (id, s, p) VALUES ('\(Self.secret)', '', '\(Self.secret)')")
        let refused: [(SQLQuery, SQLError.Kind)] = [
            ("INSERT INTO t (id, s) VALUES (\(Self.secret), '')", .constraint),
            ("INSERT INTO t (id, s) VALUES ('a', \(Self.secret + Self.secret))", .tooLarge),
            ("INSERT INTO t (id, s) VALUES ('a', NULL)", .constraint), ("INSERT INTO t (id) VALUES ('a')", .constraint),
            ("INSERT INTO t (id, s, n) VALUES ('a', '', -1)", .constraint),
            ("INSERT INTO t (id, s, n) VALUES ('a', '', \(Self.secret))", .constraint),
            ("INSERT INTO t (id, s, a) VALUES ('a', '', \(Self.secret + "🙂"))", .constraint),
            ("INSERT INTO t (id, s, j) VALUES ('a', '', \(Self.secret))", .constraint),
            ("INSERT INTO t (id, s, p) VALUES ('a', '', \(Self.secret + "x"))", .constraint),
            ("DELETE FROM p", .constraint), ("SELECT \(SQLIdentifier(Self.secret)) FROM t", .misuse),
            ("SELECT 1 FROM \(SQLIdentifier(Self.secret))", .misuse),
            ("SELEC \(Self.secret)", .misuse), ("CREATE DATABASE not_mine", .denied),
        ]
        for (query, kind) in refused {
            let error = #expect(throws: SQLError.self) { try connection.run(query) }
            #expect(error?.kind == kind, "\(error.map { "\($0)" } ?? "")")
            #expect(error?.message.contains("canary") == false)
            #expect(error?.isForeignKey == (error?.code == 1452))
        }
        #expect(!connection.isBroken)
        #expect(try connection.integer("SELECT count(*) FROM t") == 1)
        let orphan: SQLQuery = "INSERT INTO t (id, s, p) VALUES ('a', '', 'nobody')"
        #expect(#expect(throws: SQLError.self) { try connection.run(orphan) }?.isForeignKey == true)
    }

    @Test func `who may not come in is told why and never the password`() throws {
        let server = try MariaDBServer.shared()
        let database = try server.database()
        let other = try server.database()
        func failure(_ change: (inout MySQLSettings) -> Void) -> SQLError? {
            var settings = database.settings
            change(&settings)
            return #expect(throws: SQLError.self) { try MySQLConnection(settings, .lasting(.seconds(10))) }
        }
        let free = try MariaDBServer.freePort()
        let failures: [(SQLError?, SQLError.Kind, String)] = [
            (
                failure { $0.password += "canary" }, .denied,
                "the server 127.0.0.1:\(server.port) does not let this user in"
            ),
            (failure { $0.database = other.name }, .denied, "does not let this user use the database"),
            (failure { $0.address = .tcp(host: "127.0.0.1", port: free) }, .unavailable, "is it running"),
            (failure { $0.address = .socket(path: "/nowhere/my.sock") }, .unavailable, "/nowhere/my.sock"),
            (failure { $0.characterSet = "klingon" }, .unavailable, "character set"),
            (failure { $0.systemVariables = [.init("no_such_thing", "1")] }, .unavailable, "no_such_thing"),
        ]
        for (error, kind, text) in failures {
            #expect(error?.kind == kind)
            #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("canary") == false)
            #expect("\(String(describing: error))".contains(database.password) == false)
        }
        let absent = failure { $0.user = "nobody_at_all" }
        #expect(absent?.kind == .denied)
    }

    @Test(arguments: [
        (1213, SQLError.Kind.contended, false), (1205, .contended, false), (1020, .contended, false),
        (2006, .disconnected, true), (2013, .disconnected, true), (2055, .disconnected, true),
        (1927, .disconnected, true), (1053, .disconnected, true), (4031, .disconnected, true),
        (1047, .disconnected, true), (2002, .unavailable, false), (2003, .unavailable, false),
        (2005, .unavailable, false), (1040, .unavailable, false), (1203, .unavailable, false),
        (2026, .unavailable, false), (1044, .denied, false), (1045, .denied, false), (1142, .denied, false),
        (1143, .denied, false), (1227, .denied, false), (1370, .denied, false), (1419, .denied, false),
        (1290, .readOnly, false), (1792, .readOnly, false), (1836, .readOnly, false), (3989, .readOnly, false),
        (1021, .full, false), (1114, .full, false), (1041, .full, false), (28, .full, false),
        (1153, .tooLarge, true), (1406, .tooLarge, false), (1301, .tooLarge, false), (1062, .constraint, false),
        (1451, .constraint, false), (1452, .constraint, false), (1048, .constraint, false),
        (3819, .constraint, false), (4025, .constraint, false), (1364, .constraint, false),
        (1366, .constraint, false), (1969, .expired, false), (3024, .expired, false), (1034, .corrupt, false),
        (1194, .corrupt, false), (1712, .corrupt, false), (1064, .misuse, false), (9999, .misuse, false),
    ])
    func `an error number means what can be done about it`(number: Int, kind: SQLError.Kind, breaks: Bool) {
        let failure = MySQLFailure(CUnsignedInt(number))
        #expect(failure.kind == kind)
        #expect(failure.breaksConnection == breaks)
        #expect(SQLError(failure, place: "db:3306", isConnecting: false).message.contains("\(number)"))
    }
}
