import DemoHistory
import Foundation
import SQL
import TestSupport
import Testing

/// What views say of attachments leads to them.
extension AttachmentTests {
    /// Follows every link to an attachment of every transcript, as a reader of Markdown finds them, and every path of every
    /// conversation.json; prints how many there were of each, and how many files `attachments/` lists.
    private static let walk = #"""
        import html, json, os, re, subprocess, sys
        from urllib.parse import unquote_to_bytes
        links = paths = files = 0
        root = os.fsencode(sys.argv[1]) + b"/.opencodefs/sessions/"
        def found(value):
            if isinstance(value, dict):
                if "mime" in value and "path" in value: yield value["path"], value["size"]
                for member in value.values(): yield from found(member)
            elif isinstance(value, list):
                for member in value: yield from found(member)
        for session in sorted(os.listdir(root)):
            folder = root + session + b"/"
            page = subprocess.run(["cmark-gfm", folder + b"transcript.md"], capture_output=True, check=True).stdout
            targets = [html.unescape(t.decode()) for t in re.findall(rb'href="(attachments/[^"]*)"', page)]
            seen = list(found(json.load(open(folder + b"conversation.json", encoding="utf-8"))))
            for target in targets: os.stat(folder + unquote_to_bytes(target))
            for path, size in seen: assert os.stat(folder + path.encode()).st_size == size, path
            assert sorted(unquote_to_bytes(t) for t in targets) == sorted(p.encode() for p, _ in seen), (targets, seen)
            assert len(set(p for p, _ in seen)) == len(seen), seen
            links += len(targets)
            paths += len(seen)
            files += len(os.listdir(folder + b"attachments"))
        print(links, paths, files)
        """#

    /// - Returns: how many links, paths and files there are.
    private func follow(_ mounted: borrowing MountedHistory) throws -> [Int] {
        let run = try Run.program("python3", ["-c", Self.walk, mounted.mountpoint])
        #expect(run.status == 0, "\(run.errors)")
        return run.text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    }

    /// Names that no file can have, or no link.
    private static let names = [
        "100% ~a.png", "../../etc/passwd", "a\nb\u{1}\u{7f}.gif", "](x) [y]<z>`.txt", "..", ".hidden", "1.a.png",
        "a.png",
        "a.png", "é 😀\u{85}.png", "%2F.png", String(repeating: "long ", count: 80) + ".jpeg", "\"\\.pdf", "/", "",
    ]

    private static func json(_ text: String) -> String {
        String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
    }

    /// Writes messages with files of such names, between others that are none, and says how many there are.
    ///
    /// - Parameter filling: text that stands before the files of one message.
    private static func writeHostile(_ rows: Rows, filling: String = "") throws -> Int {
        let url = "data:image/png;base64,aGVsbG8="
        let foreign = ["https://h/x.png", "file:///x", "data:image/png;base64,not base64!", "data:image/png", "DATA"]
        switch rows.generation {
        case .v1:
            func file(_ name: String?, _ url: String) -> String {
                #"{"type":"file","mime":"image/svg+xml",\#(name.map { "\"filename\":\(json($0))," } ?? "")"url":\#(json(url))}"#
            }
            func tool(_ files: [String]) -> String {
                #"{"type":"tool","callID":"c","tool":"t","state":{"status":"completed","input":{},"output":"\#(filling)","#
                    + #""attachments":[\#(files.joined(separator: ","))]}}"#
            }
            var parts: [(SQLValue, SQLValue)] = []
            for (number, name) in names.enumerated() { parts.append(("prt_\(number)", "\(file(name, url))")) }
            parts.append(("prt/%~.1", "\(file(nil, url))"))
            parts.append(("\(String(repeating: "prt", count: 100))", "\(file("a.png", url))"))
            for (number, other) in foreign.enumerated() { parts.append(("prt_f\(number)", "\(file("f", other))")) }
            var mixed: [String] = []
            for name in names {
                mixed.append(file(name, foreign[mixed.count % foreign.count]))
                mixed.append(file(name, url))
                mixed.append(file(nil, url))
            }
            parts.append(("prt_t", "\(tool(mixed))"))
            parts.append(("prt_u", "\(tool([file("1.a.png", url), file("a.png", url)]))"))
            try rows.message("msg_1", in: "ses_1", parts: parts)
            return names.count * 3 + 4
        case .v2:
            func file(_ name: String, _ members: String) -> String {
                #"{"mime":"image/svg+xml","name":\#(json(name)),\#(members)}"#
            }
            let user = names.flatMap { name in
                [file(name, #""data":"!""#), file(name, #""data":"aGVsbG8=""#), file(name, #""uri":"\#(url)""#)]
            }
            let ids = ["msg_1", "msg/2~%.", String(repeating: "msg", count: 100)]
            for (number, id) in ids.enumerated() {
                let text = number == 0 ? filling : ""
                let files = user.joined(separator: ",")
                try rows.message("\(id)", in: "ses_1", #"{"time":{"created":1},"text":"\#(text)","files":[\#(files)]}"#)
            }
            var content = foreign.map { #"{"type":"file","uri":\#(json($0)),"mime":"image/png"}"# }
            content.insert(#"{"type":"file","uri":"\#(url)","mime":"image/png"}"#, at: 2)
            content.append(#"{"type":"file","uri":"\#(url)","mime":"x/y","name":"a/b"}"#)
            let call =
                #"{"type":"tool","id":"t","name":"n","state":{"status":"completed","input":{},"content":["#
                + content.joined(separator: ",") + "]}}"
            try rows.message(
                "msg_3", in: "ses_1", #"{"time":{"created":1,"completed":2},"content":[\#(call),\#(call)]}"#,
                type: "assistant")
            // Nobody looks for files in these.
            try rows.message("msg_4", in: "ses_1", #"{"text":"x","files":[\#(user[1])]}"#, type: "synthetic")
            return names.count * 2 * ids.count + 4
        case .go:
            func binary(_ path: String, _ data: String) -> String {
                #"{"type":"binary","data":{"Path":\#(json(path)),"MIMEType":"image/png","Data":\#(json(data))}}"#
            }
            var parts: [String] = []
            for (number, name) in names.enumerated() {
                let other = foreign[number % foreign.count]
                parts.append(#"{"type":"image_url","data":{"url":\#(json(other))}}"#)
                parts.append(binary(name, "!"))
                parts.append(binary(name, "aGVsbG8="))
                parts.append(#"{"type":"image_url","data":{"url":"\#(url)"}}"#)
            }
            let ids = ["msg_1", "msg/2~%.", String(repeating: "msg", count: 50)]
            for (number, id) in ids.enumerated() {
                let text = #"{"type":"text","data":{"text":"\#(number == 0 ? filling : "")"}}"#
                try rows.message(
                    "\(id)", in: "ses_1", "[\(([text] + parts).joined(separator: ","))]", sequence: Int64(number + 1))
            }
            return names.count * 2 * ids.count
        }
    }

    @Test(arguments: TestFamily.plain, [0, 9 << 20])
    func `R9 what a transcript and a conversation call attachments leads to them, whatever their names`(
        family: TestFamily, filling: Int
    ) throws {
        var count = 0
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            count = try Self.writeHostile(rows, filling: String(repeating: "x", count: filling))
        }
        #expect(try follow(mounted) == [count, count, count])
        let transcript = try File.text(mounted.path(".opencodefs/sessions/ses_1/transcript.md"))
        #expect(transcript.contains("not in attachments/"))
        #expect(transcript.contains("`https://h/x.png`"), "what is somewhere else keeps its address")
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test(arguments: [TestFamily.v1, .v2, .both, .go])
    func `R9 every attachment of an invented history is linked`(family: TestFamily) throws {
        let found = try follow(try MountedHistory(demo: family))
        #expect(found.count == 3 && found[0] > 1 && found[0] == found[1] && found[1] == found[2], "\(found)")
    }
}
