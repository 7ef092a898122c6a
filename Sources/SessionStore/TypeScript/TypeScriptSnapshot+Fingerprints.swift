internal import SQL
internal import SessionModel

/// What sessions are told apart by without reading a text.
extension TypeScriptSnapshot {
    func fingerprints(of session: Session.ID?) throws(StoreError) -> [Session.ID: Int64] {
        try query { () throws(SQLError) in
            var fingerprints: [Session.ID: Int64] = [:]
            for (number, generation) in schema.generations.enumerated() {
                // What a newer generation has is shown from there (rule N7).
                let newer =
                    number == 0 ? [] : Set(fingerprints.keys).union(try sessions(in: schema.generations[..<number]))
                for query in Self.sums(generation, session) {
                    try connection.rows(query) { (row) throws(SQLError) in
                        guard let id = Session.ID(row.value(at: 0)), !newer.contains(id) else { return }
                        fingerprints[id, default: 0] &+= row.integer(at: 1) ?? 0
                    }
                }
            }
            return fingerprints
        }
    }

    private func sessions(in generations: ArraySlice<TypeScriptSchema.Generation>) throws(SQLError) -> Set<Session.ID> {
        var sessions: Set<Session.ID> = []
        for generation in generations {
            for value in try connection.column("SELECT id FROM \(generation.sessions)") {
                if let id = Session.ID(value) { sessions.insert(id) }
            }
        }
        return sessions
    }

    private static func sums(_ generation: TypeScriptSchema.Generation, _ session: Session.ID?) -> [SQLQuery] {
        let (time, data) = (SQLIdentifier("time_updated"), SQLIdentifier("data"))
        let only: SQLQuery = session.map { "WHERE \(generation.messages).session_id = \($0.value)" } ?? ""
        func sums(_ table: SQLIdentifier, _ rows: SQLQuery) -> SQLQuery {
            """
            SELECT \(generation.messages).session_id, \(Fingerprint.sum(of: table, time: time, text: data)) \
            FROM \(rows) \(only) GROUP BY \(generation.messages).session_id
            """
        }
        let messages = sums(generation.messages, "\(generation.messages)")
        guard generation.kind == .v1 else { return [messages] }
        let part = SQLIdentifier("part")
        // The session is the message's: what stands in part.session_id no key ties to it.
        return [messages, sums(part, "message CROSS JOIN part ON part.message_id = message.id")]
    }
}
