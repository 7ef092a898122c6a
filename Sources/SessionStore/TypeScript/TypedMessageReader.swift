internal import SQL
internal import SessionModel

/// V2: one row of `session_message`.
struct TypedMessageReader: MessageReader {
    let connection: any SQLConnection
    let session: Session.ID

    private static let columns: SQLQuery =
        "id, type, seq, time_updated, \(StoredText.summarized(of: "session_message"))"

    func order() throws(SQLError) -> [(id: Message.ID, order: Message.Order)] {
        var order: [(id: Message.ID, order: Message.Order)] = []
        try connection.rows(Self.ids(session.value)) { (row) throws(SQLError) in
            if let id = Message.ID(row.value(at: 0)) { order.append((id, .stored(row.integer(at: 1) ?? 0))) }
        }
        return order
    }

    func speakers() throws(SQLError) -> [Message.Speaker] {
        var speakers: [Message.Speaker] = []
        try connection.rows(Self.types(session.value)) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            let order = Message.Order.stored(row.integer(at: 2) ?? 0)
            speakers.append(Message.Speaker(id: id, order: order, role: row.bytes(at: 1) ?? []))
        }
        return speakers
    }

    private static let types = SQLTemplate(
        "SELECT id, type, seq FROM session_message WHERE session_id = \(.parameter) ORDER BY seq")

    func all(_ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        try select(Self.messages(session.value), body)
    }

    func one(_ id: Message.ID) throws(SQLError) -> Message? {
        try first(Self.message(id.value, session.value))
    }

    func newest() throws(SQLError) -> Message? {
        try first(Self.newest(session.value))
    }

    private static let ids = SQLTemplate(
        "SELECT id, seq FROM session_message WHERE session_id = \(.parameter) ORDER BY seq")
    private static let messages = SQLTemplate(
        "SELECT \(columns) FROM session_message WHERE session_id = \(.parameter) ORDER BY seq")
    private static let message = SQLTemplate(
        "SELECT \(columns) FROM session_message WHERE id = \(.parameter) AND session_id = \(.parameter)")
    private static let newest = SQLTemplate(
        "SELECT \(columns) FROM session_message WHERE session_id = \(.parameter) ORDER BY seq DESC LIMIT 1")

    /// The only message that a query finds.
    private func first(_ query: SQLQuery) throws(SQLError) -> Message? {
        var found: Message?
        try select(query) { (message) throws(SQLError) in found = message }
        return found
    }

    private func select(_ query: SQLQuery, _ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        try connection.rows(query) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            try body(message(id, row, StoredText(row, updated: 3, summary: 4)))
        }
    }

    private func message(_ id: Message.ID, _ row: any SQLRow, _ data: StoredText) -> Message {
        Message(
            id: id, session: session, shape: .typed(type: row.bytes(at: 1) ?? [], data: data),
            order: .stored(row.integer(at: 2) ?? 0))
    }

    func lastChange() throws(SQLError) -> Int64? {
        var last: Int64?
        try connection.rows(Self.newestChange(session.value)) { (row) throws(SQLError) in
            if Message.ID(row.value(at: 0)) != nil { last = row.integer(at: 1) ?? 0 }
        }
        return last
    }

    private static let newestChange = SQLTemplate(
        "SELECT id, time_updated FROM session_message WHERE session_id = \(.parameter) ORDER BY seq DESC LIMIT 1")

    func contents(_ id: Message.ID, upTo limit: Int) throws(SQLError) -> (message: Message, texts: [[UInt8]]?)? {
        var found: (message: Message, texts: [[UInt8]]?)?
        try connection.rows(Self.whole(.integer(Int64(limit)), id.value, session.value)) { (row) throws(SQLError) in
            var texts = StoredTexts(limit: limit)
            let data = texts.add(row, updated: 3, from: 4)
            found = (message(id, row, data), texts.isTooLarge ? nil : texts.all)
        }
        return found
    }

    private static let whole = SQLTemplate(
        """
        SELECT id, type, seq, time_updated, \(StoredTexts.columns(of: "session_message")) FROM session_message \
        WHERE id = \(.parameter) AND session_id = \(.parameter)
        """)
}
