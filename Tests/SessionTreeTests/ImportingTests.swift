import SessionModel
import TestSupport
import Testing

@testable import SessionTree

@Suite struct ImportingTests {
    private static func scan(_ text: String, portion: Int = 3) throws -> ExportScanner {
        var scanner = ExportScanner()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try scanner.add(rest.prefix(portion))
            rest = rest.dropFirst(portion)
        }
        try scanner.finish()
        return scanner
    }

    @Test(arguments: 1...8) func `E2 the pieces of an export are found, whatever portions it comes in`(portion: Int)
        throws
    {
        let text = """
            { "messages" : [ {"a":[1,{"b":"]},\\""}]} ,\n"x" , 12 ],
              "info":{"id":"ses_1","x":[]}\n}\n
            """
        let scanner = try Self.scan(text, portion: portion)
        let bytes = Array(text.utf8)
        func piece(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        #expect(scanner.info.map(piece) == #"{"id":"ses_1","x":[]}"#)
        #expect(scanner.messages.map(piece) == [#"{"a":[1,{"b":"]},\""}]}"#, #""x""#, "12"])
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"info":{}}"#, #"{"messages":[]}"#, #"{"info":{},"messages":{}}"#,
        #"{"info":{},"messages":[],"todos":[]}"#, #"{"info":{},"messages":[}"#, #"{"info":{},"messages":[{}"#,
        #"{"info":{},"info":{},"messages":[]}"#, #"{"info":{},"messages":[]} x"#, #"{"info":,"messages":[]}"#,
        #"{"info":{},"messages":[,]}"#, #"{"info":{},"messages":[{}],"#, #"{"info":{]},"messages":[]"#,
    ])
    func `E2 what is no export is refused`(text: String) throws {
        #expect(throws: EditError.self) { try Self.scan(text) }
    }

    @Test func `E2 no text makes the scanner fail in another way`() throws {
        var random = SeededGenerator(seed: 7)
        let bytes = Array(#"{}[],:""\ inforessag1"#.utf8)
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0..<40, using: &random)).map { _ in bytes.randomElement(using: &random)! }
            var scanner = ExportScanner()
            try? scanner.add(text[...])
            try? scanner.finish()
            for range in scanner.messages { #expect(range.upperBound <= text.count && !range.isEmpty) }
        }
    }

    @Test func `E2 new ids stand wherever the old ones are spoken of, and nowhere else`() {
        var names = RenamedIDs()
        names.rename(Message.ID("msg_1"), to: Message.ID("msg_9"))
        names.rename(Session.ID("ses_1"), to: Session.ID("ses_9"))
        let text =
            #"{"id":"msg_1" , "sessionID": "ses_1","text":"msg_1","a":["msg_1"],"parentID":"msg_2","x":{"id":"\u006dsg_1"}}"#
        let expected =
            #"{"id":"msg_9" , "sessionID": "ses_9","text":"msg_1","a":["msg_1"],"parentID":"msg_2","x":{"id":"msg_9"}}"#
        #expect(names.applied(to: Array(text.utf8)) == Array(expected.utf8))
        #expect(names[Message.ID("msg_1")] == Message.ID("msg_9") && names[Message.ID("msg_2")] == Message.ID("msg_2"))
    }

    @Test(arguments: [
        (#"{"id":"ses_1","projectID":"p","directory":"/w","time":{"archived":1}}"#, SessionRecord.Generation.v1),
        (#"{"id":"ses_1","projectID":"p","location":{"directory":"/w"},"time":{"archived":1}}"#, .v2),
        (#"{"id":"ses_1","project_id":"p","created_at":1}"#, .go),
    ])
    func `E2 an export says whose it is`(info: String, generation: SessionRecord.Generation) throws {
        let session = try ImportedSession(Array(info.utf8))
        #expect(session.generation == generation && session.id == Session.ID("ses_1"))
        #expect(session.project == Project.ID("p"))
        #expect(session.isArchived == (generation != .go))
        #expect(session.directory == (generation == .go ? nil : Array("/w".utf8)))
    }
}
