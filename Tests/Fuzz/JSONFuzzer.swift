import SessionModel
import SessionTree

/// JSON, whole and in pieces, and the frames of messages.
enum JSONFuzzer {
    static func run(_ input: inout FuzzInput) {
        let choice = input.byte()
        let id = input.bytes(40)
        let bytes = input.remainder()
        let fault = JSONText.fault(in: bytes)
        if let fault { expect(fault <= bytes.count, "a fault is in the text or at its end") }
        do throws(JSON.Fault) {
            _ = try JSON(parsing: bytes)
            expect(fault == nil, "what parses has no fault")
        } catch {
            expect(error.offset <= bytes.count, "a fault is in the text or at its end")
        }
        _ = JSONText.member("role", inBeginning: bytes)
        _ = JSONText.unescape(bytes[...])
        let quoted = JSONText.quoted(bytes)
        expect(quoted.count == JSONText.quotedCount(bytes), "a count is that of the text")
        expect(JSONText.fault(in: quoted) == nil, "what is quoted is JSON")
        var tokens = JSONTokens(bytes[...])
        for _ in 0...bytes.count {
            let token = tokens.next()
            if token == .end { break }
            if case .fault = token { break }
        }
        frame(bytes, id, choice)
    }

    /// A message of three texts, of which each is the input or something short.
    private static func frame(_ bytes: [UInt8], _ id: [UInt8], _ choice: UInt8) {
        let texts = [bytes, Array("{}".utf8), choice & 1 == 0 ? bytes : []]
        let stored = texts.map { text in
            StoredText(
                octets: text.count,
                opening: text.first != UInt8(ascii: "{")
                    ? .other : text.elementsEqual("{}".utf8) ? .emptyObject : .object, updated: 0)
        }
        let session = Session.ID(bytes: id)
        let parts = stored.dropFirst().map { Message.Part(id: .init(bytes: id), session: session, data: $0) }
        let shapes: [Message.Shape] = [
            .parted(info: stored[0], parts: Array(parts)), .parted(info: stored[0], parts: []),
            .typed(type: id, data: stored[0]),
        ]
        for shape in shapes {
            let message = Message(id: .init(bytes: id), session: session, shape: shape, order: .rank)
            let layout = MessageFile.layout(of: message)
            expect(layout.size == MessageFile.size(of: message), "the size is that of the layout")
            expect(MessageFile.version(of: message).size == layout.size, "and that of the version")
            let whole = layout.bytes(0..<layout.size) { text, range in texts[text][range] }
            expect(whole.count == layout.size, "and that of the bytes")
            let middle = Int(choice) % (layout.size + 1)
            let pieces =
                layout.bytes(0..<middle) { text, range in texts[text][range] }
                + layout.bytes(middle..<(layout.size + 9)) { text, range in texts[text][range] }
            expect(pieces == whole, "pieces are those of the whole")
            let areObjects = texts.allSatisfy { $0.first == UInt8(ascii: "{") && JSONText.fault(in: $0) == nil }
            // {"a":1} is framed to JSON; so is { } but for the comma that its frame ends with.
            let areFull = texts.allSatisfy {
                $0.dropFirst().first { !" \n\r\t".utf8.contains($0) } != UInt8(ascii: "}") || $0.count == 2
            }
            if areObjects, areFull { expect(JSONText.fault(in: whole) == nil, "JSON is framed to JSON") }
        }
    }
}
