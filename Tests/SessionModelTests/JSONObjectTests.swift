import Foundation
import SessionModel
import TestSupport
import Testing

@Suite struct JSONObjectTests {
    @Test func `a document has one member a line, a line none`() {
        var inner = JSONObject()
        inner.add("x", .null)
        var object = JSONObject()
        object.add("b", .integer(1))
        object.add("missing", nil)
        object.add("a", .array([.boolean(true), .object(inner), .string("\n")]))
        let document = String(decoding: object.document(), as: UTF8.self)
        #expect(document == "{\n  \"b\": 1,\n  \"a\": [true,{\"x\":null},\"\\n\"]\n}\n")
        #expect(String(decoding: object.line(), as: UTF8.self) == #"{"b":1,"a":[true,{"x":null},"\n"]}"#)
        #expect(JSONObject().isEmpty && !object.isEmpty)
        #expect(JSONObject().line() == Array("{}".utf8))
        #expect(JSONText.fault(in: JSONObject().document()) == nil)
    }

    @Test func `members of another object follow`() {
        var first = JSONObject()
        first.add("a", .integer(1))
        var second = JSONObject()
        second.add("b", .integer(Int64.min))
        first.add(contentsOf: second)
        #expect(first.line() == Array(#"{"a":1,"b":-9223372036854775808}"#.utf8))
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (1.5, "1.5"), (3.0, "3"), (-2.0, "-2"), (1e300, "1e+300"),
        (.leastNonzeroMagnitude, "5e-324"),
        (.infinity, "null"), (-.infinity, "null"), (.nan, "null"), (0.0123, "0.0123"), (1e18, "1000000000000000000"),
    ])
    func `a number is written as JSON knows numbers`(number: Double, expected: String) {
        var object = JSONObject()
        object.add("n", .real(number))
        #expect(String(decoding: object.line(), as: UTF8.self) == "{\"n\":\(expected)}")
        #expect(JSONText.fault(in: object.line()) == nil)
    }

    @Test(arguments: [
        (#"{"a" : 1}"#, #"{"a" : 1}"#), ("[1,\n2]", "[1,\n2]"), ("null", "null"), ("1.50", "1.50"), ("", #""""#),
        ("{", #""{""#), (#"{"a":1"#, #""{\"a\":1""#), ("plain", #""plain""#), ("1 tr", #""1 tr""#),
        (#"{} "x"#, #""{} \"x""#),
    ])
    func `stored JSON stands as it is, other text becomes a string`(stored: String, expected: String) {
        var object = JSONObject()
        object.add("v", .stored(Array(stored.utf8)))
        #expect(String(decoding: object.line(), as: UTF8.self) == "{\"v\":\(expected)}")
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `whatever is added, the object is JSON`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\":,\\ 019-.et\n\u{1}\u{7f}/".utf8)
        for _ in 0..<300 {
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let text = random.bytes(0...9, of: alphabet)
                let key = String(decoding: random.bytes(0...3, of: alphabet), as: UTF8.self)
                object.add(key, Bool.random(using: &random) ? .stored(text) : .string(text))
            }
            var outer = JSONObject()
            outer.add("o", .object(object))
            outer.add("a", .array([.object(object), .object(object)]))
            for text in [object.document(), object.line(), outer.document()] {
                #expect(JSONText.fault(in: text) == nil)
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text)) }
            }
        }
    }
}
