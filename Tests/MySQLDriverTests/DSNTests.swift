import MySQLDriver
import TestSupport
import Testing

/// The grammar is go-sql-driver's, and so are most of the names here (dsn_test.go).
@Suite struct DSNTests {
    private static func tcp(_ host: String, _ port: UInt16 = 3306) -> MySQLSettings.Address {
        .tcp(host: host, port: port)
    }

    @Test(arguments: [
        ("user:password@tcp(localhost:5555)/dbname?charset=utf8&tls=true", tcp("localhost", 5555), "user", "password"),
        (
            "user:password@/dbname?loc=UTC&timeout=30s&parseTime=true&timeTruncate=1h", tcp("127.0.0.1"), "user",
            "password"
        ),
        (
            "user:p@ss(word)@tcp([de:ad:be:ef::ca:fe]:80)/dbname?loc=Local", tcp("de:ad:be:ef::ca:fe", 80), "user",
            "p@ss(word)"
        ),
        ("user@unix(/path/to/socket)/dbname?charset=utf8", .socket(path: "/path/to/socket"), "user", ""),
        ("foo:bar@tcp(192.168.1.50:3307)/dbname?timeout=10s", tcp("192.168.1.50", 3307), "foo", "bar"),
        ("tcp(127.0.0.1)/dbname", tcp("127.0.0.1"), "", ""),
        ("tcp(de:ad:be:ef::ca:fe)/dbname", tcp("de:ad:be:ef::ca:fe"), "", ""),
        ("tcp([::1])/dbname", tcp("::1"), "", ""),
        ("tcp(:3307)/dbname", tcp("127.0.0.1", 3307), "", ""),
        ("/dbname", tcp("127.0.0.1"), "", ""),
        ("u:a:b@/dbname", tcp("127.0.0.1"), "u", "a:b"),
        ("u:p%40%2Fp?x=y&z@/dbname", tcp("127.0.0.1"), "u", "p%40%2Fp?x=y&z"),
        ("u:@/dbname", tcp("127.0.0.1"), "u", ""),
        ("u:p\u{301}@\u{301}/@/dbname", tcp("127.0.0.1"), "u", "p\u{301}@\u{301}/"),
    ])
    func `user, password and address are found where Go finds them`(
        text: String, address: MySQLSettings.Address, user: String, password: String
    ) throws {
        let dsn = try DSN(text)
        #expect(dsn.settings.address == address)
        #expect(Array(dsn.settings.user.utf8) == Array(user.utf8))
        #expect(Array(dsn.settings.password.utf8) == Array(password.utf8))
        #expect(dsn.settings.database == "dbname")
    }

    @Test(arguments: [
        ("/dbname%2Fwithslash", "dbname/withslash", tcp("127.0.0.1")), ("@/", "", tcp("127.0.0.1")),
        ("/", "", tcp("127.0.0.1")), ("", "", tcp("127.0.0.1")), ("user:p@/ssword@/", "", tcp("127.0.0.1")),
        ("unix/?arg=%2Fsome%2Fpath.ext", "", .socket(path: "/tmp/mysql.sock")), ("/a+b", "a+b", tcp("127.0.0.1")),
    ])
    func `what is left out is Go's default`(text: String, database: String, address: MySQLSettings.Address) throws {
        let dsn = try DSN(text)
        #expect(dsn.settings.database == database)
        #expect(dsn.settings.address == address)
    }

    @Test func `every parameter of the widest of Go's examples is understood`() throws {
        let dsn = try DSN(
            "user:password@/dbname?loc=UTC&timeout=30s&readTimeout=1s&writeTimeout=1m1.5s&allowAllFiles=0&clientFoundRows=true&allowOldPasswords=TRUE&collation=utf8mb4_unicode_ci&maxAllowedPacket=16777216&tls=false&allowCleartextPasswords=true&parseTime=true&rejectReadOnly=true&compress=1"
        )
        var expected = MySQLSettings(
            address: Self.tcp("127.0.0.1"), user: "user", password: "password", database: "dbname")
        expected.readTimeout = .seconds(1)
        expected.writeTimeout = .milliseconds(61_500)
        expected.collation = "utf8mb4_unicode_ci"
        expected.maxAllowedPacket = 16_777_216
        expected.allowsCleartextPasswords = true
        expected.rejectsReadOnly = true
        expected.isCompressed = true
        #expect(dsn.settings == expected)
        #expect(
            dsn.notes == [
                "of the DSN, loc, clientFoundRows, allowOldPasswords, parseTime means something to programs in Go only"
            ])
    }

    @Test func `parameters of Go programs are noted in one line, and change nothing`() throws {
        let dsn = try DSN(
            "u:p@/db?allowNativePasswords=false&checkConnLiveness=false&columnsWithAlias=true&multiStatements=true&interpolateParams=true&maxAllowedPacket=0"
        )
        #expect(dsn.settings == MySQLSettings(address: Self.tcp("127.0.0.1"), user: "u", password: "p", database: "db"))
        #expect(dsn.notes.count == 1)
        let silent = try DSN("u:p@/db?secretwithoutequals&timeout=5s")
        #expect(silent.notes == ["a parameter of the DSN has no \"=\" and is ignored, as OpenCode does"])
        #expect(silent.settings.connectTimeout == .seconds(5))
    }

    @Test func `an unknown parameter is a variable of the session, the last of a name wins`() throws {
        let dsn = try DSN("u@/db?sql_mode=%27ANSI%27&wait_timeout=10&sql_mode=%27STRICT_ALL_TABLES%2CANSI%27")
        #expect(
            dsn.settings.systemVariables == [
                .init("wait_timeout", "10"), .init("sql_mode", "'STRICT_ALL_TABLES,ANSI'"),
            ])
        let path = try DSN("unix/?arg=%2Fsome%2Fpath.ext")
        #expect(path.settings.systemVariables == [.init("arg", "/some/path.ext")])
    }

    @Test func `attributes of the connection are taken apart after unescaping`() throws {
        let dsn = try DSN(
            "foo:bar@tcp(h)/baz?connectionAttributes=program_name:MySQLGoDriver%2FTest,program_version:1.2.3")
        #expect(
            dsn.settings.connectionAttributes == [
                .init("program_name", "MySQLGoDriver/Test"), .init("program_version", "1.2.3"),
            ])
    }

    @Test(arguments: [
        ("tls=true", MySQLSettings.Encryption.verified), ("tls=1", .verified), ("tls=skip-verify", .unverified),
        ("tls=Skip-Verify", .unverified), ("tls=preferred", .preferred), ("tls=false", .none), ("timeout=1s", .none),
        ("tls=skip-verify&allowFallbackToPlaintext=true", .preferred),
        ("allowFallbackToPlaintext=true&tls=true", .verified), ("tls=true&tls=false", .none),
    ])
    func `tls means what it means in Go, and never less`(parameters: String, encryption: MySQLSettings.Encryption)
        throws
    {
        #expect(try DSN("u:p@tcp(h)/db?\(parameters)").settings.encryption == encryption)
    }

    @Test func `only utf8mb4 is spoken, which loses no character`() throws {
        #expect(try DSN("u@/db?charset=utf8mb4,utf8").notes.isEmpty)
        for parameters in ["charset=utf8", "charset=latin1,utf8", "collation=latin1_swedish_ci"] {
            let dsn = try DSN("u@/db?\(parameters)")
            #expect(dsn.notes.count == 1)
            #expect(dsn.settings.characterSet == "utf8mb4")
            #expect(dsn.settings.collation == nil)
        }
    }

    @Test(arguments: [
        "@net(addr/", "@tcp(/", "tcp(/", "(/", "net(addr)//", "User:pass@tcp(1.2.3.4:3306)", "net()/",
        "user:pass@tcp(127.0.0.1:3306)/db/name", "user:pass@/db?allowFallbackToPlaintext=PREFERRED",
        "user:pass@/db?connectionAttributes=attr1:/unescaped/value",
        // What Go's parser lets pass and a connection refuses.
        "username:password@protocol(address)/dbname?param=value", "u:p@tcp(h:0)/db", "u:p@tcp(h:65536)/db",
        "u:p@tcp(h:mysql)/db", "u:p@tcp([::1)/db", "u:p@tcp([::1]x)/db",
        // Escapes, numbers, times.
        "/db%2", "/db%zz", "/db?parseTime=yes", "/db?timeout=30", "/db?timeout=-1s", "/db?timeout=s", "/db?timeout=.s",
        "/db?timeout=1e3s", "/db?timeout=9999999999h", "/db?maxAllowedPacket=-1", "/db?maxAllowedPacket=x", "/db?x=%zz",
        // What no server may have, or no Go program registered here.
        "/db?allowAllFiles=1", "/db?tls=aurora", "/db?tls=custom", "/db?tls=", "/db?serverPubKey=x", "/db?strict=true",
        // What would become part of a statement, or end a text of C.
        "/db?a;b=1", "/db?a b=1", "/db?=1", "/db?a`b=1", "/db?a%00b=1", "/db?x=%00", "/d%00b", "u\0:p@/db",
        "u:p@unix(/x\0)/db", "/db?collation=utf8mb4_bin;x", "/db?collation=",
    ])
    func `what is wrong is refused`(text: String) throws {
        let error = try #require(throws: DSNError.self) { try DSN(text) }
        #expect(!error.reason.isEmpty)
    }

    @Test(arguments: [
        "opencode:CANARY@tcp(db:3306)", "opencode:CANARY", "CANARY@tcp(h", "u:p/CANARY?CANARY@tcp(h:CANARY)",
        "u:p@CANARY(h)/db", "u:p@tcp(CANARY:CANARY)/db", "u:p@/db?tls=CANARY", "u:p@/db?CANARY CANARY=1",
        "u:p@/db?timeout=CANARY", "u:p@/db?maxAllowedPacket=CANARY", "u:p/db?CANARY", "u:p@/CANARY%",
        "mysql://u:CANARY@h:CANARY/db", "mysql://u:CANARY%@h/db", "mysql://u:CANARY", "u:p@/db?CANARY",
        "u:p@/db?charset=CANARY&collation=CANARY&loc=CANARY", "mysql://u:CAN/CANARY@h/db/x",
    ])
    func `nothing that is said about a DSN quotes it`(text: String) {
        do throws(DSNError) {
            #expect(try !DSN(text).notes.joined().contains("CANARY"))
        } catch {
            #expect(!error.reason.contains("CANARY"))
        }
    }

    @Test func `tls=aurora is refused with what to do`() throws {
        let error = try #require(throws: DSNError.self) { try DSN("u:p@tcp(h)/db?tls=aurora") }
        #expect(error.reason.contains("global-bundle.pem"))
        #expect(error.reason.contains("tls=true"))
    }

    @Test(arguments: [
        ("mysql://u@db.example.com:3307/opencode", tcp("db.example.com", 3307), "u", "opencode"),
        ("mysql://u@db/opencode?tls=true", tcp("db"), "u", "opencode"),
        ("MySQL://db/opencode", tcp("db"), "", "opencode"),
        ("mysql:///opencode", tcp("127.0.0.1"), "", "opencode"),
        ("mysql://u%40x:p%2Fq@[::1]:3306/a%2Fb", tcp("::1"), "u@x", "a/b"),
        ("mysql:///run/mysqld/mysqld.sock/opencode", .socket(path: "/run/mysqld/mysqld.sock"), "", "opencode"),
        ("mysql://u@/run/mysqld/mysqld.sock/opencode", .socket(path: "/run/mysqld/mysqld.sock"), "u", "opencode"),
    ])
    func `a URL names a server too`(
        text: String, address: MySQLSettings.Address, user: String, database: String
    ) throws {
        let dsn = try DSN(text)
        #expect(dsn.settings.address == address)
        #expect(dsn.settings.user == user)
        #expect(dsn.settings.database == database)
        #expect(dsn.namesUser == !user.isEmpty)
        if !database.contains("/") { #expect(try DSN(dsn.settings.name).settings.address == address) }
    }

    @Test(arguments: [
        ("mysql://u:p@h/db", true), ("mysql://u:@h/db", true), ("mysql://u@h/db", false), ("mysql://h:3306/db", false),
        ("mysql://h/db?x=a:b@c", false), ("mysql://u:p", false), ("mysql://u:p@q@h/db", true), ("mysql://", false),
    ])
    func `a password in a URL is seen`(url: String, holds: Bool) {
        #expect(DSN.isURL(url))
        #expect(DSN.holdsPassword(url: url) == holds)
    }

    @Test func `a path is no URL`() {
        for path in ["./mysql:/x", "mysql:/x", "/mysql://x", "", "mysql", "opencode.db"] {
            #expect(!DSN.isURL(path))
        }
    }

    @Test func `no text brings the parser down, or makes two users of one`() throws {
        var generator = SeededGenerator(seed: 7)
        let pieces = Array("u:@()/?&=%+[],\0aé;`'\"utf8mysql://tcpunix127.0.0.13306tls=timeout=30s").map(String.init)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<30, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            guard let dsn = try? DSN(text), !DSN.isURL(text) else { continue }
            #expect(!dsn.settings.user.contains(":"))
            for variable in dsn.settings.systemVariables {
                #expect(variable.name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" })
            }
        }
    }
}
