internal import SQL
internal import SessionModel

/// V1: a row of `message` and rows of `part`.
struct PartedMessageReader: MessageReader {
    let connection: any SQLConnection
    let session: Session.ID

    func order() throws(SQLError) -> [(id: Message.ID, order: Message.Order)] {
        var order: [(id: Message.ID, order: Message.Order)] = []
        try connection.rows(Self.ids(session.value)) { (row) throws(SQLError) in
            if let id = Message.ID(row.value(at: 0)) { order.append((id, .rank)) }
        }
        return order
    }

    private static let ids = SQLTemplate(
        "SELECT id FROM message WHERE session_id = \(.parameter) ORDER BY time_created, id")

    func speakers() throws(SQLError) -> [Message.Speaker] {
        var speakers: [Message.Speaker] = []
        try connection.rows(Self.beginnings(session.value)) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            let role = JSONText.member("role", inBeginning: row.bytes(at: 1) ?? [])
            speakers.append(Message.Speaker(id: id, order: .rank, role: role))
        }
        return speakers
    }

    private static let beginnings = SQLTemplate(
        """
        SELECT id, \(StoredText.beginning(of: "message")) FROM message WHERE session_id = \(.parameter) \
        ORDER BY time_created, id
        """)

    func all(_ body: (Message) throws(SQLError) -> Void) throws(SQLError) {
        let parts = try PartRuns(of: session, on: connection)
        try connection.rows(Self.messages(session.value)) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            try body(message(id, row, parts[id]))
        }
    }

    func one(_ id: Message.ID) throws(SQLError) -> Message? {
        try described(Self.message(id.value, session.value))
    }

    func newest() throws(SQLError) -> Message? {
        try described(Self.newest(session.value))
    }

    private static let columns: SQLQuery = "id, time_updated, \(StoredText.described(of: "message"))"
    private static let messages = SQLTemplate(
        "SELECT \(columns) FROM message WHERE session_id = \(.parameter) ORDER BY time_created, id")
    private static let message = SQLTemplate(
        "SELECT \(columns) FROM message WHERE id = \(.parameter) AND session_id = \(.parameter)")
    private static let newest = SQLTemplate(
        """
        SELECT \(columns) FROM message WHERE session_id = \(.parameter) \
        ORDER BY time_created DESC, id DESC LIMIT 1
        """)

    /// The only message that a query of these columns finds.
    private func described(_ query: SQLQuery) throws(SQLError) -> Message? {
        var found: Message?
        try connection.rows(query) { (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            var parts: [Message.Part] = []
            try connection.rows(Self.parts(id.value)) { (row) throws(SQLError) in
                if let part = Message.Part(row, at: 0, in: session) { parts.append(part) }
            }
            found = message(id, row, parts)
        }
        return found
    }

    private static let parts = SQLTemplate(
        "SELECT \(Message.Part.columns) FROM part WHERE message_id = \(.parameter) ORDER BY id")

    private func message(_ id: Message.ID, _ row: any SQLRow, _ parts: [Message.Part]) -> Message {
        let (info, beginning) = StoredText.described(row, updated: 1, from: 2)
        return Message(
            id: id, session: session, shape: .parted(info: info, parts: parts), order: .rank, beginning: beginning)
    }

    func lastChange() throws(SQLError) -> Int64? {
        var last: Int64?
        var newest: Message.ID?
        try connection.rows(Self.newestChange(session.value)) { (row) throws(SQLError) in
            newest = Message.ID(row.value(at: 0))
            last = row.integer(at: 1) ?? 0
        }
        guard let newest, var last else { return nil }
        try connection.rows(Self.partChanges(newest.value)) { (row) throws(SQLError) in
            last = max(last, row.integer(at: 0) ?? 0)
        }
        return last
    }

    private static let newestChange = SQLTemplate(
        """
        SELECT id, time_updated FROM message WHERE session_id = \(.parameter) \
        ORDER BY time_created DESC, id DESC LIMIT 1
        """)
    private static let partChanges = SQLTemplate(
        "SELECT time_updated FROM part WHERE message_id = \(.parameter) AND id IS NOT NULL")

    func contents(_ id: Message.ID, upTo limit: Int) throws(SQLError) -> (message: Message, texts: [[UInt8]]?)? {
        var texts = StoredTexts(limit: limit)
        var info: StoredText?
        try connection.rows(Self.wholeMessage(.integer(Int64(limit)), id.value, session.value)) {
            (row) throws(SQLError) in
            info = texts.add(row, updated: 0, from: 1)
        }
        guard let info, !texts.isTooLarge else { return try one(id).map { ($0, nil) } }
        var parts: [Message.Part] = []
        try connection.rows(Self.wholeParts(.integer(Int64(texts.rest)), id.value)) { (row) throws(SQLError) in
            guard !texts.isTooLarge, let part = Message.Part.ID(row.value(at: 0)) else { return }
            let data = texts.add(row, updated: 2, from: 3)
            parts.append(Message.Part(id: part, session: session.ifEqual(row.value(at: 1)), data: data))
        }
        guard !texts.isTooLarge else { return try one(id).map { ($0, nil) } }
        let message = Message(id: id, session: session, shape: .parted(info: info, parts: parts), order: .rank)
        return (message, texts.all)
    }

    private static let wholeMessage = SQLTemplate(
        """
        SELECT time_updated, \(StoredTexts.columns(of: "message")) FROM message \
        WHERE id = \(.parameter) AND session_id = \(.parameter)
        """)
    private static let wholeParts = SQLTemplate(
        """
        SELECT id, session_id, time_updated, \(StoredTexts.columns(of: "part")) FROM part \
        WHERE message_id = \(.parameter) ORDER BY id
        """)
}

/// The parts of all messages of a session: read in one go, and found by their messages.
private struct PartRuns {
    private var parts: [Message.Part] = []
    private var runs: [Message.ID: Range<Int>] = [:]

    /// In the order of messages, so that the parts of one come together; part.session_id says nothing.
    private static let query = SQLTemplate(
        """
        SELECT message.id, \(Message.Part.columns) FROM message CROSS JOIN part ON part.message_id = message.id \
        WHERE message.session_id = \(.parameter) ORDER BY message.time_created, message.id, part.id
        """)

    init(of session: Session.ID, on connection: any SQLConnection) throws(SQLError) {
        var (message, start): (Message.ID?, Int) = (nil, 0)
        func endRun(at end: Int) {
            if let message, start < end, runs[message] == nil { runs[message] = start..<end }
            start = end
        }
        try connection.rows(Self.query(session.value)) { (row) throws(SQLError) in
            guard let part = Message.Part(row, at: 1, in: session) else { return }
            if message?.isEqual(row.value(at: 0)) != true {
                endRun(at: parts.count)
                message = Message.ID(row.value(at: 0))
            }
            parts.append(part)
        }
        endRun(at: parts.count)
    }

    subscript(message: Message.ID) -> [Message.Part] {
        runs[message].map { Array(parts[$0]) } ?? []
    }
}

extension Message.Part {
    /// What describes a part.
    fileprivate static let columns: SQLQuery =
        "part.id, part.session_id, part.time_updated, \(StoredText.summarized(of: "part"))"

    /// A row of these columns from the one at `start` on; nil where it has no id.
    fileprivate init?(_ row: any SQLRow, at start: Int, in session: Session.ID) {
        guard let id = Message.Part.ID(row.value(at: start)) else { return nil }
        self.init(
            id: id, session: session.ifEqual(row.value(at: start + 1)),
            data: StoredText(row, updated: start + 2, summary: start + 3))
    }
}

extension Identifier {
    fileprivate func isEqual(_ value: SQLValue) -> Bool {
        switch value {
        case .text(let bytes): !isBlob && bytes == self.bytes
        case .blob, .integer, .real, .null: Self(value) == self
        }
    }

    /// The identifier that a column holds: this one where it is the same, or where the column holds none. So it is kept
    /// once for all rows that have it.
    fileprivate func ifEqual(_ value: SQLValue) -> Self {
        isEqual(value) ? self : Self(value) ?? self
    }
}
