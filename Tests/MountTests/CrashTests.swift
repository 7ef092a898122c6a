import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// The daemon dies at any moment: a short run of what `make crash` does at length.
@Suite(.serialized, .timeLimit(.minutes(25))) struct CrashTests {
    private static var harness: String {
        URL(fileURLWithPath: Run.opencodefsPath).deletingLastPathComponent().appendingPathComponent("opencodefs-crash")
            .path
    }

    @Test(arguments: ["v1", "v2", "go"])
    func `W1 what was acknowledged survives SIGKILL, and everything else is old or new`(family: String) throws {
        let run = try Run.program(
            "timeout", ["100", Self.harness, "--program", Run.opencodefsPath, "--family", family, "--rounds", "25"])
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(run.text.contains("25 rounds"), "\(run.text)")
    }

    @Test func `a harness that is lied to finds out`() throws {
        let run = try Run.program(
            "timeout",
            [
                "100", Self.harness, "--program", Run.opencodefsPath, "--family", "v1", "--defect", "lie", "--rounds",
                "200",
            ])
        #expect(run.status == 1, "\(run.text)\(run.errors)")
    }

    /// A process that waits for its own answer when SIGKILL comes never ends, and whoever has called the mount neither.
    @Test func `the daemon makes no call to its own mount`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(demo: .v1, at: sandbox.path + "/opencode.db")
        let mountpoint = try sandbox.directory.directory("mnt")
        let trace = sandbox.path + "/trace"
        let tracer = Process()
        tracer.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        tracer.arguments = [
            "-f", "-o", trace, "-e", "trace=file,mount,umount2", Run.opencodefsPath, "mount", "--foreground",
            "--database",
            database.path, mountpoint,
        ]
        tracer.environment = ProcessInfo.processInfo.environment.merging(sandbox.environment) { $1 }
        try tracer.run()
        #expect(Sandbox.waits(seconds: 20) { (try? File.names(in: mountpoint + "/.opencodefs").isEmpty) == false })
        usleep(300_000)
        #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        tracer.waitUntilExit()
        let lines = try File.text(trace).split(separator: "\n").map(String.init)
        let mounted = try #require(lines.firstIndex { $0.contains(" mount(") && $0.contains("fuse.opencodefs") })
        for line in lines[(mounted + 1)...] where line.contains("\"\(mountpoint)") {
            #expect(line.contains("umount2("), "\(line)")
        }
    }
}
