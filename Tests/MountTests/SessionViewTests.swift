import DemoHistory
import Foundation
import TestSupport
import Testing

/// The views of a session and the links to them, on real mounts.
@Suite(.serialized, .timeLimit(.minutes(25))) struct SessionViewTests {
    private static let schemas =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/docs/schemas"

    /// Validates every view of every session; prints how many.
    private static let validation = """
        import json, pathlib, sys, jsonschema
        count = 0
        for kind in ["conversation", "metadata", "context"]:
            schema = json.load(open(f"{sys.argv[2]}/{kind}.schema.json"))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for path in sorted(pathlib.Path(sys.argv[1]).glob(f".opencodefs/sessions/*/{kind}.json")):
                value = json.loads(path.read_bytes().decode("utf-8"))
                for error in validator.iter_errors(value):
                    print(path, list(error.absolute_path), error.message[:200], file=sys.stderr)
                    sys.exit(1)
                if kind == "conversation" and len(value["messages"]) != value["total_messages"]:
                    sys.exit(f"{path}: {value['total_messages']} messages are told")
                count += 1
        print(count)
        """

    private func validate(_ mounted: borrowing MountedHistory) throws -> Run {
        try Run.program("python3", ["-c", Self.validation, mounted.mountpoint, Self.schemas])
    }

    @Test(arguments: [TestFamily.v1, .v2, .both, .go])
    func `the views of every session are what their schemas say`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, sessions: 8, messages: 200)
        let run = try validate(mounted)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.lines == ["24"])
        // As many messages as their directories list.
        let counts = try mounted.shell(
            """
            for s in .opencodefs/sessions/*; do
                [ $(jq .total_messages $s/conversation.json) = $(ls $s/messages | wc -l) ] || echo $s; done
            """)
        #expect(counts.status == 0 && counts.text == "", "\(counts.text)\(counts.errors)")
    }

    @Test(arguments: TestFamily.plain)
    func `R6 the views of a hostile session are what their schemas say`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: family.held(.text([0x22, 0xff, 0x0a])))
            let texts: [[UInt8]] = [
                [], Array("null".utf8), Array("{".utf8), Array("[7,{\"type\":\"text\",\"data\":7}]".utf8),
                [0xff, 0xfe],
                [0x22, 0xff, 0x22], Array("{\"role\":{},\"time\":[],\"text\":\"\u{0}\"}".utf8),
                Array("{\"role\":\"assistant\",\"cost\":1e999,\"tokens\":{\"input\":-1e30},\"content\":[7,{}]}".utf8),
                Array("{\"type\":\"tool\",\"state\":{\"input\":[1],\"status\":\"x\"},\"text\":\"\\ud800\"}".utf8),
                Array("{\"time\":{\"created\":9e99},\"text\":\"".utf8) + [0xc3] + Array("\"}".utf8),
            ]
            for (number, text) in texts.enumerated() {
                for role in ["assistant", "strange"] {
                    try rows.message(
                        "msg_\(number)\(role)", in: "ses_1", .text(text), type: "\(role)",
                        parts: [("prt_\(number)\(role)", .text(text))])
                }
            }
        }
        let run = try validate(mounted)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.lines == ["3"])
        #expect(try File.text(mounted.session("ses_1") + "/transcript.md").contains("\n## "))
    }

    private static let fill: @Sendable (Rows) throws -> Void = { rows in
        try rows.project("shop")
        try rows.session("ses_1", title: "The parent")
        try rows.session("ses_2", title: "The child", parent: "ses_1")
        try rows.session("ses_3", title: "Archived", archived: rows.generation == .go ? .null : .integer(5))
        for session in ["ses_1", "ses_2", "ses_3"] {
            for number in 0..<3 {
                let text =
                    rows.generation == .go
                    ? #"[{"type":"text","data":{"text":"hello"}},{"type":"finish","data":{"reason":"stop","time":0}}]"#
                    : #"{"role":"user","text":"hello","time":{"created":1}}"#
                try rows.message(
                    "msg_\(session)_\(number)", in: "\(session)", "\(text)", sequence: Int64(number + 1),
                    parts: [("prt_\(session)_\(number)", #"{"type":"text","text":"hello"}"#)])
            }
        }
    }

    @Test(arguments: TestFamily.plain)
    func `the links of a session lead to its views from wherever it stands`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, fill: Self.fill)
        for id in ["ses_1", "ses_2", "ses_3"] {
            let session = try mounted.session(id)
            for name in ["transcript.md", "conversation.json", "metadata.json", "context.json"] {
                let direct = try File.text(mounted.path(".opencodefs/sessions/\(id)/\(name)"))
                #expect(try File.text("\(session)/\(name)") == direct, "\(id)/\(name)")
            }
            // The transcript's own links, seen from both places.
            let run = try mounted.shell(
                """
                for d in '\(session)' .opencodefs/sessions/\(id); do
                    grep -o '](messages/[^)]*)' $d/transcript.md | sed 's/^](//; s/)$//' |
                    while read f; do cat "$d/$f" > /dev/null || exit 1; echo; done
                done
                """)
            #expect(run.status == 0 && run.output.count == 6, "\(run.errors)")
        }
        #expect(try mounted.shell("find -L . -type l").text == "")
        // Each message is met once, and by tools that follow nothing: not by way of views.
        #expect(try mounted.shell("grep -rl hello . | wc -l").text == "9\n")
        #expect(try mounted.shell("grep -rh total_messages . | wc -l").text == "0\n")
    }

    @Test(arguments: TestFamily.plain)
    func `W7 links lead on after mv, to another name and into archived`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, fill: Self.fill)
        let run = try mounted.shell(
            "mv */*ses_1 \"$(dirname */*ses_1)/Renamed~ses_1\" && cat */Renamed~ses_1/transcript.md")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text.hasPrefix("# Renamed\n"), "\(run.text.prefix(60))")
        guard !family.isGo else { return }
        let archived = try mounted.shell(
            "mv */*ses_1 */archived/ && cat */archived/*ses_1/{metadata.json,children/*/context.json}")
        #expect(archived.status == 0, "\(archived.errors)")
        #expect(archived.text.contains(#""status": "archived""#))
    }

    @Test(arguments: TestFamily.plain, ["cp -a", "rsync -a", "cp -r"])
    func `W11 a session is copied to another mount with its links`(
        family: TestFamily, copy: String
    ) throws {
        let source = try MountedHistory(family, fill: Self.fill)
        let destination = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_0")
        }
        let run = try Run.program(
            "/bin/bash",
            ["-c", "\(copy) \(source.mountpoint)/shop*/*ses_1 shop*/ && cd shop*/*ses_1 && ls && cat transcript.md"],
            in: destination.mountpoint, environment: destination.sandbox.environment)
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        for name in ["transcript.md", "conversation.json", "metadata.json", "context.json", "# The parent", "hello"] {
            #expect(run.text.contains(name), "\(name)")
        }
        #expect(try File.text(destination.path(".opencodefs/errors.jsonl")) == "")
        let again = try Run.program(
            "/bin/bash", ["-c", "\(copy) \(source.mountpoint)/shop*/*ses_1 shop*/"], in: destination.mountpoint,
            environment: destination.sandbox.environment)
        #expect(again.status == 0 && again.errors == "", "once more: \(again.errors)")
    }

    @Test(arguments: TestFamily.plain)
    func `D2 rm -r takes a session with its views`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, fill: Self.fill)
        let one = try mounted.shell(
            "cd */*ses_1 && rm transcript.md && ! ls transcript.md 2>/dev/null && ls conversation.json")
        #expect(one.status == 0, "\(one.errors)")
        let run = try mounted.shell(
            // The kernel may believe for so long in other names (rule D1).
            """
            rm -r */*ses_1 && ! ls -d */*ses_1 2>/dev/null && sleep 0.2 && ! ls .opencodefs/sessions/ses_1 2>/dev/null
            """)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try mounted.shell("ls .opencodefs/sessions").lines == ["ses_3"])
    }

    @Test(arguments: TestFamily.plain)
    func `W11 a copy that follows links leaves nothing in the place of a view`(family: TestFamily) throws {
        let source = try MountedHistory(family, fill: Self.fill)
        let destination = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_0")
        }
        let run = try Run.program(
            "/bin/bash", ["-c", "cp -rL \(source.mountpoint)/shop*/*ses_1 shop*/"], in: destination.mountpoint,
            environment: destination.sandbox.environment)
        #expect(run.status == 1 && run.errors.contains("Operation not permitted"), "\(run.errors)")
        let listed = try destination.shell(
            "cd shop*/*ses_1 && ls && readlink transcript.md attachments && cat transcript.md")
        #expect(listed.text.contains("../.opencodefs/sessions/ses_1/transcript.md"), "\(listed.text)\(listed.errors)")
        #expect(listed.text.contains("# The parent"))
        #expect(
            Set(try File.names(in: destination.session("ses_1"))).count
                == (try File.names(in: destination.session("ses_1"))).count)
        for line in ["mv session.json transcript.md", "mkdir attachments"] {
            let refused = try destination.shell("cd shop*/*ses_1 && rm -f transcript.md attachments && \(line)")
            #expect(refused.errors.contains("Operation not permitted"), "\(line): \(refused.errors)")
        }
        let written = try destination.shell(
            "cd shop*/*ses_1 && rm -f transcript.md && echo x > x && mv x transcript.md && ls x transcript.md")
        #expect(written.text == "transcript.md\n", "\(written.text)")
    }

    @Test func `D4 views are not written or removed where they are made`() throws {
        let mounted = try MountedHistory(.v1, fill: Self.fill)
        for line in [
            "rm F", "echo x > F", "echo x >> F", "mv F G", "touch D/new", "mkdir D/new", "rmdir D", "ln -s x D/new",
        ] {
            let command = line.replacing("F", with: "D/transcript.md").replacing("G", with: "D/other.md")
                .replacing("D", with: ".opencodefs/sessions/ses_1")
            let run = try mounted.shell(command)
            #expect(run.status != 0 && run.errors.contains("Operation not permitted"), "\(line): \(run.errors)")
        }
        let through = try mounted.shell("echo x > */*ses_1/transcript.md")
        #expect(through.status != 0, "through the link")
    }
}
