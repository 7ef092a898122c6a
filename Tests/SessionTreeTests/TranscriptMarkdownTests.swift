import Foundation
import SessionModel
import TestSupport
import Testing

@testable import SessionTree

/// What a transcript looks like to a reader of GitHub's Markdown: cmark-gfm, which GitHub's own is.
@Suite struct TranscriptMarkdownTests {
    /// Pieces of which hostile texts are made.
    private static let fragments = [
        "```", "````", "~~~", "~~~~~", "```js", "``` `", "`", "``", "<details>", "</details>", "<summary>x</summary>",
        "<!--", "-->", "<!-- c -->", "<script>", "</script>", "<style>", "<pre>", "<?php", "<![CDATA[", "<!X",
        "<b", ">", "<div\n", "<a href=\"", "'>", "<https://x.y/z>", "<https://x y>", "---", "===", "***", "# head",
        "## User · 2026", "###### ", "- ", "* ", "+ ", "1. ", "7) ", "- ```", "1. ```", "> ", ">", "> ```", "    ",
        "  ", "   ", "\t", " \t", "|", "| a | b |\n|---|---|\n", "| `a | <b>` |", "[x]", "[x]: /evil", "[x]:\n/evil",
        "[^1]", "[^1]: note", "[a](`b) <c>`", "[a](<b>)", "![i](", ")", "https://a.b/`c <d>`", "www.x.y`<i>`", "\\`",
        "\\", "&lt;", "&#60;", "$$", "$`<x>`$", "a", "word `<b>` word", "`a <b`", "x < y", "a<b>c", "\n", "\n", "\n",
        "\n\n", "\n\n", "\r", "\r\n", " ", " ", "- [ ] task", ":::", "{:", "é😀", "_", "**", "~~", "@x", "#1",
    ]

    private static func hostile(_ random: inout SeededGenerator, _ most: Int = 14) -> String {
        (0..<Int.random(in: 0...most, using: &random)).map { _ in fragments.randomElement(using: &random) ?? "" }
            .joined()
    }

    private static func json(_ text: String) -> String {
        String(decoding: JSONText.quoted(text), as: UTF8.self)
    }

    /// The document as cmark-gfm reads it: what stands at its top level, each with its text.
    private static func blocks(_ markdown: [UInt8]) throws -> [(kind: String, text: String)] {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/transcript.md"
        try Data(markdown).write(to: URL(fileURLWithPath: file))
        let run = try Run.program(
            "cmark-gfm",
            [
                "--unsafe", "-e", "footnotes", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tasklist",
                "-t", "xml", file,
            ])
        try #require(run.status == 0, "\(run.errors); is cmark-gfm installed? make deps")
        var blocks: [(kind: String, text: String)] = []
        // A block of the top level is indented by two spaces. A code block's text is not indented, and has no bare `<`.
        // By bytes: to Swift a carriage return and a line feed are one character.
        for bytes in run.output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let line = String(decoding: bytes, as: UTF8.self)
            if line.hasPrefix("  <"), !line.hasPrefix("  </") {
                let kind = line.dropFirst(3).prefix { $0.isLetter || $0 == "_" }
                blocks.append((String(kind), String(line.dropFirst(2)) + "\n"))
            } else if !blocks.isEmpty {
                blocks[blocks.count - 1].text += line + "\n"
            }
        }
        return blocks.map { ($0.kind, Self.plain($0.text)) }
    }

    /// XML without its tags.
    private static func plain(_ xml: String) -> String {
        var text = ""
        var rest = xml[...]
        while let open = rest.firstIndex(of: "<") {
            text += rest[..<open]
            guard let close = rest[open...].firstIndex(of: ">") else { break }
            rest = rest[rest.index(after: close)...]
        }
        text += rest
        for (escape, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
            text = text.replacingOccurrences(of: escape, with: character)
        }
        return text
    }

    @Test(arguments: 0..<60)
    func `nothing that is said swallows what follows it`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let history = ToldConversation(.v1)
        history.title = Self.hostile(&random)
        var outputs: [String] = []
        var thoughts = 0
        for number in 0..<60 {
            let created = 1_700_000_000_000 + number * 1000
            func part(_ type: String, _ members: String) -> String { #"{"type":"\#(type)",\#(members)}"# }
            var parts: [String] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: parts.append(part("text", #""text":\#(Self.json(Self.hostile(&random)))"#))
                case 2:
                    let text = Self.hostile(&random)
                    if !text.isEmpty { thoughts += 1 }
                    parts.append(part("reasoning", #""text":\#(Self.json(text))"#))
                case 3:
                    let output = "output \(outputs.count) " + Self.hostile(&random, 20)
                    outputs.append(output)
                    parts.append(
                        part(
                            "tool",
                            """
                            "tool":\(Self.json(Self.hostile(&random))),"state":{"status":"completed",
                            "input":{"a":\(Self.json(Self.hostile(&random)))},"output":\(Self.json(output))}
                            """))
                default:
                    parts.append(
                        part(
                            "file",
                            """
                            "mime":\(Self.json(Self.hostile(&random))),"filename":\(Self.json(Self.hostile(&random))),
                            "url":"data:text/plain;base64,QQ=="
                            """))
                }
            }
            let info = """
                {"role":"assistant","agent":\(Self.json(Self.hostile(&random))),"modelID":\(Self.json(Self.hostile(&random))),
                "time":{"created":\(created),"completed":\(created)},
                "error":{"name":\(Self.json(Self.hostile(&random))),"data":{"message":\(Self.json(Self.hostile(&random)))}}}
                """
            history.tell("msg_\(number)", "assistant", info, parts: parts)
        }
        let markdown = try history.bytes(of: TranscriptView())
        let blocks = try Self.blocks(markdown)
        let headings = blocks.filter { $0.kind == "heading" }.map { $0.text.replacing("\n", with: " ") }
        var next = 0
        for heading in headings where next < 60 {
            let moment = TranscriptWriter.moment(Int64(1_700_000_000_000 + next * 1000))
            if heading.contains("Assistant · \(moment)") { next += 1 }
        }
        #expect(next == 60, "the heading of turn \(next) is not one")
        let code = Set(blocks.filter { $0.kind == "code_block" }.map(\.text))
        for output in outputs {
            // CommonMark knows three line endings, and cmark-gfm makes one of them.
            let shown = (output.utf8.last == UInt8(ascii: "\n") ? output : output + "\n")
                .replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\r", with: "\n")
            let isShown = code.contains(shown + "\n")
            #expect(isShown, "not one code block with its bytes: \(output.debugDescription)")
        }
        // The only HTML is ours.
        let html = blocks.filter { $0.kind == "html_block" }.map {
            $0.text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        #expect(html.filter { $0 == "<details><summary>Reasoning</summary>" }.count == thoughts)
        #expect(html.filter { $0 == "</details>" }.count == thoughts)
        #expect(html.count == thoughts * 2, "\(html.filter { !$0.contains("details") })")
        let all = try Self.html(markdown)
        #expect(!all.contains("/evil\""), "a definition reaches beyond its text")
    }

    private static func html(_ markdown: [UInt8]) throws -> String {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/transcript.md"
        try Data(markdown).write(to: URL(fileURLWithPath: file))
        return try Run.program("cmark-gfm", ["-e", "footnotes", "-e", "table", "-e", "autolink", file]).text
    }

    @Test(arguments: [
        "plain words", "a list\n\n- one\n- two\n\n1. three\n", "```swift\nlet a: Array<Int> = []\n```\n",
        "use `Vec<String>` here", "see <https://example.org/a?b=c>", "# a heading\n\n> a quote\n\n---\n",
        "- a step:\n  ```html\n  <b>\n  ```\n  done", "| a | b |\n|---|---|\n| 1 | 2 |", "2 < 3 and 4 > 3",
        "[a](https://b.c)",
    ])
    func `what is harmless stands as it is`(text: String) throws {
        #expect(TameText.verdict(Array(text.utf8)) == .tame(closing: []))
        let history = ToldConversation(.v2)
        history.tell("msg_1", "user", #"{"text":\#(Self.json(text))}"#)
        #expect(try String(decoding: history.bytes(of: TranscriptView()), as: UTF8.self).contains("\n\n\(text)\n"))
    }

    @Test(arguments: [
        "<details>", "a <!-- comment", "</details>", "[x]: /evil", "> [x]: /evil", "`a\n`<b>`", "[a](`b) <c>`",
        "https://a.b/`c <d>`", "| `a | <b>` |", "- ```\n<b>", "  ```\n<b>", "    ```\n    <b>\n    ```",
    ])
    func `what could reach beyond itself is shown in a fence`(text: String) {
        #expect(TameText.verdict(Array(text.utf8)) == .wild)
    }

    @Test(arguments: [
        (#"{"name":"","data":{"message":"no money"}}"#, "**Error**:\n\n```\nno money\n```\n\n"),
        (#"{"name":" \t","data":{}}"#, "**Error**\n\n"),
        (#"{"message":"no name"}"#, "**Error** `error`:\n\n```\nno name\n```"),
        (#"{"name":"A","data":{"message":"b"}}"#, "**Error** `A`:\n\n```\nb\n```"),
    ])
    func `an error without a name is told by its message`(error: String, shown: String) throws {
        let history = ToldConversation(.v1)
        history.tell("msg_1", "assistant", #"{"role":"assistant","time":{"completed":1},"error":\#(error)}"#)
        let text = String(decoding: try history.bytes(of: TranscriptView()), as: UTF8.self)
        #expect(text.contains("\n\n" + shown), "\(text)")
        #expect(!text.contains("** \n") && !text.contains("** :"))
    }

    /// Where the code span that begins before an index ends, found by looking at every run behind it.
    private static func endOfSpan(_ line: ArraySlice<UInt8>, from start: Int, count: Int) -> Int? {
        var index = start
        while index < line.endIndex {
            let length = line[index...].prefix { $0 == UInt8(ascii: "`") }.count
            index += max(1, length)
            if length == count { return index }
        }
        return nil
    }

    @Test(arguments: 0..<200)
    func `a code span ends at the next run of as many backticks`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
            "```a <".utf8.randomElement(using: &random) ?? 0x20
        }
        // Not all of it: indices are those of the text.
        let line = text.dropFirst(Int.random(in: 0...3, using: &random)).dropLast(Int.random(in: 0...2, using: &random))
        let runs = BacktickRuns(line)
        var next = 0
        for index in line.indices where line[index] == UInt8(ascii: "`") {
            guard index == line.startIndex || line[index - 1] != UInt8(ascii: "`") else { continue }
            let count = line[index...].prefix { $0 == UInt8(ascii: "`") }.count
            #expect(runs.all[next] == index..<index + count)
            let end = runs.closing[next].map { runs.all[$0].upperBound }
            #expect(end == Self.endOfSpan(line, from: index + count, count: count))
            next += 1
        }
        #expect(next == runs.all.count && runs.closing.count == next)
    }

    @Test func `a line of runs of backticks that nothing closes is read in no time`() {
        var text: [UInt8] = []
        for count in 1...3800 { text += [UInt8](repeating: UInt8(ascii: "`"), count: count) + [0x20] }
        #expect(text.count > 7_000_000)
        let start = ContinuousClock.now
        #expect(TameText.verdict(text + Array("<b>".utf8)) == .wild)
        #expect(TameText.verdict(text) == .tame(closing: []))
        let time = ContinuousClock.now - start
        #expect(time < .seconds(30), "\(time)")
    }

    @Test func `a fence that is left open is closed`() throws {
        #expect(TameText.verdict(Array("```js\n<b>".utf8)) == .tame(closing: Array("```".utf8)))
        #expect(TameText.verdict(Array("~~~~\n```\n".utf8)) == .tame(closing: Array("~~~~".utf8)))
    }

    @Test func `a message in flight shows what is settled, and grows`() throws {
        func tell(_ completed: String, _ parts: [String]) throws -> String {
            let history = ToldConversation(.v1)
            history.tell(
                "msg_1", "user", #"{"role":"user","time":{"created":1}}"#, parts: [#"{"type":"text","text":"ask"}"#])
            history.tell(
                "msg_2", "assistant", #"{"role":"assistant","time":{"created":2\#(completed)}}"#, parts: parts)
            history.tell(
                "msg_3", "user", #"{"role":"user","time":{"created":3}}"#, parts: [#"{"type":"text","text":"queued"}"#])
            return String(decoding: try history.bytes(of: TranscriptView()), as: UTF8.self)
        }
        let done = #"{"type":"text","text":"first","time":{"start":1,"end":2}}"#
        let running = #"{"type":"tool","tool":"bash","state":{"status":"running","input":{}}}"#
        let ran = #"{"type":"tool","tool":"bash","state":{"status":"completed","input":{},"output":"result"}}"#
        var versions: [String] = []
        versions.append(try tell("", []))
        versions.append(try tell("", [#"{"type":"text","text":"fir","time":{"start":1}}"#]))
        versions.append(try tell("", [done]))
        versions.append(try tell("", [done, running]))
        versions.append(try tell("", [done, ran]))
        versions.append(try tell(#","completed":9"#, [done, ran]))
        for (before, after) in zip(versions, versions.dropFirst()) { #expect(after.hasPrefix(before)) }
        #expect(!versions[1].contains("fir"))
        #expect(versions[3].contains("first") && !versions[3].contains("bash"))
        #expect(versions[4].contains("result") && !versions[4].contains("queued"))
        #expect(versions[5].contains("queued"))
    }

    @Test func `a message that was left behind does not hold back what follows`() throws {
        let history = ToldConversation(.v1)
        for number in 1...2 {
            let end = number == 2 ? #","completed":9"# : ""
            history.tell(
                "msg_\(number)", "assistant", #"{"role":"assistant","time":{"created":\#(number)\#(end)}}"#,
                parts: [#"{"type":"text","text":"words \#(number)","time":{"start":1}}"#])
        }
        let text = String(decoding: try history.bytes(of: TranscriptView()), as: UTF8.self)
        #expect(text.contains("words 1") && text.contains("*not finished*") && text.contains("words 2"))
    }
}
