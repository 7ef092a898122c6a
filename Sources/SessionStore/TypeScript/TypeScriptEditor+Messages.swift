internal import SQL
internal import SessionModel

extension TypeScriptEditor {
    func insert(_ message: NewMessage) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard let generation = try generation(of: message.session) else { return .failure(.notFound) }
        let row = RowKey(generation.messages, id: message.id.value)
        if let owner = try connection.column("SELECT session_id \(row.condition)").first {
            let place = owner == message.session.value ? "in this session" : "in another session"
            return .failure(.taken(reason: "there is a message with this id \(place) already"))
        }
        switch (generation.kind, message.content) {
        case (.v1, .parted(let info, let parts)): return try insert(message, row, info, parts)
        case (.v2, .typed(let type, let data)): return try insert(message, row, type, data)
        default: return .failure(Self.otherGeneration)
        }
    }

    func update(
        _ id: Message.ID, of session: Session.ID, _ update: MessageUpdate
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard let row = try row(of: id, in: session) else { return .failure(.notFound) }
        switch (row.table, update) {
        case ("message", .parted(let info, let updated, let inserted, let removed)):
            return try self.update(row, of: session, info, updated, inserted, removed)
        case ("session_message", .typed(let type, let data)):
            var columns: [String: SQLValue] = [:]
            if let type { columns["type"] = .text(type) }
            if let data { columns["data"] = .text(data) }
            return try self.update(row, columns, time: ("time_updated", .integer(now)))
        default: return .failure(Self.otherGeneration)
        }
    }

    func touch(
        _ id: Message.ID, of session: Session.ID, _ time: Int64
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard let row = try row(of: id, in: session) else { return .failure(.notFound) }
        var rows = [row]
        if row.table == "message" {
            // The newest of them all is what stat(2) tells: older parts keep their times.
            rows += try connection.column(
                "SELECT id FROM part WHERE message_id = \(id.value) AND time_updated > \(time)"
            ).map { RowKey(Self.parts, id: $0) }
        }
        var writes: [RowWrite] = []
        for row in rows {
            switch try update(row, ["time_updated": .integer(time)]) {
            case .success(let update): writes += update
            case .failure(let error): return .failure(error)
            }
        }
        return .success(writes)
    }

    private static let parts = SQLIdentifier("part")

    /// The row of a message, if the session that is shown has it.
    private func row(of id: Message.ID, in session: Session.ID) throws(SQLError) -> RowKey? {
        guard let generation = try generation(of: session) else { return nil }
        let row = RowKey(generation.messages, id: id.value)
        return try connection.exists("SELECT 1 \(row.condition) AND session_id = \(session.value)") ? row : nil
    }

    /// The columns of a new row: its times, unless what was hidden of it tells them; other columns that were hidden.
    private func columns(
        _ message: NewMessage, _ shown: [String: SQLValue], hidden: [Assignment]
    ) -> [String: SQLValue] {
        let created = message.created ?? now
        var columns: [String: SQLValue] = ["time_created": .integer(created), "time_updated": .integer(created)]
        columns.merge(hidden.values(without: ["id"])) { _, hidden in hidden }
        if let modified = message.modified { columns["time_updated"] = .integer(modified) }
        return columns.merging(shown) { _, shown in shown }
    }

    private func known(_ row: RowKey) -> Set<String> {
        TypeScriptSchema.filled[row.table] ?? []
    }
}

// MARK: V1

extension TypeScriptEditor {
    private func insert(
        _ message: NewMessage, _ row: RowKey, _ info: [UInt8], _ parts: [(id: Message.Part.ID, data: [UInt8])]
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        let hidden = message.hidden?.message ?? []
        let columns = columns(
            message, ["session_id": message.session.value, "data": .text(info)], hidden: hidden)
        var writes: [RowWrite] = []
        switch insertion(row, columns, known: known(row)) {
        case .success(let write): writes.append(write)
        case .failure(let error): return .failure(error)
        }
        for part in parts {
            let columns = self.columns(
                message,
                ["session_id": message.session.value, "message_id": message.id.value, "data": .text(part.data)],
                hidden: message.hidden?.parts[part.id] ?? [])
            switch try insertion(of: part.id, columns) {
            case .success(let write): writes.append(write)
            case .failure(let error): return .failure(error)
            }
        }
        return .success(writes)
    }

    private func insertion(
        of part: Message.Part.ID, _ columns: [String: SQLValue]
    ) throws(SQLError) -> Result<RowWrite, StoreError> {
        let row = RowKey(Self.parts, id: part.value)
        if try exists(row) { return .failure(.taken(reason: "there is a part with this id already")) }
        return insertion(row, columns, known: known(row))
    }

    private func update(
        _ row: RowKey, of session: Session.ID, _ info: [UInt8]?,
        _ updated: [(id: Message.Part.ID, data: [UInt8])], _ inserted: [(id: Message.Part.ID, data: [UInt8])],
        _ removed: [Message.Part.ID]
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        let message = row.columns["id"] ?? .null
        func part(_ id: Message.Part.ID) throws(SQLError) -> RowKey? {
            let row = RowKey(Self.parts, id: id.value)
            return try connection.exists("SELECT 1 \(row.condition) AND message_id = \(message)") ? row : nil
        }
        var writes: [RowWrite] = []
        var changes: [(RowKey, [UInt8])] = []
        if let info { changes.append((row, info)) }
        for (id, data) in updated {
            guard let row = try part(id) else { return .failure(.notFound) }
            changes.append((row, data))
        }
        for (row, data) in changes {
            switch try update(row, ["data": .text(data)], time: ("time_updated", .integer(now))) {
            case .success(let update): writes += update
            case .failure(let error): return .failure(error)
            }
        }
        for id in removed {
            guard let row = try part(id) else { return .failure(.notFound) }
            writes.append(.delete(row))
        }
        for (id, data) in inserted {
            let columns: [String: SQLValue] = [
                "session_id": session.value, "message_id": message, "data": .text(data), "time_created": .integer(now),
                "time_updated": .integer(now),
            ]
            switch try insertion(of: id, columns) {
            case .success(let write): writes.append(write)
            case .failure(let error): return .failure(error)
            }
        }
        return .success(writes)
    }
}

// MARK: V2

extension TypeScriptEditor {
    private func insert(
        _ message: NewMessage, _ row: RowKey, _ type: [UInt8], _ data: [UInt8]
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        var columns = columns(
            message, ["session_id": message.session.value, "type": .text(type), "data": .text(data)],
            hidden: message.hidden?.message ?? [])
        let created = columns["time_created"] ?? .null
        guard let place = try place(for: message, former: columns["seq"]?.integer, created) else {
            return .failure(.noNumberLeft)
        }
        columns["seq"] = .integer(place.number)
        switch insertion(row, columns, known: known(row)) {
        case .success(let write): return .success(try place.shifts + [write] + sequence(message, through: place.last))
        case .failure(let error): return .failure(error)
        }
    }

    /// A number for a new message.
    private struct Place {
        let number: Int64
        /// The largest number in the session when the message is in it.
        let last: Int64
        /// What makes room for it.
        var shifts: [RowWrite] = []
    }

    /// The number that a message had or that its name tells, if nobody has it; else one behind all others.
    private func place(
        for message: NewMessage, former: Int64?, _ created: SQLValue
    ) throws(SQLError) -> Place? {
        let session = message.session.value
        let last = try connection.integer("SELECT max(seq) FROM session_message WHERE session_id = \(session)") ?? -1
        let wanted = [former, message.ordinal].compactMap { $0 }.filter { $0 >= 0 && $0 < .max }
        for number in wanted {
            let isTaken = try connection.exists(
                "SELECT 1 FROM session_message WHERE session_id = \(session) AND seq = \(number)")
            if !isTaken { return Place(number: number, last: max(number, last)) }
        }
        let given = try givenNumber(message.session)
        guard let next = max(given ?? -1, last).next, next >= 0, next < .max else { return nil }
        if wanted.isEmpty, copies.isOurs(message.session, at: given),
            let number = try firstLater(than: created, message), number >= 0
        {
            // By way of negative numbers: two rows must never have the same.
            let shifts: [RowWrite] = [
                .renumber(
                    column: "seq",
                    "UPDATE session_message SET seq = -seq - 1 WHERE session_id = \(session) AND seq >= \(number)"),
                .renumber(
                    column: "seq", "UPDATE session_message SET seq = -seq WHERE session_id = \(session) AND seq < 0"),
            ]
            return Place(number: number, last: last.next ?? last, shifts: shifts)
        }
        return Place(number: next, last: next)
    }

    /// The number of the first message that was made after another, in a session whose messages may be renumbered.
    private func firstLater(than created: SQLValue, _ message: NewMessage) throws(SQLError) -> Int64? {
        let session = message.session.value
        guard try !connection.exists("SELECT 1 FROM session_message WHERE session_id = \(session) AND seq < 0") else {
            return nil
        }
        return try connection.integer(
            """
            SELECT min(seq) FROM session_message WHERE session_id = \(session) AND (time_created > \(created) \
            OR time_created = \(created) AND id > \(message.id.value))
            """)
    }

    /// The number that the session's sequence gave out last.
    private func givenNumber(_ session: Session.ID) throws(SQLError) -> Int64? {
        guard hasSequences else { return nil }
        return try connection.integer("SELECT seq FROM event_sequence WHERE aggregate_id = \(session.value)")
    }

    private var hasSequences: Bool {
        schema.tables.has("aggregate_id", in: Self.sequences) && schema.tables.has("seq", in: Self.sequences)
    }

    /// Moves the session's sequence on, or the next number that OpenCode gives out would be taken.
    private func sequence(_ message: NewMessage, through number: Int64) throws(SQLError) -> [RowWrite] {
        guard hasSequences else { return [] }
        let row = RowKey(Self.sequences, ["aggregate_id": message.session.value])
        guard try exists(row) else { return [.insert(row, ["seq": .integer(number)])] }
        guard try givenNumber(message.session) ?? -1 < number else { return [] }
        return [.update(row, ["seq": .integer(number)])]
    }
}
