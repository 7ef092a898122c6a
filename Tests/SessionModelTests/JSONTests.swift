import Testing

@testable import SessionModel

@Suite struct JSONTests {
    @Test func `keys keep their order, also when they come twice`() throws {
        let json = try JSON(parsing: Array(#"{"z":1,"a":2,"z":3}"#.utf8))
        #expect(json == .object([("z", .number("1")), ("a", .number("2")), ("z", .number("3"))]))
        #expect(json != .object([("a", .number("2")), ("z", .number("1")), ("z", .number("3"))]))
        #expect(json["z"] == .number("1"))
        #expect(json["b"] == nil)
        #expect(JSON.array([])["z"] == nil)
    }

    @Test(arguments: [
        "0", "-0", "1.0", "1.50", "1e3", "1E+3", "-1.25e-07", "123456789012345678901234567890", "0.1000", "1e999",
    ])
    func `numbers keep their spelling`(number: String) throws {
        #expect(try JSON(parsing: Array(number.utf8)) == .number(number))
        #expect(try JSON(parsing: Array(" [\(number)]\n".utf8)) == .array([.number(number)]))
    }

    @Test(arguments: [
        (#""""#, ""), (#""a b""#, "a b"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9""#, "Aé"),
        (#""\ud83d\ude00x""#, "😀x"), (#""\uD83D\uDE00""#, "😀"), (#""a\ud83dz""#, "a\u{fffd}z"),
        (#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"), (#""\u0000""#, "\0"), ("\"😀\u{7f}\"", "😀\u{7f}"),
        (#""\ud83d\n""#, "\u{fffd}\n"),
    ])
    func `escapes stand for characters, half a surrogate pair for U+FFFD`(text: String, expected: String) throws {
        let json = try JSON(parsing: Array(text.utf8))
        #expect(json == .string(expected))
        #expect(json.string == expected)
    }

    @Test func `words and empty things are values`() throws {
        let json = try JSON(parsing: Array(#" [ true , false , null , { } , [ ] , "" ] "#.utf8))
        #expect(json == .array([.boolean(true), .boolean(false), .null, .object([]), .array([]), .string("")]))
        #expect(JSON.null.string == nil)
        #expect(JSON.null != .boolean(false))
    }

    @Test(arguments: [
        ("", 0), ("   ", 3), ("{", 1), ("[1", 2), ("[1}", 2), ("{]", 1), ("}", 0), ("[,1]", 1), ("[1,]", 3),
        ("[1 2]", 3),
        (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), (#"{1:2}"#, 1), (#"{"a" "b"}"#, 5), (#"{"a":1 "b":2}"#, 7),
        ("1 2", 2), ("{} {}", 3), ("01", 0), ("-", 1), ("-a", 1), ("1.", 2), ("1.x", 2), ("1e", 2), ("1e+", 3),
        (".5", 0), ("+1", 0), ("tru", 3), ("trux", 3), ("nul ", 3), ("True", 0), (#""abc"#, 4), (#""\x""#, 1),
        (#""\u12g4""#, 5), ("\"a\nb\"", 2), ("'a'", 0), ("[1]x", 3), ("{} \"abc", 3), ("1 tr", 2), ("[] -", 3),
        ("\u{feff}1", 0), ("// no\n1", 0),
    ])
    func `what is no JSON value has its fault where the reader stumbles`(text: String, offset: Int) {
        let bytes = Array(text.utf8)
        #expect(throws: JSON.Fault(offset: offset)) { try JSON(parsing: bytes) }
        #expect(JSONText.fault(in: bytes) == offset)
    }

    @Test func `nesting beyond the limit is a fault of the reader and no fault of the text`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try JSON(parsing: nested(JSON.maximumDepth)) }
        #expect(throws: JSON.Fault.self) { try JSON(parsing: nested(JSON.maximumDepth + 1)) }
        // Deep enough to exhaust any stack, were it walked by recursion.
        #expect(throws: JSON.Fault.self) { try JSON(parsing: nested(300_000)) }
        #expect(JSONText.fault(in: nested(300_000)) == nil)
    }
}
