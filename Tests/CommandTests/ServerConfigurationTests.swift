import Foundation
import MySQLDriver
import TestSupport
import Testing

@testable import opencodefs

/// How a server is chosen and what is said of it: values in, values out, and the built program with `where`.
@Suite struct ServerConfigurationTests {
    /// A home, a directory to work in, and what is written there.
    private struct Desk: ~Copyable {
        let directory: TemporaryDirectory
        var path: String { directory.path }

        init(_ files: [String: String], mode: Int = 0o600) throws {
            let directory = try TemporaryDirectory()
            for name in ["home", "work"] { _ = try directory.directory(name) }
            for (name, text) in files {
                let file = directory.path + "/" + name
                try FileManager.default.createDirectory(
                    atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            }
            self.directory = directory
        }

        func opencodefs(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Run {
            let own = [
                "HOME": path + "/home", "XDG_CONFIG_HOME": path + "/config", "XDG_DATA_HOME": path + "/data",
                "XDG_STATE_HOME": path + "/state", "OPENCODE_DB": "",
            ]
            return try Run.opencodefs(arguments, in: path + "/work", environment: own.merging(environment) { $1 })
        }

        func chosen(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> String {
            let run = try opencodefs(["where", "--json"] + arguments, environment)
            let json = try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any]
            return (json?["chosen"] as? String)?.replacingOccurrences(of: path + "/", with: "") ?? run.errors
        }
    }

    private static let provider = """
        {"sessionProvider": {"type": "mysql", "mysql": {"host": "file", "database": "db", "username": "u", "password": "p"}}}
        """

    @Test func `who is asked first is asked first`() throws {
        let desk = try Desk(["home/.opencode.json": Self.provider])
        _ = try TestDatabase(.v1, at: desk.path + "/work/named.db")
        _ = try TestDatabase(.v1, at: desk.path + "/work/variable.db")
        _ = try TestDatabase(.go, at: desk.directory.directory("work/.opencode") + "/opencode.db")
        let dsn = ["OPENCODE_MYSQL_DSN": "u:p@tcp(env)/db"]
        let type = ["OPENCODE_SESSION_PROVIDER_TYPE": "mysql"]
        let database = ["OPENCODE_DB": desk.path + "/work/variable.db"]
        func merged(_ variables: [String: String]...) -> [String: String] {
            variables.reduce(into: [:]) { $0.merge($1) { $1 } }
        }
        // --database before everything, a path or a URL.
        #expect(try desk.chosen(["-d", "named.db"], merged(dsn, type, database)) == "work/named.db")
        #expect(try desk.chosen(["-d", "mysql://me@there/x"], merged(dsn, type, database)) == "mysql://there:3306/x")
        // The environment's type before OPENCODE_DB, and its DSN before that of a file.
        #expect(try desk.chosen([], merged(dsn, type, database)) == "mysql://env:3306/db")
        #expect(try desk.chosen([], merged(type, database)) == "mysql://file:3306/db")
        // OPENCODE_DB before files.
        #expect(try desk.chosen([], merged(dsn, database)) == "work/variable.db")
        #expect(try desk.chosen([], dsn) == "mysql://env:3306/db")
        #expect(try desk.chosen() == "mysql://file:3306/db")
        // The environment may say SQLite.
        #expect(try desk.chosen([], ["OPENCODE_SESSION_PROVIDER_TYPE": "sqlite"]) == "work/.opencode/opencode.db")
    }

    @Test func `the working directory's file is laid over the home's, key by key`() throws {
        let desk = try Desk([
            "home/.opencode.json": Self.provider,
            "work/.opencode.json": #"{"sessionProvider": {"mysql": {"host": "near", "port": "3307"}}}"#,
            "config/opencode/.opencode.json": #"{"sessionProvider": {"mysql": {"host": "never"}}}"#,
        ])
        #expect(try desk.chosen() == "mysql://near:3307/db")
        let dsn = try Desk([
            "home/.opencode.json": Self.provider,
            "work/.opencode.json": #"{"sessionProvider": {"mysql": {"dsn": "u:p@tcp(dsn:1)/db"}}}"#,
        ])
        #expect(try dsn.chosen() == "mysql://dsn:1/db")
        let local = try Desk([
            "home/.opencode.json": Self.provider, "work/.opencode.json": #"{"sessionProvider": {"type": "sqlite"}}"#,
        ])
        #expect(try local.opencodefs(["where"]).status == 10)
    }

    @Test(arguments: [
        ("{}", "host"), (#"{"host": "h"}"#, "database"), (#"{"host": "h", "database": "d"}"#, "username"),
        (#"{"host": "h", "database": "d", "username": "u"}"#, "password"),
        (#"{"host": "", "database": "d", "username": "u", "password": "p"}"#, "host"),
    ])
    func `the first that is missing is named, in OpenCode's words, and SQLite does not step in`(
        mysql: String, missing: String
    ) throws {
        let desk = try Desk(["work/.opencode.json": #"{"sessionProvider": {"type": "mysql", "mysql": \#(mysql)}}"#])
        _ = try TestDatabase(.go, at: desk.directory.directory("work/.opencode") + "/opencode.db")
        let mountpoint = try desk.directory.directory("mnt")
        let run = try desk.opencodefs(["mount", mountpoint])
        #expect(run.status == 2)
        #expect(
            run.errors.hasPrefix(
                "opencodefs: MySQL \(missing) is required when using MySQL session provider (or provide DSN); set sessionProvider.mysql.\(missing)"
            ), "\(run.errors)")
    }

    @Test func `a type that is none is refused with the two that are`() throws {
        let desk = try Desk(["work/.opencode.json": #"{"sessionProvider": {"type": "postgres"}}"#])
        for environment in [[:], ["OPENCODE_SESSION_PROVIDER_TYPE": "postgres"]] {
            let run = try desk.opencodefs(["where"], environment)
            #expect(run.status == 2)
            #expect(run.errors.contains("invalid session provider type: postgres (must be 'sqlite' or 'mysql')"))
        }
    }

    @Test func `a DSN that is not used is pointed out`() throws {
        let desk = try Desk([:])
        let run = try desk.opencodefs(["where"], ["OPENCODE_MYSQL_DSN": "u:CANARY@tcp(h)/db"])
        #expect(run.errors.contains("export OPENCODE_SESSION_PROVIDER_TYPE=mysql"))
        #expect(!run.errors.contains("CANARY"))
    }

    @Test func `a password on the command line is refused with the ways that are not seen`() throws {
        let desk = try Desk([:])
        let run = try desk.opencodefs(["mount", "--database", "mysql://u:CANARY@h/db", "mnt"])
        #expect(run.status == 2)
        for word in ["OPENCODEFS_PASSWORD_FILE", "passwordFile", "passwordCommand", "~/.my.cnf"] {
            #expect(run.errors.contains(word))
        }
        #expect(!run.errors.contains("CANARY"))
    }

    @Test(
        arguments: [
            ("home/.opencode.json", provider, [:]),
            (
                "home/.opencode.json",
                #"{"sessionProvider": {"type": "mysql", "mysql": {"dsn": "u:CANARY@tcp(127.0.0.1:1)/db"}}}"#, [:]
            ),
            ("home/.my.cnf", "[client]\npassword=CANARY\n", ["OPENCODE_MYSQL_DSN": "u@tcp(127.0.0.1:1)/db"]),
            (
                "home/secret", "CANARY\n",
                ["OPENCODE_MYSQL_DSN": "u@tcp(127.0.0.1:1)/db", "OPENCODEFS_PASSWORD_FILE": "../home/secret"]
            ),
        ] as [(String, String, [String: String])])
    func `a file with a password that others may read is refused with the chmod`(
        name: String, text: String, environment: [String: String]
    ) throws {
        let environment = environment.merging(["OPENCODE_SESSION_PROVIDER_TYPE": "mysql"]) { $1 }
        for (mode, isRefused) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
            let desk = try Desk([name: text], mode: mode)
            let run = try desk.opencodefs(["mount", desk.directory.directory("mnt")], environment)
            #expect(run.status == 1)
            #expect(run.errors.contains("chmod 600 ") == isRefused, "\(run.errors)")
            // With the right mode it goes on to the server, which is not there.
            #expect(
                run.errors.contains("cannot be reached") != isRefused || name.contains("opencode.json"), "\(run.errors)"
            )
            #expect(!run.errors.contains("CANARY"))
        }
    }

    @Test(arguments: [
        (#"{"password": "CANARY"}"#, "passwordFile"), (#"{"passwordCommand": "pass show x"}"#, "no shell"),
        (#"{"passwordCommand": []}"#, "no shell"), (#"{"passwordCommand": ["x", 1]}"#, "no shell"),
        (#"{"tls": "custom"}"#, "skip-verify"), (#"{"passwordFile": 1}"#, "must be a string"),
        (#"{"nonsense": 1}"#, "passwordCommand"),
    ])
    func `a configuration that is wrong is refused with what is right`(text: String, word: String) throws {
        let desk = try Desk(["config/opencodefs/config.json": text])
        let run = try desk.opencodefs([
            "mount", desk.directory.directory("mnt"), "--database", "mysql://u@127.0.0.1:1/db",
        ])
        #expect(run.status == 2)
        #expect(run.errors.contains(word), "\(run.errors)")
        #expect(!run.errors.contains("CANARY"))
    }

    @Test(arguments: [
        (["false"], "failed"), (["/no/such/program"], "cannot start"), (["true"], "printed no password"),
        (["sh", "-c", "echo CANARY >&2; exit 3"], "failed"),
    ])
    func `a command that gives no password is named`(words: [String], reason: String) throws {
        let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
        let desk = try Desk(["config/opencodefs/config.json": "{\"passwordCommand\": [\(list)]}"])
        let run = try desk.opencodefs([
            "mount", desk.directory.directory("mnt"), "--database", "mysql://u@127.0.0.1:1/db",
        ])
        #expect(run.status == 1)
        #expect(
            run.errors.contains("\(words[0]) \(reason)") || run.errors.contains("\(reason) \(words[0])"),
            "\(run.errors)")
    }

    @Test func `no shell reads a password command`() throws {
        let desk = try Desk([:])
        let mark = desk.path + "/mark"
        let command = "{\"passwordCommand\": [\"echo\", \"$(touch \(mark)); touch \(mark)\"]}"
        _ = try desk.directory.directory("config/opencodefs")
        try Data(command.utf8).write(to: URL(fileURLWithPath: desk.path + "/config/opencodefs/config.json"))
        let run = try desk.opencodefs([
            "mount", desk.directory.directory("mnt"), "--database", "mysql://u@127.0.0.1:1/db",
        ])
        #expect(run.errors.contains("cannot be reached"), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test(arguments: [
        ("password=plain", "plain"), ("password = plain  ", "plain"), ("password='a b'", "a b"),
        ("password=\"a#b\"", "a#b"), ("password=a#b", "a"), ("password=\"a\\\"b\"", "a\"b"),
        ("password=a\\\\b\\tc\\sd", "a\\b\tc d"), ("password=a\\qb", "a\\qb"), ("password=", ""),
        ("password", ""), ("pass_word=x\npassword=y", "y"), ("loose-password=z", "z"),
        ("[mysqld]\npassword=no\n[client]\npassword=yes", "yes"), ("password=a=b", "a=b"),
        ("password=one\npassword=two", "two"), ("; password=no\n#password=no\npassword=yes", "yes"),
        ("!include /etc/my.cnf\npassword=yes\r\n", "yes"), ("password=pä\u{301}ss", "pä\u{301}ss"), ("password='", "'"),
    ])
    func `an option file is read as MariaDB's programs read it`(text: String, password: String) {
        let file = OptionFile("[client]\n" + text)
        #expect(file.options["password"].map { Array($0.utf8) } == Array(password.utf8))
    }

    @Test func `options of other programs' groups do not count, and switches are switches`() {
        let file = OptionFile("user=a\n[mysqldump]\nuser=b\n[client-server]\nssl\nssl_ca=/x\n[mariadb]\nuser=c\n")
        #expect(file.options == ["ssl": "", "ssl-ca": "/x"])
        #expect(file.truth("ssl") == true)
        #expect(OptionFile("[client]\nskip-ssl\n").truth("ssl") == false)
        #expect(OptionFile("[client]\nssl=0\n").truth("ssl") == false)
        #expect(OptionFile("").truth("ssl") == nil)
    }

    @Test func `what a daemon is told is what was found out`() throws {
        var settings = MySQLSettings(
            address: .tcp(host: "h\"\u{1}", port: 65_535), user: "ü", password: "p\"\\\n\u{1F600}", database: "d")
        #expect(Handover.server(Handover.text(Server(settings: settings, limits: .init())))?.settings == settings)
        settings.address = .socket(path: "/run/x")
        settings.encryption = .verified
        settings.certificates = .init(authorities: "/ca", certificate: "/cert", key: "/key")
        settings.connectTimeout = .milliseconds(1500)
        settings.readTimeout = .seconds(2)
        settings.writeTimeout = .seconds(3)
        settings.collation = "utf8mb4_bin"
        settings.systemVariables = [.init("a", "'x'"), .init("b", "1")]
        settings.maxAllowedPacket = 1 << 24
        (settings.isCompressed, settings.rejectsReadOnly, settings.allowsCleartextPasswords) = (true, true, true)
        settings.connectionAttributes = [.init("k", "v")]
        let limits = Server.Limits(connections: 3, idle: 2)
        let told = try #require(Handover.server(Handover.text(Server(settings: settings, limits: limits))))
        #expect(told.settings == settings)
        #expect(told.limits == limits)
        for text in ["", "{}", "[]", "{\"user\": 1}"] { #expect(Handover.server(Array(text.utf8)) == nil) }
    }
}
