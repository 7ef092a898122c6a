import Foundation
import SessionModel
import TestSupport
import Testing

@testable import SessionTree

@Suite struct MessageEditTests {
    static let v1 = EditedMessage.parted(
        #"{"role":"user","time":{"created":1700000000000.0},"agent":"build","n":12345678901234567890}"#,
        [
            ("prt_1", #"{"type":"text","text":"caf\u00e9","n":1.0}"#), ("prt_3", #"{"type":"text","text":"two"}"#),
            ("prt_5", #"{"type":"text", "text":"three"}"#),
        ])
    static let v2 = EditedMessage.typed("user", #"{"time":{"created":1700000000000},"text":"caf\u00e9","n":1.0}"#)
    static let go = EditedMessage.row(
        [("role", .text(Array("user".utf8))), ("model", nil), ("seq", .integer(4)), ("created_at", .integer(17))],
        #"[{"type":"text","data":{"text":"caf\u00e9","n":1.0}}, {"type":"finish","data":{"reason":"stop","time":0}}]"#)

    @Test(arguments: [v1, v2, go]) func `W4 the same bytes are no change`(message: EditedMessage) throws {
        #expect(try message.changes(savedAs: message.file) == nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `W4 a file that says the same in other spelling is no change`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for number in 0..<60 {
            let message = EditedMessage.random(number, using: &random)
            for shuffled in [false, true] {
                let saved = try Respelling.of(message.file, shuffled: shuffled, using: &random)
                let update = try message.changes(savedAs: saved)
                #expect(update == nil, "\(message.text) saved as \(String(decoding: saved, as: UTF8.self))")
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `W4 a save is stored, and shown again it says what was saved`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for number in 0..<60 {
            let message = EditedMessage.random(number, using: &random)
            // Another message of the same family, in another spelling, saved over this one.
            let other = EditedMessage.random(number, using: &random)
            let saved = try Respelling.of(other.file, shuffled: true, using: &random)
            guard let update = try message.changes(savedAs: saved) else { continue }
            let after = message.applying(update)
            let (one, two) = (try JSONTree(parsing: after.file), try JSONTree(parsing: saved))
            #expect(JSONMerge.isSame(one.root, of: one, two.root, of: two), "\(after.text)")
            #expect(try after.changes(savedAs: saved) == nil)
        }
    }

    @Test func `W4 an edit of one member of V1 leaves every other byte`() throws {
        var random = SeededGenerator(seed: 1)
        let edited = Self.v1.text.replacingOccurrences(of: "two", with: "2 \\u00e9")
        let saved = try Respelling.of(Array(edited.utf8), shuffled: true, using: &random)
        guard case .parted(let info, let updated, let inserted, let removed)? = try Self.v1.changes(savedAs: saved)
        else {
            Issue.record("no change")
            return
        }
        #expect(info == nil && inserted.isEmpty && removed.isEmpty)
        #expect(updated.map(\.id) == [.init("prt_3")])
        let data = try #require(updated.first?.data)
        #expect(try JSON(parsing: data)["text"]?.string == "2 é")
        #expect(
            Self.v1.applying(.parted(info: nil, updated: updated, inserted: [], removed: [])).texts[3]
                == Self.v1.texts[3])
    }

    @Test func `W4 jq of version 1_6 spells numbers and letters anew and changes nothing`() throws {
        let saved = Self.v1.text.replacingOccurrences(of: "12345678901234567890", with: "12345678901234567000")
            .replacingOccurrences(of: #"\u00e9"#, with: "é").replacingOccurrences(of: "1.0", with: "1")
            .replacingOccurrences(of: "1700000000000.0", with: "1700000000000")
        #expect(saved != Self.v1.text)
        #expect(try Self.v1.changes(savedAs: saved) == nil)
        let one = saved.replacingOccurrences(of: "build", with: "plan")
        guard case .parted(let info?, let updated, _, _)? = try Self.v1.changes(savedAs: one) else {
            Issue.record("no change")
            return
        }
        #expect(updated.isEmpty)
        let before = String(decoding: Self.v1.texts[0], as: UTF8.self)
        #expect(String(decoding: info, as: UTF8.self) == before.replacingOccurrences(of: "build", with: "plan"))
    }

    @Test func `W4 an edit of V2 and of Go leaves every other byte`() throws {
        for message in [Self.v2, Self.go] {
            let saved = message.text.replacingOccurrences(of: #"caf\u00e9"#, with: "tea").replacingOccurrences(
                of: "1.0", with: "1")
            let update = try #require(try message.changes(savedAs: saved))
            let after = message.applying(update)
            #expect(after.text == message.text.replacingOccurrences(of: #"caf\u00e9"#, with: "tea"))
        }
    }

    @Test func `W4 the type of V2 and the columns of Go may change`() throws {
        let typed = try Self.v2.changes(savedAs: Self.v2.text.replacingOccurrences(of: #""user""#, with: #""system""#))
        guard case .typed(let type?, nil)? = typed else {
            Issue.record("\(String(describing: typed))")
            return
        }
        #expect(type == Array("system".utf8))
        let saved = #"{"parts":\#(String(decoding: Self.go.texts[0], as: UTF8.self)),"model":"m","updated_at":5}"#
        guard case .row(let assignments)? = try Self.go.changes(savedAs: saved) else {
            Issue.record("no change")
            return
        }
        #expect(assignments == [Assignment("model", .text(Array("m".utf8)))])
    }

    @Test func `W2 parts come and go, and one without an id gets one between its neighbours`() throws {
        let saved = #"""
            {"info":{"role":"user","time":{"created":1700000000000},"agent":"build","n":12345678901234567890},
             "parts":[{"type":"text","text":"first"},
              {"id":"prt_1","type":"text","text":"caf\u00e9","n":1.0},
              {"type":"text","text":"a"}, {"type":"text","text":"b"},
              {"id":"prt_4","type":"text","text":"c"},
              {"id":"prt_5","messageID":"msg_1","type":"text","text":"three"}]}
            """#
        guard case .parted(nil, let updated, let inserted, let removed)? = try Self.v1.changes(savedAs: saved) else {
            Issue.record("no change")
            return
        }
        #expect(updated.isEmpty)
        #expect(removed == [.init("prt_3")])
        // prt_1 is the message's own and taken; prt_3 is still there when parts are inserted.
        #expect(inserted.map(\.id.description) == ["prt_0", "prt_2", "prt_2V", "prt_4"])
        #expect(String(decoding: inserted[1].data, as: UTF8.self) == #"{"type":"text","text":"a"}"#)
    }

    @Test(arguments: [
        (#"{"info":{"id":"msg_2"},"parts":[]}"#, "info.id"),
        (#"{"info":{"sessionID":"x"},"parts":[]}"#, "info.sessionID"),
        (#"{"info":{"id":1},"parts":[]}"#, "info.id"),
        (#"{"info":{},"parts":[{"messageID":"m"}]}"#, "parts[0].messageID"),
        (#"{"info":{},"parts":[{"id":"prt_1","sessionID":"x"}]}"#, "parts[0].sessionID"),
        (#"{"info":{"role":"user","time":{"created":1}},"parts":[{"id":"x","type":"text","text":""}]}"#, "parts[0].id"),
        (#"{"info":{"role":"user","time":{"created":1}},"parts":[{"id":"prt_3"},{"id":"prt_1"}]}"#, "parts[1].id"),
        (#"{"info":{"role":"user","time":{"created":1}},"parts":[{"id":"prt_1"},{"id":"prt_1"}]}"#, "parts[1].id"),
        (#"{"info":{}}"#, "parts"), (#"{"parts":[]}"#, "info"), (#"{"info":{},"parts":{}}"#, "parts"),
        (#"{"info":[],"parts":[]}"#, "info"), (#"{"info":{},"parts":[1]}"#, "parts[0]"), ("[]", "the file"),
        (#"{"info":{},"parts":[],"extra":1}"#, "extra"), (#"{"info":{},"parts":[],"info":{}}"#, "info"),
    ])
    func `W2 what the file of a V1 message must not say is named`(saved: String, member: String) {
        let error = #expect(throws: EditError.self) { try Self.v1.changes(savedAs: saved) }
        #expect(error?.reason.hasPrefix(member + " ") == true, "\(error?.reason ?? "")")
    }

    @Test(arguments: [
        (v2, #"{"id":"msg_2","type":"user"}"#, "id"), (v2, #"{"id":"msg_1","type":7}"#, "type"), (v2, "1", "the file"),
        (go, #"{"id":"n"}"#, "id"), (go, #"{"session_id":"n"}"#, "session_id"), (go, #"{"colour":1}"#, "colour"),
        (go, #"{"model":{}}"#, "model"), (go, #"{"model":1,"model":2}"#, "model"), (go, #"{"parts":null}"#, "parts"),
        (go, "[]", "the file"), (go, #"{"a b":1}"#, "a member with an unusual name"),
    ])
    func `W2 what the file of another message must not say is named`(
        message: EditedMessage, saved: String, member: String
    ) {
        let error = #expect(throws: EditError.self) { try message.changes(savedAs: saved) }
        #expect(error?.reason.hasPrefix(member + " ") == true, "\(error?.reason ?? "")")
    }

    @Test(arguments: [
        ("", 0, "the file is empty"), (" \n", 0, "the file is empty"), ("{", 1, "line 1 column 2"),
        ("{\n  \"é\" 1}", 9, "line 2 column 7"), ("{}}", 2, "line 1 column 3"),
    ])
    func `W2 what is no JSON is refused where it stops being so`(saved: String, offset: Int, place: String) {
        let error = #expect(throws: EditError.self) { try Self.v1.changes(savedAs: saved) }
        #expect(error?.offset == offset)
        #expect(error?.reason.contains(place) == true, "\(error?.reason ?? "")")
    }

    @Test func `W2 deep nesting is refused`() {
        let deep = String(repeating: "[", count: 300_000) + String(repeating: "]", count: 300_000)
        let saved = #"{"info":{"x":\#(deep)},"parts":[]}"#
        let error = #expect(throws: EditError.self) { try Self.v1.changes(savedAs: saved) }
        #expect(error?.reason.contains("deep") == true)
    }

    @Test func `W2 a text that is no JSON is replaced by one that is`() throws {
        let broken = EditedMessage.parted(#"{"role":"user","time":{"created":1}}"#, [("prt_1", "no JSON")])
        #expect(try broken.changes(savedAs: broken.file) == nil)
        let saved = broken.text.replacingOccurrences(of: "no JSON", with: #""type" : "text","text":"x"}"#)
        guard case .parted(nil, let updated, _, _)? = try broken.changes(savedAs: saved) else {
            Issue.record("no change")
            return
        }
        #expect(updated.count == 1)
        // Without its brace, but framed it is JSON: left alone while another part changes.
        let odd = EditedMessage.parted(
            #"{"role":"user","time":{"created":1}}"#, [("prt_1", #""type":"text","text":"a"}"#), ("prt_2", "{}")])
        let other = odd.text.replacingOccurrences(of: #""messageID":"msg_1"}"#, with: #""type":"text","text":"b"}"#)
        guard case .parted(nil, let one, _, _)? = try odd.changes(savedAs: other) else {
            Issue.record("no change")
            return
        }
        #expect(one.map(\.id) == [.init("prt_2")])
    }

    @Test func `W4 members of a text that are called as the frame's stay`() throws {
        let message = EditedMessage.typed("user", #"{"id":"inner","text":"a","time":{"created":1}}"#)
        #expect(try message.changes(savedAs: message.file) == nil)
        // A program that knows no member twice keeps one of them.
        let saved = #"{"id":"msg_1","type":"user","text":"b","time":{"created":1}}"#
        guard case .typed(nil, let data?)? = try message.changes(savedAs: saved) else {
            Issue.record("no change")
            return
        }
        #expect(String(decoding: data, as: UTF8.self) == #"{"id":"inner","text":"b","time":{"created":1}}"#)
    }

    @Test func `W3 a save is refused when the texts are not those that were described`() {
        #expect(throws: EditError.self) {
            try MessageEdit.changes(of: Self.v2.message, texts: [[]], savedAs: Self.v2.file)
        }
    }

    @Test func `W4 ten megabytes are merged within a second`() throws {
        let text = String(repeating: #"line \"of\" text\n"#, count: 500_000)
        let message = EditedMessage.parted(
            #"{"role":"user","time":{"created":1}}"#,
            [("prt_1", #"{"type":"text","text":"\#(text)","n":1.0}"#), ("prt_2", #"{"type":"text","text":"x"}"#)])
        let saved = message.text.replacingOccurrences(of: #""n":1.0"#, with: #""n":2"#)
            .replacingOccurrences(of: #""type":"text""#, with: #""type" : "text""#)
        let start = ContinuousClock.now
        let update = try message.changes(savedAs: saved)
        let duration = ContinuousClock.now - start
        #expect(update != nil)
        // Tests are built without optimisation, which costs a factor of twenty and more.
        #expect(duration < .seconds(60), "\(duration)")
    }
}
