internal import SessionModel

/// The Go OpenCode. It keeps what tools answered in messages of their own, and counts tokens by session: neither is in the old
/// layout's message.
extension StorageMessage {
    mutating func addRow(_ row: Record, _ tree: JSONTree?) {
        let role = row.text("role").map { String(decoding: $0, as: UTF8.self) }
        let created = GoTime.milliseconds(row.integer("created_at") ?? 0)
        let finished = row.integer("finished_at").map(GoTime.milliseconds)
        let isAssistant = role == "assistant" || role == "tool"
        addInfo("role", .string(isAssistant ? "assistant" : "user"))
        addInfo(
            "time",
            Self.time(
                ("created", .integer(created)), ("completed", isAssistant ? .integer(finished ?? created) : nil)))
        if isAssistant {
            addInfo("modelID", row.string("model") ?? .string("unknown"))
            addInfo("providerID", .string("unknown"))
            addInfo("mode", .string("build"))
            var path = JSONObject()
            path.add("cwd", .string("/"))
            path.add("root", .string("/"))
            addInfo("path", .object(path))
            addInfo("cost", .integer(0))
            let none = JSONObject.Value.integer(0)
            addInfo("tokens", Self.tokens(input: none, output: none, reasoning: none, read: none, write: none))
        }
        guard let tree, tree.kind(of: tree.root) == .array else { return }
        for part in tree.children(of: tree.root) {
            guard let type = tree.text("type", of: part), let data = tree.member("data", of: part) else { continue }
            addPart(String(decoding: type, as: UTF8.self), data, of: tree, at: created)
        }
    }

    private mutating func addPart(_ type: String, _ data: JSONTree.Value, of tree: JSONTree, at created: Int64) {
        switch type {
        case "text": add("text") { $0.add("text", tree.value("text", of: data) ?? .string("")) }
        case "reasoning":
            add("reasoning") { part in
                part.add("text", tree.value("thinking", of: data) ?? .string(""))
                part.add("time", Self.time(("start", .integer(created))))
            }
        case "image_url":
            add("file") { part in
                part.add("mime", .string("image/*"))
                part.add("url", tree.value("url", of: data) ?? .string(""))
            }
        case "binary":
            let mime = tree.text("MIMEType", of: data) ?? []
            add("file") { part in
                part.add("mime", .string(mime))
                part.add("filename", tree.value("Path", of: data))
                part.add(
                    "url", .string(Array("data:".utf8) + mime + ";base64,".utf8 + (tree.text("Data", of: data) ?? [])))
            }
        case "tool_call":
            let input = tree.text("input", of: data) ?? []
            add("tool") { part in
                part.add("callID", tree.value("id", of: data))
                part.add("tool", tree.value("name", of: data))
                var state = JSONObject()
                state.add("status", .string("pending"))
                let isObject = input.first == UInt8(ascii: "{") && JSONText.fault(in: input) == nil
                state.add("input", .stored(isObject ? input : Array("{}".utf8)))
                state.add("raw", .string(input))
                part.add("state", .object(state))
            }
        case "tool_result":
            let isError = tree.member("is_error", of: data).flatMap { tree.boolean($0) } ?? false
            add("tool") { part in
                part.add("callID", tree.value("tool_call_id", of: data))
                part.add("tool", tree.value("name", of: data))
                var state = JSONObject()
                state.add("status", .string(isError ? "error" : "completed"))
                state.add("input", .object(JSONObject()))
                let content = tree.value("content", of: data) ?? .string("")
                state.add(isError ? "error" : "output", content)
                if !isError {
                    state.add("title", .string(""))
                    state.add("metadata", .object(JSONObject()))
                }
                state.add("time", Self.time(("start", .integer(created)), ("end", .integer(created))))
                part.add("state", .object(state))
            }
        default: break
        }
    }
}
