internal import SessionModel
internal import Timing
internal import VFS

/// Writes a turn as an element of conversation.json (docs/schemas/conversation.schema.json), in portions. The bytes are UTF-8
/// whatever the rows hold: what is none becomes U+FFFD.
struct TurnJSONWriter {
    let message: Message
    let history: any HistoryReading
    let add: TranscriptWriter.Sink

    func write(_ turn: Turn) throws(ViewError) {
        try text("{\"id\":")
        try string(turn.id.bytes)
        try text(",\"timestamp\":")
        try moment(turn.created ?? message.texts.map(\.updated).min())
        try text(",\"role\":\"\(turn.role.word)\",\"content\":")
        try string(turn.blocks.compactMap { if case .text(let words, _) = $0.content { words } else { nil } }, "\n\n")
        try text(",\"tool_calls\":[")
        let uses = turn.blocks.compactMap { if case .tool(let use) = $0.content { use } else { nil } }
        for (number, use) in uses.enumerated() {
            if number > 0 { try text(",") }
            try write(use)
        }
        try text("],\"metadata\":")
        try writeMetadata(of: turn)
        try text("}")
    }

    private func write(_ use: ToolUse) throws(ViewError) {
        try text("{\"id\":")
        try string(orNull: use.id)
        try text(",\"name\":")
        try string(orNull: use.name)
        try text(",\"status\":\"\(use.status.rawValue)\",\"input\":")
        if let input = use.input {
            if use.hasTextInput { try string([input]) } else { try json(input) }
        } else {
            try text("null")
        }
        try text(",\"output\":")
        if use.outputs.isEmpty { try text("null") } else { try string(use.outputs, "\n") }
        try text(",\"error\":")
        if let error = use.error { try string([error]) } else { try text("null") }
        if !use.files.isEmpty {
            try text(",\"attachments\":")
            try write(use.files)
        }
        try text("}")
    }

    private func writeMetadata(of turn: Turn) throws(ViewError) {
        try text("{\"finished\":\(turn.isFinished),\"malformed\":\(turn.isMalformed)")
        if case .event(let kind) = turn.role { try member("event", kind) }
        try member("agent", turn.agent)
        try member("provider", turn.provider)
        try member("model", turn.model)
        if let completed = turn.completed {
            try text(",\"completed_at\":")
            try moment(completed)
        }
        try member("finish", turn.finish)
        if let failure = turn.failure {
            try text(",\"error\":{\"name\":")
            try string(failure.name)
            try text(",\"message\":")
            try string(orNull: failure.message)
            try text("}")
        }
        if let cost = turn.cost { try add((Array(",\"cost\":".utf8) + JSONText.number(cost))[...]) }
        if let tokens = turn.tokens {
            let counts = [
                ("input", tokens.input), ("output", tokens.output), ("reasoning", tokens.reasoning),
                ("cache_read", tokens.cacheRead), ("cache_write", tokens.cacheWrite),
            ]
            let members = counts.compactMap { name, count in count.map { "\"\(name)\":\($0)" } }
            try text(",\"tokens\":{\(members.joined(separator: ","))}")
        }
        let reasoning = turn.blocks.compactMap { block -> Passage? in
            if case .reasoning(let words) = block.content, !words.isEmpty { words } else { nil }
        }
        if !reasoning.isEmpty {
            try text(",\"reasoning\":")
            try string(reasoning, "\n\n")
        }
        let files = turn.blocks.compactMap { if case .file(let file) = $0.content { file } else { nil } }
        if !files.isEmpty {
            try text(",\"attachments\":")
            try write(files)
        }
        try writeParts(of: turn)
        try text("}")
    }

    /// What is neither text nor tool nor file.
    private func writeParts(of turn: Turn) throws(ViewError) {
        var isFirst = true
        for block in turn.blocks {
            let (kind, value): ([UInt8], Passage)
            switch block.content {
            case .mark(let mark, let passage): (kind, value) = (Array(mark.rawValue.utf8), passage)
            case .other(let name, let passage): (kind, value) = (name, passage)
            case .text, .reasoning, .tool, .file: continue
            }
            try text(isFirst ? ",\"parts\":[{\"kind\":" : ",{\"kind\":")
            isFirst = false
            try string(kind)
            try text(",\"data\":")
            if kind.elementsEqual("malformed".utf8) { try string([value]) } else { try json(value) }
            try text("}")
        }
        if !isFirst { try text("]") }
    }

    private func write(_ files: [AttachedFile]) throws(ViewError) {
        try text("[")
        for (number, file) in files.enumerated() {
            try text(number > 0 ? ",{\"name\":" : "{\"name\":")
            try string(orNull: file.name)
            try text(",\"mime\":")
            try string(orNull: file.mime)
            if let shown = file.shown {
                try text(",\"size\":\(shown.size)")
                try member("path", FileName.attachments.bytes + [UInt8(ascii: "/")] + shown.name.bytes)
            }
            if case .url(let address) = file.source { try member("url", address) }
            try text("}")
        }
        try text("]")
    }

    private func member(_ key: String, _ value: [UInt8]?) throws(ViewError) {
        guard let value else { return }
        try text(",\"\(key)\":")
        try string(value)
    }

    private func text(_ text: String) throws(ViewError) {
        try add(Array(text.utf8)[...])
    }

    private func moment(_ milliseconds: Int64?) throws(ViewError) {
        try text(milliseconds.map { "\"\(Timestamp(milliseconds: $0).rfc3339)\"" } ?? "null")
    }

    private func string(orNull bytes: [UInt8]?) throws(ViewError) {
        if let bytes { try string(bytes) } else { try text("null") }
    }

    private func string(_ bytes: [UInt8]) throws(ViewError) {
        try add(JSONText.quoted(Self.repaired(bytes))[...])
    }

    /// Several texts as one string.
    private func string(_ passages: [Passage], _ separator: StaticString = "") throws(ViewError) {
        try text("\"")
        for (number, passage) in passages.enumerated() {
            if number > 0 { try add(JSONText.quoted("\(separator)").dropFirst().dropLast()) }
            try passage.portions(of: message, in: history) { (bytes) throws(ViewError) in
                try add(JSONText.quoted(Self.repaired(Array(bytes))).dropFirst().dropLast())
            }
        }
        try text("\"")
    }

    private func json(_ passage: Passage) throws(ViewError) {
        try passage.portions(of: message, in: history) { (bytes) throws(ViewError) in
            try add(Self.repaired(Array(bytes))[...])
        }
    }

    /// The same text as UTF-8.
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        String(validating: bytes, as: UTF8.self) == nil ? Array(String(decoding: bytes, as: UTF8.self).utf8) : bytes
    }
}
