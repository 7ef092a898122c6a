internal import SessionModel
internal import Timing

/// Files of the layout of OpenCode 1.1: JSON spaced by two, without a newline at the end.
enum StorageFile {
    /// A file of a text that is at hand; as it stands, where it is no JSON or nested too deep.
    static func small(_ text: [UInt8], changed: Int64) -> DerivedFile {
        DerivedFile(.bytes(spaced(text)), changed: Timestamp(milliseconds: changed))
    }

    /// The file of one row of a message of V1: 0 is the message, those behind it its parts.
    ///
    /// A text above 8 MiB is not looked at before it is spaced; it is made in portions, and kept on disk while it is read.
    static func row(_ index: Int, of message: Message, in history: any HistoryReading) throws(ViewError) -> DerivedFile
    {
        let stored = message.texts[index]
        let layout = MessageFile.layout(ofRow: index, of: message)
        let changed = Timestamp(milliseconds: stored.updated)
        if layout.size <= history.wholeTextSize {
            let bytes = try layout.bytes(0..<layout.size) { (text, range) throws(ViewError) in
                try history.text(text, of: message, range: range)[...]
            }
            return DerivedFile(.bytes(spaced(bytes)), changed: changed)
        }
        var hash = ContentHash.combine(UInt64(bitPattern: stored.updated), UInt64(stored.octets))
        hash = ContentHash.combine(hash, ContentHash.value(of: message.id.bytes))
        let piece = DerivedFile.Piece(digest: ContentHash.combine(hash, UInt64(index))) { (add) throws(ViewError) in
            var indenter = JSONIndenter()
            for start in stride(from: 0, to: layout.size, by: portion) {
                let range = start..<min(start + portion, layout.size)
                let bytes = try layout.bytes(range) { (text, range) throws(ViewError) in
                    try history.text(text, of: message, range: range)[...]
                }
                var spaced: [UInt8] = []
                indenter.add(bytes[...], to: &spaced)
                try add(spaced[...])
            }
        }
        return DerivedFile(.pieces([piece], growing: false), changed: changed)
    }

    /// Bytes of a large text that are in memory at a time.
    private static let portion = 1 << 20

    private static func spaced(_ text: [UInt8]) -> [UInt8] {
        isOrdinary(text) ? JSONIndenter.indent(text) : text
    }

    private static func isOrdinary(_ text: [UInt8]) -> Bool {
        (try? JSONTree(parsing: text)) != nil
    }

    /// `todo/<session>.json`; each entry had an id.
    static func todos(_ todos: [Todo]) -> [UInt8] {
        var entries: [JSONObject.Value] = []
        for (index, todo) in todos.enumerated() {
            var entry = JSONObject()
            entry.add("content", .string(todo.content))
            entry.add("status", .string(todo.status))
            entry.add("priority", .string(todo.priority))
            entry.add("id", .string("\(index + 1)"))
            entries.append(.object(entry))
        }
        return JSONObject.Value.array(entries).bytes
    }

    /// `session/<project>/<session>.json`: Session.Info of OpenCode 1.1, which has the columns of later ones.
    static func session(_ id: Session.ID, _ record: SessionRecord) -> [UInt8] {
        let row = record.row
        guard record.generation == .go else {
            // There was no session without a title.
            return SessionFile.v1.render(row["title"] == nil ? row.replacing("title", by: .text([])) : row)
        }
        var file = JSONObject()
        file.add("id", .string(id.bytes))
        file.add("slug", .string(id.bytes))
        file.add("version", .string("go"))
        file.add("projectID", row.string("project_id"))
        // Which directory a session was in, the Go OpenCode does not keep.
        file.add("directory", .string("/"))
        file.add("parentID", row.string("parent_session_id"))
        file.add("title", row.string("title") ?? .string(""))
        var time = JSONObject()
        time.add("created", .integer(GoTime.milliseconds(row.integer("created_at") ?? 0)))
        time.add("updated", .integer(GoTime.milliseconds(row.integer("updated_at") ?? 0)))
        file.add("time", .object(time))
        // It counts by session, as OpenCode 1.18 does too.
        let none = JSONObject.Value.integer(0)
        file.add("cost", row.number("cost"))
        file.add(
            "tokens",
            StorageMessage.tokens(
                input: row.number("prompt_tokens") ?? none, output: row.number("completion_tokens") ?? none,
                reasoning: none, read: none, write: none))
        return file.line()
    }
}
