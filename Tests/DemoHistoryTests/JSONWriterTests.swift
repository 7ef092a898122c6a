import SessionModel
import TestSupport
import Testing

@testable import DemoHistory

@Suite struct JSONWriterTests {
    @Test(arguments: [
        ("", #""""#), ("a/b", #""a/b""#), ("é日本", #""é日本""#), ("\"\\", #""\"\\""#),
        ("\n\r\t\u{8}\u{c}", #""\n\r\t\b\f""#), ("\u{1}\u{1f}\u{7f}", "\"\\u0001\\u001f\u{7f}\""),
    ])
    func `strings are escaped as JSON.stringify does`(text: String, json: String) {
        var written = JSONWriter()
        written.string(text)
        #expect(String(decoding: written.bytes, as: UTF8.self) == json)
    }

    @Test func `strings are escaped as opencodefs itself does`() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            let text = random.bytes(0...12, of: Array(0...255))
            var written = JSONWriter()
            written.string(text)
            #expect(written.bytes == JSONText.quoted(text))
        }
    }

    @Test func `members are separated by commas alone`() {
        let json = JSONWriter.object { json in
            json.member("a", 1)
            json.member("b") { $0.member("c", true) }
            json.list("d") { json in
                json.number(1)
                json.string("e", unescaped: Array("f".utf8))
            }
            json.list("g") { _ in }
        }
        #expect(String(decoding: json.bytes, as: UTF8.self) == #"{"a":1,"b":{"c":true},"d":[1,"ef"],"g":[]}"#)
    }

    @Test(arguments: [(0, "0"), (1, "0.000001"), (120_000, "0.12"), (2_000_000, "2"), (3_014_159, "3.014159")])
    func `prices are printed as JavaScript prints numbers`(millionths: Int64, json: String) {
        #expect(Dollars(millionths: millionths).jsonNumber == json)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func `base64 is RFC 4648's`(data: String, text: String) {
        #expect(String(decoding: Base64.encode(Array(data.utf8)), as: UTF8.self) == text)
    }
}
