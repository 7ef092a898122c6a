/// The text of `messages.parts`: an array of `{"type":…,"data":{…}}` (internal/message/content.go of the Go OpenCode).
struct GoJSON {
    let session: SessionPlan

    func parts(of message: DemoMessage) -> JSONWriter {
        .array { json in
            for part in message.parts { write(part.content, to: &json) }
            let reason =
                switch message.content {
                case .assistant(let step): step.isAborted ? "canceled" : step.finish == "stop" ? "end_turn" : "tool_use"
                case .user, .idle, .agentSwitched: "stop"
                }
            let time = if case .assistant = message.content { message.updated / 1000 } else { 0 as Int64 }
            finish(reason, time, &json)
        }
    }

    /// What a message of the role `tool` holds: the answers to the calls of the message before.
    func results(of message: DemoMessage) -> JSONWriter? {
        let calls = message.parts.compactMap { if case .tool(let call) = $0.content { call } else { nil } }
        guard !calls.isEmpty else { return nil }
        return .array { json in
            for call in calls {
                json.part("tool_result") { json in
                    json.member("tool_call_id", call.callID)
                    json.member("name", call.name(inV2: false))
                    json.member("content", call.output)
                    var metadata = JSONWriter()
                    call.writeMetadata(to: &metadata)
                    json.member("metadata", metadata.bytes)
                    json.member("is_error", call.isError)
                }
            }
            finish("stop", 0, &json)
        }
    }

    private func finish(_ reason: String, _ time: Int64, _ json: inout JSONWriter) {
        json.part("finish") { json in
            json.member("reason", reason)
            json.member("time", time)
        }
    }

    private func write(_ content: DemoPart.Content, to json: inout JSONWriter) {
        switch content {
        case .text(let text): json.part("text") { $0.member("text", text) }
        case .reasoning(let text): json.part("reasoning") { $0.member("thinking", text) }
        case .attachment(let file):
            json.part("binary") { json in
                json.member("Path", file.name)
                json.member("MIMEType", file.mime)
                json.key("Data")
                json.string("", unescaped: file.base64)
            }
        case .tool(let call):
            json.part("tool_call") { json in
                var input = JSONWriter()
                call.writeInput(to: &input, inV2: false)
                json.member("id", call.callID)
                json.member("name", call.name(inV2: false))
                json.member("input", input.bytes)
                json.member("type", "")
                json.member("finished", true)
            }
        // What the Go OpenCode does not know.
        case .mention, .stepStart, .stepFinish, .patch: break
        }
    }
}

extension JSONWriter {
    static func array(_ body: (inout JSONWriter) -> Void) -> JSONWriter {
        var text = JSONWriter()
        text.array(body)
        return text
    }

    fileprivate mutating func part(_ type: String, _ data: (inout JSONWriter) -> Void) {
        object { json in
            json.member("type", type)
            json.member("data", data)
        }
    }
}
