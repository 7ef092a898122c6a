import SessionModel
import Testing

@testable import SessionTree

@Suite struct MessageShapeTests {
    private static let tokens = #"{"input":1,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}"#
    private static let call = #""type":"tool","callID":"c","tool":"bash""#

    private func error(_ generation: SessionRecord.Generation, _ file: String) -> EditError? {
        do throws(EditError) {
            _ = try MessageEdit.newMessage(.init("msg_1"), in: .init("ses_1"), generation, from: Array(file.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        #"{"type":"text","text":"a","synthetic":true,"time":{"start":1},"metadata":{},"more":null}"#,
        #"{"type":"reasoning","text":"a","time":{"start":1,"end":2}}"#,
        #"{\#(call),"state":{"status":"pending","input":{},"raw":""}}"#,
        #"{\#(call),"state":{"status":"running","input":{"a":1},"title":"t","time":{"start":1}}}"#,
        #"{\#(call),"state":{"status":"completed","input":{},"output":"","title":"","metadata":{},"time":{"start":1,"end":2}}}"#,
        #"{\#(call),"state":{"status":"error","input":{},"error":"e","time":{"start":1,"end":2}}}"#,
        #"{"type":"file","mime":"text/plain","url":"file:///x","filename":"x","source":{"type":"file","path":"x","text":{"value":"@x","start":0,"end":2}}}"#,
        #"{"type":"step-start"}"#, #"{"type":"step-finish","reason":"stop","cost":0,"tokens":\#(tokens)}"#,
        #"{"type":"snapshot","snapshot":"s"}"#, #"{"type":"patch","hash":"h","files":["a","b"]}"#,
        #"{"type":"agent","name":"a","source":{}}"#, #"{"type":"retry","attempt":1,"error":{},"time":{"created":1}}"#,
        #"{"type":"compaction","auto":true}"#, #"{"type":"subtask","prompt":"","description":"","agent":"a"}"#,
    ])
    func `W2 parts that OpenCode 1 knows are taken`(part: String) {
        #expect(error(.v1, #"{"info":{"role":"user","time":{"created":1}},"parts":[\#(part)]}"#) == nil)
    }

    @Test(arguments: [
        (#"{}"#, "type"), (#"{"type":"song"}"#, "type"), (#"{"type":1}"#, "type"), (#"{"type":"text"}"#, "text"),
        (#"{"type":"text","text":1}"#, "text"), (#"{"type":"text","text":"","time":{}}"#, "time.start"),
        (#"{"type":"text","text":"","text":null}"#, "text"), (#"{"type":"reasoning","text":""}"#, "time"),
        (#"{\#(call)}"#, "state"), (#"{\#(call),"state":{"status":"done"}}"#, "state.status"),
        (#"{\#(call),"state":{"status":"pending","input":[]}}"#, "state.input"),
        (
            #"{\#(call),"state":{"status":"completed","input":{},"output":"","title":"","metadata":{},"time":{"start":1}}}"#,
            "state.time.end"
        ),
        (#"{"type":"file","mime":"a","url":"b","source":{"type":"file","path":"x"}}"#, "source.text"),
        (#"{"type":"patch","hash":"h","files":["a",1]}"#, "files[1]"), (#"{"type":"compaction"}"#, "auto"),
        (#"{"type":"step-finish","reason":"stop","cost":0,"tokens":{"input":1}}"#, "tokens.output"),
    ])
    func `W2 parts that OpenCode 1 stumbles over are refused`(part: String, member: String) {
        let text = #"{"type":"text","text":""}"#
        let error = error(.v1, #"{"info":{"role":"user","time":{"created":1}},"parts":[\#(text),\#(part)]}"#)
        #expect(error?.reason.hasPrefix("parts[1].\(member) ") == true, "\(error?.reason ?? "taken")")
    }

    @Test(
        arguments: [
            (#"{"role":"user","time":{"created":1},"agent":"a","model":{"providerID":"p","modelID":"m"}}"#, nil),
            (
                #"{"role":"assistant","time":{"created":1,"completed":2},"tokens":\#(tokens),"path":{"cwd":"","root":""}}"#,
                nil
            ),
            (#"{"time":{"created":1}}"#, "role"), (#"{"role":"tool","time":{"created":1}}"#, "role"),
            (#"{"role":"user"}"#, "time"), (#"{"role":"user","time":{"created":"1"}}"#, "time.created"),
            (#"{"role":"user","time":{"created":1},"model":{"modelID":"m"}}"#, "model.providerID"),
            (#"{"role":"assistant","time":{"created":1},"error":{"name":"x"}}"#, "error.data"),
            (#"{"role":"assistant","time":{"created":1},"cost":"1"}"#, "cost"),
        ] as [(String, String?)])
    func `W2 the info of OpenCode 1 is checked`(info: String, member: String?) {
        let reason = error(.v1, #"{"info":\#(info),"parts":[]}"#)?.reason
        #expect(member.map { reason?.hasPrefix("info.\($0) ") == true } ?? (reason == nil), "\(reason ?? "taken")")
    }

    private static func assistant(_ content: String) -> String {
        #"{"type":"assistant","agent":"a","model":{"id":"m","providerID":"p"},"content":[\#(content)],"time":{"created":1}}"#
    }

    private static func tool(_ state: String) -> String {
        assistant(#"{"type":"tool","id":"c","name":"n","providerState":1,"state":\#(state),"time":{"created":1}}"#)
    }

    @Test(
        arguments: [
            (#"{"type":"user","text":"a","files":[{"data":"","mime":"m"}],"time":{"created":1}}"#, nil),
            (#"{"type":"idle","outcome":"x","time":{"created":1}}"#, nil), (#"{"type":"user","text":"a"}"#, "time"),
            (#"{"type":"user","time":{"created":1}}"#, "text"), (#"{"type":"song","time":{"created":1}}"#, "type"),
            (assistant(#"{"type":"text","text":"","native":{}},{"type":"reasoning","text":"","state":[]}"#), nil),
            (assistant(#"{"type":"image"}"#), "content[0].type"), (assistant("1"), "content[0]"),
            (tool(#"{"status":"streaming","input":""}"#), nil), (tool(#"{"status":"running","input":{}}"#), nil),
            (tool(#"{"status":"completed","input":{},"content":[{"type":"text","text":""}]}"#), nil),
            (tool(#"{"status":"error","input":{},"error":{"type":"t","message":"m"}}"#), nil),
            (tool(#"{"status":"completed","input":{}}"#), "content[0].state.content"),
            (tool(#"{"status":"error","input":{},"error":"x"}"#), "content[0].state.error"),
            (tool(#"{"status":"pending"}"#), "content[0].state.status"),
            (#"{"type":"compaction","status":"odd","reason":"auto","time":{"created":1}}"#, "status"),
            (#"{"type":"location-switched","location":{},"time":{"created":1}}"#, "location.directory"),
        ] as [(String, String?)])
    func `W2 a message of OpenCode 2 is checked`(file: String, member: String?) {
        let reason = error(.v2, file)?.reason
        #expect(member.map { reason?.hasPrefix("\($0) ") == true } ?? (reason == nil), "\(reason ?? "taken")")
    }

    @Test(
        arguments: [
            (#"{"type":"text","data":{"text":"a"}}"#, nil),
            (#"{"type":"finish","data":{"reason":"stop","time":0}}"#, nil),
            (#"{"type":"tool_call","data":{"id":"c","name":"n","input":"{}","type":"","finished":true}}"#, nil),
            (#"{"type":"tool_search","data":{"tool_use_id":"c","name":"n","input":{}}}"#, nil),
            (#"{"type":"song","data":{}}"#, "parts[0].type"), (#"{"type":"text"}"#, "parts[0].data"),
            (#"{"type":"text","data":{"text":1}}"#, "parts[0].data.text"), ("1", "parts[0]"),
        ] as [(String, String?)])
    func `W2 parts of the Go OpenCode are checked`(part: String, member: String?) {
        let reason = error(.go, #"{"role":"user","parts":[\#(part)]}"#)?.reason
        #expect(member.map { reason?.hasPrefix("\($0) ") == true } ?? (reason == nil), "\(reason ?? "taken")")
        #expect(error(.go, #"{"role":"robot","parts":[]}"#)?.reason.hasPrefix("role ") == true)
    }

    @Test func `W2 rows that are left alone are not checked`() throws {
        let message = EditedMessage.parted(
            #"{"role":"robot"}"#, [("prt_1", #"{"type":"song"}"#), ("prt_2", #"{"type":"text","text":"a"}"#)])
        func save(_ old: String, _ new: String) throws -> MessageUpdate? {
            try message.changes(savedAs: message.text.replacing(old, with: new))
        }
        #expect(try save(#""text":"a""#, #""text":"b""#) != nil)
        #expect(throws: EditError.self) { try save("robot", "android") }
        #expect(throws: EditError.self) { try save("song", "dance") }
        let error = #expect(throws: EditError.self) { try save(#""text":"a""#, #""text":{"secret":1}"#) }
        #expect(error?.reason == "parts[1].text must be a text")
    }

    @Test func `W3 a message that OpenCode is writing is told from one that it left`() {
        func reason(_ message: EditedMessage, updated: Int64 = 0, _ session: SessionRecord? = nil) -> String? {
            let texts = message.texts
            let shape: Message.Shape =
                switch message.message.shape {
                case .parted(_, let parts):
                    .parted(
                        info: StoredText(octets: 0, opening: .object, updated: updated),
                        parts: parts.map { Message.Part(id: $0.id, session: $0.session, data: $0.data) })
                case .typed(let type, _):
                    .typed(type: type, data: StoredText(octets: 0, opening: .object, updated: updated))
                case .row(let before, _, let after):
                    .row(before: before, parts: StoredText(octets: 0, opening: .other, updated: updated), after: after)
                }
            let message = Message(id: .init("m"), session: .init("s"), shape: shape, order: .rank)
            return MessageEdit.reasonInFlight(message, texts: texts, session: session, now: 1_000_000)
        }
        let open = #"{"role":"assistant","time":{"created":1}}"#
        let done = #"{"role":"assistant","time":{"created":1,"completed":2}}"#
        let running = #"{"type":"tool","state":{"status":"running"}}"#
        #expect(reason(.parted(open, []), updated: 999_000) != nil)
        #expect(reason(.parted(open, []), updated: 300_000) == nil)
        #expect(reason(.parted(open, []), updated: .min) == nil)
        #expect(reason(.parted(done, []), updated: 999_000) == nil)
        #expect(reason(.parted(done, [("prt_1", running)]), updated: 999_000)?.contains("running") == true)
        #expect(reason(.parted(#"{"role":"user"}"#, []), updated: 999_000) == nil)
        #expect(reason(.typed("assistant", "{}"), updated: 999_000) != nil)
        #expect(reason(.typed("assistant", done), updated: 999_000) == nil)
        #expect(reason(.typed("user", "{}"), updated: 999_000) == nil)
        let suspended = SessionRecord(generation: .v2, row: Record(["time_suspended": .integer(1)]))
        #expect(reason(.typed("user", "{}"), updated: 999_000, suspended) != nil)
        let role: [(String, Record.Field?)] = [("role", .text(Array("assistant".utf8)))]
        #expect(reason(.row(role, "[]"), updated: 999_000) != nil)
        #expect(reason(.row(role, #"[{"type":"finish"}]"#), updated: 999_000) == nil)
        #expect(reason(.row([("role", .text(Array("user".utf8)))], "[]"), updated: 999_000) == nil)
    }
}
