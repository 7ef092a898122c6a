import SessionModel
import TestSupport
import Testing

@testable import SessionTree

@Suite struct TurnReaderTests {
    private func text(_ passage: Passage?) -> String? {
        guard case .whole(let bytes) = passage else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The same answer as each family writes it.
    private func answer(_ generation: SessionRecord.Generation) -> ToldConversation {
        let history = ToldConversation(generation)
        switch generation {
        case .v1:
            history.tell(
                "msg_1", "assistant",
                """
                {"role":"assistant","time":{"created":1700000000000,"completed":1700000001000},"agent":"build",
                "providerID":"p","modelID":"m","cost":0.5,"finish":"stop",
                "tokens":{"input":1,"output":2,"reasoning":3,"cache":{"read":4,"write":5}}}
                """,
                parts: [
                    #"{"type":"reasoning","text":"think","time":{"start":1,"end":2}}"#,
                    #"{"type":"text","text":"say"}"#,
                    """
                    {"type":"tool","callID":"c","tool":"bash","state":{"status":"completed","input":{"b":1,"a":2.50},
                    "output":"out","time":{"start":1,"end":2}}}
                    """,
                ])
        case .v2:
            history.tell(
                "msg_1", "assistant",
                """
                {"time":{"created":1700000000000,"completed":1700000001000},"agent":"build",
                "model":{"id":"m","providerID":"p"},"cost":0.5,"finish":"stop",
                "tokens":{"input":1,"output":2,"reasoning":3,"cache":{"read":4,"write":5}},"content":[
                {"type":"reasoning","text":"think"},{"type":"text","text":"say"},
                {"type":"tool","id":"c","name":"bash","state":{"status":"completed","input":{"b":1,"a":2.50},
                "content":[{"type":"text","text":"out"}]}}]}
                """)
        case .go:
            history.tell(
                "msg_1", "assistant",
                """
                [{"type":"reasoning","data":{"thinking":"think"}},{"type":"text","data":{"text":"say"}},
                {"type":"tool_call","data":{"id":"c","name":"bash","input":"{\\"b\\":1,\\"a\\":2.50}"}},
                {"type":"finish","data":{"reason":"stop","time":1700000001}}]
                """)
        }
        return history
    }

    @Test(arguments: SessionRecord.Generation.allCases)
    func `an answer is the same turn in every family`(generation: SessionRecord.Generation) throws {
        let turn = try answer(generation).turns[0]
        #expect(turn.role == .assistant)
        #expect(turn.isFinished && !turn.isMalformed)
        #expect(turn.created == 1_700_000_000_000)
        #expect(turn.completed == 1_700_000_001_000)
        #expect(text(turn.finish) == "stop")
        guard turn.blocks.count == 3, case .reasoning(let thought) = turn.blocks[0].content,
            case .text(let said, false) = turn.blocks[1].content, case .tool(let use) = turn.blocks[2].content
        else {
            Issue.record("\(turn.blocks)")
            return
        }
        #expect(text(thought) == "think" && text(said) == "say")
        #expect(text(use.id) == "c" && text(use.name) == "bash")
        #expect(text(use.input) == #"{"b":1,"a":2.50}"#, "order and spelling are kept")
        #expect(!use.hasTextInput)
        guard generation != .go else { return }
        #expect(use.status == .completed && use.outputs.map { text($0) } == ["out"])
        #expect(text(turn.agent) == "build" && text(turn.provider) == "p" && text(turn.model) == "m")
        #expect(turn.cost == 0.5 && turn.tokens?.context == 15)
    }

    @Test(arguments: SessionRecord.Generation.allCases)
    func `text that is no JSON is a malformed turn, never a failure`(generation: SessionRecord.Generation) throws {
        let deep = String(repeating: "[", count: 100_000)
        for hostile in [
            "", "{", "null", "[]", "{}", "\"", "{\"role\":7}", "\u{0}", deep, "[{\"type\":\"text\"}]", "[1,null]",
        ] {
            let history = ToldConversation(generation)
            history.tell("msg_1", "assistant", hostile, parts: [hostile, #"{"type":"text","text":"still here"}"#])
            let turn = try history.turns[0]
            if hostile == deep || hostile.isEmpty { #expect(turn.isMalformed) }
            if generation == .v1 {
                guard case .text(let words, _) = turn.blocks.last?.content else {
                    Issue.record("\(turn)")
                    continue
                }
                #expect(text(words) == "still here")
            }
            // Nor do the views of it.
            for (name, view) in SessionViews.views { #expect(try !history.bytes(of: view).isEmpty, "\(name)") }
        }
    }

    @Test(arguments: 0..<200)
    func `random values where others are expected never trap`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for generation in SessionRecord.Generation.allCases {
            let history = answer(generation)
            var texts = history.told[0].texts
            let number = Int.random(in: texts.indices, using: &random)
            for _ in 0..<3 {
                let values = ["null", "7", "-1e999", "\"\"", "[]", "{}", "true", "\"\\ud800\"", "9e18", ",", "}"]
                let tokens = texts[number].indices.filter { "\"{}[]:,".utf8.contains(texts[number][$0]) }
                let from = tokens.randomElement(using: &random) ?? 0
                let to = tokens.filter { $0 >= from }.prefix(6).randomElement(using: &random) ?? from
                texts[number].replaceSubrange(from..<to, with: Array((values.randomElement(using: &random) ?? "").utf8))
            }
            let hostile = ToldConversation(generation)
            hostile.tell("msg_1", "assistant", texts[0], parts: Array(texts.dropFirst()))
            _ = try hostile.turns
            for (_, view) in SessionViews.views { _ = try hostile.bytes(of: view) }
        }
    }

    @Test(arguments: SessionRecord.Generation.allCases)
    func `long strings stay in the database, and come out as they are`(generation: SessionRecord.Generation) throws {
        // Escapes of every kind at the borders of what is fetched at a time, and more than is held.
        let unit = #"line\n\ttab \"q\" \\ é \u00e9 😀 \ud83d\ude00 "#
        let long = String(repeating: unit, count: (9 << 20) / unit.utf8.count)
        let history = ToldConversation(generation)
        switch generation {
        case .v1:
            history.tell(
                "msg_1", "assistant", #"{"role":"assistant","time":{"completed":1}}"#,
                parts: [
                    #"{"type":"tool","tool":"t","state":{"status":"completed","input":{"x":"\#(long)","y":1},"output":"\#(long)"}}"#,
                    #"{"type":"file","mime":"image/png","url":"data:image/png;base64,\#(String(repeating: "QUJD", count: 100_000))"}"#,
                ])
        case .v2:
            history.tell(
                "msg_1", "assistant",
                #"{"time":{"completed":1},"content":[{"type":"tool","name":"t","state":{"status":"completed","input":{"x":"\#(long)","y":1},"content":[{"type":"text","text":"\#(long)"}]}}]}"#
            )
        case .go:
            history.tell(
                "msg_1", "tool",
                #"[{"type":"tool_result","data":{"tool_call_id":"c","name":"t","content":"\#(long)"}}]"#)
        }
        let turn = try history.turns[0]
        guard case .tool(let use) = turn.blocks[0].content, let output = use.outputs.first else {
            Issue.record("no output")
            return
        }
        guard case .stored = output else {
            Issue.record("it is held")
            return
        }
        let message = history.told[0].message
        var shown: [UInt8] = []
        try output.portions(of: message, in: history) { shown += $0 }
        #expect(shown == JSONText.decoded(Array(long.utf8)[...]))
        if let input = use.input {
            var raw: [UInt8] = []
            try input.portions(of: message, in: history) { raw += $0 }
            #expect(raw == Array(#"{"x":"\#(long)","y":1}"#.utf8))
        }
        if generation == .v1 {
            guard case .file(let file) = turn.blocks[1].content else {
                Issue.record("no file")
                return
            }
            #expect(file.shown?.size == 300_000)
        }
    }
}
