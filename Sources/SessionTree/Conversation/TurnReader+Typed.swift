internal import SessionModel

/// V2: one row of `session_message`, of a type (packages/schema/src/session-message.ts).
extension TurnReader {
    static func typed(_ id: Message.ID, _ type: [UInt8], _ text: ConversationText) -> Turn {
        let kind = String(decoding: type, as: UTF8.self)
        let role: Turn.Role =
            switch kind {
            case "user", "synthetic", "skill", "shell": .user
            case "assistant": .assistant
            case "system": .system
            default: .event(type)
            }
        guard let tree = text.tree, tree.kind(of: tree.root) == .object else { return malformed(id, role, text) }
        let root = tree.root
        var turn = Turn(id: id, role: role)
        let time = tree.member("time", of: root)
        turn.created = tree.moment(tree.member("created", of: time))
        turn.completed = tree.moment(tree.member("completed", of: time))
        turn.agent = text.word(tree.member("agent", of: root))
        let model = tree.member("model", of: root)
        turn.provider = text.word(tree.member("providerID", of: model))
        turn.model = text.word(tree.member("id", of: model)) ?? text.word(tree.member("modelID", of: model))
        turn.finish = text.word(tree.member("finish", of: root))
        turn.cost = tree.member("cost", of: root).flatMap { tree.double($0) }
        turn.tokens = tree.tokens(tree.member("tokens", of: root))
        if let error = tree.member("error", of: root), tree.kind(of: error) == .object {
            turn.failure = Turn.Failure(
                name: text.word(tree.member("type", of: error)) ?? text.word(tree.member("name", of: error))
                    ?? Array("error".utf8),
                message: text.word(tree.member("message", of: error)))
        }
        switch kind {
        case "assistant":
            turn.isFinished = turn.completed != nil
            addContent(tree.member("content", of: root), to: &turn, text, tree)
        case "user", "synthetic", "system", "skill":
            if let words = text.string(tree.member("text", of: root)), !words.isEmpty {
                turn.blocks.append(Block(.text(words, isSynthetic: kind != "user" && kind != "system")))
            }
            addFiles(tree.member("files", of: root), to: &turn, text, tree)
            if kind == "skill" { turn.blocks.append(Block(.mark(.skill, json: text.json(root)))) }
        case "shell": turn.blocks.append(shell(text, tree))
        case "compaction":
            turn.isFinished = text.word(tree.member("status", of: root)) != Array("running".utf8)
            turn.blocks.append(Block(.mark(.compaction, json: text.json(root))))
        default:
            let content: Block.Content =
                Block.Mark(rawValue: kind).map { .mark($0, json: text.json(root)) }
                ?? .other(kind: type, json: text.json(root))
            turn.blocks.append(Block(content))
        }
        return turn
    }

    private static func addContent(
        _ content: JSONTree.Value?, to turn: inout Turn, _ text: ConversationText, _ tree: JSONTree
    ) {
        guard let content, tree.kind(of: content) == .array else { return }
        let elements = tree.children(of: content)
        for (number, element) in elements.enumerated() {
            var block = block(element, text, tree)
            // A text grows until something follows it.
            if turn.isFinished {
                block.isFinal = true
            } else if case .tool(let use) = block.content {
                block.isFinal = use.status == .completed || use.status == .error
            } else {
                block.isFinal = number + 1 < elements.count
            }
            turn.blocks.append(block)
        }
    }

    private static func block(
        _ element: JSONTree.Value, _ text: ConversationText, _ tree: JSONTree
    ) -> Block {
        let type = text.word(tree.member("type", of: element)) ?? []
        switch String(decoding: type, as: UTF8.self) {
        case "text":
            return Block(.text(text.string(tree.member("text", of: element)) ?? .whole([]), isSynthetic: false))
        case "reasoning": return Block(.reasoning(text.string(tree.member("text", of: element)) ?? .whole([])))
        case "tool": return Block(.tool(tool(element, text, tree)))
        default: return Block(.other(kind: type, json: text.json(element)))
        }
    }

    private static func tool(
        _ element: JSONTree.Value, _ text: ConversationText, _ tree: JSONTree
    ) -> ToolUse {
        let state = tree.member("state", of: element)
        let status = text.word(tree.member("status", of: state)).map { String(decoding: $0, as: UTF8.self) }
        var use = ToolUse(
            id: text.word(tree.member("id", of: element)), name: text.word(tree.member("name", of: element)),
            status: status == "streaming" ? .pending : status.flatMap { ToolUse.Status(rawValue: $0) } ?? .unknown)
        if let input = tree.member("input", of: state) {
            use.hasTextInput = tree.kind(of: input) == .string
            use.input = use.hasTextInput ? text.string(input) : text.json(input)
        }
        use.error = text.string(tree.member("message", of: tree.member("error", of: state)))
        if let content = tree.member("content", of: state), tree.kind(of: content) == .array {
            for item in tree.children(of: content) {
                if let words = text.string(tree.member("text", of: item)) { use.outputs.append(words) }
                let file = file(
                    url: tree.member("uri", of: item), mime: text.word(tree.member("mime", of: item)),
                    name: text.word(tree.member("name", of: item)), in: text)
                if let file { use.files.append(file) }
            }
        }
        return use
    }

    private static func addFiles(
        _ files: JSONTree.Value?, to turn: inout Turn, _ text: ConversationText, _ tree: JSONTree
    ) {
        guard let files, tree.kind(of: files) == .array else { return }
        for value in tree.children(of: files) {
            let mime = text.word(tree.member("mime", of: value))
            let source = tree.member("source", of: value)
            let name = text.word(tree.member("name", of: value)) ?? text.word(tree.member("filename", of: value))
            let file =
                file(base64: tree.member("data", of: value), mime: mime, name: name, in: text)
                ?? file(
                    url: tree.member("uri", of: value) ?? tree.member("uri", of: source), mime: mime, name: name,
                    in: text)
            turn.blocks.append(
                Block(file.map { .file($0) } ?? .other(kind: Array("file".utf8), json: text.json(value))))
        }
    }

    /// A command that the user ran.
    private static func shell(_ text: ConversationText, _ tree: JSONTree) -> Block {
        let status = text.word(tree.member("status", of: tree.root)).map { String(decoding: $0, as: UTF8.self) }
        var use = ToolUse(
            id: text.word(tree.member("shellID", of: tree.root)), name: Array("shell".utf8),
            status: status.flatMap { ToolUse.Status(rawValue: $0) } ?? .unknown)
        use.input = text.string(tree.member("command", of: tree.root))
        use.hasTextInput = true
        use.outputs = text.string(tree.member("output", of: tree.root)).map { [$0] } ?? []
        return Block(.tool(use), isFinal: use.status != .running && use.status != .pending)
    }
}
