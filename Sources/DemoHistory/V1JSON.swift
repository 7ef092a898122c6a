/// The texts of V1's `message.data` and `part.data` (packages/core/src/v1/session.ts).
struct V1JSON {
    let session: SessionPlan
    let project: ProjectPlan

    func message(_ message: DemoMessage) -> JSONWriter {
        .object { write(message, to: &$0) }
    }

    /// The message as an event carries it: with the two identifiers that the table has in columns.
    func event(of message: DemoMessage) -> JSONWriter {
        .object { json in
            json.member("sessionID", session.id)
            json.member("info") { json in
                json.member("id", message.id)
                json.member("sessionID", session.id)
                write(message, to: &json)
            }
        }
    }

    private func write(_ message: DemoMessage, to json: inout JSONWriter) {
        guard case .assistant(let step) = message.content else { return writePrompt(message, to: &json) }
        json.member("role", "assistant")
        json.member("time") { json in
            json.member("created", message.created)
            json.member("completed", message.updated)
        }
        if step.isAborted {
            json.member("error") { json in
                json.member("name", "MessageAbortedError")
                json.member("data") { $0.member("message", "The operation was aborted.") }
            }
        }
        json.member("parentID", step.parentID)
        json.member("modelID", session.model.id)
        json.member("providerID", session.model.provider)
        json.member("mode", session.agent)
        json.member("agent", session.agent)
        json.member("path") { json in
            json.member("cwd", session.directory)
            json.member("root", project.worktree)
        }
        json.member("cost", step.usage.cost)
        json.member("tokens", step.usage, withTotal: true)
        if let variant = session.model.variant { json.member("variant", variant) }
        if !step.isAborted { json.member("finish", step.finish) }
    }

    private func writePrompt(_ message: DemoMessage, to json: inout JSONWriter) {
        json.member("role", "user")
        json.member("time") { $0.member("created", message.created) }
        if message.created.isMultiple(of: 3) {
            json.member("summary") { json in json.list("diffs") { _ in } }
        }
        json.member("agent", session.agent)
        json.member("model") { json in
            json.member("providerID", session.model.provider)
            json.member("modelID", session.model.id)
            if let variant = session.model.variant { json.member("variant", variant) }
        }
    }

    func part(_ part: DemoPart, of message: DemoMessage) -> JSONWriter {
        .object { json in
            switch part.content {
            case .text(let text):
                json.member("type", "text")
                json.member("text", text)
                if case .assistant = message.content { json.member("time", from: part.start, to: part.end) }
            case .reasoning(let text):
                json.member("type", "reasoning")
                json.member("text", text)
                json.member("time", from: part.start, to: part.end)
            case .tool(let call):
                json.member("type", "tool")
                json.member("callID", call.callID)
                json.member("tool", call.name(inV2: false))
                json.member("state") { write(call, of: part, to: &$0) }
            case .attachment(let file):
                json.member("type", "file")
                json.member("mime", file.mime)
                json.member("filename", file.name)
                json.key("url")
                json.string("data:\(file.mime);base64,", unescaped: file.base64)
            case .mention(let file, let place):
                writeMention(of: file, at: place, to: &json)
            case .stepStart, .stepFinish, .patch:
                writeMark(part.content, of: message, to: &json)
            }
        }
    }

    private func write(_ call: ToolCall, of part: DemoPart, to json: inout JSONWriter) {
        json.member("status", call.isError ? "error" : "completed")
        json.key("input")
        call.writeInput(to: &json, inV2: false)
        if call.isError {
            json.member("error", call.output)
        } else {
            json.member("output", call.output)
            json.member("title", call.title)
            json.key("metadata")
            call.writeMetadata(to: &json)
        }
        json.member("time", from: part.start, to: part.end)
    }

    private func writeMention(of file: String, at place: Int, to json: inout JSONWriter) {
        let path = project.worktree + "/" + file
        let value = "@" + file
        json.member("type", "file")
        json.member("mime", "text/plain")
        json.member("filename", file)
        json.member("url", "file://" + path)
        json.member("source") { json in
            json.member("type", "file")
            json.member("text") { json in
                json.member("value", value)
                json.member("start", Int64(place))
                json.member("end", Int64(place + value.utf16.count))
            }
            json.member("path", path)
        }
    }

    /// Where a step begins and ends, and what it changed.
    private func writeMark(_ content: DemoPart.Content, of message: DemoMessage, to json: inout JSONWriter) {
        guard case .assistant(let step) = message.content else { return }
        switch content {
        case .stepStart:
            json.member("type", "step-start")
            json.member("snapshot", step.snapshot)
        case .stepFinish:
            json.member("type", "step-finish")
            json.member("reason", step.finish)
            json.member("snapshot", step.snapshot)
            json.member("cost", step.usage.cost)
            json.member("tokens", step.usage, withTotal: true)
        case .patch:
            json.member("type", "patch")
            json.member("hash", step.snapshot)
            json.list("files") { json in
                for file in step.changedFiles { json.string(file) }
            }
        case .text, .reasoning, .tool, .attachment, .mention: break
        }
    }
}
