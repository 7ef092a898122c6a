internal import SessionModel

/// Go: one row of `messages`, whose `parts` are an array of `{"type":…,"data":{…}}` (internal/message/content.go).
extension TurnReader {
    static func row(_ id: Message.ID, _ columns: [Message.Column], _ text: ConversationText) -> Turn {
        func column(_ name: String) -> Record.Field? { columns.first { $0.name == name }?.value }
        func word(_ name: String) -> [UInt8]? {
            if case .text(let bytes) = column(name) { bytes } else { nil }
        }
        func moment(_ name: String) -> Int64? {
            guard case .integer(let seconds) = column(name), seconds != 0 else { return nil }
            return GoTime.milliseconds(seconds)
        }
        let role = role(word("role"))
        guard let tree = text.tree, tree.kind(of: tree.root) == .array else {
            var turn = malformed(id, role, text)
            turn.created = moment("created_at")
            return turn
        }
        var turn = Turn(id: id, role: role)
        turn.created = moment("created_at")
        turn.completed = moment("finished_at")
        turn.model = word("model")
        let isSynthetic = column("synthetic") == .integer(1)
        turn.isFinished = role != .assistant
        for part in tree.children(of: tree.root) {
            let type = text.word(tree.member("type", of: part)) ?? []
            guard let data = tree.member("data", of: part), tree.kind(of: data) == .object else {
                turn.isMalformed = true
                turn.blocks.append(Block(.other(kind: type, json: text.json(part))))
                continue
            }
            if type.elementsEqual("finish".utf8) {
                turn.isFinished = true
                turn.finish = text.word(tree.member("reason", of: data))
                if let time = tree.integer(tree.member("time", of: data)), time > 0, turn.completed == nil {
                    turn.completed = GoTime.milliseconds(time)
                }
            } else {
                turn.blocks.append(
                    Block(
                        content(type, data, isSynthetic, text, tree)
                            ?? .other(
                                kind: type, json: text.json(data))))
            }
        }
        // Go writes texts at any place of the list as they come.
        if !turn.isFinished {
            for index in turn.blocks.indices { turn.blocks[index].isFinal = false }
        }
        return turn
    }

    private static func content(
        _ type: [UInt8], _ data: JSONTree.Value, _ isSynthetic: Bool, _ text: ConversationText, _ tree: JSONTree
    ) -> Block.Content? {
        func string(_ key: String) -> Passage? { text.string(tree.member(key, of: data)) }
        func word(_ key: String) -> [UInt8]? { text.word(tree.member(key, of: data)) }
        switch String(decoding: type, as: UTF8.self) {
        case "text": return string("text").map { .text($0, isSynthetic: isSynthetic) }
        case "reasoning": return .reasoning(string("thinking") ?? .whole([]))
        case "image_url":
            return file(url: tree.member("url", of: data), mime: nil, name: nil, in: text).map { .file($0) }
        case "binary":
            return file(base64: tree.member("Data", of: data), mime: word("MIMEType"), name: word("Path"), in: text)
                .map { .file($0) }
        case "tool_call":
            var use = ToolUse(id: word("id"), name: word("name"), status: .called)
            use.input = string("input")
            // The tool's own JSON, as a string; not before all of it has come.
            if case .whole(let bytes) = use.input { use.hasTextInput = JSONTree(stored: bytes) == nil }
            if case .stored = use.input { use.hasTextInput = true }
            return .tool(use)
        case "tool_result":
            let isError = tree.member("is_error", of: data).flatMap { tree.boolean($0) } ?? false
            var use = ToolUse(id: word("tool_call_id"), name: word("name"), status: isError ? .error : .completed)
            if isError { use.error = string("content") } else { use.outputs = string("content").map { [$0] } ?? [] }
            return .tool(use)
        case "tool_search": return .mark(.toolSearch, json: text.json(data))
        default: return nil
        }
    }
}
