internal import SessionModel

/// V2: `{"id":…,"type":…,…}`.
extension MessageEdit {
    static func typedChanges(
        of message: Message, _ type: [UInt8], text: [UInt8], savedAs tree: JSONTree
    ) throws(EditError) -> MessageUpdate? {
        let row = try SavedRow(tree.root, of: tree, path: "", frame: ["id", "type"])
        try row.expect("id", message.id.bytes)
        let said = row["type"] ?? type
        let newType = JSONText.isSameText(said, type) ? nil : said
        let data = row.change(of: text, framed: frame(message.id, newType ?? type))
        if newType == nil, data == nil { return nil }
        try MessageShape.checkV2(row, type: newType ?? type)
        return .typed(type: newType, data: data)
    }

    static func newTyped(
        _ id: Message.ID, in session: Session.ID, from tree: JSONTree
    ) throws(EditError) -> NewMessage {
        let row = try SavedRow(tree.root, of: tree, path: "", frame: ["id", "type"])
        try row.expect("id", id.bytes)
        guard let type = row["type"] else { throw .member("type", "is missing") }
        try MessageShape.checkV2(row, type: type)
        let data = row.newText(framed: frame(id, type))
        // The frame ends with a newline of its own.
        let exact = data + space(behind: row.object, of: tree).dropLast()
        let message = Message(
            id: id, session: session, shape: .typed(type: type, data: StoredText(of: exact)), order: .rank)
        let isExact = MessageFile.bytes(of: message, [exact]) == tree.bytes
        let created = tree.member("time", of: tree.root).flatMap { tree.member("created", of: $0) }
        return NewMessage(
            id: id, session: session, content: .typed(type: type, data: isExact ? exact : data),
            created: moment(created, of: tree))
    }

    private static func frame(_ id: Message.ID, _ type: [UInt8]) -> [(key: String, value: [UInt8])] {
        [("id", id.bytes), ("type", type)]
    }
}
