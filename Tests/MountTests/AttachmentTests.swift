import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// `attachments/` of a session.
@Suite(.serialized, .timeLimit(.minutes(25))) struct AttachmentTests {
    /// Files of every kind that a family has, by the names they are to have.
    private struct Sample {
        static let long = [UInt8]((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

        /// Writes messages with files into ses_1, and says what is to be seen.
        static func write(_ rows: Rows) throws -> [String: [UInt8]] {
            func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
            let long = base64(Self.long)
            switch rows.generation {
            case .v1:
                let file = #"{"type":"file","mime":"image/png","filename":"#
                try rows.message(
                    "msg_1", in: "ses_1",
                    parts: [
                        ("prt_a", "\(file)\"a b.png\",\"url\":\"data:image/png;base64,\(long)\"}"),
                        ("prt_b", #"{"url":"data:image/jpeg;base64,aGVsbG8=","mime":"image/jpeg","type":"file"}"#),
                        ("prt_c", "\(file)\"../../etc/pass~wd\",\"url\":\"data:;base64,aGVsbG8h\"}"),
                        ("prt_d", "\(file)\"d.txt\",\"url\":\"data:text/plain,h%C3%A9llo%20%25\"}"),
                        ("prt_e", "\(file)\"e.png\",\"url\":\"data:image/png;base64,aGV\\nsbG8=\"}"),
                        ("prt_f", "\(file)\"f.png\",\"url\":\"data:image/png;base64,not base64!\"}"),
                        ("prt_g", "\(file)\"g.png\",\"url\":\"file:///home/u/g.png\"}"),
                        (
                            "prt_h",
                            """
                            {"type":"tool","callID":"c","tool":"read","state":{"status":"completed","input":{"url":\
                            "data:image/png;base64,aGVsbG8="},"output":"x","title":"t","metadata":{},"time":{"start":1,\
                            "end":2},"attachments":[{"type":"file","mime":"image/gif","url":"data:image/gif;base64,aGV4"},\
                            {"type":"file","mime":"image/webp","url":"data:image/webp;base64,aGV4eA"}]}}
                            """
                        ),
                        ("prt_i", #"{"type":"text","text":"\"type\":\"file\" \"data:image/png;base64,aGVsbG8=\""}"#),
                        ("prt_j", #"{"type":"file","url":"data:image/png;base64,aGVsbG8="#),
                    ])
                return [
                    "prt_a.a b.png": Self.long, "prt_b.jpg": Array("hello".utf8),
                    "prt_c.pass%7Ewd": Array("hello!".utf8), "prt_d.d.txt": Array("héllo %".utf8),
                    "prt_e.e.png": Array("hello".utf8), "prt_h.gif": Array("hex".utf8),
                    "prt_h.1.webp": Array("hexx".utf8),
                ]
            case .v2:
                try rows.message(
                    "msg_1", in: "ses_1",
                    """
                    {"time":{"created":1},"text":"\\"files\\"","files":[{"data":"\(long)","mime":"image/png","source":\
                    {"type":"inline"}},{"mime":"application/x-unknown","name":"b.tar","data":"aGVsbG8="},\
                    {"mime":"image/png","data":"data:image/png;base64,aGV4"},{"mime":"image/png","data":"a"}]}
                    """)
                try rows.message(
                    "msg_2", in: "ses_1",
                    """
                    {"agent":"a","model":{"id":"m","providerID":"p"},"time":{"created":1},"content":[{"type":"tool",\
                    "id":"t","name":"n","time":{"created":1},"state":{"status":"completed","input":{},"content":[\
                    {"type":"text","text":"x"},{"type":"file","uri":"data:image/gif;base64,aGVsbG8=","mime":"image/gif"}]}}]}
                    """, type: "assistant")
                return [
                    "msg_1.0.png": Self.long, "msg_1.1.tar": Array("hello".utf8), "msg_1.2.png": Array("hex".utf8),
                    "msg_2.0.gif": Array("hello".utf8),
                ]
            case .go:
                try rows.message(
                    "msg_1", in: "ses_1",
                    """
                    [{"type":"text","data":{"text":"\\"binary\\""}},{"type":"binary","data":{"Path":"/tmp/x y.pdf",\
                    "MIMEType":"application/pdf","Data":"\(long)"}},{"type":"image_url","data":{"url":\
                    "data:image/png;base64,aGVsbG8=","detail":"low"}},{"type":"image_url","data":{"url":"https://h/x.png"}},\
                    {"type":"finish","data":{"reason":"stop","time":0}}]
                    """, sequence: 1)
                try rows.message(
                    "msg/2", in: "ses_1",
                    """
                    [{"type":"tool_result","data":{"tool_call_id":"c","content":"data:image/gif;base64,aGV4"}}]
                    """, type: "tool", sequence: 2)
                return [
                    "msg_1.0.pdf": Self.long, "msg_1.1.png": Array("hello".utf8), "msg%2F2.0.gif": Array("hex".utf8),
                ]
            }
        }
    }

    private static func mount(_ family: TestFamily) throws -> MountedSample {
        var expected: [String: [UInt8]] = [:]
        let mounted = try MountedHistory(family, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.session("ses_2")
            let plain: SQLValue =
                switch family {
                case .v1: #"{"role":"user","time":{"created":1}}"#
                case .v2, .both: #"{"text":"x","time":{"created":1}}"#
                case .go, .team: "[]"
                }
            try rows.message("msg_plain", in: "ses_2", plain, sequence: 1)
            expected = try Sample.write(rows)
        }
        return MountedSample(mounted, expected)
    }

    @Test(arguments: TestFamily.plain)
    func `R9 files inside of messages are decoded, each under a name of its own`(family: TestFamily) throws {
        let sample = try Self.mount(family)
        let expected = sample.expected
        let folder = try sample.mounted.session("ses_1") + "/attachments"
        #expect(try File.names(in: folder) == expected.keys.sorted())
        for (name, bytes) in expected {
            let (read, size) = try File.read(folder + "/" + name)
            #expect(read == bytes && size == bytes.count, "\(name)")
        }
        // Any range of one is what it is of the whole.
        let large = folder + "/" + (try #require(expected.first { $0.value.count > 1000 }).key)
        for offset in [0, 1, 2, 3, 50_001, 99_998] {
            let run = try Run.program("dd", ["if=\(large)", "bs=1", "skip=\(offset)", "count=7", "status=none"])
            #expect(run.output == Array(Sample.long.dropFirst(offset).prefix(7)), "\(offset)")
        }
        #expect(try File.names(in: sample.mounted.session("ses_2") + "/attachments") == [])
        #expect(
            try File.names(in: sample.mounted.path(".opencodefs/sessions/ses_1/attachments")).count == expected.count)
        #expect(try File.text(sample.mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test(arguments: [TestFamily.v1, .v2, .go])
    func `R9 attachments of an invented history are what Python decodes`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let mine = try mounted.shell(
            "find .opencodefs/sessions -path '*/attachments/*' -type f -exec sha256sum {} + | cut -c1-64 | sort")
        let script = """
            import sqlite3, sys, json, base64, hashlib
            rows = sqlite3.connect(sys.argv[1]).execute(sys.argv[2])
            def files(row):
                for part in row if isinstance(row, list) else [row]:
                    if part.get('type') == 'file' and part['url'].startswith('data:'): yield part['url'].split(',')[1]
                    if part.get('type') == 'binary': yield part['data']['Data']
                    for file in part.get('files', []):
                        if isinstance(file, dict): yield file['data']
            sums = [hashlib.sha256(base64.b64decode(f)).hexdigest() for (d,) in rows for f in files(json.loads(d))]
            print('\\n'.join(sorted(sums)))
            """
        let query =
            switch family {
            case .v1: "SELECT data FROM part"
            case .v2, .both: "SELECT data FROM session_message"
            case .go, .team: "SELECT parts FROM messages"
            }
        let theirs = try Run.program("python3", ["-c", script, mounted.database.path, query])
        #expect(theirs.status == 0 && theirs.lines.count >= 2, "\(theirs.errors)")
        #expect(mine.lines == theirs.lines)
    }

    @Test(arguments: TestFamily.plain)
    func `D2 a session with attachments is removed, and comes back with them`(family: TestFamily) throws {
        let sample = try Self.mount(family)
        let expected = sample.expected
        let folder = try sample.mounted.session("ses_1")
        let before = try sample.mounted.database.dump()
        #expect(unlink(folder + "/attachments") == 0)
        #expect(!File.exists(folder + "/attachments"))
        #expect(before.difference(to: try sample.mounted.database.dump()) == [])
        let run = try Run.program("rm", ["-r", folder])
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        #expect(!File.exists(folder))
        let restored = try sample.mounted.opencodefs("restore", "--last")
        #expect(restored.status == 0, "\(restored.errors)")
        let mounted = sample.mounted.mountpoint
        #expect(
            Sandbox.waits {
                (try? File.names(in: mounted + "/.opencodefs/sessions/ses_1/attachments")) == expected.keys.sorted()
            })
        #expect(before.difference(to: try sample.mounted.database.dump()).filter { !$0.contains("updated_at") } == [])
    }

    @Test(arguments: TestFamily.plain)
    func `attachments are read, and nothing else`(family: TestFamily) throws {
        let sample = try Self.mount(family)
        let expected = sample.expected
        let folder = try sample.mounted.session("ses_1") + "/attachments"
        let before = try sample.mounted.database.dump()
        let name = try #require(expected.keys.min())
        for line in [
            "echo x > '\(folder)/\(name)'", "echo x > '\(folder)/new'", "mkdir '\(folder)/new'",
            "mv '\(folder)/\(name)' '\(folder)/new'", "truncate -s 1 '\(folder)/\(name)'",
            "mv '\(folder)' '\(folder)2'", "rm '\(folder)/\(name)'", "rmdir '\(folder)/'",
        ] {
            #expect(try sample.mounted.shell(line).status != 0, "\(line)")
        }
        #expect(try File.contents(folder + "/" + name) == expected[name])
        #expect(before.difference(to: try sample.mounted.database.dump()) == [])
    }

    @Test(arguments: TestFamily.plain)
    func `R5 an attachment comes and goes with its message`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
        }
        let folder = try mounted.session("ses_1") + "/attachments"
        #expect(try File.names(in: folder) == [])
        let expected = try Sample.write(try Rows(mounted.database))
        #expect(Sandbox.waits { (try? File.names(in: folder)) == expected.keys.sorted() })
        try mounted.database.run("DELETE FROM \(try Rows(mounted.database).messages)")
        if family == .v1 { try mounted.database.run("DELETE FROM part") }
        #expect(Sandbox.waits { (try? File.names(in: folder)) == [] })
    }

    @Test(arguments: TestFamily.plain)
    func `W11 a session with attachments is copied, however that is done`(family: TestFamily) throws {
        let sample = try Self.mount(family)
        // What is no JSON is not taken anywhere.
        if family == .v1 { try sample.mounted.database.run("DELETE FROM part WHERE id = 'prt_j'") }
        usleep(300_000)
        for (name, line) in CopyingTests.copies {
            let sandbox = try Sandbox()
            let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, ["-o", "names=id"])
            for attempt in ["first", "second"] {
                let run = try Run.program(
                    "timeout", ["-k", "1", "30", "bash", "-o", "pipefail", "-c", line], in: destination.mountpoint,
                    environment: destination.sandbox.environment.merging([
                        "S": sample.mounted.mountpoint, "T": destination.sandbox.path, "P": "shop",
                    ]) { $1 })
                #expect(run.status == 0 && run.errors == "", "\(name), \(attempt): \(run.errors)")
            }
            let difference = try Run.program(
                "diff",
                [
                    "-r", "-x", "session.json", "-x", "project.json", "-x", "context.json", "-x", "conversation.json",
                    "-x",
                    "metadata.json", "-x", "transcript.md", sample.mounted.path("shop"),
                    destination.path("shop"),
                ])
            #expect(difference.status == 0, "\(name): \(difference.text)")
            #expect(try File.text(destination.path(".opencodefs/errors.jsonl")) == "", "\(name)")
        }
    }
}

/// A mounted session with attachments, and what they are to be.
private struct MountedSample: ~Copyable {
    let mounted: MountedHistory
    let expected: [String: [UInt8]]

    init(_ mounted: consuming MountedHistory, _ expected: [String: [UInt8]]) {
        self.mounted = mounted
        self.expected = expected
    }
}
