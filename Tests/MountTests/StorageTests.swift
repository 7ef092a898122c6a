import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// The layout of OpenCode 1.1, made from the rows of later ones.
@Suite(.serialized, .timeLimit(.minutes(25))) struct StorageTests {
    @Test(arguments: [TestFamily.v1, .v2, .both, .go])
    func `E3 every file of the layout is JSON as OpenCode spaced it, of the size that stat tells`(
        family: TestFamily
    ) throws {
        let mounted = try MountedHistory(demo: family)
        let check = """
            import json, os, sys
            count = 0
            for folder, _, files in os.walk(sys.argv[1]):
                for name in files:
                    path = os.path.join(folder, name)
                    text = open(path, encoding="utf-8", newline="").read()
                    assert len(text.encode()) == os.stat(path).st_size, path
                    if name == "migration":
                        assert text == "2"
                        continue
                    value = json.loads(text, parse_float=lambda s: s and __import__("decimal").Decimal(s))
                    class Spelled(float):
                        def __init__(self, text): self.text = str(text)
                        def __repr__(self): return self.text
                    value = json.loads(text, parse_float=Spelled)
                    assert json.dumps(value, indent=2, ensure_ascii=False).replace("\\x7f", "\\x7f") == text, path
                    count += 1
            print(count)
            """
        let run = try Run.program("python3", ["-c", check, mounted.path(".opencodefs/storage")])
        #expect(run.status == 0, "\(run.errors)")
        #expect((Int(run.text.trimmingCharacters(in: .newlines)) ?? 0) > 60)
    }

    @Test(arguments: [TestFamily.v1, .v2, .both, .go])
    func `E3 in the order in which OpenCode 1.1 read them, all of a history is found`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, sessions: 10, messages: 100)
        // As its Session.list, Session.messages and MessageV2.parts did.
        let walk = """
            import json, os, sys
            root = sys.argv[1]
            def read(*key): return json.load(open(os.path.join(root, *key) + ".json"))
            def names(*key):
                path = os.path.join(root, *key)
                return sorted(n[:-5] for n in os.listdir(path)) if os.path.isdir(path) else []
            sessions = messages = parts = 0
            for project in names("project"):
                assert read("project", project)["id"] == project
                for id in names("session", project):
                    session = read("session", project, id)
                    assert session["id"] == id and session["projectID"] == project and session["title"] is not None
                    assert session["time"]["created"] <= session["time"]["updated"] and session["directory"]
                    sessions += 1
                    for message in names("message", id):
                        info = read("message", id, message)
                        assert info["id"] == message and info["sessionID"] == id and info["time"]["created"]
                        assert info["role"] in ("user", "assistant")
                        if info["role"] == "assistant":
                            assert info["tokens"]["cache"]["read"] >= 0 and info["cost"] >= 0 and info["modelID"]
                        messages += 1
                        for part in names("part", message):
                            value = read("part", message, part)
                            assert value["id"] == part and value["messageID"] == message and value["sessionID"] == id
                            if value["type"] == "tool": assert value["state"]["status"] and value["callID"]
                            parts += 1
            print(sessions, messages, parts)
            """
            .replacingOccurrences(of: "n[:-5] for n", with: "(n[:-5] if n.endswith('.json') else n) for n")
        let encoded = walk.replacingOccurrences(
            of: "root = sys.argv[1]",
            with: "root = sys.argv[1]\nfrom urllib.parse import quote, unquote"
        )
        .replacingOccurrences(
            of: "read(\"project\", project)[\"id\"] == project",
            with: "read(\"project\", project)[\"id\"] == unquote(project)"
        )
        .replacingOccurrences(
            of: "session[\"projectID\"] == project", with: "session[\"projectID\"] == unquote(project)")
        let run = try Run.program("python3", ["-c", encoded, mounted.path(".opencodefs/storage")])
        #expect(run.status == 0, "\(run.errors)")
        let found = run.text.split(whereSeparator: { $0.isWhitespace }).compactMap { Int($0) }
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))["counts"]
        #expect(found.first == status?["sessions"]?.number.map { Int($0) })
        if family == .v1 {
            #expect(found[1] == status?["messages"]?.number.map { Int($0) })
            #expect(found[2] == status?["parts"]?.number.map { Int($0) })
        }
        #expect(found[1] > 30 && found[2] >= found[1])
    }

    @Test func `E3 rows of OpenCode 1 stand in it word for word`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "T")
            try rows.message(
                "msg_1", in: "ses_1", #"{"role":"user","n":1.50,"big":12345678901234567890,"e":{},"u":"\u00e9"}"#,
                parts: [("prt_1", "no json"), ("prt_2", #"{"type":"text","a":[]}"#)])
        }
        func text(_ path: String) throws -> String { try File.text(mounted.path(".opencodefs/storage/" + path)) }
        #expect(
            try text("message/ses_1/msg_1.json") == """
                {
                  "id": "msg_1",
                  "sessionID": "ses_1",
                  "role": "user",
                  "n": 1.50,
                  "big": 12345678901234567890,
                  "e": {},
                  "u": "\\u00e9"
                }
                """)
        #expect(
            try text("part/msg_1/prt_2.json")
                == "{\n  \"id\": \"prt_2\",\n  \"sessionID\": \"ses_1\",\n  \"messageID\": \"msg_1\",\n  \"type\": \"text\",\n  \"a\": []\n}"
        )
        #expect(try text("part/msg_1/prt_1.json").hasSuffix(",no json"))
    }

    @Test func `E3 a part of 40 MB is spaced in little memory`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            let text = SQLValue.text(
                Array("{\"type\":\"text\",\"list\":[1,2],\"text\":\"".utf8) + Array(repeating: 0x61, count: 40 << 20)
                    + Array("\"}".utf8))
            try rows.message("msg_1", in: "ses_1", parts: [("prt_1", text)])
        }
        let daemon = try Footprint(mounted.daemon)
        let idle = try daemon.peak()
        let path = mounted.path(".opencodefs/storage/part/msg_1/prt_1.json")
        let (bytes, size) = try File.read(path)
        let told = Int(try File.status(path).st_size)
        #expect(bytes.count == size && bytes.count == told)
        #expect(String(decoding: bytes.prefix(140), as: UTF8.self).contains("\"list\": [\n    1,\n    2\n  ]"))
        let memory = try daemon.peak() - idle
        #expect(memory < 40_000, "\(memory) kB")
    }

    @Test(arguments: [TestFamily.v1, .v2])
    func `E3 a program made for the layout reads it unchanged`(family: TestFamily) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(demo: family, at: sandbox.path + "/opencode.db", sessions: 8, messages: 120)
        let mountpoint = try sandbox.directory.directory("data/opencode/storage")
        try sandbox.mount(database, at: mountpoint, ["-o", "layout=storage"])
        #expect(
            try File.names(in: mountpoint).sorted() == [
                "message", "migration", "part", "project", "session", "session_diff", "share", "todo",
            ])
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/readers/bin/ocmonitor").path
        let run = try Run.program(
            program, ["--no-remote", "sessions", "--source", "files", "--format", "json"],
            environment: sandbox.environment)
        try #require(run.status == 0, "\(run.errors); make deps installs it")
        let start = try #require(run.text.firstIndex(of: "{"))
        let summary = try #require(try JSONValue(Array(run.text[start...].utf8))["summary"])
        let (table, condition): (SQLQuery, SQLQuery) =
            family == .v1
            ? ("message", "json_extract(data, '$.role') = 'assistant'") : ("session_message", "type = 'assistant'")
        func sum(_ path: String) throws -> Double {
            Double(
                try database.column(
                    "SELECT total(json_extract(data, \(SQLValue(path)))) FROM \(table) WHERE \(condition)")[0]) ?? -1
        }
        #expect(summary["total_tokens"]?["input"]?.number == (try sum("$.tokens.input")))
        #expect(summary["total_tokens"]?["output"]?.number == (try sum("$.tokens.output")))
        #expect(summary["total_tokens"]?["cache_read"]?.number == (try sum("$.tokens.cache.read")))
        let cost = try sum("$.cost")
        #expect(abs((summary["total_cost"]?.number ?? -1) - cost) < 0.001)
        #expect(summary["total_sessions"]?.number ?? 0 >= 7)
        #expect(try Run.shell("echo x > '\(mountpoint)/message/x'").errors.contains("Read-only"))
        #expect(File.exists(mountpoint + "/.opencodefs/status.json"))
    }

    @Test(arguments: TestFamily.plain)
    func `E3 links of the control directory lead to what the layout does not list`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, ["-o", "layout=storage"])
        let links = try mounted.shell(
            "find .opencodefs/by -type l; find '.opencodefs/search/the OR webhook' -type l"
        ).lines
        #expect(links.count > 20)
        #expect(try mounted.shell("find .opencodefs/by '.opencodefs/search/the OR webhook' -xtype l").lines == [])
        #expect(try mounted.shell("cat .opencodefs/by/latest/transcript.md").text.hasPrefix("#"))
        #expect(try mounted.shell("cat .opencodefs/search/webhook/0001*.json").text.lowercased().contains("webhook"))
        #expect(try mounted.shell("ls .opencodefs/sessions/*/messages/ | head -1").text.contains(".opencodefs"))
        #expect(try mounted.shell("ls").lines.contains("message"))
        #expect(try mounted.shell("ls | grep '~'").lines == [])
        let run = try mounted.shell("rm .opencodefs/by/latest/messages/*")
        #expect(run.status != 0 && run.errors.contains("Read-only file system"), "\(run.errors)")
    }

    @Test func `E3 nothing secret is in it, and a share is its address`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.connection.run("UPDATE session SET share_url = 'https://opncd.ai/s/x'")
            try rows.connection.run(
                "INSERT INTO session_share (session_id, id, secret, url, time_created, time_updated) VALUES ('ses_1', 'x', 'hush', 'u', 1, 1)"
            )
        }
        #expect(try mounted.shell("grep -r hush .opencodefs/storage").status == 1)
        #expect(
            try File.text(mounted.path(".opencodefs/storage/share/ses_1.json"))
                == "{\n  \"url\": \"https://opncd.ai/s/x\"\n}")
    }
}
