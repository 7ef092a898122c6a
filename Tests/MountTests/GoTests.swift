import DemoHistory
import Glibc
import SQL
import TestSupport
import Testing

/// What only a mount of the Go family shows and does.
@Suite(.serialized, .timeLimit(.minutes(25))) struct GoTests {
    @Test func `R1 a message is its row, every column under its name`() throws {
        let mounted = try MountedHistory(.go) { rows in
            try rows.session("s", in: "github.com/a/b")
            try rows.message("m", in: "s", #"[ {"type":"text","data":{"text":"1.0e5"}}]"#)
            try rows.connection.run("UPDATE messages SET model = 'a\"b', finished_at = 7, synthetic = TRUE")
            try rows.connection.run("UPDATE messages SET updated_at = 5")
        }
        let time = Rows.noon / 1000
        let changed = try mounted.database.column("SELECT updated_at FROM messages")[0]
        #expect(
            try File.text(mounted.path("github.com%2Fa%2Fb/s/messages/m.json")) == """
                {"id":"m","session_id":"s","role":"user","parts":[ {"type":"text","data":{"text":"1.0e5"}}],\
                "model":"a\\"b","created_at":\(time),"updated_at":\(changed),"finished_at":7,"seq":null,"synthetic":1}

                """)
    }

    @Test func `R3 R10 times are seconds, and session.json is the row`() throws {
        let mounted = try MountedHistory(.go) { rows in
            try rows.session("s", title: "T")
            try rows.message("m", in: "s", "[]", updated: Rows.noon + 60_000)
        }
        #expect(try File.status(mounted.message("m", of: "s")).milliseconds / 1000 == Rows.noon / 1000 + 60)
        let session = try mounted.session("s")
        let row = try JSONValue(File.contents(session + "/session.json"))
        #expect(row["message_count"]?.number == 1)
        #expect(row["project_id"]?.string == "shop")
        #expect(row["title"]?.string == "T")
        let text = try File.text(session + "/session.json")
        #expect(text.contains("\"cost\": 0.0,\n"))
        #expect(text.contains("\"parent_session_id\": null,\n"))
        let columns = try mounted.database.column("SELECT name FROM pragma_table_info('sessions')")
        let shown = text.split(separator: "\n").compactMap { $0.split(separator: "\"").dropFirst().first }
        #expect(shown.map { String($0) } == columns)
        #expect(try File.text(mounted.path("shop/project.json")) == "{\n  \"id\": \"shop\"\n}\n")
    }

    @Test func `N4 credentials of a project are nowhere in the tree`() throws {
        let mounted = try MountedHistory(.go) { rows in
            try rows.session("one", in: "https://dana:secret-1@h.org/a")
            try rows.session("two", in: "https://secret-2@h.org/a")
            try rows.session("three", in: "dana:secret-3@h.org/b")
            for session in ["one", "two", "three"] { try rows.message(SQLValue("m-" + session), in: SQLValue(session)) }
        }
        #expect(try File.projects(in: mounted.mountpoint) == ["h.org%2Fb", "https:%2F%2Fh.org%2Fa"])
        #expect(try File.names(in: mounted.path("https:%2F%2Fh.org%2Fa")).count == 3)
        #expect(try mounted.shell("find . .opencodefs | grep secret-; grep -rF secret- . .opencodefs").text == "")
        try mounted.unmount()
        try mounted.mount(["--project", "dana:secret-3@h.org/b"])
        #expect(try File.projects(in: mounted.mountpoint) == ["h.org%2Fb"])
        #expect(try mounted.shell("grep -rF secret- . .opencodefs").text == "")
        #expect(try !File.text("/proc/\(mounted.daemon)/cmdline").contains("secret-"))
        try mounted.unmount()
        let refused = try mounted.opencodefs("mount", "--project", "https://dana:secret-4@h.org/c", mounted.mountpoint)
        #expect(refused.status == 5)
        #expect(!refused.errors.contains("secret-"), "\(refused.errors)")
    }

    @Test func `N4 N5 sessions without a project are in that of the database, and sub-tasks in children`() throws {
        let sandbox = try Sandbox()
        let data = try sandbox.directory.directory("work/app/.opencode")
        let database = try TestDatabase(.go, at: data + "/opencode.db")
        let rows = try Rows(database)
        try rows.session("root/1", in: .null)
        try rows.session("toolu_1", in: .null, parent: "root/1")
        try rows.session("call~2", in: "elsewhere", parent: "toolu_1")
        let mounted = try MountedHistory(sandbox, database, [])
        #expect(try File.projects(in: mounted.mountpoint) == ["app", "elsewhere"])
        #expect(File.exists(mounted.path("app/root%2F1/children/toolu_1/children/call%7E2/session.json")))
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["family"]?.array?.compactMap(\.string) == ["Go"])
    }

    @Test func `R5 changes of one second and one length are seen, and nobody reads a mixture`() throws {
        let mounted = try MountedHistory(.go) { rows in
            try rows.session("s")
            try rows.message("m", in: "s", "[0]")
        }
        let path = try mounted.message("m", of: "s")
        let rows = try Rows(mounted.database)
        var slowest = Duration.zero
        for number in 1...30 {
            let digit = number % 10
            try rows.connection.run("UPDATE messages SET parts = \("[\(digit)]") WHERE id = 'm'")
            let start = ContinuousClock.now
            #expect(Sandbox.waits(seconds: 2) { (try? File.text(path))?.contains("[\(digit)]") == true }, "\(number)")
            slowest = max(slowest, .now - start)
        }
        #expect(slowest < .milliseconds(600), "\(slowest)")
    }

    @Test func `R5 what OpenCode writes is seen, and D1 rm leaves the session's counter right`() throws {
        let mounted = try MountedHistory(.go) { rows in
            try rows.session("s")
            for number in 1...2 { try rows.message(SQLValue("m\(number)"), in: "s", "[]", sequence: Int64(number)) }
        }
        let folder = try mounted.session("s") + "/messages"
        #expect(try File.names(in: folder) == ["000001.user~m1.json", "000002.user~m2.json"])
        let rows = try Rows(mounted.database)
        try rows.message("m3", in: "s", "[1]", type: "assistant", sequence: 3)
        #expect(Sandbox.waits(seconds: 0.5) { File.exists(folder + "/000003.assistant~m3.json") })
        #expect(try File.text(folder + "/m3.json").contains(#""parts":[1],"#))
        try rows.connection.run("UPDATE messages SET parts = '[1,2]' WHERE id = 'm3'")
        #expect(Sandbox.waits(seconds: 0.5) { (try? File.text(folder + "/m3.json"))?.contains("[1,2]") == true })
        #expect(unlink(folder + "/m1.json") == 0)
        #expect(try mounted.database.column("SELECT message_count FROM sessions") == ["2"])
        #expect(try File.names(in: folder) == ["000002.user~m2.json", "000003.assistant~m3.json"])
    }
}
