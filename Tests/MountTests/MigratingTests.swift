import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing
import Timing

/// Databases of the Go OpenCode that a mount brings up to date.
@Suite(.serialized, .timeLimit(.minutes(25))) struct MigratingTests {
    private static let newest = GoHistory.versions.map(\.number)[13]

    /// A database of a project called app, after so many of OpenCode's migrations.
    private struct App: ~Copyable {
        let sandbox: Sandbox
        let history: GoHistory
        let mountpoint: String

        init(steps: Int) throws {
            let sandbox = try Sandbox()
            let history = try GoHistory(
                steps: steps, at: try sandbox.directory.directory("work/app/.opencode") + "/opencode.db")
            let mountpoint = try sandbox.directory.directory("mnt")
            self.init(sandbox, history, mountpoint)
        }

        private init(_ sandbox: consuming Sandbox, _ history: GoHistory, _ mountpoint: String) {
            self.sandbox = sandbox
            self.history = history
            self.mountpoint = mountpoint
        }

        var state: String { sandbox.path + "/state/opencodefs" }
        var backups: [String] { (try? File.names(in: state + "/backups")) ?? [] }
        var log: String { (try? File.text(state + "/migrations.jsonl")) ?? "" }
        var folder: String { sandbox.path + "/work/app/.opencode" }

        func mount(_ arguments: String..., environment: [String: String] = [:]) throws -> Run {
            let words = ["mount", "--database", history.path] + arguments + [mountpoint]
            return try sandbox.opencodefs(words, environment: environment)
        }

        func unmount() throws {
            try #require(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
            let path = sandbox.path
            try #require(Sandbox.waits { Sandbox.daemons(below: path).isEmpty })
        }

        /// Starts a mount and does not wait for it.
        func begin(at mountpoint: String, errors: String, _ arguments: String...) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Run.opencodefsPath)
            process.arguments = ["mount", "--database", history.path] + arguments + [mountpoint]
            process.environment = ProcessInfo.processInfo.environment.merging(sandbox.environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            // A file: a pipe would have to be read meanwhile.
            let file = sandbox.path + "/" + errors
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
            process.standardError = FileHandle(forWritingAtPath: file)
            try process.run()
            return process
        }

        /// Every byte of what lies beside the database, but the index of the log, which is shared memory.
        func bytes() throws -> [String: [UInt8]] {
            var bytes: [String: [UInt8]] = [:]
            for name in try File.names(in: folder) where !name.hasSuffix("-shm") {
                // By another program: this one may have the file open.
                bytes[name] = try Run.program("cat", [folder + "/" + name]).output
            }
            // Without a log, or with an empty one.
            return bytes.filter { !$0.value.isEmpty }
        }

        /// Many sessions whose counters are wrong: the migration has work for a while.
        func enlarge(_ sessions: Int64) throws {
            try history.run(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(sessions))
                INSERT INTO sessions (id, title, message_count, updated_at, created_at)
                SELECT 'n' || i, 'many', 1, 5, 5 FROM n
                """)
        }
    }

    @Test(arguments: ["wal", "delete"])
    func `M1 the original's database becomes what init makes, and a backup holds what it was`(journal: String) throws {
        let app = try App(steps: 2)
        let mode = try app.history.connect().column(SQLQuery(stringLiteral: "PRAGMA journal_mode=" + journal))
        #expect(mode == [SQLValue(journal)])
        let before = try app.history.dump()
        let run = try app.mount()
        #expect(run.status == 0, "\(run.errors)")
        try #require(app.backups.count == 1, "\(app.backups)")
        let backup = app.state + "/backups/" + app.backups[0]
        let lines = run.errors.split(separator: "\n").map { String($0) }
        #expect(
            lines.first
                == "Migrated \(app.history.path) from 20250515105448 to \(Self.newest) (12 steps); backup: \(backup)")
        #expect(lines.dropFirst().first == "Gave 3 sessions without a project the project app")
        // Nothing else than before: a pipe gets no progress.
        #expect(lines.count == 4 && !run.errors.contains("\u{1b}"), "\(run.errors)")
        #expect(try File.projects(in: app.mountpoint) == ["app"])

        let fresh = app.sandbox.path + "/fresh.db"
        #expect(try app.sandbox.opencodefs(["init", fresh]).status == 0)
        #expect(try GoShape(app.history.path) == GoShape(fresh))
        #expect(try app.history.versions() == [0] + GoHistory.versions.map(\.number))
        let rows = try app.history.connect()
        #expect(try rows.column("SELECT DISTINCT project_id FROM sessions") == [SQLValue("app")])
        #expect(try rows.column("SELECT updated_at FROM sessions ORDER BY id").map(\.integer) == [1001, 1002, 1003])

        #expect(app.backups[0].hasPrefix("app."))
        #expect(try File.status(backup).permissions == 0o600)
        #expect(try File.status(app.state + "/backups").permissions == 0o700)
        #expect(try GoHistory.dump(backup) == before)
        for event in ["begins", "backup", "step 12 of 12", "migrated", "adopted"] { #expect(app.log.contains(event)) }
        #expect(app.log.contains("\"sessions\":3"))

        // Once more, and nothing is left to do.
        try app.unmount()
        let after = try app.history.dump()
        let again = try app.mount()
        #expect(again.status == 0 && !again.errors.contains("Migrated") && !again.errors.contains("Gave"))
        #expect(app.backups.count == 1)
        try app.unmount()
        #expect(try app.history.dump() == after)
    }

    @Test(arguments: [["-o", "nomigrate"], ["-o", "ro"], ["-o", "rw,nomigrate"]])
    func `M2 nomigrate and ro leave every byte`(arguments: [String]) throws {
        let app = try App(steps: 2)
        let before = try app.bytes()
        let run = try app.mount(arguments[0], arguments[1])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try File.projects(in: app.mountpoint) == ["app"])
        #expect(try FileTree(app.mountpoint).nodes.count > 6)
        try app.unmount()
        #expect(try app.bytes() == before)
        #expect(app.backups == [] && app.log == "")
        // With sessions that have no project, in the newest schema.
        let newest = try App(steps: 14)
        let bytes = try newest.bytes()
        #expect(try newest.mount(arguments[0], arguments[1]).status == 0)
        try newest.unmount()
        #expect(try newest.bytes() == bytes)
    }

    @Test(.enabled(if: geteuid() == 0, "for everybody else access(2) tells"))
    func `M2 what cannot be written is not migrated`() throws {
        let app = try App(steps: 2)
        let connection = try app.history.connect()
        _ = try connection.column("PRAGMA journal_mode=DELETE")
        let before = try app.bytes()
        let line = """
            mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" &&
            "$2" mount -d "$1/opencode.db" "$3" && ls "$3" && "$2" umount "$3"
            """
        let run = try Run.program(
            "unshare", ["--mount", "/bin/sh", "-c", line, "sh", app.folder, Run.opencodefsPath, app.mountpoint],
            environment: app.sandbox.environment)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains("\napp\n"), "\(run.text)")
        #expect(!run.errors.contains("Migrated"))
        #expect(try app.bytes() == before)
    }

    @Test(arguments: TestFamily.typeScript)
    func `M2 databases of OpenCode 1 and 2 get no table and no change`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        try mounted.unmount()
        let before = try File.contents(mounted.database.path)
        try mounted.mount()
        try mounted.unmount()
        #expect(try File.contents(mounted.database.path) == before)
        #expect(try mounted.database.column("SELECT name FROM sqlite_schema WHERE name LIKE 'goose%'") == [])
        #expect(!File.exists(mounted.sandbox.path + "/state/opencodefs/backups"))
    }

    @Test func `M2 what a newer OpenCode has migrated is mounted as it is`() throws {
        let app = try App(steps: 14)
        for version: Int64 in [20_260_822_120_000, 20_261_001_120_000, 20_261_001_130_000] {
            try app.history.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(version), 1)")
        }
        let before = try app.bytes()
        let run = try app.mount()
        #expect(run.status == 0 && run.errors.hasPrefix("  taken from"), "\(run.errors)")
        #expect(try File.projects(in: app.mountpoint) == ["app"])
        try app.unmount()
        #expect(try app.bytes() == before)
    }

    @Test func `M4 sessions without a project get one in the newest schema too, without a backup`() throws {
        let app = try App(steps: 14)
        try app.history.run("UPDATE sessions SET project_id = 'mine' WHERE id = 's/2'")
        let times: SQLQuery = "SELECT updated_at FROM sessions WHERE project_id IS NOT 'mine' ORDER BY id"
        let before = try app.history.connect().column(times)
        let run = try app.mount()
        #expect(run.errors.hasPrefix("Gave 2 sessions without a project the project app\n"), "\(run.errors)")
        #expect(try File.projects(in: app.mountpoint) == ["app", "mine"])
        #expect(try app.history.connect().column(times) == before)
        #expect(app.backups == [])
        #expect(app.log.contains("\"sessions\":2"))
        try app.unmount()
    }

    @Test func `M1 of two mounts at once one migrates, one waits, and both serve`() throws {
        let app = try App(steps: 2)
        try app.enlarge(40_000)
        let second = try app.sandbox.directory.directory("second")
        let processes = [
            try app.begin(at: app.mountpoint, errors: "errors1"), try app.begin(at: second, errors: "errors2"),
        ]
        for process in processes { process.waitUntilExit() }
        let errors = try ["errors1", "errors2"].map { try File.text(app.sandbox.path + "/" + $0) }
        #expect(processes.map(\.terminationStatus) == [0, 0], "\(errors)")
        #expect(errors.filter { $0.contains("Migrated") }.count == 1, "\(errors)")
        #expect(errors.filter { $0.contains("Gave 40003 sessions") }.count == 1, "\(errors)")
        #expect(app.backups.count == 1)
        for mountpoint in [app.mountpoint, second] {
            #expect(try File.projects(in: mountpoint) == ["app"])
            #expect(try File.names(in: mountpoint + "/app").count == 40_004, "with project.json")
            #expect(try app.sandbox.opencodefs(["umount", mountpoint]).status == 0)
        }
        #expect(try app.history.versions().count == 15)
    }

    @Test(arguments: [
        (
            "CREATE TABLE bridge_allowlist (mine)",
            "step 20260609120000 (bridges to chats) failed: table bridge_allowlist"
        ),
        (
            "ALTER TABLE messages ADD COLUMN seq BLOB",
            "step 20260304120000 (order of messages) failed: duplicate column"
        ),
        ("CREATE INDEX idx_cron_jobs_due ON messages (id)", "step 20260507120000 (scheduled jobs) failed: index"),
    ])
    func `M3 a step that fails takes all back, and the mount is refused with the remedy`(
        damage: String, saying: String
    ) throws {
        let app = try App(steps: 2)
        try app.history.run(SQLQuery(stringLiteral: damage))
        let before = try app.history.dump()
        let run = try app.mount()
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("opencodefs: cannot migrate \(app.history.path): \(saying)"), "\(run.errors)")
        #expect(run.errors.hasSuffix("mount it as it is with -o nomigrate, or read-only with -o ro\n"))
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(app.sandbox.mounts == [])
        #expect(try app.history.dump() == before)
        #expect(app.backups == [], "a copy of what did not change")
        #expect(app.log.contains("failed"))
        #expect(try app.mount("-o", "nomigrate").status == 0)
        try app.unmount()
    }

    @Test(arguments: [
        ("ALTER TABLE sessions DROP COLUMN summary_message_id", "it lacks sessions.summary_message_id"),
        ("DROP TABLE goose_db_version", "it has no goose_db_version"),
        ("INSERT INTO goose_db_version (version_id, is_applied) VALUES (20260723120000, 1)", "which comes before"),
    ])
    func `M3 a database that is not what its version says is refused before anything is done`(
        damage: String, saying: String
    ) throws {
        let app = try App(steps: 2)
        try app.history.run(SQLQuery(stringLiteral: damage))
        let before = try app.bytes()
        let run = try app.mount()
        #expect(run.status == 13)
        #expect(run.errors.contains(saying) && run.errors.contains("-o nomigrate"), "\(run.errors)")
        #expect(try app.bytes() == before)
        #expect(app.backups == [])
        #expect(try app.mount("-o", "ro").status == 0)
        try app.unmount()
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk takes mount(2)"))
    func `M3 without space for the backup nothing is begun`() throws {
        let app = try App(steps: 2)
        try app.enlarge(40_000)
        let disk = try app.sandbox.directory.directory("disk")
        try #require(try Run.shell("mount -t tmpfs -o size=2m tmpfs \(disk)").status == 0)
        defer { umount2(disk, CInt(MNT_DETACH)) }
        let before = try app.bytes()
        let run = try app.mount(environment: ["XDG_STATE_HOME": disk])
        #expect(run.status == 1)
        #expect(run.errors.contains("no space left for the backup in \(disk)/opencodefs/backups: "), "\(run.errors)")
        #expect(run.errors.contains(/1\.\d MiB are free, \d\.\d MiB needed; make room, or set XDG_STATE_HOME/))
        #expect(run.errors.contains("-o nomigrate, or read-only with -o ro"))
        #expect(try app.bytes() == before)
        #expect(try File.names(in: disk + "/opencodefs/backups") == [])
        #expect(try app.mount("-o", "nomigrate,trash=0", environment: ["XDG_STATE_HOME": disk]).status == 0)
        try app.unmount()
    }

    @Test func `M1 a lock is waited for, shown on a terminal, and not for ever`() throws {
        let app = try App(steps: 2)
        let writer = try app.history.connect()
        try writer.beginWriting()
        let start = ContinuousClock.now
        let run = try app.mount()
        #expect(start + .seconds(29) < .now && start + .seconds(36) > .now)
        #expect(run.status == 11)
        #expect(run.errors.contains("another program has kept it locked for 30 s; try again"), "\(run.errors)")
        #expect(run.errors.contains("-o nomigrate"))
        #expect(app.sandbox.mounts == [])
        let releaser = Thread {
            usleep(2_000_000)
            writer.rollback()
        }
        releaser.start()
        let line = "'\(Run.opencodefsPath)' mount --database '\(app.history.path)' '\(app.mountpoint)'"
        let terminal = try Run.program(
            "script", ["-qec", line, "/dev/null"], in: app.sandbox.path, environment: app.sandbox.environment)
        #expect(terminal.status == 0, "\(terminal.text)")
        #expect(terminal.text.contains("\r\u{1b}[KWaiting for another program"), "\(terminal.text)")
        #expect(terminal.text.contains("\r\u{1b}[KMigrated"), "\(terminal.text)")
        try app.unmount()
    }

    @Test func `M1 a caller that goes away takes its migration back`() throws {
        let app = try App(steps: 2)
        let writer = try app.history.connect()
        try writer.beginWriting()
        let process = try app.begin(at: app.mountpoint, errors: "errors")
        let path = app.sandbox.path
        #expect(Sandbox.waits { !Sandbox.daemons(below: path).isEmpty })
        usleep(300_000)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let hasEnded = Sandbox.waits { Sandbox.daemons(below: path).isEmpty }
        #expect(hasEnded)
        #expect(app.sandbox.mounts == [])
        // In the foreground it is a signal, and there is somebody to tell.
        let foreground = try app.begin(at: app.mountpoint, errors: "said", "-f")
        #expect(Sandbox.waits { !app.sandbox.mounts.isEmpty })
        foreground.terminate()
        foreground.waitUntilExit()
        #expect(foreground.terminationStatus == 1)
        #expect(try File.text(path + "/said") == "opencodefs: interrupted; \(app.history.path) is as it was\n")
        #expect(app.sandbox.mounts == [])
        writer.rollback()
        #expect(try app.history.versions().count == 3)
    }

    @Test func `M1 kill -9 at any moment leaves the old or the new, whole`() throws {
        let app = try App(steps: 2)
        try app.enlarge(60_000)
        let path = app.sandbox.path
        var generator = SeededGenerator(seed: 9)
        var (killed, rounds) = (0, 0)
        while try app.history.versions().count == 3, rounds < 14 {
            rounds += 1
            let begun = app.log.split(separator: "\n").count { $0.contains("begins") }
            let process = try app.begin(at: app.mountpoint, errors: "errors\(rounds)")
            let hasBegun = Sandbox.waits { app.log.split(separator: "\n").count { $0.contains("begins") } > begun }
            #expect(hasBegun)
            usleep(UInt32.random(in: 0..<UInt32(40_000 * rounds), using: &generator))
            for daemon in Sandbox.daemons(below: path) { killed += kill(daemon, SIGKILL) == 0 ? 1 : 0 }
            process.waitUntilExit()
            _ = umount2(app.mountpoint, CInt(MNT_DETACH))
            let connection = try app.history.connect()
            connection.patience = .lasting(.seconds(60))
            #expect(try connection.column("PRAGMA integrity_check") == [SQLValue("ok")])
            #expect([3, 15].contains(try app.history.versions().count))
            #expect(try connection.integer("SELECT count(*) FROM sessions") == 60_003)
            let tables = try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'bridge_sessions'")
            #expect(tables == (try app.history.versions().count == 15 ? 1 : 0))
            for backup in app.backups where backup.hasSuffix(".db") {
                #expect(try GoHistory.count(app.state + "/backups/" + backup) == 60_003)
            }
        }
        #expect(killed > 2, "\(rounds) rounds")
        let run = try app.mount()
        #expect(run.status == 0, "\(run.errors)")
        #expect(try app.history.versions().count == 15)
        try app.unmount()
    }

    @Test func `M3 backups are kept for a week`() throws {
        let app = try App(steps: 2)
        let folder = try app.sandbox.directory.directory("state/opencodefs/backups")
        let ages = [
            ("old.db", 8), ("young.db", 6), ("cut.db.partial", 2), ("cut.db.partial-journal", 2),
            ("now.db.partial", 0), ("somebody.txt", 400),
        ]
        for (name, days) in ages {
            #expect(FileManager.default.createFile(atPath: folder + "/" + name, contents: Data([1])))
            let date = Date(timeIntervalSinceNow: -Double(days) * 86_400)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: folder + "/" + name)
        }
        #expect(try app.mount("-o", "ro").status == 0)
        try app.unmount()
        #expect(app.backups.count == 6)
        #expect(try app.mount().status == 0)
        try app.unmount()
        #expect(app.backups.filter { !$0.hasPrefix("app.") } == ["now.db.partial", "somebody.txt", "young.db"])
        #expect(app.backups.count == 4)
    }
}
