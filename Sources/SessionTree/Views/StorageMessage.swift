internal import SessionModel

/// A message of OpenCode 2 or of the Go OpenCode as OpenCode 1.1 would have kept it: what its program reads of it, said in the
/// words of that time (docs/decisions/0019 has the table). Messages of OpenCode 1 need no such thing: their rows are those files.
struct StorageMessage {
    /// What is wanted of a message: what it is made of can be large, and a listing asks for each part by itself.
    enum Wanted: Equatable {
        /// What its own file says.
        case info
        /// Which parts it has.
        case partIDs
        case part(Message.Part.ID)
    }

    /// Whose message it is, and what its file says.
    let message: Message
    private let wanted: Wanted
    private(set) var info = JSONObject()
    private(set) var partIDs: [Message.Part.ID] = []
    /// What the part that is wanted says; nil where there is none.
    private(set) var part: JSONObject?

    /// Converts a message; nil where it says nothing that OpenCode 1.1 knew.
    ///
    /// - Throws: where its text is too large to be taken apart.
    init?(_ wanted: Wanted, of message: Message, in history: any HistoryReading) throws(ViewError) {
        // Only a message's own file says anything of its session.
        let record = wanted == .info ? try history.sessionRecord(message.session) : nil
        guard Self.isMessage(message), record != nil || wanted != .info else { return nil }
        let text = message.texts.first
        guard let text, text.octets <= Self.largest else {
            throw .tooLarge(
                reason: "a message of more than \(Self.largest >> 20) MiB is not told in the old layout",
                remedy: "read it in messages/")
        }
        // What is no JSON is a message without content.
        let tree = try history.texts(of: message).first.flatMap { JSONTree(stored: $0) }
        self.message = message
        self.wanted = wanted
        info.add("id", .string(message.id.bytes))
        info.add("sessionID", .string(message.session.bytes))
        switch message.shape {
        case .parted: return nil
        case .typed(let type, _): addTyped(String(decoding: type, as: UTF8.self), tree, record)
        case .row(let before, _, let after):
            let columns = Dictionary((before + after).map { ($0.name, $0.value) }) { first, _ in first }
            addRow(Record(columns.compactMapValues { $0 }), tree)
        }
    }

    private static let largest = 64 << 20

    /// Whether the old layout has a file for it.
    static func isMessage(_ message: Message) -> Bool {
        guard case .typed(let type, _) = message.shape else { return true }
        return ["user", "assistant", "system", "synthetic", "skill", "shell", "compaction"].contains {
            type.elementsEqual($0.utf8)
        }
    }

    /// Whether the old layout has a directory of parts for it, as far as can be told without its text.
    static func mayHaveParts(_ message: Message) -> Bool {
        guard case .parted(_, let parts) = message.shape else { return isMessage(message) }
        return !parts.isEmpty
    }

    /// Adds the next part. Its id sorts behind those before it.
    ///
    /// - Parameter fill: called only where the part is wanted.
    mutating func add(_ type: String, _ fill: (inout JSONObject) -> Void) {
        guard wanted != .info else { return }
        let prefix = Array("msg_".utf8)
        let hasPrefix = message.id.bytes.starts(with: prefix)
        let number = "\(partIDs.count + 1)"
        let ordinal = String(repeating: "0", count: max(0, 4 - number.utf8.count)) + number
        var bytes = Array("prt_".utf8)
        bytes += message.id.bytes.dropFirst(hasPrefix ? prefix.count : 0)
        bytes += "_\(ordinal)".utf8
        let id = Message.Part.ID(bytes: bytes)
        partIDs.append(id)
        guard wanted == .part(id) else { return }
        var part = JSONObject()
        part.add("id", .string(id.bytes))
        part.add("sessionID", .string(message.session.bytes))
        part.add("messageID", .string(message.id.bytes))
        part.add("type", .string(type))
        fill(&part)
        self.part = part
    }

    /// A part of text that the user did not type.
    mutating func addSynthetic(_ text: @autoclosure () -> [UInt8]) {
        add("text") { part in
            part.add("text", .string(text()))
            part.add("synthetic", .boolean(true))
        }
    }

    mutating func addInfo(_ key: String, _ value: @autoclosure () -> JSONObject.Value?) {
        if wanted == .info { info.add(key, value()) }
    }

    /// What the assistant's answer has used.
    static func tokens(
        input: JSONObject.Value, output: JSONObject.Value, reasoning: JSONObject.Value, read: JSONObject.Value,
        write: JSONObject.Value
    ) -> JSONObject.Value {
        var cache = JSONObject()
        cache.add("read", read)
        cache.add("write", write)
        var tokens = JSONObject()
        tokens.add("input", input)
        tokens.add("output", output)
        tokens.add("reasoning", reasoning)
        tokens.add("cache", .object(cache))
        return .object(tokens)
    }

    static func time(_ members: (String, JSONObject.Value?)...) -> JSONObject.Value {
        var time = JSONObject()
        for (key, value) in members { time.add(key, value) }
        return .object(time)
    }
}

extension JSONTree {
    /// A member's value as it is spelled; nil where there is none, or null.
    func value(_ key: String, of object: Value) -> JSONObject.Value? {
        member(key, of: object).flatMap { kind(of: $0) == .null ? nil : .stored(compact($0)) }
    }

    /// A member's text.
    func text(_ key: String, of object: Value) -> [UInt8]? {
        member(key, of: object).flatMap { string($0) }
    }
}
