import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing
import Timing

/// Locks, full disks, and files and directories that cannot be written.
@Suite(.serialized, .timeLimit(.minutes(25))) struct HarshTests {
    private static func fill(_ rows: Rows) throws {
        try rows.project("shop")
        try rows.session("ses_1", title: "One")
        for number in 1...4 { try rows.message("msg_\(number)", in: "ses_1", #"{"text":"words"}"#) }
    }

    private func history(_ family: TestFamily) throws -> MountedHistory {
        try MountedHistory(family) { rows in try Self.fill(rows) }
    }

    @Test(arguments: TestFamily.allCases)
    func `rm waits for a lock of one second`(family: TestFamily) throws {
        let mounted = try history(family)
        let message = try mounted.message("msg_1", of: "ses_1")
        let writer = try mounted.database.locked()
        let releaser = Thread {
            usleep(1_000_000)
            writer.rollback()
        }
        releaser.start()
        let start = ContinuousClock.now
        #expect(File.failure { unlink(message) } == 0)
        #expect(start + .milliseconds(800) < .now && start + .seconds(3) > .now)
        #expect(!File.exists(message))
    }

    @Test(arguments: TestFamily.allCases)
    func `rm under a lock that stays is EBUSY after 5 s, and reading goes on`(family: TestFamily) throws {
        let mounted = try history(family)
        let message = try mounted.message("msg_1", of: "ses_1")
        let writer = try mounted.database.locked()
        let done = mounted.sandbox.path + "/done"
        let mountpoint = mounted.mountpoint
        let reader = Thread {
            while !File.exists(done) {
                guard (try? File.names(in: mountpoint + "/shop/ses_1/messages").count) == 4 else { return }
                usleep(20_000)
            }
            _ = try? Data("whole".utf8).write(to: URL(fileURLWithPath: done + ".reader"))
        }
        reader.start()
        let start = ContinuousClock.now
        #expect(File.failure { unlink(message) } == EBUSY)
        // A server counts in seconds when somebody waits for a row, and what is left after four is too short for another wait.
        let least = family.holdsAnything ? 4800 : 3800
        #expect(start + .milliseconds(least) < .now && start + .seconds(7) > .now, "\(ContinuousClock.now - start)")
        try Data().write(to: URL(fileURLWithPath: done))
        #expect(Sandbox.waits { File.exists(done + ".reader") })
        writer.rollback()
        #expect(File.failure { unlink(message) } == 0)
    }

    @Test func `a program that locks the database for itself is EBUSY in time, however many ask`() throws {
        let mounted = try history(.v1)
        let connection = try mounted.database.connect()
        // An idle mount holds no lock, so that somebody may take the file for themselves with a rollback journal.
        try mounted.unmount()
        _ = try connection.column("PRAGMA journal_mode=DELETE")
        try mounted.mount()
        #expect(try File.names(in: mounted.path("shop/ses_1/messages")).count == 4)
        try connection.run("PRAGMA locking_mode=EXCLUSIVE")
        try connection.run("BEGIN EXCLUSIVE")
        let start = ContinuousClock.now
        let run = try mounted.shell(
            "for i in $(seq 24); do (ls shop/ses_1 2>&1 | tail -n 1) & done; wait; cat .opencodefs/errors.jsonl | tail -n 1"
        )
        #expect(start + .seconds(16) > .now, "\(start.duration(to: .now))")
        #expect(run.text.contains("busy") || run.text.contains("EBUSY"), "\(run.text)")
        #expect(run.text.contains("locked"), "\(run.text)")
        try connection.run("COMMIT")
        try connection.run("PRAGMA locking_mode=NORMAL")
        _ = try connection.column("SELECT count(*) FROM project")
        let folder = mounted.path("shop/ses_1/messages")
        let isBack = Sandbox.waits(seconds: 3) { (try? File.names(in: folder).count) == 4 }
        #expect(isBack)
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk takes mount(2)"), arguments: [TestFamily.v1, .v2])
    func `rm on a full disk works or is ENOSPC, and nothing is half`(family: TestFamily) throws {
        let sandbox = try Sandbox()
        let disk = try SmallDisk(sandbox.path + "/disk")
        let database = try TestDatabase(family, at: disk.path + "/opencode.db")
        try Self.fill(try Rows(database))
        let before = try database.dump()
        let mounted = try MountedHistory(sandbox, database, [])
        for room in [0, 4096, 20_000, 60_000] {
            try disk.empty()
            try disk.fill(leaving: room)
            let code = File.failure { unlink(mounted.path("shop/ses_1/messages/msg_1.json")) }
            #expect(code == 0 || code == ENOSPC, "\(SystemError(code)) with \(room) bytes left")
            #expect(try File.names(in: mounted.path("shop/ses_1/messages")).count == (code == 0 ? 3 : 4))
            if code == 0 { break }
            #expect(try database.dump() == before)
        }
        try disk.empty()
        #expect(try database.column("PRAGMA integrity_check") == ["ok"])
        if try File.names(in: mounted.path("shop/ses_1/messages")).count == 4 {
            #expect(File.failure { unlink(mounted.path("shop/ses_1/messages/msg_1.json")) } == 0)
        }
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(try database.dump() == before)
        try mounted.unmount()
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk takes mount(2)"), arguments: [TestFamily.v1, .v2])
    func `rm with a full disk for the trash works or is ENOSPC, and nothing is half`(
        family: TestFamily
    ) throws {
        let sandbox = try Sandbox()
        let disk = try SmallDisk(sandbox.path + "/state")
        #expect(File.exists(disk.path))
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        let rows = try Rows(database)
        try Self.fill(rows)
        let large = SQLValue(String(repeating: "x", count: 700_000))
        try rows.message("msg_5", in: "ses_1", large)
        try rows.message("msg_6", in: "ses_1", large)
        let before = try database.dump()
        let mounted = try MountedHistory(sandbox, database, [])
        let codes = ["msg_5", "msg_6"].map { id in
            File.failure { unlink(mounted.path("shop/ses_1/messages/\(id).json")) }
        }
        #expect(codes[1] == ENOSPC, "\(codes)")
        #expect(codes[0] == 0 || codes[0] == ENOSPC, "\(codes)")
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")).contains("no space left"))
        #expect(try File.names(in: mounted.path("shop/ses_1/messages")).count == (codes[0] == 0 ? 5 : 6))
        if codes[0] == 0 { #expect(try mounted.opencodefs("restore", "--last").status == 0) }
        #expect(try database.dump() == before)
        try mounted.unmount()
    }

    /// A user without rights of root, in a mount namespace with a /dev/fuse for everybody (see MountingTests).
    private func asNobody(_ sandbox: borrowing Sandbox, _ script: String) throws -> Run {
        #expect(chmod(sandbox.path, 0o755) == 0)
        let line = """
            set -e
            mknod fuse c 10 229 && chmod 666 fuse && mount --bind fuse /dev/fuse
            cp "$1" opencodefs && mkdir own && chown 65534:65534 own
            exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$PWD/own XDG_STATE_HOME=$PWD/own/state \
                sh -c "$2" 2>&1
            """
        return try Run.program(
            "unshare", ["--mount", "/bin/sh", "-c", line, "sh", Run.opencodefsPath, script], in: sandbox.path,
            environment: sandbox.environment)
    }

    @Test(.enabled(if: geteuid() == 0, "for everybody else access(2) tells"))
    func `a file or a directory that cannot be written is shown and not changed, or refused with a remedy`() throws {
        let sandbox = try Sandbox()
        for name in ["file", "folder", "plain"] {
            let folder = try sandbox.directory.directory(name)
            let database = try TestDatabase(.v1, at: folder + "/opencode.db")
            try Self.fill(try Rows(database))
            if name == "plain" { _ = try database.column("PRAGMA journal_mode=DELETE") }
            #expect(chmod(folder + "/opencode.db", 0o644) == 0)
            #expect(chmod(folder, name == "file" ? 0o777 : 0o755) == 0)
        }
        let before = try Run.shell("cat file/*.db folder/*.db plain/*.db | sha256sum", in: sandbox.path).text
        let run = try asNobody(
            sandbox,
            """
            mkdir own/mnt
            for name in file plain; do
                ./opencodefs mount -d $name/opencode.db own/mnt
                cat own/mnt/shop/ses_1/messages/msg_1.json
                rm -f own/mnt/shop/ses_1/messages/msg_1.json
                ./opencodefs status own/mnt | grep Removing
                ./opencodefs umount own/mnt
            done
            ./opencodefs mount -d folder/opencode.db own/mnt; echo status $?
            """)
        #expect(run.text.components(separatedBy: "words").count == 3, "\(run.text)")
        #expect(run.text.components(separatedBy: "Read-only file system").count == 3, "\(run.text)")
        #expect(run.text.contains("no: the database file cannot be written"), "\(run.text)")
        #expect(run.text.contains("status 1"), "\(run.text)")
        #expect(run.text.contains("keeps a write-ahead log"), "\(run.text)")
        #expect(try Run.shell("cat file/*.db folder/*.db plain/*.db | sha256sum", in: sandbox.path).text == before)
    }
}
