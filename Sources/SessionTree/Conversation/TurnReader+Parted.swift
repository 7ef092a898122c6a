internal import SessionModel

/// V1: a row of `message`, whose text says who speaks, and the rows of `part` (packages/core/src/v1/session.ts).
extension TurnReader {
    static func parted(_ id: Message.ID, _ texts: [ConversationText]) -> Turn {
        guard let info = texts.first, let tree = info.tree, tree.kind(of: tree.root) == .object else {
            var turn = texts.first.map { malformed(id, role(nil), $0) } ?? Turn(id: id, role: role(nil))
            for text in texts.dropFirst() { add(text, to: &turn) }
            return turn
        }
        let root = tree.root
        var turn = Turn(id: id, role: role(info.word(tree.member("role", of: root))))
        let time = tree.member("time", of: root)
        turn.created = tree.moment(tree.member("created", of: time))
        turn.completed = tree.moment(tree.member("completed", of: time))
        turn.agent = info.word(tree.member("agent", of: root)) ?? info.word(tree.member("mode", of: root))
        let model = tree.member("model", of: root)
        turn.provider =
            info.word(tree.member("providerID", of: root)) ?? info.word(tree.member("providerID", of: model))
        turn.model = info.word(tree.member("modelID", of: root)) ?? info.word(tree.member("modelID", of: model))
        turn.finish = info.word(tree.member("finish", of: root))
        turn.cost = tree.member("cost", of: root).flatMap { tree.double($0) }
        turn.tokens = tree.tokens(tree.member("tokens", of: root))
        if let error = tree.member("error", of: root), tree.kind(of: error) == .object {
            turn.failure = Turn.Failure(
                name: info.word(tree.member("name", of: error)) ?? Array("error".utf8),
                message: info.word(tree.member("message", of: tree.member("data", of: error)))
                    ?? info.word(tree.member("message", of: error)))
        }
        turn.isFinished = turn.role != .assistant || turn.completed != nil
        for text in texts.dropFirst() { add(text, to: &turn) }
        return turn
    }

    private static func add(_ text: ConversationText, to turn: inout Turn) {
        guard let tree = text.tree, let type = text.word(tree.member("type", of: tree.root)) else {
            turn.isMalformed = true
            turn.blocks.append(malformed(text))
            return
        }
        var block = block(String(decoding: type, as: UTF8.self), type, text, tree)
        if turn.isFinished { block.isFinal = true }
        turn.blocks.append(block)
    }

    private static func block(
        _ kind: String, _ type: [UInt8], _ text: ConversationText, _ tree: JSONTree
    ) -> Block {
        let root = tree.root
        switch kind {
        case "text", "reasoning":
            let hasEnded = tree.member("end", of: tree.member("time", of: root)) != nil
            let words = text.string(tree.member("text", of: root)) ?? .whole([])
            let isSynthetic = tree.member("synthetic", of: root).flatMap { tree.boolean($0) } ?? false
            return Block(
                kind == "text" ? .text(words, isSynthetic: isSynthetic) : .reasoning(words), isFinal: hasEnded)
        case "tool":
            let use = tool(text, tree)
            return Block(.tool(use), isFinal: use.status == .completed || use.status == .error)
        case "file":
            guard let file = file(of: root, text, tree) else { break }
            return Block(.file(file))
        default:
            if let mark = Block.Mark(rawValue: kind) { return Block(.mark(mark, json: text.json(root))) }
        }
        return Block(.other(kind: type, json: text.json(root)))
    }

    private static func tool(_ text: ConversationText, _ tree: JSONTree) -> ToolUse {
        let state = tree.member("state", of: tree.root)
        let status = text.word(tree.member("status", of: state)).map { String(decoding: $0, as: UTF8.self) }
        var use = ToolUse(
            id: text.word(tree.member("callID", of: tree.root)), name: text.word(tree.member("tool", of: tree.root)),
            status: status.flatMap { ToolUse.Status(rawValue: $0) } ?? .unknown)
        use.input = tree.member("input", of: state).map { text.json($0) }
        use.outputs = text.string(tree.member("output", of: state)).map { [$0] } ?? []
        use.error = text.string(tree.member("error", of: state))
        if let files = tree.member("attachments", of: state), tree.kind(of: files) == .array {
            use.files = tree.children(of: files).compactMap { file(of: $0, text, tree) }
        }
        return use
    }

    private static func file(
        of value: JSONTree.Value, _ text: ConversationText, _ tree: JSONTree
    ) -> AttachedFile? {
        file(
            url: tree.member("url", of: value), mime: text.word(tree.member("mime", of: value)),
            name: text.word(tree.member("filename", of: value)), in: text)
    }
}
