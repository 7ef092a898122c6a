import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// `.opencodefs/search/`, and `opencodefs search`.
@Suite(.serialized, .timeLimit(.minutes(25))) struct SearchTests {
    /// A message that says something, in the family's own words.
    private static func say(_ text: String, _ id: String, in session: String, _ rows: Rows, number: Int64) throws {
        let created = Rows.noon + number * 1000
        switch rows.generation {
        case .v1:
            try rows.message(
                "\(id)", in: "\(session)", #"{"role":"user","time":{"created":\#(created)}}"#, created: created,
                parts: [("prt_\(id)", #"{"type":"text","text":"\#(text)"}"#)].map { (SQLValue($0.0), SQLValue($0.1)) })
        case .v2:
            try rows.message(
                "\(id)", in: "\(session)", #"{"text":"\#(text)","time":{"created":\#(created)}}"#, created: created)
        case .go:
            try rows.message(
                "\(id)", in: "\(session)", #"[{"type":"text","data":{"text":"\#(text)"}}]"#, created: created,
                sequence: number)
        }
    }

    private static func cache(_ mounted: borrowing MountedHistory) -> String {
        mounted.sandbox.path + "/home/.cache/opencodefs"
    }

    @Test(arguments: TestFamily.plain)
    func `Q3 a directory of a query has links to what matches, the best first`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "The needle of the title")
            try rows.session("ses_2", title: "Another")
            try Self.say("an old needle", "msg_1", in: "ses_1", rows, number: 1)
            try Self.say("a new needle", "msg_2", in: "ses_2", rows, number: 2)
            try Self.say("hay", "msg_3", in: "ses_2", rows, number: 3)
        }
        for _ in 0..<2 {
            let names = try mounted.shell("ls .opencodefs/search/needle").lines
            try #require(names.count == 3, "\(names)")
            #expect(names[0].hasPrefix("0001.") && names[0].hasSuffix("~ses_1"))
            #expect(names[1].hasPrefix("0002.") && names[1].hasSuffix("~msg_2.json") && names[1].contains("Another"))
            #expect(names[2].hasPrefix("0003.") && names[2].hasSuffix("~msg_1.json"))
            for (name, id) in zip(names.dropFirst(), ["msg_2", "msg_1"]) {
                let text = try mounted.shell("cat '.opencodefs/search/needle/\(name)'").text
                #expect(text.contains("needle") && text.contains(id))
                #expect(
                    try mounted.shell("readlink -f '.opencodefs/search/needle/\(name)'").text.hasSuffix("~\(id).json\n")
                )
            }
            #expect(File.exists(mounted.path(".opencodefs/search/needle/\(names[0])/session.json")))
            #expect(try mounted.shell("ls '.opencodefs/search/\"new needle\" role:user'").lines.count == 1)
            #expect(try mounted.shell("ls .opencodefs/search/zebra").lines == [])
            // The second time by the index.
            #expect(
                Sandbox.waits(seconds: 60) {
                    (try? mounted.shell("cat .opencodefs/status.json").text.contains(#""index":"ready""#)) == true
                })
        }
        // What is written now is found now, though the index has not heard of it.
        try Self.say("one more needle", "msg_4", in: "ses_2", try Rows(mounted.database), number: 4)
        #expect(Sandbox.waits { (try? mounted.shell("ls .opencodefs/search/needle").lines.count) == 4 })
        #expect(try mounted.shell("ls .opencodefs/search").lines == [])
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test func `Q3 more than 1,000 results are a thousand links and MORE`() throws {
        let mounted = try MountedHistory(.go) { rows in
            try rows.session("ses_1")
            try rows.connection.writing { () throws(SQLError) in
                for number in 1...1005 {
                    try rows.connection.run(
                        """
                        INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq) \
                        VALUES (\("m\(number)"), 'ses_1', 'user', \(#"[{"type":"text","data":{"text":"it's"}}]"#), 5, 6, \
                        \(Int64(number)))
                        """)
                }
            }
        }
        let names = try mounted.shell(#"ls '.opencodefs/search/"it'"'"'s"'"#).lines
        #expect(names.count == 1001)
        #expect(names.last == "MORE")
        let more = try mounted.shell(#"cat '.opencodefs/search/"it'"'"'s"/MORE'"#).lines
        #expect(more.first == "1005 messages match, and this directory has links to the first 1000.")
        #expect(more.last == #"All of them: opencodefs search '"it'\''s"'"#)
        let all = try mounted.opencodefs("search", "--json", #""it's""#)
        #expect(all.lines.count == 1005 && all.status == 0)
        #expect(try mounted.opencodefs("search", "--json", "--limit", "7", #""it's""#).lines.count == 7)
    }

    @Test func `Q5 a query that is none is EINVAL, and errors.jsonl says where it is wrong`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for query in ["foo (bar", "NOT", "role:king"] {
            let run = try mounted.shell("ls '.opencodefs/search/\(query)'")
            #expect(run.status != 0 && run.errors.contains("Invalid argument"), "\(run.errors)")
        }
        let log = try File.text(mounted.path(".opencodefs/errors.jsonl"))
        #expect(log.contains("this ( is not closed, at character 5 of the query"))
        #expect(log.contains(#""errno":"EINVAL""#))
        #expect(log.contains("something to search for is missing, at character 4 of the query"))
        let command = try mounted.opencodefs("search", "foo", "(bar")
        #expect(command.status == 2)
        #expect(command.errors.contains("this ( is not closed, at character 5 of the query"))
    }

    @Test func `Q6 looking and searching write nothing into the database, and nothing is made before a search`() throws
    {
        let mounted = try MountedHistory(demo: .v1)
        let before = try mounted.database.dump()
        _ = try mounted.shell(
            "ls -la .opencodefs; stat .opencodefs/search .opencodefs/search/.git; ls .opencodefs/search")
        #expect(!File.exists(Self.cache(mounted)))
        #expect(try mounted.shell("ls .opencodefs/search/webhook").lines.count > 1)
        #expect(
            Sandbox.waits(seconds: 60) {
                (try? mounted.shell("cat .opencodefs/status.json").text.contains(#""index":"ready""#)) == true
            })
        let files = try File.names(in: Self.cache(mounted)).filter { $0.hasSuffix(".db") }
        #expect(files.count == 1)
        #expect(try File.status(Self.cache(mounted) + "/" + files[0]).permissions == 0o600)
        #expect(before.difference(to: try mounted.database.dump()) == [])
    }

    @Test func `Q6 an index that is taken away, or damaged, is made anew by the next search`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let expected = try mounted.shell("ls .opencodefs/search/webhook").lines
        #expect(expected.count > 1)
        func hasIndex() -> Bool {
            let names = (try? File.names(in: Self.cache(mounted))) ?? []
            return names.contains { name in
                let run = try? Run.program(
                    "sqlite3", ["-readonly", Self.cache(mounted) + "/" + name, "SELECT count(*) FROM document"])
                return run?.text == "60\n"
            }
        }
        #expect(Sandbox.waits(seconds: 60) { hasIndex() })
        // The history stays as it is: nothing else would have the mount look.
        for damage in ["rm", "truncate -s 0", "truncate -s 20000", "cp /bin/true"] {
            let run = try Run.shell("for file in '\(Self.cache(mounted))'/*.db; do \(damage) \"$file\"; done")
            #expect(run.status == 0, "\(run.errors)")
            // Another query, for the answer to this one is kept.
            #expect(try mounted.shell("ls '.opencodefs/search/\(damage) zebra'").lines == [])
            #expect(Sandbox.waits(seconds: 60) { hasIndex() }, "\(damage)")
        }
        #expect(try mounted.shell("ls .opencodefs/search/webhook").lines == expected)
    }

    @Test(arguments: [[], ["-o", "names=id"]])
    func `Q3 a link that was listed leads there still when others have come before it`(options: [String]) throws {
        let mounted = try MountedHistory(.v1, options) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "T")
            try Self.say("an old needle", "msg_1", in: "ses_1", rows, number: 1)
        }
        let listed = try mounted.shell("ls .opencodefs/search/needle").lines
        try #require(listed.count == 1)
        let rows = try Rows(mounted.database)
        try Self.say("a new needle", "msg_2", in: "ses_1", rows, number: 2)
        // Somebody else lists the directory, so that it is known no more what was listed before.
        #expect(Sandbox.waits { (try? mounted.shell("ls .opencodefs/search/needle").lines.count) == 2 })
        #expect(try mounted.shell("cat '.opencodefs/search/needle/\(listed[0])'").text.contains("an old needle"))
    }

    @Test func `Q3 a link to what is gone is ENOENT, and no fault`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "T")
            try Self.say("a needle", "msg_1", in: "ses_1", rows, number: 1)
        }
        let name = try #require(try mounted.shell("ls .opencodefs/search/needle").lines.first)
        // The first is O_PATH of <linux/fcntl.h>.
        let link = open(mounted.path(".opencodefs/search/needle/\(name)"), 0o10_000_000 | O_NOFOLLOW)
        #expect(link >= 0)
        defer { _ = close(link) }
        try mounted.database.run("DELETE FROM part", "DELETE FROM message")
        #expect(Sandbox.waits { (try? mounted.shell("ls .opencodefs/search/needle").lines) == [] })
        var target = [CChar](repeating: 0, count: 4096)
        #expect(readlinkat(link, "", &target, target.count) == -1)
        #expect(errno == ENOENT)
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test func `D4 nothing under search/ is removed, made or written`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let before = try mounted.database.dump()
        for line in [
            "rm .opencodefs/search/webhook/0001*", "rmdir .opencodefs/search/zebra",
            "mv .opencodefs/search/a .opencodefs/search/b",
            "echo > .opencodefs/search/webhook/x", "ln -s x .opencodefs/search/webhook/y", "rmdir .opencodefs/search",
        ] {
            let run = try mounted.shell(line)
            #expect(run.status != 0 && run.errors.contains("Operation not permitted"), "\(line): \(run.errors)")
        }
        #expect(before.difference(to: try mounted.database.dump()) == [])
    }

    @Test(arguments: TestFamily.plain)
    func `Q7 the command finds what the directory has, at once with a mount`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        for query in ["webhook", "\"of the\" NOT role:user", "pagination OR retr*"] {
            let command = try mounted.opencodefs("search", "--json", query)
            let plain = try mounted.opencodefs("search", "--no-index", "--json", query)
            #expect(command.text == plain.text)
            let links = try mounted.shell("ls '.opencodefs/search/\(query)'").lines
            #expect(links.count == command.lines.count && !links.isEmpty, "\(query)")
            for (link, line) in zip(links, command.lines) {
                let id = link.split(separator: "~").last.map {
                    $0.hasSuffix(".json") ? String($0.dropLast(5)) : String($0)
                }
                #expect(line.contains("\"\(id ?? "?")\""), "\(link) \(line)")
            }
        }
        let people = try mounted.opencodefs("search", "webhook")
        #expect(people.status == 0 && !people.text.contains("\u{1b}"))
        #expect(people.errors == "")
        let none = try mounted.opencodefs("search", "zebraxyz")
        #expect(none.status == 1 && none.text == "")
        #expect(try mounted.opencodefs("search").status == 2)
        #expect(try mounted.opencodefs("search", "--limit", "x", "y").status == 2)
    }

    @Test func `Q6 kill -9 while the index is built costs no result, and the next one goes on`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 60, messages: 4000)
        let expected = try mounted.opencodefs("search", "--no-index", "--json", "the").text
        #expect(!expected.isEmpty)
        let cache = Self.cache(mounted)
        func index(_ question: String) throws -> [String] {
            let file = try File.names(in: cache).first { $0.hasSuffix(".db") }
            return try Run.program("sqlite3", ["-cmd", ".timeout 10000", cache + "/" + (file ?? ""), question]).lines
        }
        let documents = "SELECT id, message, version FROM document ORDER BY id"
        // Begins it, and does not wait for the answer.
        _ = try mounted.shell("ls .opencodefs/search/zebra > /dev/null 2>&1 &")
        // When a batch has been written, the next ones are being read and written.
        #expect(Sandbox.waits(seconds: 60) { (try? index(documents).isEmpty) == false })
        let daemon = try mounted.daemon
        kill(daemon, SIGKILL)
        #expect(Sandbox.waits { kill(daemon, 0) != 0 })
        let written = try index(documents)
        #expect(!written.isEmpty && written.count < 4000, "\(written.count)")
        #expect(try mounted.opencodefs("search", "--json", "the").text == expected)
        let whole = try index(documents)
        #expect(whole.starts(with: written) && whole.count == 4000, "\(whole.count)")
        #expect(try mounted.opencodefs("search", "--json", "the").text == expected)
        #expect(try index("PRAGMA integrity_check") == ["ok"])
    }

    @Test func `Q6 where no index can be made, searches are as complete`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(demo: .v1, at: sandbox.path + "/opencode.db", sessions: 6, messages: 60)
        let environment = ["XDG_CACHE_HOME": "/proc/none"]
        let plain = try sandbox.opencodefs(["search", "--database", database.path, "--no-index", "--json", "webhook"])
        let command = try sandbox.opencodefs(
            ["search", "--database", database.path, "--json", "webhook"], environment: environment)
        #expect(plain.status == 0 && !plain.lines.isEmpty)
        #expect(command.status == 0 && command.text == plain.text)
        #expect(command.errors.contains("cannot make /proc/none/opencodefs for the index; set XDG_CACHE_HOME"))
        let mountpoint = try sandbox.directory.directory("mnt")
        try sandbox.mount(database, at: mountpoint, environment: environment)
        let links = try File.names(in: mountpoint + "/.opencodefs/search/webhook")
        #expect(links.count == plain.lines.count)
        #expect(
            Sandbox.waits {
                (try? File.text(mountpoint + "/.opencodefs/status.json"))?.contains("cannot make /proc/none") == true
            })
        let status = try sandbox.opencodefs(["status", mountpoint])
        #expect(status.text.contains("Search      reads the texts: cannot make /proc/none"))
    }
}
