package import SessionModel

/// Reads a message of any family as a ``Turn``. What is malformed never fails: it becomes a block that says so.
package enum TurnReader {
    /// - Throws: only what the history throws.
    package static func turn(
        of message: Message, in history: any HistoryReading
    ) throws(ViewError) -> Turn {
        var turn = turn(of: message, try texts(of: message, in: history))
        if turn.hasFilesInside { turn.nameFiles(try history.attachments(of: message.session)) }
        return turn
    }

    /// The turn without what it says, as far as the family's rows let that be left out: V1 keeps it in rows of its own. Its files
    /// are not told by the names they have in `attachments/`.
    package static func summary(
        of message: Message, in history: any HistoryReading
    ) throws(ViewError) -> Turn {
        guard case .parted(let info, _) = message.shape, info.octets <= ConversationText.largest else {
            return turn(of: message, try texts(of: message, in: history))
        }
        let text = try history.text(0, of: message, range: 0..<info.octets)
        return parted(message.id, [ConversationText(0, whole: text)])
    }

    /// The turn with what it says; its files are not told by the names they have in `attachments/`.
    static func words(of message: Message, in history: any MessageTexts) throws(ViewError) -> Turn {
        turn(of: message, try texts(of: message, in: history))
    }

    private static func texts(
        of message: Message, in history: any MessageTexts
    ) throws(ViewError) -> [ConversationText] {
        var octets = 0
        for text in message.texts where octets <= ConversationText.largest { octets += text.octets }
        guard octets > ConversationText.largest else {
            return try history.texts(of: message).enumerated().map { ConversationText($0.offset, whole: $0.element) }
        }
        var texts: [ConversationText] = []
        for number in message.texts.indices {
            texts.append(try ConversationText(number, of: message, in: history))
        }
        return texts
    }

    private static func turn(of message: Message, _ texts: [ConversationText]) -> Turn {
        let text = texts.first ?? ConversationText(0, whole: [])
        return switch message.shape {
        case .parted: parted(message.id, texts)
        case .typed(let type, _): typed(message.id, type, text)
        case .row(let before, _, let after): row(message.id, before + after, text)
        }
    }
}

extension TurnReader {
    /// A turn of a text that is no JSON object, or not of the shape it should have.
    static func malformed(_ id: Message.ID, _ role: Turn.Role, _ text: ConversationText) -> Turn {
        var turn = Turn(id: id, role: role)
        turn.isMalformed = true
        turn.blocks = [malformed(text)]
        return turn
    }

    static func malformed(_ text: ConversationText) -> Block {
        Block(.other(kind: Array("malformed".utf8), json: text.passage))
    }

    static func role(_ word: [UInt8]?) -> Turn.Role {
        guard let word else { return .event(Array("unknown".utf8)) }
        for role in [Turn.Role.user, .assistant, .system, .tool] where word.elementsEqual(role.word.utf8) {
            return role
        }
        return .event(word)
    }

    /// A file as a URL names it: in the row itself where it is a data: URL, otherwise somewhere else.
    static func file(
        url: JSONTree.Value?, mime: [UInt8]?, name: [UInt8]?, in text: ConversationText
    ) -> AttachedFile? {
        guard let url, let spelling = text.spelling(url) else { return nil }
        if spelling.beginning.prefix(5).map({ $0 | 0x20 }).elementsEqual("data:".utf8.map { $0 | 0x20 }) {
            return AttachedFile(name: name, mime: mime, source: .inline(text: text.number, start: spelling.start))
        }
        return text.word(url).map { AttachedFile(name: name, mime: mime, source: .url($0)) }
    }

    /// A file whose bytes stand in a string as base64.
    static func file(
        base64 value: JSONTree.Value?, mime: [UInt8]?, name: [UInt8]?, in text: ConversationText
    ) -> AttachedFile? {
        guard let value, let spelling = text.spelling(value) else { return nil }
        return AttachedFile(name: name, mime: mime, source: .inline(text: text.number, start: spelling.start))
    }
}

extension JSONTree {
    /// A moment, in milliseconds since 1970.
    func moment(_ value: Value?) -> Int64? {
        guard let value, let number = double(value), abs(number) < 9e15 else { return nil }
        return Int64(number.rounded(.down))
    }

    func member(_ key: String, of value: Value?) -> Value? {
        value.flatMap { member(key, of: $0) }
    }

    func integer(_ value: Value?) -> Int64? {
        value.flatMap { integer($0) ?? moment($0) }
    }

    /// `{input,output,reasoning,cache:{read,write}}` of V1 and V2.
    func tokens(_ value: Value?) -> Turn.Tokens? {
        guard let value, kind(of: value) == .object else { return nil }
        let cache = member("cache", of: value)
        return Turn.Tokens(
            input: integer(member("input", of: value)), output: integer(member("output", of: value)),
            reasoning: integer(member("reasoning", of: value)), cacheRead: integer(member("read", of: cache)),
            cacheWrite: integer(member("write", of: cache)))
    }
}
