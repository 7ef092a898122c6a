import DemoHistory
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct RemovingTests {
    /// A parent with two messages, a child and a grandchild, an archived session, and another project.
    static func fill(_ rows: Rows, _ database: TestDatabase) throws {
        try rows.project("shop")
        try rows.project("other")
        try rows.session("ses_parent")
        try rows.session("ses_child", parent: "ses_parent")
        try rows.session("ses_grandchild", parent: "ses_child")
        try rows.session("ses_archived", archived: .integer(1))
        try rows.session("ses_other", in: "other")
        for session in ["parent", "child", "grandchild", "archived", "other"] {
            for number in 1...3 {
                try rows.message(
                    "msg_\(session)_\(number)", in: "ses_\(session)",
                    parts: [
                        ("prt_\(session)_\(number)_b", "{\"type\":\"text\",\"text\":\"b\"}"),
                        ("prt_\(session)_\(number)_a", .text([0x7b, 0xff, 0x00, 0x7d])),
                    ])
            }
        }
        // The V1 rows of what OpenCode 2 has copied.
        if database.family == .both {
            let old = Rows(connection: rows.connection, generation: .v1)
            for session in ["parent", "child"] {
                try old.session("ses_\(session)", title: "the old title")
                try old.message("msg_\(session)_1", in: "ses_\(session)", parts: [("prt_old_\(session)", "{}")])
                try old.message("msg_old_\(session)", in: "ses_\(session)")
            }
        }
        try rows.belongings(of: "ses_parent", database)
        try rows.belongings(of: "ses_grandchild", database)
    }

    static func mounted(_ family: TestFamily, _ arguments: [String] = []) throws -> MountedHistory {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        try fill(try Rows(database), database)
        return try MountedHistory(sandbox, database, arguments)
    }

    @Test(arguments: TestFamily.typeScript)
    func `D1 rm of a message deletes it with its parts and nothing else`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let before = try mounted.database.dump()
        let path = try mounted.message("msg_parent_2", of: "ses_parent")
        let bare = try mounted.session("ses_parent") + "/messages/msg_parent_2.json"
        #expect(File.exists(bare))
        let run = try mounted.shell("rm '\(path)'")
        #expect(run.status == 0)
        #expect(run.errors == "")
        // By every name the kernel may have kept.
        #expect(!File.exists(path))
        #expect(Sandbox.waits { !File.exists(bare) })
        var after = try mounted.database.dump()
        for (table, rows) in before where table == "message" || table == "part" || table == "session_message" {
            #expect(after[table] == rows.filter { !$0.contains("msg_parent_2") }, "\(table)")
            after[table] = rows
        }
        #expect(after == before)
        // A second rm says what is true.
        #expect(try mounted.shell("rm '\(path)'").errors.contains("No such file"))
    }

    @Test(arguments: TestFamily.allCases)
    func `D1 rm by the id alone removes the listed name too`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let path = try mounted.message("msg_other_1", of: "ses_other")
        let folder = try mounted.session("ses_other") + "/messages"
        #expect(File.exists(path))
        #expect(unlink(folder + "/msg_other_1.json") == 0)
        #expect(Sandbox.waits(seconds: 0.5) { !File.exists(path) })
        #expect(try File.names(in: folder).count == 2)
    }

    @Test(arguments: TestFamily.allCases)
    func `D2 rm -r of a session takes everything that names it`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let before = try mounted.database.dump()
        #expect(try mounted.database.tables(mentioning: "ses_parent").count >= 5)
        let path = try mounted.session("ses_parent")
        let run = try mounted.shell("rm -r '\(path)'")
        #expect(run.status == 0)
        #expect(run.errors == "")
        #expect(!File.exists(path))
        for session in ["ses_parent", "ses_child", "ses_grandchild"] {
            #expect(try mounted.database.tables(mentioning: "'\(session)'") == [], "\(session)")
        }
        let after = try mounted.database.dump()
        let gone = ["'ses_parent'", "'ses_child'", "'ses_grandchild'"]
        for (table, rows) in before {
            // The database clears its references, and notes when: GoTests look at that.
            if table == "bridge_sessions" { continue }
            #expect(after[table] == rows.filter { row in !gone.contains { row.contains($0) } }, "\(table)")
        }
        guard family.holdsAnything else { return }
        #expect(try mounted.database.column("PRAGMA foreign_key_check") == [])
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 restore brings back every row but events, bit by bit`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        var before = try mounted.database.dump()
        #expect(try mounted.shell("rm -r '\(mounted.session("ses_parent"))'").status == 0)
        let removed = try mounted.database.dump()
        #expect(removed != before)

        let rehearsal = try mounted.opencodefs("restore", "--last", "--dry-run")
        #expect(rehearsal.status == 0)
        #expect(rehearsal.text.contains("Would restore 3 sessions and 9 messages"), "\(rehearsal.text)")
        #expect(try mounted.database.dump() == removed)

        let run = try mounted.opencodefs("restore", "--last")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.contains("Restored 3 sessions and 9 messages"), "\(run.text)")
        let after = try mounted.database.dump()
        if !family.isGo {
            #expect(before["event"]?.count == 2)
            #expect(after["event"] == [])
            before["event"] = []
        }
        for (table, rows) in before { #expect(after[table] == rows, "\(table)") }
        #expect(try File.exists(mounted.message("msg_grandchild_1", of: "ses_grandchild")))
        #expect(try mounted.opencodefs("restore", "--last").status == 5)
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 a message comes back by its id`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let before = try mounted.database.dump()
        let path = try mounted.message("msg_archived_1", of: "ses_archived")
        let (bytes, status) = (try File.contents(path), try File.status(path))
        #expect(unlink(path) == 0)
        #expect(try mounted.opencodefs("trash").text.contains("1 message"))
        let run = try mounted.opencodefs("restore", "msg_archived_1")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try mounted.database.dump() == before)
        #expect(Sandbox.waits(seconds: 0.5) { File.exists(path) })
        #expect(try File.contents(path) == bytes)
        #expect(try File.status(path).nanoseconds == status.nanoseconds)
        #expect(try File.status(path).st_ino == status.st_ino)
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 restore says when an id is taken, and changes nothing`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        #expect(try unlink(mounted.message("msg_other_2", of: "ses_other")) == 0)
        let rows = try Rows(mounted.database)
        try rows.message("msg_other_2", in: "ses_parent", #"{"role":"another"}"#)
        let before = try mounted.database.dump()
        let run = try mounted.opencodefs("restore", "--last")
        #expect(run.status == 6)
        #expect(run.errors.contains("taken"), "\(run.errors)")
        #expect(run.errors.contains("Nothing was changed"))
        #expect(try mounted.database.dump() == before)
        // It waits in the trash until the way is free.
        try rows.delete("msg_other_2")
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(try File.exists(mounted.message("msg_other_2", of: "ses_other")))
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 restore of a message whose session is gone names the session`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let before = try mounted.database.dump()
        #expect(try unlink(mounted.message("msg_other_2", of: "ses_other")) == 0)
        #expect(try mounted.shell("rm -r '\(mounted.session("ses_other"))'").status == 0)
        let removed = try mounted.database.dump()
        let run = try mounted.opencodefs("restore", "msg_other_2")
        #expect(run.status == 6)
        #expect(run.errors.contains("ses_other"), "\(run.errors)")
        #expect(try mounted.database.dump() == removed)
        #expect(try mounted.opencodefs("restore", "ses_other").status == 0)
        #expect(try mounted.database.dump() == before)
    }

    @Test func `D3 trash=0 removes for good`() throws {
        let mounted = try Self.mounted(.v1, ["-o", "trash=0"])
        let path = try mounted.message("msg_other_2", of: "ses_other")
        #expect(unlink(path) == 0)
        #expect(!File.exists(path))
        #expect(try mounted.database.tables(mentioning: "msg_other_2") == [])
        #expect(try mounted.opencodefs("trash").text == "")
        #expect(try mounted.opencodefs("restore", "--last").status == 5)
    }

    @Test func `D3 a mount drops from the trash what is older than its days`() throws {
        let mounted = try Self.mounted(.v1)
        for id in ["msg_other_1", "msg_other_2"] {
            #expect(try unlink(mounted.message(id, of: "ses_other")) == 0)
            try mounted.unmount()
            try mounted.mount()
        }
        func kept() throws -> [String] {
            let all = ["msg_other_1", "msg_other_2"]
            let batches = try mounted.opencodefs("trash", "--json").text
            return all.filter { batches.contains($0) }
        }
        #expect(try kept() == ["msg_other_1", "msg_other_2"])
        try mounted.unmount()
        // Nine days go by for one of them, and five for the other.
        let update = """
            UPDATE item SET removed = removed - 86400000 * CASE message WHEN 'msg_other_1' THEN 9 ELSE 5 END;
            SELECT changes();
            """
        #expect(
            try Run.program("sqlite3", [mounted.sandbox.path + "/state/opencodefs/trash.db", update]).text == "2\n")
        try mounted.mount(["-o", "trash=10"])
        try mounted.unmount()
        #expect(try kept() == ["msg_other_1", "msg_other_2"])
        try mounted.mount()
        #expect(Sandbox.waits { (try? kept()) == ["msg_other_2"] })
        #expect(try mounted.opencodefs("restore", "msg_other_1").status == 5)
        #expect(try mounted.opencodefs("restore", "msg_other_2").status == 0)
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 what rm took survives kill -9 of the daemon`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        var before = try mounted.database.dump()
        let (path, daemon) = (try mounted.session("ses_parent"), try mounted.daemon)
        #expect(try mounted.shell("rm -r '\(path)' && kill -9 \(daemon)").status == 0)
        #expect(try mounted.database.tables(mentioning: "'ses_parent'") == [])
        let run = try mounted.opencodefs("restore", "--last")
        #expect(run.status == 0, "\(run.errors)")
        if !family.isGo { before["event"] = [] }
        #expect(try mounted.database.dump() == before)
    }

    @Test(arguments: TestFamily.typeScript)
    func `D2 rm -r of a project's sessions leaves the project`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let run = try mounted.shell("rm -r shop~shop/2* shop~shop/archived/2*")
        #expect(run.status == 0)
        #expect(run.errors == "")
        let (sessions, messages): (SQLIdentifier, SQLIdentifier) =
            family == .v1
            ? (SQLIdentifier("session"), SQLIdentifier("message"))
            : (SQLIdentifier("session_v2"), SQLIdentifier("session_message"))
        #expect(try mounted.database.column("SELECT id FROM \(sessions)") == ["ses_other"])
        #expect(try mounted.database.column("SELECT count(*) FROM \(messages)") == ["3"])
        #expect(try mounted.database.column("SELECT id FROM project ORDER BY id") == ["other", "shop"])
        #expect(try File.names(in: mounted.path("shop~shop")) == ["project.json"])
        // A project is OpenCode's to remove.
        #expect(File.failure { rmdir(mounted.path("shop~shop")) } == EPERM)
        let whole = try mounted.shell("rm -r shop~other")
        #expect(whole.status == 1)
        #expect(try mounted.database.column("SELECT id FROM \(sessions)") == [])
        #expect(try mounted.database.column("SELECT count(*) FROM project") == ["2"])
    }

    @Test(arguments: TestFamily.typeScript)
    func `D2 rmdir of what holds something is refused`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let before = try mounted.database.dump()
        let parent = try mounted.session("ses_parent")
        for path in [
            parent, parent + "/messages", parent + "/children", mounted.path("shop~shop"),
            mounted.path("shop~shop/archived"),
        ] {
            #expect(File.failure { rmdir(path) } == ENOTEMPTY, "\(path)")
        }
        #expect(File.failure { rmdir(mounted.path(".opencodefs")) } == EPERM)
        #expect(File.failure { unlink(mounted.path(".opencodefs/status.json")) } == EPERM)
        #expect(File.failure { unlink(parent) } == EISDIR)
        #expect(File.failure { rmdir(parent + "/session.json") } == ENOTDIR)
        #expect(try mounted.shell("find . -empty -delete").status == 0)
        #expect(try mounted.database.dump() == before)
        // And nothing is hidden.
        #expect(try File.names(in: parent).contains("messages"))
        #expect(File.exists(mounted.path("shop~shop/archived")))
    }

    @Test(arguments: TestFamily.allCases)
    func `D2 find -empty -delete eats no session without messages`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.project("void")
            try rows.session("ses_empty")
        }
        let before = try mounted.database.dump()
        let path = try mounted.session("ses_empty")
        _ = try mounted.shell("find . -mindepth 1 -empty -delete")
        #expect(try mounted.database.dump() == before)
        #expect(File.exists(path + "/session.json"))
        // What was hidden returns when a message arrives.
        try Rows(mounted.database).message("msg_1", in: "ses_empty")
        #expect(Sandbox.waits(seconds: 0.5) { File.exists(path + "/messages/msg_1.json") })
        #expect(try File.names(in: path) == MountedHistory.sessionNames(family))
    }

    @Test(arguments: TestFamily.allCases)
    func `D2 what unlink hides returns when a message arrives`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let path = try mounted.session("ses_parent")
        let names = try File.names(in: path)
        #expect(names.contains("session.json"))
        #expect(names.contains("todo.json") == (family.generation == .v1 || family == .both))
        let before = try mounted.database.dump()
        for name in names where name.hasSuffix(".json") { #expect(unlink(path + "/" + name) == 0, "\(name)") }
        #expect(try File.names(in: path) == names.filter { !$0.hasSuffix(".json") })
        #expect(File.failure { open(path + "/session.json", O_RDONLY) } == ENOENT)
        #expect(try mounted.database.dump() == before)
        try Rows(mounted.database).message("msg_late", in: "ses_parent")
        #expect(Sandbox.waits(seconds: 0.5) { File.exists(path + "/session.json") })
        #expect(try File.names(in: path) == names)
    }

    @Test(arguments: TestFamily.allCases)
    func `D2 a session to which a message came in between is not removed`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let path = try mounted.session("ses_other")
        #expect(try mounted.shell("cd '\(path)' && rm messages/* session.json && rmdir messages && ls").status == 0)
        try Rows(mounted.database).message("msg_late", in: "ses_other")
        #expect(File.failure { rmdir(path) } == ENOTEMPTY)
        #expect(
            try mounted.database.column("SELECT id FROM \(Rows(mounted.database).messages) WHERE id = 'msg_late'") == [
                "msg_late"
            ])
        #expect(Sandbox.waits(seconds: 0.5) { (try? File.names(in: path)) == MountedHistory.sessionNames(family) })
    }

    @Test(arguments: TestFamily.typeScript)
    func `D2 a session bound to a workspace is not removed`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_bound", workspace: "wrk_1")
            try rows.message("msg_bound", in: "ses_bound")
            try rows.session("ses_owned")
            try rows.message("msg_owned", in: "ses_owned")
            try rows.connection.run(
                "INSERT INTO event_sequence (aggregate_id, seq, owner_id) VALUES ('ses_owned', 1, 'somebody')")
        }
        let before = try mounted.database.dump()
        for name in ["bound", "owned"] {
            let path = try mounted.message("msg_\(name)", of: "ses_\(name)")
            #expect(File.failure { unlink(path) } == EPERM)
            let run = try mounted.shell("rm -r '\(mounted.session("ses_\(name)"))'")
            #expect(run.status == 1)
            #expect(run.errors.contains("Operation not permitted"), "\(run.errors)")
        }
        #expect(try mounted.database.dump() == before)
    }

    @Test(arguments: TestFamily.plain)
    func `D1 awkward messages are removed and come back bit by bit`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { _ in }
        try AwkwardHistory.write(to: mounted.database)
        let before = try mounted.database.dump()
        let run = try mounted.shell("cd \(family.shop) && rm -r *ses_ids *ses_texts *ses_large")
        #expect(run.status == 0)
        #expect(run.errors == "")
        #expect(try mounted.database.tables(mentioning: "'ses_texts'") == [])
        let restored = try mounted.opencodefs("restore", "--last")
        #expect(restored.status == 0, "\(restored.errors)")
        let after = try mounted.database.dump()
        for (table, rows) in before { #expect(after[table] == rows, "\(table)") }
    }
}
