import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// README.md in the root of a mount.
@Suite(.serialized, .timeLimit(.minutes(25))) struct ReadmeTests {
    @Test(arguments: TestFamily.allCases)
    func `every example in a mount's README works there`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let text = try File.text(mounted.path("README.md"))
        let blocks = text.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        #expect(blocks.count == 4)
        let program = URL(fileURLWithPath: Run.opencodefsPath).deletingLastPathComponent().path
        let environment = mounted.sandbox.environment.merging(mounted.database.variables) { $1 }.merging([
            "PATH": program + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        ]) { $1 }
        let before = try mounted.database.dump()
        for block in blocks {
            let run = try Run.program(
                "bash", ["-e", "-c", block], in: mounted.mountpoint, environment: environment)
            #expect(run.status == 0 && run.errors == "", "\(block)\n\(run.status): \(run.errors)")
            let silent = ["rm ", "tar ", "tail -n 3 "]
            #expect(run.text != "" || silent.contains { block.hasPrefix($0) }, "\(block) says nothing")
        }
        // One of the examples removes a session and takes that back.
        #expect(before.difference(to: try mounted.database.dump()).filter { !$0.contains("updated_at") } == [])
    }

    @Test func `the README reads the same for who may write to it`() throws {
        let mounted = try MountedHistory(.v1) { _ in }
        let run = try Run.program(
            "python3",
            ["-c", "import sys; sys.stdout.write(open(sys.argv[1], 'r+').read())", mounted.path("README.md")])
        #expect(run.text == (try File.text(mounted.path("README.md"))), "\(run.errors)")
    }

    @Test func `the README is one file for ever, and nobody changes it`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let path = mounted.path("README.md")
        let (bytes, status) = (try File.contents(path), try File.status(path))
        #expect(Int(status.st_size) == bytes.count)
        for line in ["rm README.md", "echo > README.md", "mv README.md x", "ln README.md x", "truncate -s 0 README.md"]
        {
            #expect(try mounted.shell(line).status != 0, "\(line)")
        }
        try mounted.database.run("DELETE FROM session")
        try mounted.unmount()
        try mounted.mount()
        #expect(try File.contents(path) == bytes)
        let again = try File.status(path)
        #expect(again.st_ino == status.st_ino && again.nanoseconds == status.nanoseconds)
    }

    @Test(arguments: [("names=id", false), ("names=label", true)])
    func `the README says how things are called in this mount`(option: String, hasLabels: Bool) throws {
        let mounted = try MountedHistory(demo: .v1, ["-o", option])
        #expect(try File.text(mounted.path("README.md")).contains("label~id") == hasLabels)
    }

    @Test func `N4 a project called README.md has a name of its own`() throws {
        let mounted = try MountedHistory(.go) { rows in try rows.session("ses_1", in: "README.md") }
        #expect(try File.projects(in: mounted.mountpoint) == ["%52EADME.md"])
        #expect(File.exists(mounted.path("%52EADME.md/ses_1/session.json")))
    }

    @Test func `a copy of a whole mount into another is taken, README and all`() throws {
        let source = try MountedHistory(demo: .v1)
        for line in ["cp -r \"$S/.\" .", "rsync -a \"$S/\" ."] {
            let sandbox = try Sandbox()
            let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, [])
            let run = try Run.program(
                "timeout", ["30", "bash", "-c", line], in: destination.mountpoint,
                environment: destination.sandbox.environment.merging(["S": source.mountpoint]) { $1 })
            #expect(run.status == 0 && run.errors == "", "\(line): \(run.errors)")
        }
    }
}
