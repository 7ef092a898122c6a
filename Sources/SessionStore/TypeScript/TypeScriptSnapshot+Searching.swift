internal import SQL
internal import SessionModel

extension TypeScriptSnapshot {
    func messages(
        thatMayHold words: [SoughtWord]
    ) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]? {
        try query { () throws(SQLError) in
            let (data, id, session) = (SQLIdentifier("data"), SQLIdentifier("id"), SQLIdentifier("session_id"))
            var found: [(id: Message.ID, session: Session.ID)] = []
            func note(_ row: any SQLRow) {
                guard let id = Message.ID(row.value(at: 0)), let session = Session.ID(row.value(at: 1)) else { return }
                found.append((id, session))
            }
            for generation in schema.generations {
                let table = generation.messages
                let frame = generation.kind == .v1 ? [id, session] : [id, SQLIdentifier("type")]
                try connection.rows(
                    """
                    SELECT id, session_id FROM \(table) \
                    WHERE \(.mayHold(words, in: table, text: data, frame: frame))
                    """, note)
                guard generation.kind == .v1 else { continue }
                // Each table by itself, one after the other: what a part holds is asked before its message is looked up.
                try connection.rows(
                    """
                    SELECT id, session_id FROM message WHERE id IN (SELECT message_id FROM part \
                    WHERE \(.mayHold(words, in: SQLIdentifier("part"), text: data, frame: [id, session])))
                    """, note)
            }
            return found
        }
    }
}
