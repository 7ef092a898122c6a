internal import SessionModel

/// Go: an object of columns, `parts` among them.
extension MessageEdit {
    static func rowChanges(
        of message: Message, _ columns: [Message.Column], text: [UInt8], savedAs tree: JSONTree
    ) throws(EditError) -> MessageUpdate? {
        let file = try RowFile(tree)
        try file.expect(message: message.id, session: message.session)
        var assignments: [Assignment] = []
        for (name, value) in file.columns {
            // A trigger rewrites updated_at: what it says is no change (rule W4).
            if name == "updated_at" || RowFile.identity.contains(name) { continue }
            guard let column = columns.first(where: { $0.name == name }) else {
                throw .member(name, "is no column of this database's messages", remedy: "take it out")
            }
            let field = try Record.Field.read(value, of: tree, path: name)
            guard !Record.Field.isSame(column.value, value, of: tree) else { continue }
            if name == "role" { try MessageShape.checkGo(role: field) }
            try checkWhole(name, field)
            assignments.append(Assignment(name, field))
        }
        guard let parts = file.parts else { throw .member("parts", "is missing") }
        if let text = change(of: text, to: parts, of: tree) {
            try MessageShape.checkGo(parts: parts, of: tree)
            assignments.append(Assignment("parts", .text(text)))
        }
        return assignments.isEmpty ? nil : .row(assignments)
    }

    /// SQLite takes any value for these; OpenCode, which reads them as 64-bit integers, then lists no message at all.
    private static func checkWhole(_ name: String, _ field: Record.Field?) throws(EditError) {
        guard ["created_at", "updated_at", "finished_at", "seq", "synthetic"].contains(name) else { return }
        switch field {
        case .integer, nil: return
        case .real, .text: throw .member(name, "must be a whole number")
        }
    }

    private static func change(of text: [UInt8], to parts: JSONTree.Value, of tree: JSONTree) -> [UInt8]? {
        if tree.bytes[tree.range(of: parts)].elementsEqual(text) { return nil }
        guard let stored = JSONTree(stored: text) else { return tree.compact(parts) }
        return JSONMerge.text(of: stored, saying: parts, of: tree)
    }

    static func newRow(
        _ id: Message.ID, in session: Session.ID, from tree: JSONTree
    ) throws(EditError) -> NewMessage {
        let file = try RowFile(tree)
        try file.expect(message: id, session: session)
        guard let parts = file.parts else { throw .member("parts", "is missing") }
        try MessageShape.checkGo(parts: parts, of: tree)
        var before: [Message.Column] = []
        var after: [Message.Column] = []
        var assignments: [Assignment] = []
        for (name, value) in file.columns {
            let field = try Record.Field.read(value, of: tree, path: name)
            try checkWhole(name, field)
            let column = Message.Column(name: name, value: field)
            if tree.range(of: value).lowerBound < tree.range(of: parts).lowerBound {
                before.append(column)
            } else {
                after.append(column)
            }
            if !RowFile.identity.contains(name) { assignments.append(Assignment(name, field)) }
        }
        guard let role = assignments.first(where: { $0.column == "role" }) else {
            throw .member("role", "is missing")
        }
        try MessageShape.checkGo(role: role.value)
        // The text with the space around it, if the file is what we render of it.
        let exact = Array(
            tree.bytes[min(tree.keyRange(of: parts).upperBound + 2, tree.range(of: parts).lowerBound)...]
                .prefix(upTo: tree.range(of: parts).upperBound) + space(behind: parts, of: tree))
        let message = Message(
            id: id, session: session, shape: .row(before: before, parts: StoredText(of: exact), after: after),
            order: .rank)
        let isExact = MessageFile.bytes(of: message, [exact]) == tree.bytes
        assignments.append(Assignment("parts", .text(isExact ? exact : tree.compact(parts))))
        let created = file.columns.first { $0.name == "created_at" }.flatMap { moment($0.value, of: tree) }
        return NewMessage(
            id: id, session: session, content: .row(assignments), created: created.map(GoTime.milliseconds))
    }
}

/// The file of a message of Go: which columns it names.
private struct RowFile {
    let tree: JSONTree
    /// All but `parts`.
    let columns: [(name: String, value: JSONTree.Value)]
    let parts: JSONTree.Value?

    static let identity: Set = ["id", "session_id"]

    init(_ tree: JSONTree) throws(EditError) {
        let columns = try tree.columns()
        self.tree = tree
        parts = columns.first { $0.name == "parts" }?.value
        self.columns = columns.filter { $0.name != "parts" }
    }

    func expect(message: Message.ID, session: Session.ID) throws(EditError) {
        for (name, bytes) in [("id", message.bytes), ("session_id", session.bytes)] {
            guard let value = columns.first(where: { $0.name == name })?.value else { continue }
            guard let text = tree.string(value), JSONText.isSameText(text, bytes) else {
                throw .member(
                    name, "is not the one that the file's place says", remedy: "leave it as it is or take it out")
            }
        }
    }
}
