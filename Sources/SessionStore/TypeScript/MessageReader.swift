internal import SQL
internal import SessionModel

/// Describes the messages of one session, as one generation keeps them.
protocol MessageReader {
    func order() throws(SQLError) -> [(id: Message.ID, order: Message.Order)]
    func all(_ body: (Message) throws(SQLError) -> Void) throws(SQLError)
    func one(_ id: Message.ID) throws(SQLError) -> Message?
    func newest() throws(SQLError) -> Message?

    /// The messages that a query of this reader's columns finds.
    func select(_ query: SQLQuery, _ body: (Message) throws(SQLError) -> Void) throws(SQLError)
}

extension MessageReader {
    /// The only message that a query finds.
    func first(_ query: SQLQuery) throws(SQLError) -> Message? {
        var found: Message?
        try select(query) { (message) throws(SQLError) in found = message }
        return found
    }
}

/// V1: a row of `message` and rows of `part`.
struct PartedMessageReader: MessageReader {
    let connection: any SQLConnection
    let session: Session.ID

    private static let columns: SQLQuery = "id, time_updated, \(StoredText.columns(of: "message"))"

    func order() throws(SQLError) -> [(id: Message.ID, order: Message.Order)] {
        var order: [(id: Message.ID, order: Message.Order)] = []
        try connection.rows(
            "SELECT id FROM message WHERE session_id = \(session.value) ORDER BY time_created, id"
        ) { (row) throws(SQLError) in
            if let id = Message.ID(row.value(at: 0)) { order.append((id, .rank)) }
        }
        return order
    }

    func all(_ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        try select(
            "SELECT \(Self.columns) FROM message WHERE session_id = \(session.value) ORDER BY time_created, id", body)
    }

    func one(_ id: Message.ID) throws(SQLError) -> Message? {
        try first("SELECT \(Self.columns) FROM message WHERE id = \(id.value) AND session_id = \(session.value)")
    }

    func newest() throws(SQLError) -> Message? {
        try first(
            """
            SELECT \(Self.columns) FROM message WHERE session_id = \(session.value) \
            ORDER BY time_created DESC, id DESC LIMIT 1
            """)
    }

    func select(_ query: SQLQuery, _ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        try connection.rows(query) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            let info = StoredText(row, updated: 1, octets: 2, beginning: 3)
            try body(
                Message(
                    id: id, session: session, shape: .parted(info: info, parts: try parts(of: id)), order: .rank))
        }
    }

    private func parts(of message: Message.ID) throws(SQLError) -> [Message.Part] {
        var parts: [Message.Part] = []
        try connection.rows(
            """
            SELECT id, session_id, time_updated, \(StoredText.columns(of: "part")) FROM part \
            WHERE message_id = \(message.value) ORDER BY id
            """
        ) { (row) throws(SQLError) in
            guard let id = Message.Part.ID(row.value(at: 0)) else { return }
            parts.append(
                Message.Part(
                    id: id, session: Session.ID(row.value(at: 1)) ?? session,
                    data: StoredText(row, updated: 2, octets: 3, beginning: 4)))
        }
        return parts
    }
}

/// V2: one row of `session_message`.
struct TypedMessageReader: MessageReader {
    let connection: any SQLConnection
    let session: Session.ID

    private static let columns: SQLQuery = "id, type, seq, time_updated, \(StoredText.columns(of: "session_message"))"

    func order() throws(SQLError) -> [(id: Message.ID, order: Message.Order)] {
        var order: [(id: Message.ID, order: Message.Order)] = []
        try connection.rows("SELECT id, seq FROM session_message WHERE session_id = \(session.value) ORDER BY seq") {
            (row) throws(SQLError) in
            if let id = Message.ID(row.value(at: 0)) { order.append((id, .stored(row.integer(at: 1) ?? 0))) }
        }
        return order
    }

    func all(_ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        try select("SELECT \(Self.columns) FROM session_message WHERE session_id = \(session.value) ORDER BY seq", body)
    }

    func one(_ id: Message.ID) throws(SQLError) -> Message? {
        try first(
            "SELECT \(Self.columns) FROM session_message WHERE id = \(id.value) AND session_id = \(session.value)")
    }

    func newest() throws(SQLError) -> Message? {
        try first(
            """
            SELECT \(Self.columns) FROM session_message WHERE session_id = \(session.value) \
            ORDER BY seq DESC LIMIT 1
            """)
    }

    func select(_ query: SQLQuery, _ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        try connection.rows(query) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            let data = StoredText(row, updated: 3, octets: 4, beginning: 5)
            try body(
                Message(
                    id: id, session: session, shape: .typed(type: row.bytes(at: 1) ?? [], data: data),
                    order: .stored(row.integer(at: 2) ?? 0)))
        }
    }
}

extension StoredText {
    /// The columns that describe the text of a row: its length, and the two bytes it begins with.
    fileprivate static func columns(of table: String) -> SQLQuery {
        let (table, data) = (SQLIdentifier(table), SQLIdentifier("data"))
        let length = SQLFragment.octetLength(table: table, column: data)
        let beginning = SQLFragment.slice(table: table, column: data, from: 0, count: 2)
        return "\(length), \(beginning)"
    }

    fileprivate init(_ row: any SQLRow, updated: Int, octets: Int, beginning: Int) {
        self.init(
            octets: Int(row.integer(at: octets) ?? 0), beginning: row.bytes(at: beginning) ?? [],
            updated: row.integer(at: updated) ?? 0)
    }

    /// - Parameter beginning: the first two bytes.
    init(octets: Int, beginning: [UInt8], updated: Int64) {
        let opening: Opening =
            if beginning.first != UInt8(ascii: "{") {
                .other
            } else if octets == 2, beginning.last == UInt8(ascii: "}") {
                .emptyObject
            } else {
                .object
            }
        self.init(octets: octets, opening: opening, updated: updated)
    }
}
