import TestSupport
import Testing

@testable import SessionModel

@Suite struct JSONIndenterTests {
    @Test(arguments: [
        ("{}", "{}"), ("[]", "[]"), ("1", "1"), (#""a b""#, #""a b""#), ("[ ]", "[]"), ("{\n}", "{}"),
        (#"{"a":1}"#, "{\n  \"a\": 1\n}"), ("[1,2]", "[\n  1,\n  2\n]"), ("[[],{}]", "[\n  [],\n  {}\n]"),
        (
            #"{"a" : { "b":[ 1.50,"x,{}:" ] } }"#,
            "{\n  \"a\": {\n    \"b\": [\n      1.50,\n      \"x,{}:\"\n    ]\n  }\n}"
        ),
        (#"["\"","\\",""]"#, "[\n  \"\\\"\",\n  \"\\\\\",\n  \"\"\n]"),
    ])
    func `text is spaced as JSON.stringify spaces it`(text: String, spaced: String) {
        #expect(JSONIndenter.indent(Array(text.utf8)) == Array(spaced.utf8))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever portions a text comes in, the result is one`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = random.json(depth: 4, respelled: true)
        let whole = JSONIndenter.indent(text)
        var indenter = JSONIndenter()
        var spaced: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...3, using: &random)
            indenter.add(rest.prefix(count), to: &spaced)
            rest = rest.dropFirst(count)
        }
        #expect(spaced == whole)
        // It says the same, and spaced once more it stays as it is.
        #expect(try JSON(parsing: whole) == JSON(parsing: text))
        #expect(JSONIndenter.indent(whole) == whole)
    }

    @Test func `what is nested without end has no indentation without end`() {
        let text = Array(repeating: UInt8(ascii: "["), count: 3000)
        #expect(JSONIndenter.indent(text).count < 3000 * (2 * JSON.maximumDepth + 2))
    }
}
