import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// The files of OpenCode 1.1 as a source.
@Suite(.serialized, .timeLimit(.minutes(25))) struct LegacyMountTests {
    /// A storage directory on the disk: what OpenCode 1.1 would have left of a history, and that history.
    private static func storage(of mounted: borrowing MountedHistory) throws -> String {
        let copy = mounted.sandbox.path + "/storage"
        let run = try Run.program("cp", ["-r", mounted.path(".opencodefs/storage"), copy])
        try #require(run.status == 0, "\(run.errors)")
        return copy
    }

    private static func mount(_ storage: String, in sandbox: borrowing Sandbox) throws -> String {
        let mountpoint = try sandbox.directory.directory("old")
        let run = try sandbox.opencodefs(["mount", "--database", storage, mountpoint])
        try #require(run.status == 0, "\(run.errors)")
        return mountpoint
    }

    @Test func `E4 the files of OpenCode 1.1 are the same tree as the rows they became`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 8, messages: 100)
        let old = try Self.mount(try Self.storage(of: mounted), in: mounted.sandbox)
        let (one, other) = (try FileTree(mounted.mountpoint), try FileTree(old))
        #expect(one.faults.isEmpty && other.faults.isEmpty, "\(one.faults) \(other.faults)")
        #expect(Set(one.nodes.keys) == Set(other.nodes.keys))
        for (path, node) in one.nodes {
            #expect(node.bytes == other.nodes[path]?.bytes, "\(String(decoding: path, as: UTF8.self))")
        }
        for line in ["touch x", "rm -r *", "echo x > shop"] {
            #expect(try Run.shell(line, in: old).errors.contains("Read-only"), "\(line)")
        }
        let status = try JSONValue(File.contents(old + "/.opencodefs/status.json"))
        #expect(status["counts"] == (try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))["counts"]))
        #expect(status["writable"]?.boolean == false)
    }

    @Test(arguments: TestFamily.plain)
    func `E4 a copy of storage has the ids of the history that it is from`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("github.com/dana/a~b")
            try rows.session("ses/1%", in: "github.com/dana/a~b", title: "T")
            try rows.message(
                "msg~1", in: "ses/1%",
                rows.generation == .go
                    ? #"[{"type":"text","data":{"text":"hello"}}]"#
                    : #"{"role":"user","text":"hello","time":{"created":1}}"#,
                sequence: 1, parts: [("prt/1", #"{"type":"text","text":"hello"}"#)])
        }
        func messages(_ root: String) throws -> [String] {
            let run = try Run.shell("find . -path '*/messages/*' | sed 's/[^/]*~//g' | sort", in: root)
            try #require(run.status == 0 && !run.lines.isEmpty, "\(run.errors)")
            return run.lines
        }
        let old = try Self.mount(try Self.storage(of: mounted), in: mounted.sandbox)
        #expect(try Run.shell("grep -rl hello . | wc -l", in: old).lines == ["1"])
        #expect(try messages(old) == messages(mounted.mountpoint))
        #expect(
            try Run.shell("cd .opencodefs && find storage -type f | sort", in: old).lines
                == mounted.shell("cd .opencodefs && find storage -type f | sort").lines)
        // What sessions are found by stands in their files too, but for what the Go OpenCode does not keep.
        guard !family.isGo else { return }
        let orders = "cd .opencodefs/by && find model agent path -type l -printf '%h\\n' | sort"
        #expect(try Run.shell(orders, in: old).lines == mounted.shell(orders).lines)
    }

    @Test func `E4 what OpenCode 1.1 writes is seen within a second`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "T")
            try rows.message("msg_1", in: "ses_1", parts: [("prt_1", #"{"type":"text","text":"before"}"#)])
        }
        let storage = try Self.storage(of: mounted)
        let old = try Self.mount(storage, in: mounted.sandbox)
        let message = old + "/shop/ses_1/messages/msg_1.json"
        #expect(try File.text(message).contains("before"))
        func see(_ what: String, _ holds: () -> Bool) throws {
            let start = ContinuousClock.now
            let isSeen = Sandbox.waits(seconds: 3, until: holds)
            #expect(isSeen, "\(what)")
            let time = ContinuousClock.now - start
            #expect(time < .seconds(1), "\(what): \(time)")
        }
        try #"{"id":"prt_1","type":"text","text":"after it"}"#.write(
            toFile: storage + "/part/msg_1/prt_1.json", atomically: false, encoding: .utf8)
        try see("a part") { (try? File.text(message))?.contains("after it") == true }
        try #"{"id":"msg_2","role":"user","time":{"created":2}}"#.write(
            toFile: storage + "/message/ses_1/msg_2.json", atomically: true, encoding: .utf8)
        try see("a message") { (try? File.names(in: old + "/shop/ses_1/messages"))?.count == 2 }
        try #"{"id":"ses_2","title":"New","time":{"created":1,"updated":2}}"#.write(
            toFile: storage + "/session/shop/ses_2.json", atomically: true, encoding: .utf8)
        try see("a session") { File.exists(old + "/shop/ses_2/session.json") }
        try FileManager.default.removeItem(atPath: storage + "/session/shop/ses_2.json")
        try see("its end") { (try? File.names(in: old + "/shop").contains { $0.hasSuffix("ses_2") }) == false }
    }

    @Test(arguments: ["cp -r", "cp -a"])
    func `E4 cp moves a session into a database, with identical messages`(copy: String) throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 6, messages: 80)
        let old = try Self.mount(try Self.storage(of: mounted), in: mounted.sandbox)
        let target = try MountedHistory(.v1) { _ in }
        for project in try File.names(in: old) {
            let run = try Run.program(
                "timeout", ["60", "bash", "-c", "\(copy) '\(old)/\(project)' '\(target.mountpoint)/'"])
            #expect(run.status == 0, "\(run.errors)")
        }
        var count = 0
        for (path, node) in try FileTree(old).nodes where String(decoding: path, as: UTF8.self).contains("/messages/") {
            let copied = target.path(String(decoding: path, as: UTF8.self))
            #expect(try File.contents(copied) == node.bytes)
            count += 1
        }
        #expect(count == 80)
    }

    @Test func `E4 such a directory is used when it is named, and never found`() throws {
        let sandbox = try Sandbox()
        let storage = try sandbox.directory.directory("data/opencode/storage")
        _ = try sandbox.directory.directory("data/opencode/storage/session")
        #expect(try sandbox.opencodefs(["where"]).status == 10)
        let mountpoint = try sandbox.directory.directory("mnt")
        #expect(try sandbox.opencodefs(["mount", "--database", storage, mountpoint]).status == 0)
        #expect(try File.projects(in: mountpoint).isEmpty)
        #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        let other = try sandbox.opencodefs(["mount", "--database", sandbox.path, mountpoint])
        #expect(other.status == 10 && other.errors.contains("storage directory"))
        let imported = try sandbox.opencodefs(["import", "--database", storage, "/dev/null"])
        #expect(imported.status != 0)
    }
}
