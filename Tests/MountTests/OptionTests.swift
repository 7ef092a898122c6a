import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct OptionTests {
    private static func fill(_ rows: Rows) throws {
        try rows.project("shop", worktree: "/home/u/shop")
        try rows.project("other", worktree: "/home/u/other")
        try rows.session("ses_shop")
        try rows.session("ses_child_elsewhere", in: "other", parent: "ses_shop")
        try rows.session("ses_other", in: "other")
        for name in ["shop", "other"] { try rows.message("msg_\(name)", in: "ses_\(name)") }
    }

    @Test(arguments: TestFamily.allCases)
    func `ro answers every change with EROFS`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, ["-o", "ro"], fill: Self.fill)
        let before = try mounted.database.dump()
        let (session, message) = (try mounted.session("ses_other"), try mounted.message("msg_other", of: "ses_other"))
        #expect(try File.text(message).contains("msg_other"))
        #expect(File.failure { unlink(message) } == EROFS)
        #expect(File.failure { rmdir(session) } == EROFS)
        #expect(File.failure { open(message, O_WRONLY) } == EROFS)
        #expect(File.failure { mkdir(mounted.path("new"), 0o700) } == EROFS)
        #expect(try mounted.shell("rm -rf '\(session)'").status == 1)
        #expect(try mounted.database.dump() == before)
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["writable"]?.boolean == false)
        #expect(status["readOnlyReason"]?.string?.contains("ro") == true)
        #expect(
            try mounted.sandbox.opencodefs(["mount"]).text.contains(
                "\(mounted.mountpoint)\t\(mounted.database.server?.name ?? mounted.database.path)\tro"))
        // Nothing is made for what is only read.
        #expect(!File.exists(mounted.sandbox.path + "/state"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root makes files another's"))
    func `everything is private to its owner, unless uid, gid and umask say otherwise`() throws {
        let mounted = try MountedHistory(.v1, fill: Self.fill)
        func facts() throws -> [[UInt32]] {
            try FileTree(mounted.mountpoint).nodes.values.map {
                [$0.status.isDirectory ? 1 : 0, $0.status.permissions, $0.status.st_uid, $0.status.st_gid]
            }
        }
        #expect(Set(try facts()) == [[1, 0o700, geteuid(), getegid()], [0, 0o600, geteuid(), getegid()]])
        #expect(try File.status(mounted.mountpoint).permissions == 0o700)
        for name in ["", "/errors.jsonl", "/status.json"] {
            let status = try File.status(mounted.path(".opencodefs" + name))
            #expect(status.permissions == (name.isEmpty ? 0o700 : 0o600))
        }
        #expect(try unlink(mounted.message("msg_other", of: "ses_other")) == 0)
        let state = mounted.sandbox.path + "/state/opencodefs"
        #expect(try File.status(state).permissions == 0o700)
        for name in try File.names(in: state) {
            #expect(try File.status(state + "/" + name).permissions == 0o600, "\(name)")
        }
        #expect(try File.names(in: state).contains("trash.db"))
        try mounted.unmount()
        try mounted.mount(["-o", "uid=nobody,gid=65534", "-o", "umask=027"])
        #expect(Set(try facts()) == [[1, 0o750, 65534, 65534], [0, 0o640, 65534, 65534]])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be another user"))
    func `another user is kept out, unless allow_other and umask let them in`() throws {
        let mounted = try MountedHistory(.v1, fill: Self.fill)
        // It is the mount that refuses, not what is above it.
        #expect(chmod(mounted.sandbox.path, 0o755) == 0)
        func asNobody(_ line: String) throws -> Run {
            try Run.program(
                "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c", line], in: "/")
        }
        #expect(try asNobody("id -u").text == "65534\n")
        #expect(try asNobody("ls '\(mounted.sandbox.path)'").text.contains("mnt"))
        func isKeptOut() throws -> Bool {
            let run = try asNobody("ls '\(mounted.mountpoint)'")
            return run.status != 0 && run.errors.contains("Permission denied") && run.text == ""
        }
        #expect(try isKeptOut())
        try mounted.unmount()
        try mounted.mount(["-o", "allow_other"])
        #expect(try isKeptOut())
        try mounted.unmount()
        try mounted.mount(["-o", "allow_other,umask=022"])
        #expect(try asNobody("grep -rl msg_shop '\(mounted.mountpoint)'").text.contains("~msg_shop.json"))
        let refused = try asNobody("rm -rf '\(mounted.mountpoint)'/shop~shop/2*")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("Permission denied"))
        #expect(try File.exists(mounted.message("msg_shop", of: "ses_shop")))
    }

    @Test func `options of fstab are accepted, and some reach the kernel`() throws {
        let mounted = try MountedHistory(
            .v1,
            [
                "-o", "defaults,rw,noauto,user,_netdev,nofail,x-systemd.automount,noexec,nosuid,nodev,noatime",
                "-o", "names=label,trash=3",
            ], fill: Self.fill)
        let line = try #require(
            File.text("/proc/self/mountinfo").split(separator: "\n").first { $0.contains(" \(mounted.mountpoint) ") })
        for option in ["rw", "noexec", "nosuid", "nodev", "noatime", "default_permissions", "fuse.opencodefs"] {
            #expect(line.contains(option), "\(line)")
        }
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["trashDays"]?.number == 3)
    }

    @Test(arguments: TestFamily.typeScript)
    func `--project shows one project, with the children of its sessions`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, ["--project", "shop"], fill: Self.fill)
        #expect(try File.projects(in: mounted.mountpoint) == ["shop~shop"])
        #expect(File.exists(mounted.path("shop~shop/ses_shop/children/ses_child_elsewhere/session.json")))
        #expect(!File.exists(mounted.path("other~other")))
        #expect(!File.exists(mounted.path("other")))
        #expect(try mounted.shell("grep -rl ses_other . | wc -l").text == "0\n")
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["Project"]?.string == "shop")
        try mounted.unmount()
        try mounted.mount(["--project", "other"])
        #expect(try File.projects(in: mounted.mountpoint) == ["other~other"])
        // Its parent is not shown: it stands by itself.
        #expect(File.exists(mounted.path("other/ses_child_elsewhere/session.json")))
        #expect(File.exists(mounted.path("other/ses_other/session.json")))
        try mounted.unmount()
        try mounted.mount(["--project", "all"])
        #expect(try File.projects(in: mounted.mountpoint) == ["other~other", "shop~shop"])
    }

    @Test func `--project . is the project of the working directory`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
        let inside = try sandbox.directory.directory("work/shop/Sources")
        let rows = try Rows(database)
        try rows.project("shop", worktree: SQLValue(sandbox.path + "/work/shop"))
        try rows.project("work", worktree: SQLValue(sandbox.path + "/work"))
        let mountpoint = try sandbox.directory.directory("mnt")
        let words = ["mount", "--database", database.path, "--project", ".", mountpoint]
        #expect(try sandbox.opencodefs(words, in: inside).status == 0)
        #expect(try File.projects(in: mountpoint) == ["shop~shop"])
        #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        let run = try sandbox.opencodefs(words, in: sandbox.path + "/home")
        #expect(run.status == 5)
        #expect(run.errors.contains("no project has its worktree at or above"), "\(run.errors)")
        let unknown = try sandbox.opencodefs(["mount", "-d", database.path, "--project", "nope", mountpoint])
        #expect(unknown.status == 5)
        #expect(unknown.errors.contains("no project \"nope\"; there are:"), "\(unknown.errors)")
        #expect(unknown.errors.contains(sandbox.path + "/work/shop"))
        let mounts = sandbox.mounts
        #expect(mounts == [])
    }

    @Test func `the configuration file sets what the command line does not`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
        try Self.fill(try Rows(database))
        let file = try sandbox.directory.directory("config/opencodefs") + "/config.json"
        try Data(#"{"project":"other","options":"names=id"}"#.utf8).write(to: URL(fileURLWithPath: file))
        let mounted = try MountedHistory(sandbox, database, [])
        #expect(try File.projects(in: mounted.mountpoint) == ["other"])
        try mounted.unmount()
        try mounted.mount(["--project", "all", "-o", "names=label"])
        #expect(try File.projects(in: mounted.mountpoint) == ["other~other", "shop~shop"])
        try mounted.unmount()
        for text in ["{", "[]", #"{"projct":"x"}"#, #"{"project":5}"#] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            let run = try mounted.opencodefs("mount", mounted.mountpoint)
            #expect(run.status == 2, "\(text)")
            #expect(run.errors.contains(file), "\(run.errors)")
        }
    }

    @Test func `where follows the documented order`() throws {
        let sandbox = try Sandbox()
        func chosen(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> String? {
            let run = try sandbox.opencodefs(["where", "--json"] + arguments, environment: environment)
            let text = try JSONValue(run.output)["chosen"]?.string
            #expect(run.status == (text == nil ? 10 : 0))
            return text.map { String($0.dropFirst(sandbox.path.count)) }
        }
        func make(_ path: String) throws {
            _ = try sandbox.directory.directory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try Data("x".utf8).write(to: URL(fileURLWithPath: sandbox.path + "/" + path))
        }
        func configure(_ path: String, _ directory: String) throws {
            try make(path)
            try Data(#"{"data":{"directory":"\#(directory)"}}"#.utf8)
                .write(to: URL(fileURLWithPath: sandbox.path + "/" + path))
        }
        // From the last resort to the first choice.
        #expect(try chosen() == nil)
        try make("data/opencode/opencode.db")
        #expect(try chosen() == "/data/opencode/opencode.db")
        try make("home/.opencode/opencode.db")
        #expect(try chosen() == "/home/.opencode/opencode.db")
        try make("work/.opencode/opencode.db")
        #expect(try chosen() == "/work/.opencode/opencode.db")

        // data.directory: the user's first file, and the working directory's over it.
        try make("from-config/opencode.db")
        try configure("home/.config/opencode/.opencode.json", sandbox.path + "/from-config")
        #expect(try chosen() == "/from-config/opencode.db")
        try make("from-xdg/opencode.db")
        try configure("config/opencode/.opencode.json", sandbox.path + "/from-xdg")
        #expect(try chosen() == "/from-xdg/opencode.db")
        try make("from-home/opencode.db")
        try configure("home/.opencode.json", sandbox.path + "/from-home")
        #expect(try chosen() == "/from-home/opencode.db")
        try make("work/from-work/opencode.db")
        try configure("work/.opencode.json", "from-work")
        #expect(try chosen() == "/work/from-work/opencode.db")

        // OPENCODE_DB, below the data directory when relative; then --database, and its short spelling.
        try make("data/opencode/named.db")
        #expect(try chosen([], ["OPENCODE_DB": "named.db"]) == "/data/opencode/named.db")
        #expect(try chosen([], ["OPENCODE_DB": sandbox.path + "/from-xdg/opencode.db"]) == "/from-xdg/opencode.db")
        #expect(try chosen([], ["OPENCODE_DB": "missing.db"]) == nil)
        try make("work/given.db")
        #expect(try chosen(["--database", "given.db"], ["OPENCODE_DB": "named.db"]) == "/work/given.db")
        #expect(try chosen(["--db", "given.db"], ["OPENCODE_DB": ":memory:"]) == "/work/given.db")
        #expect(try chosen(["--database", "missing.db"]) == nil)

        // For people: each place in that order, the chosen one marked.
        let run = try sandbox.opencodefs(["where", "--database", "given.db"], environment: ["OPENCODE_DB": "named.db"])
        #expect(run.lines.count == 6)
        #expect(run.lines.first?.hasPrefix("-> \(sandbox.path)/work/given.db") == true)
        #expect(run.lines.filter { $0.hasPrefix("->") }.count == 1)
        #expect(run.lines.last?.contains("data/opencode/opencode.db") == true)
    }
}
