internal import SQL
internal import SessionModel

extension GoSnapshot {
    func messages(
        thatMayHold words: [SoughtWord]
    ) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]? {
        try messages(thatMayHold: words, where: "1 = 1")
    }

    /// The same of one session.
    func messages(
        of session: Session.ID, thatMayHold words: [SoughtWord]
    ) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]? {
        try messages(thatMayHold: words, where: "\(GoSchema.belongs(to: session.value))")
    }

    private func messages(
        thatMayHold words: [SoughtWord], where condition: SQLQuery
    ) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]? {
        let names = schema.messageColumns.names
        // Every file has the names of all columns.
        guard !words.contains(where: { word in names.contains(where: word.isIn) }) else { return nil }
        return try query { () throws(SQLError) in
            let frame = names.filter { $0 != GoSchema.parts.name }.map { SQLIdentifier($0) }
            var found: [(id: Message.ID, session: Session.ID)] = []
            try connection.rows(
                """
                SELECT id, session_id FROM messages WHERE \(condition) \
                AND \(.mayHold(words, in: GoSchema.messages, text: GoSchema.parts, frame: frame))
                """
            ) { (row) throws(SQLError) in
                guard let id = Message.ID(row.value(at: 0)), let session = Session.ID(row.value(at: 1)) else { return }
                found.append((id, session))
            }
            return found
        }
    }
}
