import Foundation
import SessionModel
import TestSupport
import Testing
import Timing

@testable import SessionTree

@Suite struct MessageFileTests {
    /// Describes a text as a store does.
    static func stored(_ text: [UInt8], updated: Int64 = 0) -> StoredText {
        let opening: StoredText.Opening =
            text == Array("{}".utf8) ? .emptyObject : text.first == UInt8(ascii: "{") ? .object : .other
        return StoredText(octets: text.count, opening: opening, updated: updated)
    }

    private func parted(
        _ id: Message.ID, _ session: Session.ID, _ info: [UInt8], _ parts: [(Message.Part.ID, [UInt8])]
    ) -> Message {
        let parts = parts.map { Message.Part(id: $0, session: session, data: Self.stored($1)) }
        return Message(id: id, session: session, shape: .parted(info: Self.stored(info), parts: parts), order: .rank)
    }

    private func file(_ message: Message, _ texts: [[UInt8]]) -> String {
        let layout = MessageFile.layout(of: message)
        let bytes = layout.bytes(0..<layout.size) { (text, range) throws(Never) in texts[text][range] }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (#"{"role":"user","n":1.50}"#, #"{"id":"m","sessionID":"s","role":"user","n":1.50}"#),
        ("{}", #"{"id":"m","sessionID":"s"}"#), ("", #"{"id":"m","sessionID":"s","#),
        ("{", #"{"id":"m","sessionID":"s","#),
        ("[1]", #"{"id":"m","sessionID":"s",[1]"#), ("no JSON", #"{"id":"m","sessionID":"s",no JSON"#),
        ("{ }", #"{"id":"m","sessionID":"s", }"#), (#"{"a"#, #"{"id":"m","sessionID":"s","a"#),
    ])
    func `R1 a message of V1 is framed as in an export`(info: String, expected: String) {
        let texts = [Array(info.utf8), Array(#"{"type":"text"}"#.utf8), Array("{}".utf8), Array("?".utf8)]
        let alone = parted(.init("m"), .init("s"), texts[0], [])
        #expect(file(alone, texts) == "{\"info\":\(expected),\n\"parts\":[\n\n]}\n")
        let ids: [Message.Part.ID] = [.init("p1"), .init("p2"), .init("p3")]
        let message = parted(.init("m"), .init("s"), texts[0], Array(zip(ids, texts.dropFirst())))
        #expect(
            file(message, texts) == """
                {"info":\(expected),
                "parts":[
                {"id":"p1","sessionID":"s","messageID":"m","type":"text"},
                {"id":"p2","sessionID":"s","messageID":"m"},
                {"id":"p3","sessionID":"s","messageID":"m",?
                ]}

                """)
    }

    @Test(arguments: [
        (#"{"text":"hi","time":{}}"#, "{\"id\":\"m\",\"type\":\"user\",\"text\":\"hi\",\"time\":{}}\n"),
        ("{}", "{\"id\":\"m\",\"type\":\"user\"}\n"), ("", "{\"id\":\"m\",\"type\":\"user\",\n"),
        ("null", "{\"id\":\"m\",\"type\":\"user\",null\n"),
    ])
    func `R1 a message of V2 is framed as in an export`(data: String, expected: String) {
        let texts = [Array(data.utf8)]
        let message = Message(
            id: .init("m"), session: .init("s"), shape: .typed(type: Array("user".utf8), data: Self.stored(texts[0])),
            order: .stored(1))
        #expect(file(message, texts) == expected)
    }

    @Test func `R1 a message of Go is its row`() {
        let columns = [("id", "m"), ("role", "user")].map {
            Message.Column(name: $0, value: .text(Array($1.utf8)))
        }
        let after = [
            Message.Column(name: "model", value: nil), Message.Column(name: "seq", value: .integer(-3)),
            Message.Column(name: "cost", value: .real(0)),
        ]
        for text in ["[]", "", "no JSON", "{}"] {
            let message = Message(
                id: .init("m"), session: .init("s"),
                shape: .row(before: columns, parts: Self.stored(Array(text.utf8)), after: after), order: .rank)
            #expect(
                file(message, [Array(text.utf8)])
                    == #"{"id":"m","role":"user","parts":\#(text),"model":null,"seq":-3,"cost":0.0}"# + "\n")
        }
    }

    @Test func `R1 a part keeps the session that its own row names`() {
        let part = Message.Part(id: .init("p"), session: .init("other"), data: Self.stored(Array("{}".utf8)))
        let message = Message(
            id: .init("m"), session: .init("s"),
            shape: .parted(info: Self.stored(Array("{}".utf8)), parts: [part]), order: .rank)
        #expect(file(message, [Array("{}".utf8), Array("{}".utf8)]).contains(#""sessionID":"other","messageID":"m""#))
    }

    @Test func `R1 identifiers are escaped as JSON`() throws {
        let id = Message.ID("a\"b\\c\nd\u{1}é")
        let message = parted(id, .init("s/~"), Array("{}".utf8), [(.init("\t"), Array("{}".utf8))])
        let text = file(message, [Array("{}".utf8), Array("{}".utf8)])
        let json = try JSON(parsing: Array(text.utf8))
        #expect(json["info"]?["id"]?.string == id.description)
        guard case .array(let parts) = json["parts"] else { throw CocoaError(.coderInvalidValue) }
        #expect(parts.map { $0["id"]?.string } == ["\t"])
        #expect(parts.map { $0["messageID"]?.string } == [id.description])
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `R2 the size is that of the file, and files of JSON are JSON`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let objects = ["{}", #"{"a":1}"#, #"{"text":"é\n","n":[{}]}"#].map { Array($0.utf8) }
        for _ in 0..<50 {
            let isJSON = Bool.random(using: &random)
            func text() -> [UInt8] {
                isJSON
                    ? objects.randomElement(using: &random)! : random.bytes(0...6, of: Array("{}\"a\n".utf8) + [0xff])
            }
            func id() -> [UInt8] { random.bytes(0...6, of: Array("ab\"\\\n\u{1}/".utf8) + (isJSON ? [] : [0xff])) }
            let texts = (0...Int.random(in: 0...4, using: &random)).map { _ in text() }
            func column() -> Message.Column {
                let values: [Record.Field?] = [
                    nil, .integer(.min), .integer(0), .real(0.1), .real(.infinity), .real(1e300), .text(id()),
                ]
                return Message.Column(
                    name: String(decoding: id(), as: UTF8.self), value: values.randomElement(using: &random)!)
            }
            let message: Message
            if texts.count == 1 && Bool.random(using: &random) {
                message = Message(
                    id: .init(bytes: id()), session: .init(bytes: id()),
                    shape: .row(
                        before: (0..<3).map { _ in column() }, parts: Self.stored(texts[0]),
                        after: (0..<Int.random(in: 0...3, using: &random)).map { _ in column() }), order: .rank)
            } else if texts.count == 1 && Bool.random(using: &random) {
                message = Message(
                    id: .init(bytes: id()), session: .init(bytes: id()),
                    shape: .typed(type: id(), data: Self.stored(texts[0])), order: .stored(0))
            } else {
                message = parted(
                    .init(bytes: id()), .init(bytes: id()), texts[0], texts.dropFirst().map { (.init(bytes: id()), $0) }
                )
            }
            let layout = MessageFile.layout(of: message)
            #expect(layout.size == MessageFile.size(of: message))
            #expect(MessageFile.version(of: message).size == layout.size)
            let bytes = layout.bytes(0..<layout.size) { (text, range) throws(Never) in texts[text][range] }
            #expect(bytes.count == layout.size)
            #expect(!isJSON || JSONText.fault(in: bytes) == nil)
        }
    }
}
