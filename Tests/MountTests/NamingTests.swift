import DemoHistory
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct NamingTests {
    private static func one(_ family: TestFamily, _ arguments: [String] = []) throws -> MountedHistory {
        try MountedHistory(family, arguments) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "First title")
            for number in 1...3 { try rows.message("msg_\(number)", in: "ses_1", created: Rows.noon + Int64(number)) }
        }
    }

    @Test(arguments: TestFamily.allCases)
    func `N1 after a new title the former name and the id are the same directory`(family: TestFamily) throws {
        let mounted = try Self.one(family)
        let folder = mounted.path(family.shop)
        #expect(try File.names(in: folder) == ["2026-11-18.First-title~ses_1", "project.json"])
        let former = folder + "/2026-11-18.First-title~ses_1"
        let inode = try File.status(former).st_ino
        let descriptor = open(former, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        try Rows(mounted.database).setTitle("Second: title?", of: "ses_1")
        #expect(
            Sandbox.waits(seconds: 0.5) {
                (try? File.names(in: folder)) == ["2026-11-18.Second-title~ses_1", "project.json"]
            })
        for name in ["2026-11-18.Second-title~ses_1", "2026-11-18.First-title~ses_1", "ses_1"] {
            #expect(try File.status(folder + "/" + name).st_ino == inode, "\(name)")
            #expect(try File.names(in: folder + "/" + name + "/messages").count == 3, "\(name)")
        }
        for name in [
            "2026-11-18.Third-title~ses_1", "x~ses_1", "~ses_1", "ses_1~", "2026-11-18.Second-title~ses_2", "SES_1",
        ] {
            #expect(File.failure { open(folder + "/" + name, O_RDONLY) } == ENOENT, "\(name)")
        }
        // A program that stands in it stays there.
        #expect(faccessat(descriptor, "session.json", R_OK, 0) == 0)
        #expect(
            try mounted.shell(
                "cd \(family.shop)/2026-11-18.First-title~ses_1 && cd messages && ls ../session.json && pwd -P"
            ).status
                == 0)
    }

    @Test(arguments: TestFamily.allCases)
    func `N1 a message is found by its name and its id, never by another label`(family: TestFamily) throws {
        let mounted = try Self.one(family)
        let folder = try mounted.session("ses_1") + "/messages/"
        let name = family == .v1 || family.isGo ? "000002.user~msg_2.json" : "000001.user~msg_2.json"
        let inode = try File.status(folder + name).st_ino
        #expect(try File.status(folder + "msg_2.json").st_ino == inode)
        for other in [
            "000009.user~msg_2.json", "000002.assistant~msg_2.json", "x~msg_2.json", "~msg_2.json", "msg_2",
            "msg_2.JSON",
            "000002.user~msg_2", "msg_9.json", ".json", "%6Dsg_2.json",
        ] {
            #expect(File.failure { open(folder + other, O_RDONLY) } == ENOENT, "\(other)")
        }
    }

    @Test(arguments: TestFamily.allCases)
    func `N2 names=id lists ids alone`(family: TestFamily) throws {
        let mounted = try Self.one(family, ["-o", "names=id"])
        #expect(try File.projects(in: mounted.mountpoint) == ["shop"])
        #expect(try File.names(in: mounted.path("shop")) == ["project.json", "ses_1"])
        #expect(try File.names(in: mounted.path("shop/ses_1/messages")) == ["msg_1.json", "msg_2.json", "msg_3.json"])
        #expect(!File.exists(mounted.path("shop~shop")))
    }

    @Test func `N3 V1 ordinals stay while messages come and go`() throws {
        let mounted = try Self.one(.v1)
        let rows = try Rows(mounted.database)
        let folder = try mounted.session("ses_1") + "/messages"
        func lists(_ names: [String]) -> Bool {
            Sandbox.waits(seconds: 0.5) { (try? File.names(in: folder)) == names }
        }
        #expect(lists(["000001.user~msg_1.json", "000002.user~msg_2.json", "000003.user~msg_3.json"]))
        try rows.delete("msg_2")
        #expect(lists(["000001.user~msg_1.json", "000003.user~msg_3.json"]))
        // Older than all others: it still counts on.
        try rows.message("msg_0", in: "ses_1", #"{"role":"assistant"}"#, created: Rows.noon - 1)
        #expect(lists(["000001.user~msg_1.json", "000003.user~msg_3.json", "000004.assistant~msg_0.json"]))
        try rows.delete("msg_1")
        try rows.delete("msg_3")
        try rows.message("msg_2", in: "ses_1", created: Rows.noon + 50)
        #expect(lists(["000002.user~msg_2.json", "000004.assistant~msg_0.json"]))
        #expect(unlink(folder + "/000004.assistant~msg_0.json") == 0)
        try rows.message("msg_5", in: "ses_1")
        #expect(lists(["000002.user~msg_2.json", "000005.user~msg_5.json"]))
    }

    @Test(arguments: [TestFamily.v2, .both])
    func `N3 V2 ordinals are the numbers that OpenCode stores`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            for number: Int64 in [0, 7, 1_234_567] {
                try rows.message("msg_\(number)", in: "ses_1", type: "assistant", sequence: number)
            }
        }
        let folder = try mounted.session("ses_1") + "/messages"
        #expect(
            try File.names(in: folder) == [
                "000000.assistant~msg_0.json", "000007.assistant~msg_7.json", "1234567.assistant~msg_1234567.json",
            ])
        try Rows(mounted.database).message("msg_3", in: "ses_1", type: "model-switched", sequence: 3)
        #expect(Sandbox.waits(seconds: 0.5) { File.exists(folder + "/000003.model-switched~msg_3.json") })
    }

    @Test(arguments: TestFamily.allCases)
    func `N3 a session's label is its local day and the slug of its title`(family: TestFamily) throws {
        let titles: [(title: String, slug: String)] = [
            ("Fix: login/redirect!", ".Fix-login-redirect"), ("", ""), ("  ", ""), ("🦊", ""), ("---", ""),
            ("東京 の 天気", ".東京-の-天気"), ("a\nb\tc", ".a-b-c"), ("Ünïcödé", ".Ünïcödé"), ("..", ""), ("~x~", ".x"),
            (String(repeating: "é", count: 50), "." + String(repeating: "é", count: 30)),
            (String(repeating: "x", count: 61), "." + String(repeating: "x", count: 60)),
            ("x" + String(repeating: "東", count: 30), ".x" + String(repeating: "東", count: 19)),
        ]
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            for (index, title) in titles.enumerated() {
                try rows.session("ses_\(index)", title: SQLValue(title.title))
            }
            if rows.generation == .v2 { try rows.session("ses_null", title: .null) }
        }
        let shown = Set(try File.names(in: mounted.path(family.shop)).map { Array($0.utf8) })
        for (index, title) in titles.enumerated() {
            let name = "2026-11-18\(title.slug)~ses_\(index)"
            #expect(shown.contains(Array(name.utf8)), "\(name)")
        }
        #expect(shown.contains(Array("2026-11-18~ses_null".utf8)) == (family.generation == .v2))

        // Where the sun rises first it is the next day already.
        try mounted.unmount()
        try mounted.sandbox.mount(mounted.database, at: mounted.mountpoint, environment: ["TZ": "Pacific/Kiritimati"])
        #expect(try mounted.session("ses_0").hasSuffix("/2026-11-19.Fix-login-redirect~ses_0"))
    }

    @Test(arguments: TestFamily.typeScript)
    func `N5 a session moves with its parent, its archive and its project`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.project("other", worktree: "/srv/other")
            try rows.session("ses_parent", title: "")
            try rows.session("ses_child", in: "other", title: "", parent: "ses_parent")
        }
        let table = SQLIdentifier(family == .v1 ? "session" : "session_v2")
        let connection = try mounted.database.connect()
        let (shop, other) = (mounted.path("shop~shop"), mounted.path("other~other"))
        func waits(_ path: String) -> Bool { Sandbox.waits(seconds: 0.5) { File.exists(path + "/session.json") } }
        #expect(waits(shop + "/ses_parent/children/ses_child"))
        #expect(!File.exists(other + "/ses_child"))
        let inode = try File.status(shop + "/ses_parent/children/ses_child").st_ino

        try connection.run("UPDATE \(table) SET time_archived = 5 WHERE id = 'ses_parent'")
        #expect(waits(shop + "/archived/ses_parent/children/ses_child"))
        #expect(Sandbox.waits(seconds: 0.5) { !File.exists(shop + "/ses_parent") })

        try connection.run("UPDATE \(table) SET project_id = 'other', time_archived = NULL WHERE id = 'ses_parent'")
        #expect(waits(other + "/ses_parent/children/ses_child"))
        #expect(try File.names(in: shop) == ["project.json"])

        try connection.run("DELETE FROM \(table) WHERE id = 'ses_parent'")
        #expect(waits(other + "/ses_child"))
        #expect(try File.status(other + "/ses_child").st_ino == inode)
        #expect(try File.names(in: other) == ["2026-11-18~ses_child", "project.json"])
    }

    @Test(arguments: TestFamily.typeScript)
    func `N6 a project's label is the last part of its worktree`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("global", worktree: "/")
            try rows.project("p1", worktree: "/home/u/web shop")
            try rows.project("p2", worktree: "/home/u/trailing/")
            try rows.project("p3", worktree: "C:\\Users\\u\\repo")
            try rows.project("p4", worktree: "")
            try rows.project("p5", worktree: "/home/u/til~de%")
        }
        #expect(
            try File.projects(in: mounted.mountpoint) == [
                "global", "p4", "repo~p3", "til%7Ede%25~p5", "trailing~p2", "web shop~p1",
            ])
    }

    @Test func `N7 a session that OpenCode 2 copies is shown once, from its copy`() throws {
        let mounted = try MountedHistory(.both) { rows in
            let old = Rows(connection: rows.connection, generation: .v1)
            try old.project("shop")
            try old.session("ses_1", title: "Old")
            try old.message("msg_1", in: "ses_1", #"{"role":"user","old":true}"#, parts: [("prt_1", "{}")])
        }
        let folder = mounted.path("shop~shop")
        #expect(try File.names(in: folder) == ["2026-11-18.Old~ses_1", "project.json"])
        #expect(try File.text(folder + "/ses_1/messages/msg_1.json").contains("prt_1"))
        let rows = try Rows(mounted.database)
        try rows.connection.writing { () throws(SQLError) in
            do {
                try rows.session("ses_1", title: "New")
                try rows.message("msg_1", in: "ses_1", #"{"text":"copied"}"#)
            } catch let error as SQLError {
                throw error
            } catch {}
        }
        #expect(
            Sandbox.waits(seconds: 0.5) { (try? File.names(in: folder)) == ["2026-11-18.New~ses_1", "project.json"] })
        #expect(
            try File.text(folder + "/ses_1/messages/msg_1.json")
                == "{\"id\":\"msg_1\",\"type\":\"user\",\"text\":\"copied\"}\n")
    }
}
