package import SessionModel

/// What saving a message's file means for its rows (rules W2 to W6).
package enum MessageEdit {
    /// What a save changes in the rows that stand in the database; nil where that is nothing (rule W4).
    ///
    /// - Parameters:
    ///   - texts: of the message, as ``Message/texts`` numbers them.
    ///   - bytes: the file as it was saved.
    package static func changes(
        of message: Message, texts: [[UInt8]], savedAs bytes: [UInt8]
    ) throws(EditError) -> MessageUpdate? {
        guard texts.map(\.count) == message.texts.map(\.octets) else {
            throw EditError("the message changed while it was read", remedy: "save again")
        }
        if MessageFile.bytes(of: message, texts) == bytes { return nil }
        let tree = try JSONTree(saved: bytes)
        return switch message.shape {
        case .parted(_, let parts): try partedChanges(of: message, parts, texts: texts, savedAs: tree)
        case .typed(let type, _): try typedChanges(of: message, type, text: texts[0], savedAs: tree)
        case .row(let before, _, let after):
            try rowChanges(of: message, before + after, text: texts[0], savedAs: tree)
        }
    }

    /// The message that a new file brings.
    package static func newMessage(
        _ id: Message.ID, in session: Session.ID, _ generation: SessionRecord.Generation, from bytes: [UInt8]
    ) throws(EditError) -> NewMessage {
        let tree = try JSONTree(saved: bytes)
        return switch generation {
        case .v1: try newParted(id, in: session, from: tree)
        case .v2: try newTyped(id, in: session, from: tree)
        case .go: try newRow(id, in: session, from: tree)
        }
    }

    /// The space behind a value up to what follows it: it may belong to a text that ends so.
    static func space(behind value: JSONTree.Value, of tree: JSONTree) -> ArraySlice<UInt8> {
        tree.bytes[tree.range(of: value).upperBound...].prefix { $0 == 0x20 || (0x09...0x0d).contains($0) }
    }

    /// Milliseconds since 1970 of a member that is a time.
    static func moment(_ value: JSONTree.Value?, of tree: JSONTree) -> Int64? {
        value.flatMap { tree.double($0) }.flatMap { Int64(exactly: $0.rounded(.towardZero)) }
    }
}

extension MessageFile {
    /// The whole file of a message whose texts are at hand.
    static func bytes(of message: Message, _ texts: [[UInt8]]) -> [UInt8] {
        let layout = layout(of: message)
        return layout.bytes(0..<layout.size) { (text, range) throws(Never) in texts[text][range] }
    }
}

extension StoredText {
    /// Describes a text that is not stored yet.
    init(of text: [UInt8]) {
        let opening: Opening =
            text.first != UInt8(ascii: "{") ? .other : text.elementsEqual("{}".utf8) ? .emptyObject : .object
        self.init(octets: text.count, opening: opening, updated: 0)
    }
}
