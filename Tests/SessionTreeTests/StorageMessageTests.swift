import SessionModel
import Testing

@testable import SessionTree

@Suite struct StorageMessageTests {
    @Test func `E3 one part of a message is told without the others`() throws {
        let history = ToldConversation(.v2)
        let content = (1...3).map { #"{"type":"text","text":"words \#($0)"}"# }.joined(separator: ",")
        history.tell("msg_1", "assistant", #"{"time":{"created":1},"content":[\#(content)]}"#)
        let message = history.told[0].message
        func told(_ wanted: StorageMessage.Wanted) throws -> StorageMessage? {
            try StorageMessage(wanted, of: message, in: history)
        }
        let ids = try told(.partIDs)?.partIDs ?? []
        #expect(ids == (1...3).map { Message.Part.ID("prt_1_000\($0)") })
        #expect(try told(.partIDs)?.part == nil)
        for (number, id) in ids.enumerated() {
            let part = try told(.part(id))?.part.map { String(decoding: $0.line(), as: UTF8.self) }
            #expect(part?.contains("words \(number + 1)") == true)
        }
        #expect(try told(.part(Message.Part.ID("prt_1_0004")))?.part == nil)
        let info = try told(.info)
        #expect(
            info?.partIDs == []
                && info.map { String(decoding: $0.info.line(), as: UTF8.self) }?.contains("words") == false)
    }
}
