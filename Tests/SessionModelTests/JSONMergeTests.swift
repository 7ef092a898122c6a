import SessionModel
import TestSupport
import Testing

@Suite struct JSONMergeTests {
    private func merged(_ old: String, _ new: String) throws -> String? {
        let (old, new) = (try JSONTree(parsing: Array(old.utf8)), try JSONTree(parsing: Array(new.utf8)))
        return JSONMerge.text(of: old, saying: new.root, of: new).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"a":1,"b":[true,null,"x"]}"#, #"{ "b" : [ true , null , "x" ] , "a" : 1 }"#),
        ("1.0", "1"), ("1.0", "1e0"), ("12345678901234567890", "12345678901234567000"),
        ("1e999", "1.7976931348623157e308"),
        ("-0", "0"), (#""\u00e9\/\n""#, #""é/\u000A""#), (#""\ud83d\ude00""#, #""😀""#), (#""\ud83d""#, "\"\u{fffd}\""),
        (#"{"a":1,"a":2}"#, #"{ "a" : 1.0 , "a" : 2 }"#), (#"{"\u0061":1}"#, #"{"a":1}"#), ("[]", "[ ]"), ("{}", "{ }"),
    ])
    func `W4 what says the same is no change`(old: String, new: String) throws {
        #expect(try merged(old, new) == nil)
        #expect(try merged(new, old) == nil)
    }

    @Test(arguments: [
        (#"{"n":1.50, "t":"\u0041"}"#, #"{"n":1.5,"t":"B"}"#, #"{"n":1.50, "t":"B"}"#),
        (#"{"a":1, "b":2, "c":3}"#, #"{"a":1,"c":3}"#, #"{"a":1, "c":3}"#),
        (#"{"a":1, "b":2, "c":3}"#, #"{"c":3}"#, #"{"c":3}"#), (#"{"a":1, "b":2}"#, #"{"a":1}"#, #"{"a":1}"#),
        (#"{"a":1,"b":2}"#, "{}", "{}"), ("{ }", #"{"a" : [ 1 , 2 ]}"#, #"{"a":[1,2] }"#),
        (#"{"a":1,"b":2}"#, #"{"d" : 4 , "b":3,"c":"x y"}"#, #"{"b":3,"d":4,"c":"x y"}"#),
        (#"{"a":1,"b":2}"#, #"{"c":3}"#, #"{"c":3}"#),
        (#"{"a":{"b":[1.0,{"c":2.0}]}}"#, #"{"a":{"b":[1,{"c":3}]}}"#, #"{"a":{"b":[1.0,{"c":3}]}}"#),
        ("[1.0, 2.0, 3.0]", "[1,3]", "[1.0, 3.0]"), ("[1.0, 2.0]", "[2]", "[2.0]"), ("[1.0, 2.0]", "[1]", "[1.0]"),
        ("[1.0,2.0]", "[0, 1, 2]", "[0,1.0,2.0]"), ("[1.0,2.0]", "[1, 9, 8, 2]", "[1.0,9,8,2.0]"),
        ("[1.0,2.0]", "[1, 2, 3]", "[1.0,2.0,3]"), ("[]", "[1, 2]", "[1,2]"), ("[1, 2]", "[]", "[]"),
        ("[1.0,2,3.0]", "[1,5,6,3]", "[1.0,5,6,3.0]"), ("[1.0,2.0,3.0,4.0]", "[1,9,4]", "[1.0,9,4.0]"),
        (#"{"a":1,"a":2}"#, #"{"a": 2}"#, #"{"a":2}"#), (#"{"a":1}"#, #"{"a":1,"a" : 3}"#, #"{"a":1,"a":3}"#),
        ("1", #"{"a" : 1}"#, #"{"a":1}"#), (" [ 1 ] ", " 2 ", " 2 "), ("true", "false", "false"), ("null", "0", "0"),
        (#"{"e":"é"}"#, #"{"e":"e\#u{301}"}"#, #"{"e":"e\#u{301}"}"#),
        (#""\ud83d\ude00""#, #""\ud83d\ude01""#, #""\ud83d\ude01""#),
    ])
    func `W4 what differs changes, and nothing beside it`(old: String, new: String, expected: String) throws {
        #expect(try merged(old, new) == expected)
        // And then it says the same.
        #expect(try merged(expected, new) == nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `W4 whatever was and comes, the merged text says what came`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let old = random.json(depth: 3, respelled: true)
            let new = random.json(depth: 3, respelled: true)
            let tree = try JSONTree(parsing: new)
            let was = try JSONTree(parsing: old)
            guard let text = JSONMerge.text(of: was, saying: tree.root, of: tree) else {
                #expect(JSONMerge.isSame(was.root, of: was, tree.root, of: tree))
                continue
            }
            let result = try JSONTree(parsing: text)
            #expect(JSONMerge.isSame(result.root, of: result, tree.root, of: tree))
        }
    }

    @Test func `W4 bytes that are no UTF-8 stay when an editor shows them as U+FFFD`() throws {
        let old = [UInt8](#"{"t":"a"#.utf8) + [0xff] + Array(#"","n":1}"#.utf8)
        let new = try JSONTree(parsing: Array("{\"t\":\"a\u{fffd}\",\"n\":2}".utf8))
        let text = JSONMerge.text(of: try JSONTree(parsing: old), saying: new.root, of: new)
        #expect(text == [UInt8](#"{"t":"a"#.utf8) + [0xff] + Array(#"","n":2}"#.utf8))
    }

    @Test func `W2 deep nesting is a fault, never a stack that overflows`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        let deepest = try JSONTree(parsing: nested(JSON.maximumDepth))
        #expect(JSONMerge.text(of: deepest, saying: deepest.root, of: deepest) == nil)
        #expect(throws: JSON.Fault.self) { try JSONTree(parsing: nested(JSON.maximumDepth + 1)) }
        #expect(throws: JSON.Fault.self) { try JSONTree(parsing: nested(300_000)) }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a tree is read where JSON is, and its faults stand where JSON's do`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\":,\\u01.e-tfn \n".utf8)
        for _ in 0..<300 {
            var text = random.json(depth: 3, respelled: true)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                text[Int.random(in: text.indices, using: &random)] = alphabet.randomElement(using: &random)!
            }
            do throws(JSON.Fault) {
                let tree = try JSONTree(parsing: text)
                #expect(JSONText.fault(in: text) == nil)
                #expect(JSONText.fault(in: tree.compact(tree.root)) == nil)
            } catch {
                #expect(error.offset == JSONText.fault(in: text))
            }
        }
    }
}
