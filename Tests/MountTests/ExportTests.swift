import DemoHistory
import Foundation
import SQL
import TestSupport
import Testing

/// Sessions as exports, and back.
@Suite(.serialized, .timeLimit(.minutes(25))) struct ExportTests {
    static let families = TestFamily.plain

    /// The exports of a mount by session.
    private static func exports(_ mounted: borrowing MountedHistory) throws -> [String: String] {
        let folder = mounted.path(".opencodefs/sessions")
        return Dictionary(
            uniqueKeysWithValues: try File.names(in: folder).map { ($0, folder + "/" + $0 + "/export.json") })
    }

    @Test(arguments: families)
    func `E1 an export is the session and its messages, of the size that stat tells`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        for (id, path) in try Self.exports(mounted) {
            let size = try File.status(path).st_size
            let bytes = try File.contents(path)
            #expect(bytes.count == size, "\(path)")
            let export = try JSONValue(bytes)
            let folder = try mounted.session(id)
            #expect(export["info"] == (try JSONValue(File.contents(folder + "/session.json"))))
            let messages = try File.names(in: folder + "/messages").sorted()
            #expect(export["messages"]?.array?.count == messages.count)
            let texts = try messages.map {
                String(decoding: try File.contents(folder + "/messages/" + $0), as: UTF8.self)
            }
            let whole = String(decoding: bytes, as: UTF8.self)
            #expect(whole.hasSuffix("\n]}\n\n  ]\n}\n") || whole.hasSuffix("}\n  ]\n}\n"))
            for text in texts { #expect(whole.contains(text.dropLast())) }
            #expect(Set(export.dictionary?.keys.map { $0 } ?? []) == ["info", "messages"])
        }
    }

    @Test func `E1 an export takes no memory for its size, and any stretch of it can be read`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            for number in 0..<40 {
                let text = SQLValue.text(
                    Array("{\"type\":\"text\",\"text\":\"".utf8) + Array(repeating: 0x61, count: 1_500_000 + number)
                        + Array("\"}".utf8))
                try rows.message("msg_\(100 + number)", in: "ses_1", parts: [("prt_\(100 + number)", text)])
            }
            try rows.message(
                "msg_200", in: "ses_1",
                parts: [
                    (
                        "prt_200",
                        .text(Array("{\"text\":\"".utf8) + Array(repeating: 0x62, count: 30 << 20) + Array("\"}".utf8))
                    )
                ])
        }
        let path = try #require(try Self.exports(mounted)["ses_1"])
        let daemon = try Footprint(mounted.daemon)
        let idle = try daemon.peak()
        #expect(try File.status(path).st_size > 90_000_000)
        #expect(try daemon.peak() - idle < 10_000)
        let check = """
            import hashlib, json, os, random, sys
            path = sys.argv[1]
            whole = open(path, "rb").read()
            assert len(whole) == os.stat(path).st_size
            assert len(json.loads(whole)["messages"]) == 41
            """
        #expect(try Run.program("python3", ["-c", check, path]).status == 0)
        let memory = try daemon.peak() - idle
        #expect(memory < 80_000, "\(memory) kB")
        let ranges = """
            import os, random, sys
            path = sys.argv[1]
            whole = open(path, "rb").read()
            random.seed(1)
            os.system("echo 1 > /proc/sys/vm/drop_caches")
            file = os.open(path, os.O_RDONLY)
            for _ in range(100):
                start = random.randrange(len(whole)); count = random.choice([1, 4096, 200000])
                assert os.pread(file, count, start) == whole[start:start + count], start
            """
        #expect(try Run.program("python3", ["-c", ranges, path]).status == 0)
    }

    @Test func `E1 an export of one version is read to its end or not at all`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.message("msg_1", in: "ses_1")
        }
        let path = try #require(try Self.exports(mounted)["ses_1"])
        let before = try File.contents(path)
        try Rows(mounted.database).message("msg_2", in: "ses_1", created: Rows.noon + 1000)
        #expect(Sandbox.waits { (try? File.contents(path)).map { $0 != before } ?? false })
        #expect(try JSONValue(File.contents(path))["messages"]?.array?.count == 2)
    }

    @Test(arguments: families)
    func `E2 the export of an import is the export`(family: TestFamily) throws {
        let source = try MountedHistory(demo: family, sessions: 8, messages: 120)
        let target = try MountedHistory(family) { _ in }
        let outside = try target.sandbox.directory.directory("outside")
        let exports = try Self.exports(source)
        #expect(exports.count >= 8)
        for (number, (id, path)) in exports.sorted(by: { $0.key < $1.key }).enumerated() {
            let copy = outside + "/\(id).json"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let run =
                number % 2 == 0 || family == .team
                ? try target.opencodefs("import", copy)
                : try Run.program(
                    "/bin/bash", ["-c", "'\(Run.opencodefsPath)' import --into '\(target.mountpoint)' - < '\(copy)'"],
                    environment: target.sandbox.environment)
            #expect(run.status == 0, "\(run.errors)")
        }
        #expect(Sandbox.waits { (try? Self.exports(target).count) == exports.count })
        for (id, path) in try Self.exports(target) {
            let copy = try File.contents(path)
            #expect(copy == (try File.contents(outside + "/\(id).json")), "\(id)")
        }
        if family != .team {
            let connection = try target.database.connect()
            #expect(try connection.column("PRAGMA foreign_key_check").isEmpty)
        }
        // Once more changes nothing.
        let before = family == .team ? nil : try target.database.dump()
        for id in exports.keys {
            let run = try target.opencodefs("import", "--json", outside + "/\(id).json")
            let said = try JSONValue(run.output)
            #expect(run.status == 0 && said["inserted"]?.number == 0 && said["newSession"]?.boolean == false)
        }
        if let before { #expect(try target.database.dump() == before) }
    }

    @Test func `E2 what stands in unusual spelling comes back byte for byte`() throws {
        let source = try FoxHistory(.v1, messages: 2)
        let target = try MountedHistory(.v1) { _ in }
        let export = try #require(try Self.exports(source.mounted)[FoxHistory.session])
        #expect(try target.opencodefs("import", export).status == 0)
        for table in ["message WHERE session_id = 'ses_den'", "part WHERE session_id = 'ses_den'"] {
            let query: SQLQuery =
                table.hasPrefix("message")
                ? "SELECT data FROM message WHERE session_id = 'ses_den' ORDER BY id"
                : "SELECT data FROM part WHERE session_id = 'ses_den' ORDER BY id"
            #expect(try target.database.column(query) == source.mounted.database.column(query))
        }
    }

    @Test(arguments: families)
    func `E2 with new ids it is another session that says the same`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let (id, path) = try #require(try Self.exports(mounted).first)
        let before = try File.contents(path)
        let taken = try mounted.opencodefs("import", "--new-ids", "--json", path)
        #expect(taken.status == 0, "\(taken.errors)")
        let new = try #require(try JSONValue(taken.output)["session"]?.string)
        #expect(new != id)
        #expect(try File.contents(path) == before)
        // A server is asked for news now and then.
        #expect(Sandbox.waits { (try? Self.exports(mounted)[new]) != nil })
        let copy = try #require(try Self.exports(mounted)[new])
        // Every id away, they are equal. Ids have no fixed length: what the export calls ids is taken out by name.
        let ids =
            #"walk(if type == "object" then with_entries(select(.key | IN("id","sessionID","messageID","parentID","session_id","parent_session_id","root_session_id","seq","message_count") | not)) else . end) | .messages"#
        let one = try Run.program("jq", ["-c", ids, path])
        let other = try Run.program("jq", ["-c", ids, copy])
        #expect(one.status == 0 && one.output == other.output && one.output.count > 100)
    }

    @Test(arguments: families.filter { $0 != .team })
    func `E2 what OpenCode would choke on, or what is taken, changes nothing`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let (_, path) = try #require(
            try Self.exports(mounted).first { try File.contents($0.value).count > 5000 })
        let text = String(decoding: try File.contents(path), as: UTF8.self)
        let before = try mounted.database.dump()
        let outside = try mounted.sandbox.directory.directory("outside")
        let other = text.replacingOccurrences(of: "\"text\":\"", with: "\"text\":\"other ")
        let cases: [(name: String, text: String, arguments: [String], status: Int32)] = [
            ("other", other, [], 6),
            ("broken", String(text.dropLast(text.count / 2)), [], 1),
            ("shape", text.replacingOccurrences(of: "\"text\"", with: "\"txet\""), ["--new-ids"], 1),
            ("empty", "", [], 1), ("list", "[]", [], 1), ("dry", text, ["--new-ids", "--dry-run"], 0),
        ]
        for (name, text, arguments, status) in cases {
            let file = outside + "/\(name).json"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let run = try mounted.sandbox.opencodefs(
                ["import", "--database", mounted.database.path] + arguments + [file])
            #expect(run.status == status, "\(name): \(run.errors)")
            #expect(status == 0 || run.errors.contains("Nothing was imported"), "\(name): \(run.errors)")
            #expect(run.errors.split(separator: "\n").count <= 1)
        }
        #expect(try mounted.database.dump() == before)
    }

    @Test func `E2 an export of another family is refused, and names both`() throws {
        let source = try MountedHistory(demo: .v1)
        let target = try MountedHistory(.v2) { _ in }
        let path = try #require(try Self.exports(source).values.first)
        let run = try target.opencodefs("import", path)
        #expect(run.status == 1 && run.errors.contains("OpenCode 1") && run.errors.contains("OpenCode 2"))
    }

    @Test func `E2 a project may be named, and an import that was cut off goes on`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.project("other", worktree: "/home/u/other")
            try rows.session("ses_1")
            for number in 1...3 {
                let time = Rows.noon + Int64(number)
                try rows.message(
                    "msg_\(number)", in: "ses_1", #"{"role":"user","time":{"created":\#(time)}}"#, created: time)
            }
        }
        let path = try #require(try Self.exports(mounted)["ses_1"])
        let copy = mounted.sandbox.path + "/export.json"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let moved = try mounted.opencodefs("import", "--project", "other", "--new-ids", copy)
        #expect(moved.status == 0, "\(moved.errors)")
        #expect(
            try mounted.database.column("SELECT directory FROM session WHERE project_id = 'other'")
                == ["/home/u/other"])
        #expect(try mounted.opencodefs("import", "--project", "nobody", copy).status == 5)
        try mounted.database.run("DELETE FROM message WHERE id = 'msg_2'")
        let rest = try mounted.opencodefs("import", copy)
        #expect(rest.status == 0 && rest.text.contains("1 message"), "\(rest.text)\(rest.errors)")
        #expect(Sandbox.waits { (try? File.contents(path)) == (try? File.contents(copy)) })
    }

    @Test func `D4 exports are not written`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for line in [
            "echo x >> $f", "rm $f", "mv $f x", "mkdir .opencodefs/sessions/x", "rm -r .opencodefs/storage/part",
        ] {
            let run = try mounted.shell("f=$(ls -d .opencodefs/sessions/*/export.json | head -1); \(line)")
            #expect(run.status != 0 && run.errors.contains("not permitted"), "\(line): \(run.errors)")
        }
    }
}
