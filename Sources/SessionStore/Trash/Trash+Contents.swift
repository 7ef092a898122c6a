private import SQL
package import SessionModel
package import Timing

/// A message in the trash: described, and where its texts are.
package struct TrashedMessage: Sendable {
    package let message: Message
    fileprivate let texts: [TrashedText]
}

/// What the trash holds, as the stores describe what a database holds.
extension Trash {
    /// Which contents the trash has. Equal versions, equal contents.
    package struct Version: Hashable, Sendable {
        /// The number of the last item there ever was.
        package let last: Int64
        /// How many items there are.
        package let count: Int64

        package init(last: Int64, count: Int64) {
            self.last = last
            self.count = count
        }
    }

    package func version(_ patience: Patience) throws(StoreError) -> Version {
        withdrawAhead()
        return try reading(patience) { (connection) throws(SQLError) in
            Version(
                last: try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'item'") ?? 0,
                count: try connection.integer("SELECT count(*) FROM item") ?? 0)
        }
    }

    /// The items that hold a whole message or session: it was removed. Of one that was changed the trash holds what changed.
    package func wholeItems(_ patience: Patience) throws(StoreError) -> Set<Int64> {
        let tables = Self.sessionTables.map(\.table) + Self.messageTables
        return try reading(patience) { (connection) throws(SQLError) in
            let list = SQLQuery.joined(tables.map { "\($0)" }, separator: ", ")
            return Set(
                try connection.column(
                    "SELECT DISTINCT item FROM record WHERE kind = 'removed' AND origin IN (\(list))"
                ).compactMap(\.integer))
        }
    }

    /// The newest generation first.
    private static let sessionTables: [(table: String, generation: SessionRecord.Generation)] = [
        ("session_v2", .v2), ("session", .v1), ("sessions", .go),
    ]
    private static let messageTables = ["session_message", "message", "messages"]

    /// The row of a removed session; nil where the item has none. Of a session in both generations: V2's (rule N7).
    package func session(_ item: TrashBatch.Item, _ patience: Patience) throws(StoreError) -> SessionRecord? {
        let rows = try rows(of: item, patience)
        for (table, generation) in Self.sessionTables {
            guard let row = rows.first(where: { $0.table == table }) else { continue }
            let fields = row.values.compactMapValues { Record.Field($0) }
            return SessionRecord(generation, Record(fields, columns: row.columns))
        }
        return nil
    }

    /// A removed message; nil where the item does not hold all of it.
    package func message(_ item: TrashBatch.Item, _ patience: Patience) throws(StoreError) -> TrashedMessage? {
        guard let id = item.message else { return nil }
        let rows = try rows(of: item, patience)
        for row in rows {
            guard let text = row.text else { continue }
            func trashed(_ shape: Message.Shape, _ order: Message.Order, _ texts: [TrashedText]) -> TrashedMessage {
                TrashedMessage(
                    message: Message(id: id, session: item.session, shape: shape, order: order), texts: texts)
            }
            switch row.table {
            case "session_message":
                return trashed(
                    .typed(type: row.values["type"]?.bytes ?? [], data: row.stored(text)),
                    .stored(row.values["seq"]?.integer ?? 0), [text])
            case "message":
                let parts = parts(among: rows, of: item.session)
                return trashed(
                    .parted(info: row.stored(text), parts: parts.map(\.part)), .rank, [text] + parts.map(\.text))
            case "messages":
                let index = row.columns.firstIndex(of: GoSchema.parts.name) ?? row.columns.count
                func column(_ name: String) -> Message.Column {
                    Message.Column(name: name, value: row.values[name].flatMap { Record.Field($0) })
                }
                return trashed(
                    .row(
                        before: row.columns.prefix(index).map(column), parts: row.stored(text),
                        after: row.columns.dropFirst(index + 1).map(column)), .rank, [text])
            default: continue
            }
        }
        return nil
    }

    private func parts(
        among rows: [TrashedRow], of session: Session.ID
    ) -> [(part: Message.Part, text: TrashedText)] {
        rows.compactMap { row -> (part: Message.Part, text: TrashedText)? in
            guard row.table == "part", let text = row.text, let id = row.values["id"].flatMap({ Message.Part.ID($0) })
            else { return nil }
            let owner = row.values["session_id"].flatMap { Session.ID($0) } ?? session
            return (Message.Part(id: id, session: owner, data: row.stored(text)), text)
        }.sorted { $0.part.id < $1.part.id }
    }

    /// Some bytes of one text of a message.
    package func text(
        _ index: Int, of trashed: TrashedMessage, range: Range<Int>, _ patience: Patience
    ) throws(StoreError) -> [UInt8] {
        guard index < trashed.texts.count else { throw .notFound }
        let text = trashed.texts[index]
        return try reading(patience) { (connection) throws(SQLError) in
            guard text.isInPieces else {
                let slice = SQLFragment.slice(
                    table: TrashedText.fields, column: TrashedText.value, from: range.lowerBound, count: range.count)
                return try connection.column("SELECT \(slice) FROM field WHERE id = \(text.field)").first?.bytes ?? []
            }
            var pieces: [(id: Int64, range: Range<Int>)] = []
            var start = 0
            try connection.rows("SELECT id, length(bytes) FROM piece WHERE field = \(text.field) ORDER BY id") {
                (row) throws(SQLError) in
                let end = start + Int(row.integer(at: 1) ?? 0)
                pieces.append((row.integer(at: 0) ?? 0, start..<end))
                start = end
            }
            var bytes: [UInt8] = []
            for piece in pieces {
                let wanted = range.clamped(to: piece.range)
                guard !wanted.isEmpty else { continue }
                let slice = SQLFragment.slice(
                    table: TrashedText.pieces, column: TrashedText.bytes,
                    from: wanted.lowerBound - piece.range.lowerBound,
                    count: wanted.count)
                bytes += try connection.column("SELECT \(slice) FROM piece WHERE id = \(piece.id)").first?.bytes ?? []
            }
            return bytes
        }
    }

    /// The rows that an item brings back, without the long texts of messages.
    private func rows(of item: TrashBatch.Item, _ patience: Patience) throws(StoreError) -> [TrashedRow] {
        try reading(patience) { (connection) throws(SQLError) in
            var rows: [TrashedRow] = []
            for record in try Self.records(of: item.id, reading: connection) where record.kind == .removed {
                rows.append(try TrashedRow(record.table, record: record.id, connection))
            }
            return rows
        }
    }

    private func reading<Result>(
        _ patience: Patience, _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(StoreError) -> Result {
        do throws(SQLError) {
            return try pool.lend(patience) { (connection) throws(SQLError) in
                try connection.reading { () throws(SQLError) in try body(connection) }
            }
        } catch {
            throw StoreError(error.attributed(to: patience))
        }
    }
}

/// Where the trash keeps a text, and as much of it as describes it.
private struct TrashedText: Sendable {
    static let fields = SQLIdentifier("field")
    static let value = SQLIdentifier("value")
    static let pieces = SQLIdentifier("piece")
    static let bytes = SQLIdentifier("bytes")

    let field: Int64
    let isInPieces: Bool
    let octets: Int
    /// Its first two bytes.
    let beginning: [UInt8]
}

/// A row in the trash. The long text that its table may have is not among the values.
private struct TrashedRow {
    let table: String
    private(set) var columns: [String] = []
    private(set) var values: [String: SQLValue] = [:]
    private(set) var text: TrashedText?

    init(_ table: String, record: Int64, _ connection: any SQLConnection) throws(SQLError) {
        self.table = table
        let long =
            switch table {
            case "message", "part", "session_message": "data"
            case "messages": GoSchema.parts.name
            default: ""
            }
        let octets = SQLFragment.octetLength(table: TrashedText.fields, column: TrashedText.value)
        let beginning = SQLFragment.slice(table: TrashedText.fields, column: TrashedText.value, from: 0, count: 2)
        var text: (field: Int64, kind: [UInt8]?, octets: Int64, beginning: [UInt8])?
        var other: [(name: String, field: Int64, kind: [UInt8])] = []
        try connection.rows(
            """
            SELECT id, name, pieces, CASE WHEN name = \(long) THEN NULL ELSE value END,
                CASE WHEN name = \(long) THEN \(octets) END, CASE WHEN name = \(long) THEN \(beginning) END
            FROM field WHERE record = \(record) ORDER BY id
            """
        ) { (row) throws(SQLError) in
            let (field, name) = (row.integer(at: 0) ?? 0, String(decoding: row.bytes(at: 1) ?? [], as: UTF8.self))
            columns.append(name)
            if name == long {
                text = (field, row.bytes(at: 2), row.integer(at: 4) ?? 0, row.bytes(at: 5) ?? [])
            } else if let kind = row.bytes(at: 2) {
                other.append((name, field, kind))
            } else {
                values[name] = row.value(at: 3)
            }
        }
        // Of a table that this version does not take for one with long texts.
        if !other.isEmpty {
            for field in try Trash.fields(of: record, reading: connection)
            where other.contains(where: { $0.name == field.name }) {
                values[field.name] = field.value
            }
        }
        guard var text else { return }
        if text.kind != nil {
            let slice = SQLFragment.slice(table: TrashedText.pieces, column: TrashedText.bytes, from: 0, count: 2)
            text.octets =
                try connection.integer("SELECT sum(length(bytes)) FROM piece WHERE field = \(text.field)") ?? 0
            text.beginning =
                try connection.column("SELECT \(slice) FROM piece WHERE field = \(text.field) ORDER BY id LIMIT 1")
                .first?.bytes ?? []
        }
        self.text = TrashedText(
            field: text.field, isInPieces: text.kind != nil, octets: Int(text.octets), beginning: text.beginning)
    }

    /// The text as the tree describes it.
    func stored(_ text: TrashedText) -> StoredText {
        let updated =
            table == "messages"
            ? GoSchema.milliseconds(values["updated_at"]?.integer) : values["time_updated"]?.integer ?? 0
        return table == "messages"
            ? StoredText(octets: text.octets, opening: .other, updated: updated)
            : StoredText(octets: text.octets, beginning: text.beginning, updated: updated)
    }
}
