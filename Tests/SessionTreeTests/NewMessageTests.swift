import SessionModel
import TestSupport
import Testing

@testable import SessionTree

@Suite struct NewMessageTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func new(
        _ generation: SessionRecord.Generation, _ file: String
    ) throws(EditError) -> NewMessage {
        let ids = generation == .go ? ("m", "s") : ("msg_1", "ses_1")
        return try MessageEdit.newMessage(.init(ids.0), in: .init(ids.1), generation, from: Array(file.utf8))
    }

    @Test(arguments: [
        (#"{"role":"user","time":{"created":5}}"#, [#"{"type":"text","text":"a"}"#]),
        (
            #"{ "role" : "user","time":{"created":5}} "#,
            [
                #"{ "type":"text", "text":"a" }"#, "{\"type\":\"text\",\"text\":\"b\"}\n",
                "{\n\"type\":\"text\",\"text\":\"\"}\n\n",
            ]
        ),
        ("{\"role\":\"user\",\"time\":{\"created\":5}}\n\n", []),
    ])
    func `W5 a copied file of V1 brings the bytes that its source has`(info: String, parts: [String]) throws {
        let source = EditedMessage.parted(info, parts.enumerated().map { ("prt_\($0)", $1) })
        let message = try new(.v1, source.text)
        guard case .parted(let copied, let rows) = message.content else { throw EditError("another shape") }
        #expect(text(copied) == info)
        #expect(rows.map(\.id.description) == parts.indices.map { "prt_\($0)" })
        #expect(rows.map { text($0.data) } == parts)
        #expect(message.created == 5)
    }

    @Test(arguments: [
        #"{"text":"a","time":{"created":7}}"#, " {\"text\":\"a\"}", "{ \"text\":\"a\",\"time\":{\"created\":7} } ",
        "{\"text\":\"a\",\"time\":{\"created\":7}}\n", "{\n  \"text\":\"a\",\"time\":{\"created\":7}}",
    ])
    func `W5 a copied file of V2 brings the bytes that its source has`(data: String) throws {
        let source = EditedMessage.typed("user", data)
        // A text that begins with a space is no JSON in its frame: it cannot come back by a copy.
        guard data.first == "{" else {
            #expect(throws: EditError.self) { try new(.v2, source.text) }
            return
        }
        let message = try new(.v2, source.text)
        guard case .typed(let type, let copied) = message.content else { throw EditError("another shape") }
        #expect(text(type) == "user")
        #expect(text(copied) == data)
        #expect(message.created == 7)
    }

    @Test(arguments: ["[]", " [ ] ", "\n[{\"type\":\"text\",\"data\":{\"text\":\"a\"}}]", "[ ]\t"])
    func `W5 a copied file of Go brings the bytes that its source has`(parts: String) throws {
        let source = EditedMessage.row(
            [
                ("role", .text(Array("user".utf8))), ("model", nil), ("created_at", .integer(1_700_000_000)),
                ("cost", .real(0.5)),
            ],
            parts)
        let message = try new(.go, source.text)
        guard case .row(let columns) = message.content else { throw EditError("another shape") }
        #expect(
            Set(columns) == [
                Assignment("role", .text(Array("user".utf8))), Assignment("model", nil), Assignment("cost", .real(0.5)),
                Assignment("created_at", .integer(1_700_000_000)), Assignment("updated_at", .integer(1_700_000_000)),
                Assignment("parts", .text(Array(parts.utf8))),
            ])
        #expect(message.created == 1_700_000_000_000)
    }

    @Test func `W5 what was written by hand is stored without space`() throws {
        let v1 = try new(
            .v1,
            """
            { "info": { "role": "user", "time": { "created": 1.5e3 }, "n": 1.0 },
              "parts": [ { "text": "a b", "type": "text" }, { "id": "prt_9", "type": "text", "text": "" } ] }
            """)
        guard case .parted(let info, let parts) = v1.content else { throw EditError("another shape") }
        #expect(text(info) == #"{"role":"user","time":{"created":1.5e3},"n":1.0}"#)
        #expect(parts.map(\.id.description) == ["prt_1", "prt_9"])
        #expect(parts.map { text($0.data) } == [#"{"text":"a b","type":"text"}"#, #"{"type":"text","text":""}"#])
        #expect(v1.created == 1500)
        let v2 = try new(.v2, #"{ "time": { "created": 9 }, "type": "user", "text": "x", "id": "msg_1" }"#)
        guard case .typed(_, let data) = v2.content else { throw EditError("another shape") }
        #expect(text(data) == #"{"time":{"created":9},"text":"x"}"#)
        let go = try new(.go, #"{ "role": "user", "parts": [ ], "created_at": 1700000000123 }"#)
        guard case .row(let columns) = go.content else { throw EditError("another shape") }
        #expect(columns.contains(Assignment("parts", .text(Array("[]".utf8)))))
        #expect(go.created == 1_700_000_000_123)
    }

    @Test(
        arguments: [
            (.v1, #"{"info":{"id":"msg_2","role":"user","time":{"created":1}},"parts":[]}"#, "info.id"),
            (.v1, #"{"info":{"sessionID":"x","role":"user","time":{"created":1}},"parts":[]}"#, "info.sessionID"),
            (
                .v1, #"{"info":{"role":"user","time":{"created":1}},"parts":[{"id":"p","type":"text","text":""}]}"#,
                "parts[0].id"
            ),
            (.v2, #"{"text":"a","time":{"created":1}}"#, "type"),
            (.v2, #"{"id":"msg_7","type":"user","text":"","time":{"created":1}}"#, "id"),
            (.go, #"{"role":"user"}"#, "parts"), (.go, #"{"parts":[]}"#, "role"),
            (.go, #"{"parts":[],"role":"user","x":[]}"#, "x"),
            (.go, #"{"parts":[],"role":"user","session_id":"t"}"#, "session_id"),
        ] as [(SessionRecord.Generation, String, String)])
    func `W2 what a new message must not say is named`(
        generation: SessionRecord.Generation, file: String, member: String
    ) {
        let error = #expect(throws: EditError.self) { try new(generation, file) }
        #expect(error?.reason.hasPrefix(member + " ") == true, "\(error?.reason ?? "")")
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `W5 whatever is shown can be copied`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for number in 0..<30 {
            let source = EditedMessage.random(number, using: &random)
            let generation: SessionRecord.Generation = [.v1, .v2, .go][number % 3]
            let message = try new(generation, source.text)
            let texts: [[UInt8]] =
                switch message.content {
                case .parted(let info, let parts): [info] + parts.map(\.data)
                case .typed(_, let data): [data]
                case .row(let columns):
                    columns.compactMap { $0.column == "parts" ? $0.value : nil }.map {
                        if case .text(let bytes) = $0 { bytes } else { [] }
                    }
                }
            #expect(texts == source.texts)
        }
    }
}
