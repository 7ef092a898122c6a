import Foundation
import TestSupport
import Testing

@testable import SessionModel

@Suite struct JSONTextTests {
    @Test func `a quoted byte is counted as it is written`() {
        for byte in UInt8.min...UInt8.max {
            #expect(JSONText.quoted([byte]).count == JSONText.quotedCount([byte]), "byte \(byte)")
        }
        let all = Array(UInt8.min...UInt8.max)
        #expect(JSONText.quoted(all).count == JSONText.quotedCount(all))
        #expect(JSONText.quoted([]) == Array("\"\"".utf8))
        #expect(JSONText.quotedCount([]) == 2)
    }

    @Test func `a quoted text reads back as it was`() throws {
        let scalars = (0..<0x300).compactMap(Unicode.Scalar.init) + ["\u{2028}", "\u{2029}", "\u{feff}", "😀"]
        for scalar in scalars {
            let text = "a\(scalar)b"
            #expect(try JSON(parsing: JSONText.quoted(text)) == .string(text))
        }
    }

    @Test func `quoting is that of JSON.stringify`() {
        let text = "\"\\/\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}é\u{2028}"
        let expected = #""\"\\/\b\t\n\u000b\f\r\u001f"# + "\u{7f}é\u{2028}\""
        #expect(String(decoding: JSONText.quoted(text), as: UTF8.self) == expected)
        #expect(JSONText.quoted([0xff, 0xc3]) == [0x22, 0xff, 0xc3, 0x22])
    }

    @Test(
        arguments: [
            (#"{"role":"user","x":1}"#, "user"), (#" { "a" : [1,{"role":"no"}] , "role" : "assistant" "#, "assistant"),
            (#"{"a":{"role":"no"},"role":"yes""#, "yes"), (#"{"a":"role","role":"yes"}"#, "yes"),
            (#"{"role":"a","role":"b"}"#, "a"), (#"{"role":"","x":1}"#, ""),
            (#"{"time":{"created":1},"role":"user"#, nil),
            (#"{"role":"use"#, nil), (#"{"role":"#, nil), (#"{"role""#, nil), (#"{"ro"#, nil), ("{", nil), ("", nil),
            (#"{"role":1}"#, nil), (#"{"role":null,"role":"x"}"#, nil), (#"["role","user"]"#, nil), (#"{}"#, nil),
            (#"{"a":{"b":"c""#, nil), (#"{"a":1}{"role":"x"}"#, nil), (#"{"a":tru,"role":"x"}"#, nil),
            (#""role""#, nil),
            (#"{"x":"{\"role\":\"no\"}","role":"yes"}"#, "yes"), ("no JSON at all", nil),
        ] as [(String, String?)])
    func `a member is found in a beginning of a text`(text: String, expected: String?) {
        #expect(JSONText.member("role", inBeginning: Array(text.utf8)) == expected.map { Array($0.utf8) })
    }

    @Test func `a cut text shows its member from the closing quote on and nothing else before`() {
        let text = Array(#"{"a":[{"role":"x"},2.5e1],"b":"role","role":"assistant","c":{"role":"y"}}"#.utf8)
        let end = text.count - #","c":{"role":"y"}}"#.utf8.count
        for count in 0...text.count {
            let found = JSONText.member("role", inBeginning: Array(text.prefix(count)))
            #expect(found == (count < end ? nil : Array("assistant".utf8)), "\(count) bytes")
        }
    }
}

/// What is JSON and what is not is Foundation's word as much as ours.
@Suite struct JSONFaultTests {
    private static let samples = [
        #"{"role":"user","time":{"created":12},"tokens":{"input":0,"cache":{"read":-1.5e3}},"ok":[true,null]}"#,
        #"[{"type":"text","text":"a\"b\\c\u00e9\n"},[],{},"",0.25,false,[[[1]]]]"#,
        #" { "a" : [ 1 , 2 , { "b" : "c" } ] , "d" : "\u0041\/" } "#,
        #""just a string""#, "-12.5E-3", "[]", "{}",
    ]

    @Test(arguments: samples) func `valid text has no fault, and every beginning of it has one`(sample: String) {
        let text = Array(sample.utf8)
        #expect(JSONText.fault(in: text) == nil)
        for count in 0..<text.count {
            let beginning = Array(text.prefix(count))
            let isNumber = sample.first == "-" && beginning.last.map { (48...57).contains($0) } == true
            let isRest = text.suffix(text.count - count).allSatisfy { $0 == 0x20 }
            if isNumber || isRest { continue }
            #expect(JSONText.fault(in: beginning) == count, "\(count) bytes")
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `a text is faulty when Foundation says so`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\":,\\u0129.eE+-tfnrul \n\t/aé\u{1}".utf8.filter { $0 < 0x80 })
        var faulty = 0
        for _ in 0..<300 {
            var text = Array(Self.samples.randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) where !text.isEmpty {
                let index = Int.random(in: text.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.remove(at: index)
                case 1: text.insert(alphabet.randomElement(using: &random)!, at: index)
                case 2: text[index] = alphabet.randomElement(using: &random)!
                default: text.swapAt(index, Int.random(in: text.indices, using: &random))
                }
            }
            // Foundation lets a comma stand before a closing bracket; RFC 8259 and the tables of JSONTests do not.
            if String(decoding: text, as: UTF8.self).contains(/,\s*[\]}]/) { continue }
            let fault = JSONText.fault(in: text)
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
            #expect((fault == nil) == isJSON, "\(String(decoding: text, as: UTF8.self))")
            do throws(JSON.Fault) {
                _ = try JSON(parsing: text)
                #expect(fault == nil)
            } catch {
                faulty += 1
                #expect(error.offset == fault)
            }
        }
        #expect((50..<300).contains(faulty))
    }
}
