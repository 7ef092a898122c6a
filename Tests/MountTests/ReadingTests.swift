import DemoHistory
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct ReadingTests {
    @Test(arguments: TestFamily.typeScript)
    func `R3 a message's time is its newest row's, and moves with its bytes`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1", updated: Rows.noon + 1)
            try rows.message("msg_1", in: "ses_1", created: Rows.noon, updated: Rows.noon + 123)
            if rows.generation == .v1 {
                try rows.part("prt_1", of: "msg_1", in: "ses_1", "{}", updated: Rows.noon + 4_567)
            }
        }
        let path = try mounted.message("msg_1", of: "ses_1")
        let newest = Rows.noon + (family == .v1 ? 4_567 : 123)
        let before = try File.status(path)
        #expect(before.milliseconds == newest)
        let session = try mounted.session("ses_1")
        for directory in [session, session + "/messages"] {
            #expect(try File.status(directory).milliseconds == newest, "\(directory)")
        }
        // Other bytes of another length while the clock stands still, as within one millisecond.
        let rows = try Rows(mounted.database)
        try rows.connection.run(
            "UPDATE \(rows.messages) SET data = '{\"role\":\"user\",\"more\":1}' WHERE id = 'msg_1'")
        #expect(Sandbox.waits(seconds: 0.5) { (try? File.status(path).nanoseconds) != before.nanoseconds })
        #expect(try File.status(path).milliseconds == newest)
        #expect(try File.text(path).contains("more"))
        // And one that says when.
        try rows.connection.run("UPDATE \(rows.messages) SET time_updated = \(Rows.noon + 9_999) WHERE id = 'msg_1'")
        #expect(Sandbox.waits(seconds: 0.5) { (try? File.status(path).milliseconds) == Rows.noon + 9_999 })
        #expect(try File.status(path).st_ino == before.st_ino)
    }

    @Test(arguments: TestFamily.allCases)
    func `R3 inode numbers and times survive a remount`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        func snapshot(_ mountpoint: String) throws -> [[UInt8]: [Int64]] {
            try FileTree(mountpoint).nodes.mapValues {
                [Int64(bitPattern: UInt64($0.status.st_ino)), $0.status.nanoseconds]
            }
        }
        let before = try snapshot(mounted.mountpoint)
        #expect(before.count > 60)
        try mounted.unmount()
        #expect(try File.projects(in: mounted.mountpoint) == [])
        try mounted.mount()
        #expect(try snapshot(mounted.mountpoint) == before)
    }

    /// R5: only a look at the bytes themselves can notice it.
    @Test(arguments: [TestFamily.v1, .v2])
    func `R5 an UPDATE that leaves time and length alone is seen within 10 s`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.message("msg_1", in: "ses_1", #"{"role":"user","text":"aaaa"}"#)
        }
        let path = try mounted.message("msg_1", of: "ses_1")
        let before = try File.status(path)
        #expect(try File.text(path).contains("aaaa"))
        let rows = try Rows(mounted.database)
        try rows.connection.run("UPDATE \(rows.messages) SET data = replace(data, 'aaaa', 'bbbb') WHERE id = 'msg_1'")
        #expect(Sandbox.waits(seconds: 12) { (try? File.text(path).contains("bbbb")) == true })
        let after = try File.status(path)
        #expect(after.nanoseconds == before.nanoseconds + 1)
        #expect((after.st_ino, after.st_size) == (before.st_ino, before.st_size))
    }

    /// A history with one message of three million times the letter a.
    private func large(_ family: TestFamily) throws -> MountedHistory {
        try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.message("msg_1", in: "ses_1", "{\"text\":\"\(String(repeating: "a", count: 3_000_000))\"}")
        }
    }

    /// Which of the two texts a file shows; the frame has an a or two of its own.
    private func letters(_ bytes: [UInt8]) -> (a: Bool, b: Bool) {
        var counts = [Int](repeating: 0, count: 256)
        for byte in bytes { counts[Int(byte)] += 1 }
        return (counts[Int(UInt8(ascii: "a"))] > 10, counts[Int(UInt8(ascii: "b"))] > 10)
    }

    @Test(arguments: [TestFamily.v1, .v2], [false, true])
    func `R4 who has a message open reads the old text to its end`(family: TestFamily, isSilent: Bool) throws {
        let mounted = try large(family)
        let path = try mounted.message("msg_1", of: "ses_1")
        let size = Int(try File.status(path).st_size)
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1)
        #expect(read(descriptor, &bytes, 1) == 1)
        let rows = try Rows(mounted.database)
        try rows.connection.run(
            """
            UPDATE \(rows.messages) SET data = replace(data, 'a', 'b'), time_updated = time_updated + \(isSilent ? 0 : 1)
            WHERE id = 'msg_1'
            """)
        bytes += try File.rest(of: descriptor)
        #expect(bytes.count == size)
        #expect(letters(bytes) == (true, false))
        if isSilent { return }
        #expect(
            Sandbox.waits(seconds: 0.5) { (try? File.contents(path)).map { letters($0) == (false, true) } ?? false })
    }

    /// The kernel has the beginning of the old text; what it then reads is the end of the new one.
    @Test(arguments: [TestFamily.v1, .v2])
    func `R4 who opens a message that changed silently gets no mixture, and soon the new text`(
        family: TestFamily
    ) throws {
        let mounted = try large(family)
        let path = try mounted.message("msg_1", of: "ses_1")
        let before = try File.status(path)
        #expect(try mounted.shell("head -c 1 '\(path)'").text == "{")
        let rows = try Rows(mounted.database)
        try rows.connection.run("UPDATE \(rows.messages) SET data = replace(data, 'a', 'b') WHERE id = 'msg_1'")
        var refusals = 0
        let isNew = Sandbox.waits(seconds: 5) {
            do {
                return try letters(File.contents(path)) == (false, true)
            } catch let error as SystemError {
                refusals += 1
                return error != SystemError(ESTALE)
            } catch {
                return true
            }
        }
        #expect(isNew)
        #expect(refusals < 3)
        #expect(try letters(File.contents(path)) == (false, true))
        #expect(try File.status(path).nanoseconds == before.nanoseconds + 1)
    }

    @Test(arguments: TestFamily.typeScript)
    func `R6 user.opencode.malformed says where a message stops being JSON`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.message("msg_good", in: "ses_1", parts: [("prt_good", "{}")])
            try rows.message("msg_bad", in: "ses_1", "{\"role\":\"user\",,}")
        }
        let bad = try mounted.message("msg_bad", of: "ses_1")
        let bytes = try File.contents(bad)
        let text = String(decoding: bytes, as: UTF8.self)
        let expected = try #require(text.range(of: ",,")).lowerBound
        let run = try mounted.shell("getfattr --only-values -n user.opencode.malformed '\(bad)'")
        #expect(run.status == 0)
        #expect(run.text == "\(text.utf8.distance(from: text.startIndex, to: expected) + 1)", "the second comma")
        #expect(try mounted.shell("getfattr '\(bad)'").text.contains("user.opencode.malformed"))
        let good = try mounted.message("msg_good", of: "ses_1")
        let none = try mounted.shell("getfattr -n user.opencode.malformed '\(good)'")
        #expect(none.status == 1)
        #expect(none.errors.contains("No such attribute"))
        #expect(
            try mounted.shell("getfattr -R -d .").text.split(separator: "\n")
                .filter { $0.hasPrefix("user.opencode.malformed") }.count == 1)
    }

    @Test(arguments: TestFamily.files)
    func `R8 df tells the size of the database and counts its rows`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        var (status, own) = (statvfs(), statvfs())
        #expect(statvfs(mounted.mountpoint, &status) == 0)
        #expect(statvfs(mounted.sandbox.path, &own) == 0)
        let size = try ["", "-wal"].map { Int(try File.status(mounted.database.path + $0).st_size) }.reduce(0, +)
        let used = Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize)
        #expect((size...(size + 4096)).contains(used))
        let free = Double(status.f_bavail) * Double(status.f_frsize)
        let difference = abs(free - Double(own.f_bavail) * Double(own.f_frsize))
        #expect(difference < 1e9, "what the disk still has, while others use it too")
        // Of a session that both generations have, only what is shown is counted.
        let stale = family == .both ? "WHERE session_id NOT IN (SELECT id FROM session_v2)" : ""
        let queries =
            family.isGo
            ? ["SELECT count(DISTINCT project_id) FROM sessions", "SELECT count(*) FROM messages"]
            : (family == .v1 ? [] : ["SELECT count(*) FROM session_message"])
                + (family == .v2
                    ? []
                    : [
                        "SELECT count(*) FROM message \(stale)",
                        "SELECT count(*) FROM part WHERE message_id IN (SELECT id FROM message \(stale))",
                    ]) + ["SELECT count(*) FROM project"]
        var rows = 0
        for query in queries { rows += Int(try mounted.database.column(SQLQuery(stringLiteral: query))[0]) ?? 0 }
        let sessions = try mounted.shell("find . -name session.json | wc -l").text
        rows += Int(sessions.filter(\.isNumber)) ?? 0
        #expect(Int(status.f_files) == rows)
    }

    @Test(arguments: TestFamily.typeScript)
    func `R10 session.json holds the columns of its row`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, sessions: 12)
        let run = try mounted.shell(
            "find . -name '*.json' -not -path '*/messages/*' -print0 | xargs -0 jq -e . | wc -l")
        #expect(run.status == 0, "\(run.errors)")
        let table = SQLIdentifier(family == .v1 ? "session" : "session_v2")
        let texts: [(column: String, path: [String])] =
            [
                ("id", ["id"]), ("project_id", ["projectID"]), ("parent_id", ["parentID"]), ("title", ["title"]),
                ("agent", ["agent"]), ("version", ["version"]), ("share_url", ["share", "url"]),
            ]
            + (family == .v1
                ? [("directory", ["directory"]), ("slug", ["slug"])] : [("directory", ["location", "directory"])])
        let numbers: [(column: String, path: [String])] = [
            ("time_created", ["time", "created"]), ("time_updated", ["time", "updated"]),
            ("time_archived", ["time", "archived"]), ("cost", ["cost"]), ("tokens_input", ["tokens", "input"]),
            ("tokens_output", ["tokens", "output"]), ("tokens_reasoning", ["tokens", "reasoning"]),
            ("tokens_cache_read", ["tokens", "cache", "read"]), ("tokens_cache_write", ["tokens", "cache", "write"]),
            ("summary_additions", ["summary", "additions"]), ("summary_deletions", ["summary", "deletions"]),
            ("summary_files", ["summary", "files"]),
        ]
        let stored: [(column: String, path: [String])] = [
            ("model", ["model"]), ("permission", ["permission"]), ("summary_diffs", ["summary", "diffs"]),
            ("revert", ["revert"]), ("metadata", ["metadata"]),
        ]
        var compared = 0
        let ids = try mounted.database.column("SELECT id FROM \(table)")
        #expect(ids.count == 12)
        for id in ids {
            let json = try JSONValue(File.contents(mounted.session(id) + "/session.json"))
            func value(_ path: [String]) -> JSONValue? { path.reduce(json) { $0?[$1] } }
            func column(_ name: String) throws -> String? {
                let text = try mounted.database.column("SELECT \(SQLIdentifier(name)) FROM \(table) WHERE id = \(id)")[
                    0]
                return text == "NULL" ? nil : text
            }
            for (name, path) in texts { #expect(try value(path)?.string == column(name), "\(name) of \(id)") }
            for (name, path) in numbers {
                #expect(try value(path)?.number == column(name).flatMap(Double.init), "\(name)")
            }
            for (name, path) in stored {
                #expect(try value(path) == column(name).map { try JSONValue(Array($0.utf8)) }, "\(name) of \(id)")
                if value(path) != nil { compared += 1 }
            }
        }
        #expect(compared > 12)
    }

    @Test(arguments: TestFamily.typeScript)
    func `R10 project.json and todo.json hold the columns of their rows`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, sessions: 20)
        let projects = try mounted.database.column("SELECT id FROM project")
        #expect(projects.count > 1)
        for id in projects {
            let json = try JSONValue(File.contents(mounted.path(id) + "/project.json"))
            func column(_ name: String) throws -> String {
                try mounted.database.column("SELECT \(SQLIdentifier(name)) FROM project WHERE id = \(id)")[0]
            }
            #expect(json["id"]?.string == id)
            #expect(try json["worktree"]?.string == column("worktree"))
            #expect(try json["vcs"]?.string ?? "NULL" == column("vcs"))
            #expect(try json["time"]?["created"]?.number == Double(column("time_created")))
            #expect(try json["time"]?["updated"]?.number == Double(column("time_updated")))
            #expect(try json["sandboxes"] == JSONValue(Array(column("sandboxes").utf8)))
        }
        guard family != .v2 else { return }
        let sessions = try mounted.database.column("SELECT DISTINCT session_id FROM todo")
        #expect(!sessions.isEmpty)
        for id in sessions {
            let json = try JSONValue(File.contents(mounted.session(id) + "/todo.json"))
            for name in ["content", "status", "priority"] {
                let column = try mounted.database.column(
                    "SELECT \(SQLIdentifier(name)) FROM todo WHERE session_id = \(id) ORDER BY position")
                #expect(json.array?.map { $0[name]?.string } == column)
            }
        }
    }

    @Test(arguments: TestFamily.typeScript)
    func `R9 secrets are nowhere in the tree`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.connection.run(
                """
                INSERT INTO account (id, email, url, access_token, refresh_token, time_created, time_updated)
                VALUES ('acc', 'u@example.org', 'https://example.org', 'secret-access', 'secret-refresh', 1, 2)
                """)
            try rows.connection.run(
                """
                INSERT INTO credential (id, label, value, time_created, time_updated)
                VALUES ('cred', 'label', 'secret-credential', 1, 2)
                """)
            if rows.generation == .v1 {
                try rows.connection.run(
                    """
                    INSERT INTO session_share (session_id, id, secret, url, time_created, time_updated)
                    VALUES ('ses_1', 'share', 'secret-share', 'https://opncd.ai/s/share', 1, 2)
                    """)
            }
        }
        #expect(try mounted.database.tables(mentioning: "secret-").count == (family == .v1 ? 3 : 2))
        let run = try mounted.shell("grep -rF secret- . .opencodefs")
        #expect(run.status == 1)
        #expect(run.text == "")
        #expect(try mounted.shell("grep -rF ses_1 . | wc -l").text != "0\n")
    }

    @Test(arguments: TestFamily.typeScript)
    func `W11 what a history has no place for is refused with EPERM and changes nothing`(family: TestFamily)
        throws
    {
        let mounted = try MountedHistory(demo: family)
        let id = try mounted.database.column(
            "SELECT id FROM \(SQLIdentifier(family == .v1 ? "session" : "session_v2"))")[0]
        let session = try mounted.session(id)
        let file = session + "/messages/" + (try #require(File.names(in: session + "/messages").first))
        let before = try mounted.database.dump()
        let bytes = try File.contents(file)
        #expect(File.failure { truncate(file, 0) } == EINVAL)
        #expect(File.failure { rename(file, session + "/messages/msg_other.json") } == EPERM)
        #expect(File.failure { rename(session, mounted.path("elsewhere")) } == EPERM)
        #expect(File.failure { mkdir(session + "/new", 0o700) } == EPERM)
        #expect(File.failure { mkdir(session + "/messages/msg_1.json", 0o700) } == EPERM)
        #expect(File.failure { open(mounted.path(".opencodefs/new"), O_WRONLY | O_CREAT, 0o600) } == EPERM)
        #expect(File.failure { symlink("/etc/passwd", mounted.path("link")) } == EPERM)
        #expect(File.failure { link(file, session + "/messages/link.json") } == EPERM)
        #expect(File.failure { mknod(mounted.path("fifo"), S_IFIFO | 0o600, 0) } == EPERM)
        #expect(try mounted.shell("ln '\(file)' x").errors.contains("Operation not permitted"))
        // Nothing here could hold it (rule W8).
        #expect(chmod(file, 0o777) == 0)
        #expect(chown(file, 1, 1) == 0)
        #expect(try mounted.database.dump() == before)
        #expect(try File.contents(file) == bytes)
    }

    @Test func `errors.jsonl gets a line without words of a conversation`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "Private title")
            try rows.message("msg_1", in: "ses_1", parts: [("prt_1", #"{"type":"text","text":"Private words"}"#)])
        }
        let log = mounted.path(".opencodefs/errors.jsonl")
        #expect(try File.contents(log) == [])
        let path = try mounted.message("msg_1", of: "ses_1")
        // Everyday answers are no news.
        #expect(File.failure { open(path + "x", O_RDONLY) } == ENOENT)
        #expect(File.failure { rmdir(mounted.path("shop~shop")) } == ENOTEMPTY)
        #expect(try File.contents(log) == [])
        let run = try mounted.shell("ln '\(path)' '\(path)x'")
        #expect(run.status == 1)
        #expect(Sandbox.waits { (try? File.contents(log)) != [] })
        let lines = try File.text(log).split(separator: "\n")
        try #require(!lines.isEmpty)
        let entry = try JSONValue(Array(lines[0].utf8))
        #expect(entry["errno"]?.string == "EPERM")
        #expect(entry["path"]?.string?.contains("msg_1") == true)
        #expect((entry["pid"]?.number ?? 0) > 1)
        #expect(entry["reason"]?.string?.isEmpty == false)
        #expect(entry["remedy"]?.string?.isEmpty == false)
        #expect(entry["time"]?.string?.hasSuffix("Z") == true)
        #expect(!lines.contains { $0.contains("Private words") })
    }

    @Test(arguments: TestFamily.typeScript)
    func `status.json tells what the mount shows`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["Project"]?.string == "all")
        #expect(status["Provider"]?.string == "local")
        let families = status["family"]?.array?.compactMap(\.string)
        #expect(families == (family == .both ? ["V1", "V2"] : [family == .v1 ? "V1" : "V2"]))
        #expect(status["database"]?.string == mounted.database.path)
        #expect(status["schema"]?["readable"]?.boolean == true)
        #expect(status["writable"]?.boolean == true)
        #expect(try status["pid"]?.number == Double(mounted.daemon))
        #expect((status["size"]?.number ?? 0) > 4096)
        let table = SQLIdentifier(family == .v1 ? "session" : "session_v2")
        let sessions = try mounted.database.column("SELECT count(*) FROM \(table)")[0]
        #expect(status["counts"]?["sessions"]?.number == Double(sessions))
        // The command shows the same.
        let run = try mounted.sandbox.opencodefs(["status", "--json", mounted.mountpoint])
        #expect(try JSONValue(run.output) == status)
        let page = try mounted.sandbox.opencodefs(["status", mounted.mountpoint]).text
        #expect(page.contains("\(sessions) sessions"))
        #expect(page.contains(mounted.database.path))
    }
}
