import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct TeamMountingTests {
    @Test func `a server that OpenCode is set up for is mounted, all projects of it`() throws {
        let team = try TeamHistory()
        let run = try team.mount()
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains("Mounted \(team.name) (Go, 2 projects, 2 sessions, 2 messages"))
        #expect(run.errors.contains("taken from: OPENCODE_MYSQL_DSN"))
        #expect(try team.shell("ls").lines == ["README.md", "other", "shop"])
        #expect(try team.shell("cat shop/*/messages/*").text.contains("of shop"))
        let status = try team.status()
        #expect(status["Provider"]?.string == "remote")
        #expect(status["database"]?.string == team.name)
        #expect(status["user"]?.string == team.database.user)
        #expect(status["server"]?.string?.contains("MariaDB") == true)
        #expect(status["durable"]?.boolean == true)
        #expect(status["reachable"]?.boolean == true)
        #expect(status["writable"]?.boolean == true)
        #expect(status["pollSeconds"]?.number == 1)
        #expect((status["size"]?.number ?? 0) > 0)
        #expect(try team.sandbox.opencodefs(["mount"]).lines.contains("\(team.mountpoint)\t\(team.name)\trw"))
        let text = try team.sandbox.opencodefs(["status", team.mountpoint]).text
        for word in ["Provider    remote", "Server      ", "as \(team.database.user)", "asked at most every 1"] {
            #expect(text.contains(word), "\(text)")
        }
        #expect(try team.shell("df --output=size . | tail -1").status == 0)
    }

    @Test func `init makes tables in an empty database and nowhere else`() throws {
        let team = try TeamHistory(isEmpty: true)
        let environment = ["OPENCODEFS_PASSWORD": team.database.password]
        let made = try team.sandbox.opencodefs(["init", team.url], environment: environment)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.text == "\(team.name): an empty history for the Go OpenCode\n")
        #expect(
            try team.database.connect().integer("SELECT MAX(version_id) FROM goose_db_version") == 20_260_723_120_000)
        let again = try team.sandbox.opencodefs(["init", team.url], environment: environment)
        #expect(again.status == 6)
        #expect(again.errors.contains("has tables already"))
        #expect(try team.mount(["--database", team.url], environment: environment).status == 0)
        #expect(try team.shell("ls").text == "README.md\n")
    }

    @Test func `older tables are migrated by a mount that may, and by no other`() throws {
        let team = try TeamHistory()
        try team.database.run(
            "ALTER TABLE sessions DROP COLUMN user_set_title",
            "DELETE FROM goose_db_version WHERE version_id = 20260723120000")
        for arguments in [["-o", "ro"], ["-o", "nomigrate"]] {
            let run = try team.mount(arguments)
            #expect(run.status == 0 && !run.errors.contains("Migrated"), "\(run.errors)")
            #expect(try team.sandbox.opencodefs(["umount", team.mountpoint]).status == 0)
        }
        let run = try team.mount()
        #expect(run.status == 0)
        #expect(
            run.errors.contains("Migrated \(team.name) from 20260627120000 to 20260723120000 (1 step)\n"),
            "\(run.errors)")
        #expect(try team.shell("ls").lines == ["README.md", "other", "shop"])
    }

    @Test func `one project of a team's database can be mounted`() throws {
        let team = try TeamHistory()
        #expect(try team.mount(["--project", "shop"]).status == 0)
        #expect(try team.shell("ls").lines == ["README.md", "shop"])
        #expect(try team.sandbox.opencodefs(["umount", team.mountpoint]).status == 0)
        // The directory's name is the project, as OpenCode has it.
        let work = try team.sandbox.directory.directory("other")
        let run = try team.sandbox.opencodefs(
            ["mount", "--project", ".", team.mountpoint], in: work, environment: team.variables())
        #expect(run.status == 0, "\(run.errors)")
        #expect(try team.shell("ls").lines == ["README.md", "other"])
    }

    @Test func `rm, the trash and restore work on a server`() throws {
        let team = try TeamHistory()
        #expect(try team.mount().status == 0)
        #expect(try team.shell("rm shop/*/messages/*").status == 0)
        #expect(try team.database.connect().integer("SELECT COUNT(*) FROM messages") == 1)
        let listed = try team.sandbox.opencodefs(["trash"], environment: team.variables())
        #expect(listed.text.contains("1 message"), "\(listed.errors)")
        // By the name that the mount table has, without a user or a password.
        #expect(try team.sandbox.opencodefs(["trash", "--database", team.name]).text == listed.text)
        let restored = try team.sandbox.opencodefs(["restore", "--last"], environment: team.variables())
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(try team.database.connect().integer("SELECT COUNT(*) FROM messages") == 2)
        // A session's former time comes back too, which a trigger of the server's would set to now.
        #expect(try team.shell("sed -i 's/of other/changed/' other/*/messages/* && rm -r other/2*").status == 0)
        #expect(try team.sandbox.opencodefs(["restore", "--last"], environment: team.variables()).status == 0)
        #expect(try team.database.connect().integer("SELECT COUNT(*) FROM messages WHERE parts LIKE '%changed%'") == 1)
    }

    @Test func `who may only read mounts read-only, and status names what is missing`() throws {
        let team = try TeamHistory(grants: "SELECT")
        #expect(try team.mount().status == 0)
        #expect(try team.shell("cat shop/*/messages/*").text.contains("of shop"))
        #expect(try team.shell("rm shop/*/messages/*").errors.contains("Read-only"))
        let status = try team.status()
        #expect(status["writable"]?.boolean == false)
        #expect(
            status["readOnlyReason"]?.string?.contains("the user \(team.database.user) may not do: INSERT on") == true)
    }

    @Test func `a server that takes no changes is mounted read-only`() throws {
        let server = try MariaDBServer()
        let team = try TeamHistory(on: try server.database())
        try server.run("SET GLOBAL read_only = 1")
        let run = try team.mount()
        #expect(run.status == 0, "\(run.errors)")
        #expect(try team.status()["readOnlyReason"]?.string == "the server takes no changes (read_only)")
        #expect(try team.shell("mkdir new").errors.contains("Read-only"))
    }

    @Test func `a password from a file, a command or an option file opens the same door`() throws {
        let team = try TeamHistory()
        let password = team.database.password
        let file = try team.write(password + "\nsecond line\n", to: "secret")
        func mounts(_ environment: [String: String], _ what: String) throws {
            let run = try team.mount(["--database", team.url], environment: environment)
            #expect(run.status == 0, "\(what): \(run.errors)")
            guard run.status == 0 else { return }
            #expect(try team.sandbox.opencodefs(["umount", team.mountpoint]).status == 0)
        }
        try mounts(["OPENCODEFS_PASSWORD": password], "variable")
        try mounts(["OPENCODEFS_PASSWORD_FILE": file], "file named by a variable")
        _ = try team.write(#"{"passwordFile": "../../secret"}"#, to: "config/opencodefs/config.json")
        try mounts([:], "passwordFile")
        _ = try team.write(#"{"passwordCommand": ["head", "-n1", "\#(file)"]}"#, to: "config/opencodefs/config.json")
        try mounts([:], "passwordCommand")
        unlink(team.sandbox.path + "/config/opencodefs/config.json")
        _ = try team.write("[client]\npassword = \"\(password)\" # of the team\n", to: "home/.my.cnf")
        try mounts([:], "~/.my.cnf")
    }

    @Test func `whoever cannot get in is told where, why and what to do, and nobody is sent to SQLite`() throws {
        let team = try TeamHistory(isEmpty: true)
        let (user, port) = (team.database.user, team.database.server.port)
        // A history that must not be shown in place of the team's.
        _ = try TestDatabase(demo: .go, at: team.sandbox.directory.directory("work/.opencode") + "/opencode.db")
        let closed = try MariaDBServer.freePort()
        try team.database.server.run("CREATE OR REPLACE USER everywhere@'%'", "GRANT ALL ON *.* TO everywhere@'%'")
        let cases: [(dsn: String, status: Int32, words: [String])] = [
            (
                "\(user):wrong@\(team.address)/\(team.database.name)", 12,
                [team.name, "check user and password", "mariadb -h"]
            ),
            (
                "\(user)@\(team.address)/\(team.database.name)", 12,
                [team.name, "no password was found", "OPENCODEFS_PASSWORD_FILE"]
            ),
            ("everywhere@\(team.address)/nowhere", 10, ["/nowhere", "no such database", "CREATE DATABASE nowhere"]),
            ("\(user):\(team.database.password)@\(team.address)/mysql", 12, ["/mysql", "GRANT SELECT"]),
            ("\(user):x@tcp(127.0.0.1:\(closed))/db", 1, ["127.0.0.1:\(closed)/db", "cannot be reached"]),
            ("\(user):x@tcp(no-such-host.invalid)/db", 1, ["no-such-host.invalid", "is not known"]),
            (team.dsn + "&tls=true", 1, [team.name, "TLS"]),
            (team.dsn, 13, [team.name, "opencodefs init mysql://\(user)@127.0.0.1:\(port)/"]),
        ]
        for (dsn, status, words) in cases {
            let run = try team.mount(environment: team.variables(dsn))
            #expect(run.status == status, "\(run.errors)")
            let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("opencodefs: ") }
            #expect(lines.count == 1, "\(run.errors)")
            for word in words { #expect(run.errors.contains(word), "\(word) is not in: \(run.errors)") }
            #expect(!run.errors.contains(team.database.password))
            #expect(team.sandbox.mounts.isEmpty)
        }
    }

    @Test func `a password is nowhere to be seen, wherever it came from`() throws {
        let team = try TeamHistory()
        let canary = team.database.password
        let variables = team.variables().merging(["OPENCODEFS_PASSWORD": canary]) { $1 }
        func sees(_ what: String, _ bytes: [UInt8]) {
            #expect(bytes.firstRange(of: Array(canary.utf8)) == nil, "\(what) shows the password")
        }
        let run = try team.mount(environment: variables)
        try #require(run.status == 0, "\(run.errors)")
        sees("standard error", Array(run.errors.utf8))
        sees("standard output", run.output)
        let daemon = try #require(team.sandbox.daemons.first)
        for file in ["cmdline", "environ", "mountinfo", "status", "comm"] {
            sees("/proc/PID/" + file, (try? File.contents("/proc/\(daemon)/\(file)")) ?? [])
        }
        sees("the mount table", try File.contents("/proc/self/mountinfo"))
        sees("the list of processes", try Run.program("ps", ["-eo", "args"]).output)
        // Once the password is wrong, errors are logged.
        try team.database.server.run("SET PASSWORD FOR \(team.database.user)@'%' = PASSWORD('changed')")
        let connections = try Run.shell(
            "mariadb -S \(team.database.server.socket) -uroot -N -e \"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE user = '\(team.database.user)'\" | mariadb -S \(team.database.server.socket) -uroot"
        )
        #expect(connections.status == 0, "\(connections.errors)")
        let failed = try team.shell(
            "sleep 1.1; cat */*/messages/*; cat .opencodefs/errors.jsonl .opencodefs/status.json")
        sees("a program's errors", Array(failed.errors.utf8) + failed.output)
        sees("status", try team.sandbox.opencodefs(["status", team.mountpoint]).output)
        for command in [["mount", team.mountpoint + "2"], ["restore", "--last"], ["init"], ["where"], ["trash"]] {
            let run = try team.sandbox.opencodefs(command, environment: variables)
            sees("\(command)", Array(run.errors.utf8) + run.output)
        }
        #expect(try team.sandbox.opencodefs(["umount", team.mountpoint]).status == 0)
        let state = try Run.program("grep", ["-rlF", canary, team.sandbox.path])
        #expect(state.text == "", "\(state.text)")
    }

    @Test func `a daemon with a password leaves no core and lets nobody look into its memory`() throws {
        let team = try TeamHistory()
        try #require(try team.mount().status == 0)
        let daemon = try #require(team.sandbox.daemons.first)
        #expect(try File.text("/proc/\(daemon)/limits").contains(#/Max core file size +0 +0 /#))
        // What /proc shows of a process that may not be dumped belongs to root, whoever runs it; tests of other users see that.
        if geteuid() != 0 { #expect(throws: (any Error).self) { try File.contents("/proc/\(daemon)/environ") } }
    }

    @Test func `a mount in the foreground does not show the password either`() throws {
        let team = try TeamHistory()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Run.opencodefsPath)
        process.arguments = ["mount", "-f", team.mountpoint]
        process.environment = team.sandbox.environment.merging(team.variables()) { $1 }
        process.standardError = FileHandle.nullDevice
        try process.run()
        let status = team.mountpoint + "/.opencodefs/status.json"
        #expect(Sandbox.waits { (try? File.contents(status)) != nil })
        let environment = try File.contents("/proc/\(process.processIdentifier)/environ")
        #expect(!environment.isEmpty)
        #expect(environment.firstRange(of: Array(team.database.password.utf8)) == nil)
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func `poll says how often a server is asked`() throws {
        let team = try TeamHistory()
        try #require(try team.mount(["-o", "poll=0.2"]).status == 0)
        #expect(try team.status()["pollSeconds"]?.number == 0.2)
        #expect(try team.shell("ls").lines == ["README.md", "other", "shop"])
        try team.database.run("UPDATE sessions SET project_id = 'moved' WHERE id = 'ses_other'")
        let mountpoint = team.mountpoint
        #expect(Sandbox.waits(seconds: 3) { (try? File.names(in: mountpoint).contains("moved")) == true })
    }

    @Test func `df and status answer while the server is away`() throws {
        let server = try MariaDBServer()
        let database = try server.database()
        let team = try TeamHistory(on: database)
        try #require(try team.mount().status == 0)
        #expect(try team.shell("ls").lines == ["README.md", "other", "shop"])
        server.stop()
        let clock = ContinuousClock.now
        let size = try team.shell("timeout 10 df --output=used . | tail -1")
        #expect(size.status == 0, "\(size.errors)")
        #expect(ContinuousClock.now - clock < .seconds(8))
        let status = team.mountpoint + "/.opencodefs/status.json"
        #expect(Sandbox.waits { (try? File.text(status).contains("\"reachable\": false")) == true })
        let text = try team.sandbox.opencodefs(["status", team.mountpoint]).text
        #expect(text.contains("out of reach"), "\(text)")
        try server.start()
        #expect(Sandbox.waits { (try? File.text(status).contains("\"reachable\": true")) == true })
    }
}
