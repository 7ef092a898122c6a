/// The texts of V2's `session_message.data`, in the words of 2.0 itself or in those that its import of 1.x leaves
/// (packages/schema/src/session-message.ts, packages/core/src/database/v1-migration.bun.ts).
struct V2JSON {
    let session: SessionPlan

    func type(of message: DemoMessage) -> String {
        switch message.content {
        case .user: "user"
        case .assistant: "assistant"
        case .idle: "idle"
        case .agentSwitched: "agent-switched"
        }
    }

    func message(_ message: DemoMessage) -> JSONWriter {
        .object { json in
            switch message.content {
            case .user(let attachments): writePrompt(message, attachments, to: &json)
            case .assistant(let step): write(step, of: message, to: &json)
            case .idle:
                json.member("time") { $0.member("created", message.created) }
                json.member("outcome", "succeeded")
            case .agentSwitched(let agent, let previous):
                json.member("time") { $0.member("created", message.created) }
                json.member("agent", agent)
                json.member("previous", previous)
            }
        }
    }

    /// What the import tells a model whose old conversation used tools of other names.
    static func notice(at moment: Int64) -> JSONWriter {
        .object { json in
            json.member(
                "text", "Tools have new names and arguments: `bash` became `shell`, and `filePath` became `path`.")
            json.member("time") { $0.member("created", moment) }
        }
    }

    private func writePrompt(_ message: DemoMessage, _ attachments: [Attachment], to json: inout JSONWriter) {
        if message.isV2 { json.member("time") { $0.member("created", message.created) } }
        json.member("text", promptText(of: message))
        if !attachments.isEmpty {
            json.list("files") { json in
                for file in attachments { write(file, to: &json) }
            }
        }
        if !message.isV2 { json.member("time") { $0.member("created", message.created) } }
    }

    /// The texts of a prompt, and a note for each file that the import could not take along.
    private func promptText(of message: DemoMessage) -> [UInt8] {
        var text: [UInt8] = []
        for part in message.parts {
            let piece: [UInt8]
            switch part.content {
            case .text(let words): piece = words
            case .mention(let file, _): piece = Array("[Not imported: \(file) (text/plain)]".utf8)
            case .reasoning, .tool, .attachment, .stepStart, .stepFinish, .patch: continue
            }
            if !text.isEmpty { text += "\n\n".utf8 }
            text += piece
        }
        return text
    }

    private func write(_ file: Attachment, to json: inout JSONWriter) {
        json.object { json in
            json.key("data")
            json.string("", unescaped: file.base64)
            json.member("mime", file.mime)
            json.member("source") { $0.member("type", "inline") }
            json.member("name", file.name)
        }
    }

    private func write(_ step: AssistantStep, of message: DemoMessage, to json: inout JSONWriter) {
        if message.isV2 { json.member("time", created: message.created, completed: message.updated) }
        json.member("agent", session.agent)
        writeModel(isV2: message.isV2, to: &json)
        json.list("content") { json in
            for part in message.parts { write(part, isV2: message.isV2, to: &json) }
        }
        json.member("snapshot") { json in
            json.member("start", step.snapshot)
            if !step.isAborted { json.member("end", step.snapshot) }
            if !step.changedFiles.isEmpty {
                json.list("files") { json in
                    for file in step.changedFiles { json.string(relative(file, if: message.isV2)) }
                }
            }
        }
        if !step.isAborted { json.member("finish", step.finish) }
        json.member("cost", step.usage.cost)
        json.member("tokens", step.usage, withTotal: false)
        if step.isAborted {
            json.member("error") { json in
                json.member("type", "aborted")
                json.member("message", "The operation was aborted.")
            }
        }
        if !message.isV2 { json.member("time", created: message.created, completed: message.updated) }
    }

    private func writeModel(isV2: Bool, to json: inout JSONWriter) {
        json.member("model") { json in
            if isV2 { json.member("id", session.model.id) }
            json.member("providerID", session.model.provider)
            if !isV2 { json.member("id", session.model.id) }
            if let variant = session.model.variant ?? (isV2 ? nil : "default") { json.member("variant", variant) }
        }
    }

    private func relative(_ path: String, if isV2: Bool) -> String {
        let start = session.directory + "/"
        return isV2 && path.hasPrefix(start) ? String(path.dropFirst(start.count)) : path
    }

    /// One element of an assistant's `content`; marks of steps are none.
    private func write(_ part: DemoPart, isV2: Bool, to json: inout JSONWriter) {
        switch part.content {
        case .text(let text):
            json.object { json in
                json.member("type", "text")
                json.member("text", text)
            }
        case .reasoning(let text):
            json.object { json in
                json.member("type", "reasoning")
                json.member("text", text)
                json.member("time", created: part.start, completed: part.end)
            }
        case .tool(let call):
            json.object { json in
                json.member("type", "tool")
                json.member("id", call.callID)
                json.member("name", call.name(inV2: isV2))
                json.member("state") { write(call, isV2: isV2, to: &$0) }
                json.member("time") { json in
                    json.member("created", part.start)
                    if isV2 { json.member("ran", part.start) }
                    json.member("completed", part.end)
                }
            }
        case .attachment, .mention, .stepStart, .stepFinish, .patch: break
        }
    }

    private func write(_ call: ToolCall, isV2: Bool, to json: inout JSONWriter) {
        json.member("status", call.isError ? "error" : "completed")
        json.key("input")
        call.writeInput(to: &json, inV2: isV2)
        if call.isError {
            json.member("error") { json in
                json.member("type", "tool.execution")
                json.member("message", call.output)
            }
            return
        }
        json.list("content") { json in
            json.object { json in
                json.member("type", "text")
                json.member("text", call.output)
            }
        }
        json.key("metadata")
        call.writeMetadata(to: &json)
    }
}
