internal import SessionModel
internal import Timing
internal import VFS

/// Writes a turn as GitHub's Markdown: one section for each, which nothing that it holds can break out of.
struct TranscriptWriter {
    typealias Sink = (ArraySlice<UInt8>) throws(ViewError) -> Void

    let message: Message
    let history: any HistoryReading

    /// How much of a turn is shown.
    enum Extent: UInt8 {
        /// All of it.
        case whole
        /// Of one that is being written: what can no longer change.
        case settled
    }

    func write(_ turn: Turn, _ extent: Extent, to add: Sink) throws(ViewError) {
        try write(heading(of: turn), to: add)
        for block in turn.blocks {
            if extent == .settled, !block.isFinal { return }
            try write(block, to: add)
        }
        guard extent == .whole else { return }
        try write(ending(of: turn), to: add)
    }

    private func write(_ bytes: [UInt8], to add: Sink) throws(ViewError) {
        if !bytes.isEmpty { try add(bytes[...]) }
    }

    private func write(_ text: String, to add: Sink) throws(ViewError) {
        try add(Array(text.utf8)[...])
    }

    /// Nothing that comes to be known later stands here.
    private func heading(of turn: Turn) -> [UInt8] {
        var text = Array("## ".utf8)
        switch turn.role {
        case .user: text += "User".utf8
        case .assistant: text += "Assistant".utf8
        case .system: text += "System".utf8
        case .tool: text += "Tool results".utf8
        case .event(let kind): text += Array("Event: ".utf8) + Markdown.escaped(kind)
        }
        if let created = turn.created { text += " · \(Self.moment(created))".utf8 }
        text += "\n\n".utf8
        let file = history.naming.bare(history.naming.name(of: turn.id, ordinal: 0, role: nil))
        let target = Markdown.target(Array("messages/".utf8) + file.bytes)
        let label = Markdown.code(turn.id.bytes)
        text += Array("[".utf8) + (label.isEmpty ? Array("message".utf8) : label) + Array("](".utf8) + target
        text += ")".utf8
        if let agent = turn.agent, !agent.isEmpty { text += Array(" · agent ".utf8) + Markdown.code(agent) }
        if let model = turn.model, !model.isEmpty {
            let name = (turn.provider.map { $0 + [UInt8(ascii: "/")] } ?? []) + model
            text += Array(" · model ".utf8) + Markdown.code(name)
        }
        return text + Array("\n\n".utf8)
    }

    private func ending(of turn: Turn) -> [UInt8] {
        var text: [UInt8] = []
        if turn.isMalformed { text += "**Not as OpenCode writes it: shown as it is stored.**\n\n".utf8 }
        if let failure = turn.failure {
            let name = Markdown.code(failure.name)
            text += Array("**Error**".utf8) + (name.isEmpty ? [] : [0x20] + name)
            if let words = failure.message, !words.isEmpty {
                text += Array(":\n\n".utf8) + Self.fenced(words)
            } else {
                text += "\n\n".utf8
            }
        }
        var notes: [String] = []
        if !turn.isFinished { notes.append("not finished") }
        if let cost = turn.cost, cost.isFinite { notes.append("cost $\(Self.amount(cost))") }
        if let tokens = turn.tokens {
            let counts = [
                ("input", tokens.input), ("output", tokens.output), ("reasoning", tokens.reasoning),
                ("cache read", tokens.cacheRead), ("cache write", tokens.cacheWrite),
            ]
            let shown = counts.compactMap { name, count in count.map { "\($0) \(name)" } }
            if !shown.isEmpty { notes.append("tokens: " + shown.joined(separator: ", ")) }
        }
        if let completed = turn.completed { notes.append("until \(Self.moment(completed))") }
        if !notes.isEmpty { text += "*\(notes.joined(separator: " · "))*\n\n".utf8 }
        return text
    }

    private func write(_ block: Block, to add: Sink) throws(ViewError) {
        switch block.content {
        case .text(let passage, let isSynthetic):
            if isSynthetic { try write("*Added by OpenCode:*\n\n", to: add) }
            try writeText(passage, to: add)
        case .reasoning(let passage):
            guard !passage.isEmpty else { return }
            try write("<details><summary>Reasoning</summary>\n\n", to: add)
            try writeText(passage, to: add)
            try write("</details>\n\n", to: add)
        case .tool(let use): try write(use, to: add)
        case .file(let file): try write(line(for: file), to: add)
        case .mark(let mark, let json): try write(mark, json, to: add)
        case .other(let kind, let json):
            try write(Array("Other: ".utf8) + Markdown.code(kind) + Array("\n\n".utf8), to: add)
            try writeFenced(json, to: add)
        }
    }

    /// Marks that say something to a reader; the others are in the message's own file.
    private func write(_ mark: Block.Mark, _ json: Passage, to add: Sink) throws(ViewError) {
        switch mark {
        case .stepStart, .stepFinish, .snapshot, .idle: return
        case .patch, .agent, .retry, .compaction, .subtask, .skill, .agentSwitched, .modelSwitched, .locationSwitched,
            .toolSearch:
            try write("Event: `\(mark.rawValue)`\n\n", to: add)
            try writeFenced(json, info: "json", to: add)
        }
    }

    private func write(_ use: ToolUse, to add: Sink) throws(ViewError) {
        var line = Array("### Tool ".utf8) + Markdown.code(use.name ?? Array("unknown".utf8))
        if use.status != .completed, use.status != .called { line += " · \(use.status.rawValue)".utf8 }
        try write(line + Array("\n\n".utf8), to: add)
        if let input = use.input {
            try write("Input:\n\n", to: add)
            try writeFenced(input, info: use.hasTextInput ? "" : "json", to: add)
        }
        for output in use.outputs {
            try write("Output:\n\n", to: add)
            try writeFenced(output, to: add)
        }
        if let error = use.error {
            try write("Error:\n\n", to: add)
            try writeFenced(error, to: add)
        }
        for file in use.files { try write(self.line(for: file), to: add) }
    }

    private func line(for file: AttachedFile) -> [UInt8] {
        var text = Array("Attachment: ".utf8)
        let name = file.name.flatMap { $0.isEmpty ? nil : $0 } ?? file.mime ?? Array("file".utf8)
        switch (file.source, file.shown) {
        case (.inline, let shown?):
            let target = Markdown.target(FileName.attachments.bytes + [UInt8(ascii: "/")] + shown.name.bytes)
            text += Array("[".utf8) + Markdown.escaped(name) + Array("](".utf8) + target + Array(")".utf8)
        case (.inline, nil): text += Markdown.escaped(name)
        case (.url(let address), _): text += Markdown.escaped(name) + Array(" ".utf8) + Markdown.code(address)
        }
        if let mime = file.mime, !mime.isEmpty { text += Array(" · ".utf8) + Markdown.code(mime) }
        switch (file.source, file.shown) {
        case (.inline, let shown?): text += " · \(shown.size) bytes".utf8
        case (.inline, nil): text += " · not in attachments/".utf8
        case (.url, _): break
        }
        return text + Array("\n\n".utf8)
    }

    /// Somebody's Markdown: as it is where it is harmless, otherwise in a fence.
    private func writeText(_ passage: Passage, to add: Sink) throws(ViewError) {
        guard !passage.isEmpty else { return }
        guard case .whole(let bytes) = passage, case .tame(let closing) = TameText.verdict(bytes) else {
            return try writeFenced(passage, to: add)
        }
        var end: [UInt8] = bytes.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]
        if !closing.isEmpty { end += closing + [UInt8(ascii: "\n")] }
        try add(bytes[...])
        try write(end + [UInt8(ascii: "\n")], to: add)
    }

    private func writeFenced(_ passage: Passage, info: String = "", to add: Sink) throws(ViewError) {
        if case .whole(let bytes) = passage { return try write(Self.fenced(bytes, info: info), to: add) }
        var runs = Markdown.RunCounter()
        try passage.portions(of: message, in: history) { runs.take($0) }
        let fence = Markdown.fence(around: runs.longest)
        try write(fence + Array("\(info)\n".utf8), to: add)
        var last: UInt8?
        try passage.portions(of: message, in: history) { (bytes) throws(ViewError) in
            last = bytes.last
            try add(bytes)
        }
        try write((Self.endsLine(last) ? [] : [UInt8(ascii: "\n")]) + fence + Array("\n\n".utf8), to: add)
    }

    private static func fenced(_ bytes: [UInt8], info: String = "") -> [UInt8] {
        let fence = Markdown.fence(around: Markdown.longestRun(in: bytes[...]))
        var text = fence
        text.reserveCapacity(bytes.count + fence.count * 2 + 16)
        text += "\(info)\n".utf8
        text += bytes
        if !endsLine(bytes.last) { text.append(UInt8(ascii: "\n")) }
        return text + fence + Array("\n\n".utf8)
    }

    /// Nothing at all needs no line break either. A carriage return alone would pair with the one we add.
    private static func endsLine(_ last: UInt8?) -> Bool {
        last == nil || last == UInt8(ascii: "\n")
    }

    /// `2026-11-18 10:15:30 UTC`
    static func moment(_ milliseconds: Int64) -> String {
        let text = Timestamp(milliseconds: milliseconds).rfc3339
        guard text.hasSuffix("Z"), let point = text.lastIndex(of: ".") else { return text }
        return text[..<point].replacing("T", with: " ") + " UTC"
    }

    /// Dollars, to the millionth where there is less than a cent's worth of them.
    static func amount(_ dollars: Double) -> String {
        guard abs(dollars) < 1e12 else { return "\(dollars)" }
        let millionths = Int64((abs(dollars) * 1e6).rounded())
        var fraction = "\(millionths % 1_000_000)"
        fraction = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        while fraction.utf8.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
        return (dollars < 0 ? "-" : "") + "\(millionths / 1_000_000).\(fraction)"
    }
}
