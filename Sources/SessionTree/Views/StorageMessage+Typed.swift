internal import SessionModel

/// OpenCode 2.
extension StorageMessage {
    mutating func addTyped(_ type: String, _ tree: JSONTree?, _ session: SessionRecord?) {
        let isAssistant = type == "assistant" || type == "compaction"
        addInfo("role", .string(isAssistant ? "assistant" : "user"))
        let time = tree.flatMap { tree in tree.member("time", of: tree.root) }
        func moment(_ key: String) -> JSONObject.Value? {
            guard let tree, let time else { return nil }
            return tree.value(key, of: time)
        }
        addInfo("time", Self.time(("created", moment("created") ?? .integer(0)), ("completed", moment("completed"))))
        guard let tree else { return }
        if isAssistant {
            addAssistant(tree, session)
        } else {
            addInfo("agent", session?.row.string("agent"))
            addModel(session)
        }
        switch type {
        case "user": addUser(tree)
        case "assistant":
            let content = tree.member("content", of: tree.root).map { tree.children(of: $0) } ?? []
            for element in content { addContent(element, of: tree) }
        case "compaction":
            addInfo("summary", .boolean(true))
            if let summary = tree.text("summary", of: tree.root) { add("text") { $0.add("text", .string(summary)) } }
        case "shell":
            addSynthetic(Self.command(tree))
        default: addSynthetic(tree.text("text", of: tree.root) ?? [])
        }
    }

    /// Which model a prompt was for: in OpenCode 2 the session says it.
    private mutating func addModel(_ session: SessionRecord?) {
        guard let text = session?.row.text("model"), let model = JSONTree(stored: text) else { return }
        addInfo("model", .object(Self.model(model.root, of: model)))
    }

    private static func model(_ value: JSONTree.Value, of tree: JSONTree) -> JSONObject {
        var model = JSONObject()
        model.add("providerID", tree.value("providerID", of: value))
        model.add("modelID", tree.value("id", of: value))
        return model
    }

    private mutating func addAssistant(_ tree: JSONTree, _ session: SessionRecord?) {
        let model = tree.member("model", of: tree.root)
        addInfo("modelID", model.flatMap { tree.value("id", of: $0) } ?? .string("unknown"))
        addInfo("providerID", model.flatMap { tree.value("providerID", of: $0) } ?? .string("unknown"))
        let agent = tree.value("agent", of: tree.root)
        addInfo("mode", agent ?? .string("build"))
        addInfo("agent", agent)
        var path = JSONObject()
        path.add("cwd", session?.row.string("directory") ?? .string("/"))
        path.add("root", session?.row.string("directory") ?? .string("/"))
        addInfo("path", .object(path))
        addInfo("cost", tree.value("cost", of: tree.root) ?? .integer(0))
        let tokens = tree.member("tokens", of: tree.root)
        let cache = tokens.flatMap { tree.member("cache", of: $0) }
        func count(_ key: String, of object: JSONTree.Value?) -> JSONObject.Value {
            object.flatMap { tree.value(key, of: $0) } ?? .integer(0)
        }
        addInfo(
            "tokens",
            Self.tokens(
                input: count("input", of: tokens), output: count("output", of: tokens),
                reasoning: count("reasoning", of: tokens), read: count("read", of: cache),
                write: count("write", of: cache)))
        addInfo("finish", tree.value("finish", of: tree.root))
        if let error = tree.member("error", of: tree.root) {
            var told = JSONObject()
            told.add("name", tree.value("type", of: error) ?? .string("UnknownError"))
            told.add("data", .stored(tree.compact(error)))
            addInfo("error", .object(told))
        }
    }

    /// What the user ran, and what that put out.
    private static func command(_ tree: JSONTree) -> [UInt8] {
        let output = tree.text("output", of: tree.root).map { [0x0a] + $0 } ?? []
        return Array("$ ".utf8) + (tree.text("command", of: tree.root) ?? []) + output
    }

    private mutating func addUser(_ tree: JSONTree) {
        add("text") { $0.add("text", tree.value("text", of: tree.root) ?? .string("")) }
        for file in tree.member("files", of: tree.root).map({ tree.children(of: $0) }) ?? [] {
            add("file") { part in
                let mime = tree.text("mime", of: file) ?? []
                part.add("mime", .string(mime))
                part.add("filename", tree.value("name", of: file) ?? tree.value("filename", of: file))
                let data = tree.text("data", of: file)
                part.add(
                    "url",
                    data.map { .string(Array("data:".utf8) + mime + ";base64,".utf8 + $0) } ?? tree.value(
                        "uri", of: file)
                        ?? .string(""))
            }
        }
        for agent in tree.member("agents", of: tree.root).map({ tree.children(of: $0) }) ?? [] {
            add("agent") { $0.add("name", tree.value("name", of: agent) ?? .string("")) }
        }
    }

    private mutating func addContent(_ element: JSONTree.Value, of tree: JSONTree) {
        switch tree.text("type", of: element).map({ String(decoding: $0, as: UTF8.self) }) {
        case "text": add("text") { $0.add("text", tree.value("text", of: element)) }
        case "reasoning":
            add("reasoning") { part in
                part.add("text", tree.value("text", of: element))
                part.add("time", tree.value("time", of: element))
            }
        case "tool":
            add("tool") { part in
                part.add("callID", tree.value("id", of: element))
                part.add("tool", tree.value("name", of: element))
                part.add("state", .object(Self.state(of: element, of: tree)))
            }
        default: break
        }
    }

    private static func state(of tool: JSONTree.Value, of tree: JSONTree) -> JSONObject {
        var told = JSONObject()
        guard let state = tree.member("state", of: tool) else { return told }
        let time = tree.member("time", of: tool)
        let start = time.flatMap { tree.value("ran", of: $0) ?? tree.value("created", of: $0) } ?? .integer(0)
        let end = time.flatMap { tree.value("completed", of: $0) } ?? start
        let input = tree.member("input", of: state)
        let object = input.flatMap { tree.kind(of: $0) == .object ? tree.compact($0) : nil }
        let known = JSONObject.Value.stored(object ?? Array("{}".utf8))
        switch tree.text("status", of: state).map({ String(decoding: $0, as: UTF8.self) }) {
        case "completed":
            told.add("status", .string("completed"))
            told.add("input", known)
            told.add("output", .string(output(of: state, of: tree)))
            told.add("title", .string(""))
            told.add("metadata", tree.value("metadata", of: state) ?? .object(JSONObject()))
            told.add("time", Self.time(("start", start), ("end", end)))
        case "error":
            told.add("status", .string("error"))
            told.add("input", known)
            let error = tree.member("error", of: state)
            told.add("error", error.flatMap { tree.value("message", of: $0) } ?? .string(""))
            told.add("time", Self.time(("start", start), ("end", end)))
        case "running":
            told.add("status", .string("running"))
            told.add("input", known)
            told.add("time", Self.time(("start", start)))
        default:
            told.add("status", .string("pending"))
            told.add("input", known)
            told.add("raw", .string(input.flatMap { tree.string($0) } ?? []))
        }
        return told
    }

    /// The texts that a tool gave out, one below the other.
    private static func output(of state: JSONTree.Value, of tree: JSONTree) -> [UInt8] {
        let content = tree.member("content", of: state).map { tree.children(of: $0) } ?? []
        return Array(content.compactMap { tree.text("text", of: $0) }.joined(separator: [0x0a]))
    }
}
