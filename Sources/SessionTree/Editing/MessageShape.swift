internal import SessionModel

/// What OpenCode must find in the rows of a message, lest it refuse the whole session (rule W2): each family's own
/// schema. Where OpenCode is lenient, or has been at some time, so are we.
enum MessageShape {
    static func checkV1(info: SavedRow) throws(EditError) {
        try v1Info.check(info.object, of: info.tree, path: info.path)
    }

    static func checkV1(part: SavedRow) throws(EditError) {
        try v1Part.check(part.object, of: part.tree, path: part.path)
    }

    static func checkV2(_ row: SavedRow, type: [UInt8]) throws(EditError) {
        guard let fields = v2Types[String(decoding: type, as: UTF8.self)] else {
            throw .member("type", "must be one of: \(v2Types.keys.sorted().joined(separator: ", "))")
        }
        try ValueShape.check(v2Base + fields, of: row.object, of: row.tree, path: row.path)
    }

    static func checkGo(role: Record.Field?) throws(EditError) {
        let roles = ["assistant", "user", "system", "tool"]
        guard case .text(let bytes) = role, roles.contains(where: { bytes.elementsEqual($0.utf8) }) else {
            throw .member("role", "must be one of: \(roles.joined(separator: ", "))")
        }
    }

    static func checkGo(parts: JSONTree.Value, of tree: JSONTree) throws(EditError) {
        try ValueShape.array(of: goPart).check(parts, of: tree, path: "parts")
    }

    private static func texts(_ keys: String...) -> [ValueShape.Field] { keys.map { .required($0, .text) } }

    private static func optionalTexts(_ keys: String...) -> [ValueShape.Field] { keys.map { .optional($0, .text) } }
}

// MARK: V1 (packages/core/src/v1/session.ts)

extension MessageShape {
    private static let v1Info = ValueShape.tagged(
        "role",
        [
            "user": [
                .required("time", .object([.required("created", .number)])),
                .optional("model", .object(texts("providerID", "modelID") + optionalTexts("variant"))),
                .optional("summary", .anyObject), .optional("format", .anyObject), .optional("tools", .anyObject),
            ] + optionalTexts("agent", "system"),
            "assistant": [
                .required("time", .object([.required("created", .number), .optional("completed", .number)])),
                .optional("error", .object([.required("name", .text), .required("data", .anyObject)])),
                .optional("path", .object(texts("cwd", "root"))),
                .optional("summary", .boolean), .optional("cost", .number), .optional("tokens", v1Tokens),
            ] + optionalTexts("parentID", "modelID", "providerID", "mode", "agent", "variant", "finish"),
        ])

    private static let v1Tokens = ValueShape.object([
        .optional("total", .number), .required("input", .number), .required("output", .number),
        .required("reasoning", .number),
        .required("cache", .object([.required("read", .number), .required("write", .number)])),
    ])

    private static let started = ValueShape.object([.required("start", .number), .optional("end", .number)])
    private static let ended = ValueShape.object([.required("start", .number), .required("end", .number)])
    private static let metadata = ValueShape.Field.optional("metadata", .anyObject)

    private static let v1Part = ValueShape.tagged(
        "type",
        [
            "text": [
                .required("text", .text), .optional("synthetic", .boolean), .optional("ignored", .boolean),
                .optional("time", started), metadata,
            ],
            "reasoning": [.required("text", .text), .required("time", started), metadata],
            "tool": texts("callID", "tool") + [.required("state", v1ToolState), metadata],
            "file": v1File,
            "step-start": optionalTexts("snapshot"),
            "step-finish": texts("reason") + optionalTexts("snapshot") + [
                .required("cost", .number), .required("tokens", v1Tokens),
            ],
            "snapshot": texts("snapshot"),
            "patch": texts("hash") + [.required("files", .array(of: .text))],
            "agent": texts("name") + [.optional("source", .anyObject)],
            "retry": [
                .required("attempt", .number), .required("error", .anyObject),
                .required("time", .object([.required("created", .number)])),
            ],
            "compaction": [.required("auto", .boolean), .optional("overflow", .boolean)]
                + optionalTexts("tail_start_id"),
            "subtask": texts("prompt", "description", "agent") + optionalTexts("command") + [
                .optional("model", .object(texts("providerID", "modelID")))
            ],
        ])

    private static let v1File =
        texts("mime", "url") + optionalTexts("filename") + [
            .optional(
                "source",
                .tagged(
                    "type",
                    [
                        "file": texts("path") + [v1SourceText],
                        "symbol": texts("path", "name") + [v1SourceText],
                        "resource": texts("clientName", "uri") + [v1SourceText],
                    ]))
        ]

    private static let v1SourceText = ValueShape.Field.required(
        "text", .object([.required("value", .text), .required("start", .number), .required("end", .number)]))

    private static let v1ToolState = ValueShape.tagged(
        "status",
        [
            "pending": [.required("input", .anyObject), .required("raw", .text)],
            "running": [
                .required("input", .anyObject), .optional("title", .text), metadata, .required("time", started),
            ],
            "completed": [
                .required("input", .anyObject), .required("output", .text), .required("title", .text),
                .required("metadata", .anyObject), .required("time", ended),
                .optional("attachments", .array(of: .tagged("type", ["file": v1File]))),
            ],
            "error": [.required("input", .anyObject), .required("error", .text), metadata, .required("time", ended)],
        ])
}

// MARK: V2 (packages/schema/src/session-message.ts)

extension MessageShape {
    private static let v2Base: [ValueShape.Field] = [
        .required("time", .object([.required("created", .number), .optional("completed", .number)])), metadata,
    ]

    private static let v2Model = ValueShape.object(texts("id", "providerID") + optionalTexts("variant"))

    private static let v2Types: [String: [ValueShape.Field]] = [
        "user": texts("text") + [
            .optional("files", .array(of: .object(texts("mime")))), .optional("agents", .array(of: .anyObject)),
            .optional("skills", .array(of: .anything)),
        ],
        "assistant": texts("agent") + optionalTexts("finish", "rawFinish") + [
            .required("model", v2Model), .required("content", .array(of: v2Content)),
            .optional("snapshot", .anyObject), .optional("cost", .number), .optional("tokens", .anyObject),
            .optional("error", .anyObject), .optional("retry", .anyObject),
        ],
        "compaction": [
            .required("status", .word(["running", "completed", "failed"])),
            .required("reason", .word(["auto", "manual"])),
        ] + optionalTexts("summary"),
        "system": texts("text") + optionalTexts("description"),
        "synthetic": texts("text") + optionalTexts("description"),
        "shell": texts("shellID", "command", "status"),
        "skill": texts("skill", "name", "text"),
        "agent-switched": texts("agent") + optionalTexts("previous"),
        "model-switched": [.required("model", v2Model), .optional("previous", v2Model)],
        "location-switched": [.required("location", .object(texts("directory")))],
        "idle": texts("outcome"),
    ]

    /// What a provider wants back is `native`; it was called `providerState` and `state`, and may be anything: of these
    /// only a tool's `state` is looked at.
    private static let v2Content = ValueShape.tagged(
        "type",
        [
            "text": texts("text"),
            "reasoning": texts("text") + [.optional("time", .anyObject)],
            "tool": texts("id", "name") + [
                .optional("executed", .boolean), .required("state", v2ToolState),
                .required("time", .object([.required("created", .number)])),
            ],
        ])

    private static let v2ToolContent = ValueShape.array(
        of: .tagged("type", ["text": texts("text"), "file": texts("uri", "mime")]))

    private static let v2ToolState = ValueShape.tagged(
        "status",
        [
            "streaming": texts("input"),
            "running": [.required("input", .anything), metadata],
            "completed": [.required("input", .anything), .required("content", v2ToolContent), metadata],
            "error": [
                .required("input", .anything), .required("error", .object(texts("type", "message"))),
                .optional("content", v2ToolContent), metadata,
            ],
        ])
}

// MARK: Go (internal/message/content.go)

extension MessageShape {
    /// What Go's decoder takes is absent or of its kind.
    private static func data(_ texts: [String], _ more: [ValueShape.Field] = []) -> [ValueShape.Field] {
        [.required("data", .object(texts.map { .optional($0, .text) } + more))]
    }

    private static let goPart = ValueShape.tagged(
        "type",
        [
            "text": data(["text"]),
            "reasoning": data(["thinking", "signature"]),
            "image_url": data(["url", "detail"]),
            "binary": data(["Path", "MIMEType", "Data"]),
            "tool_call": data(
                ["id", "name", "input", "type", "thought_signature"], [.optional("finished", .boolean)]),
            "tool_result": data(
                ["tool_call_id", "name", "content", "metadata", "type"], [.optional("is_error", .boolean)]),
            "finish": data(["reason"], [.optional("time", .number)]),
            "tool_search": data(["tool_use_id", "name"]),
        ])
}
