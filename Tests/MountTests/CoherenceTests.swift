import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// What the kernel keeps of a mount: right, and no more asked for than need be (docs/decisions/0023).
@Suite(.serialized, .timeLimit(.minutes(25))) struct CoherenceTests {
    private func history(_ family: TestFamily) throws -> MountedHistory {
        try MountedHistory(family) { rows in
            try rows.project("shop")
            for session in ["ses_1", "ses_2"] as [SQLValue] {
                try rows.session(session)
                for number in 1...20 {
                    try rows.message(
                        SQLValue("msg_\(session.bytes?.last ?? 0)_\(number)"), in: session,
                        #"{"role":"user","text":"aaaa"}"#)
                }
            }
        }
    }

    /// Rule R5 allows 0.2 s. The machine that runs this has other things to do.
    private static let moment = 0.6

    @Test(arguments: TestFamily.plain)
    func `R5 after a quiet time everything that changes is seen, by name and from inside`(family: TestFamily) throws {
        let mounted = try history(family)
        let rows = try Rows(mounted.database)
        // Everything is known to the kernel, names for a moment, pages until their file is another.
        for _ in 0..<2 { #expect(try mounted.shell("ls -lR . > /dev/null && grep -r aaaa . | wc -l").status == 0) }
        usleep(300_000)
        let session = try mounted.session("ses_1")
        let file = try mounted.message("msg_49_3", of: "ses_1")
        let inside = open(session + "/messages", O_RDONLY | O_DIRECTORY)
        defer { close(inside) }
        let within = "/proc/self/fd/\(inside)"
        let size = try File.status(file).st_size

        let column = rows.generation == .go ? "parts" : "data"
        let table = SQLIdentifier(rows.generation == .go ? "messages" : "\(rows.messages.name)")
        try rows.connection.run(
            "UPDATE \(table) SET \(SQLIdentifier(column)) = replace(\(SQLIdentifier(column)), 'aaaa', 'bbbbbb') WHERE id = 'msg_49_3'"
        )
        if rows.generation != .go {
            try rows.connection.run("UPDATE \(table) SET time_updated = time_updated + 5 WHERE id = 'msg_49_3'")
        }
        #expect(Sandbox.waits(seconds: Self.moment) { (try? File.status(file).st_size) == size + 2 })
        #expect(try File.text(file).contains("bbbbbb"))

        let count = try File.names(in: within).count
        try rows.message("msg_49_99", in: "ses_1", #"{"role":"user","text":"new"}"#)
        #expect(Sandbox.waits(seconds: Self.moment) { (try? File.names(in: within).count) == count + 1 })
        #expect(
            Sandbox.waits(seconds: Self.moment) { (try? File.names(in: session + "/messages").count) == count + 1 })

        try rows.delete("msg_49_3")
        #expect(Sandbox.waits(seconds: Self.moment) { !File.exists(file) })
        #expect(Sandbox.waits(seconds: Self.moment) { (try? File.names(in: within).count) == count })

        try rows.setTitle("Another title", of: "ses_2")
        #expect(
            Sandbox.waits(seconds: Self.moment) {
                (try? mounted.shell("ls */ | grep -c Another-title").text) == "1\n"
            })
    }

    @Test func `a file is opened, and nothing more is asked of it`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 20, messages: 2000)
        let process = try mounted.daemon
        func answered() throws -> Int {
            let text = try File.text("/proc/\(process)/io")
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("syscw") })
            return try #require(Int(line.filter(\.isNumber)))
        }
        let files = try #require(Int(try mounted.shell("find . -type f | wc -l").text.dropLast()))
        let before = try answered()
        #expect(try mounted.shell("grep -rc zzz . > $HOME/first").status == 0)
        // The pages, open, release, and the name where it has expired: neither read nor flush.
        #expect(try answered() - before < 5 * files)
        let again = try answered()
        #expect(try mounted.shell("grep -rc zzz . > $HOME/second; cmp $HOME/first $HOME/second").status == 0)
        #expect(try answered() - again < 4 * files)
    }

    @Test func `rg searches what grep -r does, and makes no view for that`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 4, messages: 100)
        let run = try mounted.shell(
            """
            set -e; ls -A > $HOME/listed; ! grep -qx .ignore $HOME/listed
            strace -f -o $HOME/calls -e trace=statx rg --sort path -l role . > $HOME/rg
            grep -rl role . | LC_ALL=C sort > $HOME/grep; LC_ALL=C sort $HOME/rg | cmp - $HOME/grep
            ! grep transcript.md $HOME/calls; grep -q messages $HOME/grep
            S=$(ls -d */*/transcript.md | head -1); rg -q . "$S"
            cd .opencodefs/sessions && rg -q . */transcript.md
            """)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(try mounted.shell("echo x > .ignore").status != 0)
        #expect(try mounted.shell("rm .ignore").status != 0)
        #expect(try mounted.shell("test ! -e .gitignore && echo x > .gitignore && cat .gitignore").text == "x\n")
    }

    @Test func `noxattr spares ls -l its questions`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 2, messages: 20, ["-o", "noxattr"])
        let run = try mounted.shell(
            "getfattr -d */*/session.json; ls -l */* > $HOME/listing && grep -c . $HOME/listing")
        #expect(!run.text.contains("user.opencode") && Int(run.text.split(separator: "\n").last ?? "") ?? 0 > 5)
        try mounted.unmount()
        try mounted.mount()
        #expect(try mounted.shell("getfattr -d */*/session.json").text.contains("user.opencode.title"))
    }

    /// A daemon that waits in the kernel for what a program holds while that waits for the daemon can never end.
    @Test func `kill -9 of a daemon that gives the kernel pages leaves nobody waiting`() throws {
        for round in 0..<6 {
            let mounted = try MountedHistory(demo: .v1, sessions: 6, messages: 1500)
            let daemon = try mounted.daemon
            let busy = Process()
            busy.executableURL = URL(fileURLWithPath: "/bin/bash")
            busy.arguments = [
                "-c",
                """
                while :; do grep -r zzz . ; done > /dev/null 2>&1 &
                while :; do ls -lR . ; done > /dev/null 2>&1 &
                while :; do sqlite3 "$0" "PRAGMA busy_timeout=5000; UPDATE session SET time_updated = time_updated + 1"
                sleep 0.02; done > /dev/null 2>&1 &
                S=$(ls -d */20* | head -1); rm -r "$S" 2> /dev/null; wait
                """, mounted.database.path,
            ]
            busy.currentDirectoryURL = URL(fileURLWithPath: mounted.mountpoint)
            try busy.run()
            usleep(UInt32(400_000 + round * 137_000))
            #expect(kill(daemon, SIGKILL) == 0)
            #expect(Sandbox.waits(seconds: 10) { kill(daemon, 0) != 0 }, "the daemon does not end")
            _ = try Run.program("pkill", ["-KILL", "-P", "\(busy.processIdentifier)"])
            kill(busy.processIdentifier, SIGKILL)
            umount2(mounted.mountpoint, CInt(MNT_DETACH))
            let pid = busy.processIdentifier
            #expect(Sandbox.waits(seconds: 10) { kill(pid, 0) != 0 || !busy.isRunning }, "a program does not end")
        }
    }
}
