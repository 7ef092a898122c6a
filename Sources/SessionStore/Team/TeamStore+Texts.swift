private import Glibc
internal import SQL
internal import SessionModel
internal import Synchronization
internal import Timing

extension TeamStore {
    /// What a text turned out to be.
    enum Finding {
        case bytes([UInt8])
        /// The message is another than was known, or gone. The mirror knows now.
        case overtaken
    }

    private enum Step {
        case cached(TextCache.Text)
        case wait
        /// The ids to read, that which was asked for first.
        case ask([Message.ID], writes: Int)
    }

    /// The text of a message, whole.
    ///
    /// - Parameter position: its place among the messages of its session.
    func text(
        at position: Int, of session: DescribedSession, _ patience: Patience
    ) throws(StoreError) -> Finding {
        let row = session.rows[position]
        guard let id = session.columns.id(of: row) else { return .overtaken }
        let isLarge = session.columns.octets(of: row) > TextWalk.largest
        let reader = state.withLock { $0.note(position, in: session.session) }
        while true {
            let step = state.withLock { state -> Step in
                if let text = state.texts.take(id, notOlderThan: .now - interval) { return .cached(text) }
                if state.reading.contains(id) { return .wait }
                let ids =
                    isLarge || interval == .zero
                    ? [id] : state.texts(for: reader, at: position, of: session, notOlderThan: .now - interval)
                state.reading.formUnion(ids)
                return .ask(ids, writes: state.mirror.writes)
            }
            switch step {
            case .cached(let text):
                if text.row == row { return .bytes(text.bytes) }
            case .wait:
                try patience.check()
                usleep(100)
            case .ask(let ids, let writes):
                let found = try read(ids, writes: writes, patience)
                return state.withLock { $0.judge(found, against: row, of: session.session) }
            }
        }
    }

    /// Some bytes of a text; the rest of it is not read.
    func text(
        at position: Int, of session: DescribedSession, range: Range<Int>, _ patience: Patience
    ) throws(StoreError) -> Finding {
        let row = session.rows[position]
        guard let id = session.columns.id(of: row) else { return .overtaken }
        let slice = SQLFragment.slice(
            table: GoSchema.messages, column: GoSchema.parts, from: range.lowerBound, count: range.count)
        let found = try ask(.rows, patience) { (connection, schema) throws(SQLError) in
            let columns = schema.messageColumns
            var found: TextCache.Text?
            try connection.rows(
                "SELECT \(columns.selection), \(slice) FROM messages WHERE \(GoSchema.has(id.value))"
            ) { (row) throws(SQLError) in
                found = TextCache.Text(
                    row: columns.values(row), bytes: row.bytes(at: columns.names.count) ?? [], read: .now)
            }
            return found
        }
        return state.withLock { $0.judge(found, against: row, of: session.session) }
    }

    /// Reads texts, keeps all but the first, and gives that; nil where it is gone.
    private func read(
        _ ids: [Message.ID], writes: Int, _ patience: Patience
    ) throws(StoreError) -> TextCache.Text? {
        defer { state.withLock { $0.reading.subtract(ids) } }
        let begun = ContinuousClock.now
        let found = try ask(.rows, patience) { (connection, schema) throws(SQLError) in
            let columns = schema.messageColumns
            var found: [Message.ID: TextCache.Text] = [:]
            try connection.rows(
                """
                SELECT \(columns.selection), parts FROM messages WHERE id IN (\(SQLQuery.list(ids.map(\.value))))
                """
            ) { (row) throws(SQLError) in
                let values = columns.values(row)
                guard let id = columns.id(of: values) else { return }
                found[id] = TextCache.Text(
                    row: values, bytes: row.bytes(at: columns.names.count) ?? [], read: begun)
            }
            return found
        }
        state.withLock { state in
            guard state.mirror.writes == writes else { return }
            for id in ids.dropFirst() {
                if let text = found[id] { state.texts.add(id, text) }
            }
        }
        return ids.first.flatMap { found[$0] }
    }
}

extension TeamStore.State {
    fileprivate mutating func note(_ position: Int, in session: Session.ID) -> Int {
        let table = mirror.table
        return textWalk.note(position, in: session, follows: { table?.session(after: $0) }, now: .now)
    }

    /// Which texts to read together with one that was asked for, that one first.
    fileprivate mutating func texts(
        for reader: Int, at position: Int, of session: DescribedSession, notOlderThan limit: ContinuousClock.Instant
    ) -> [Message.ID] {
        let table = mirror.table
        func described(_ id: Session.ID) -> DescribedSession? {
            id == session.session ? session : mirror.good(id)
        }
        func id(_ session: Session.ID, _ position: Int) -> Message.ID? {
            described(session).flatMap {
                $0.rows.indices.contains(position) ? $0.columns.id(of: $0.rows[position]) : nil
            }
        }
        let runs = textWalk.runs(
            for: reader, at: position, in: session.session, follows: { table?.session(after: $0) },
            length: { id, position in
                described(id).flatMap {
                    $0.rows.indices.contains(position) ? $0.columns.octets(of: $0.rows[position]) : nil
                }
            },
            isWanted: { session, position in
                guard let id = id(session, position) else { return false }
                return !reading.contains(id) && !texts.contains(id, notOlderThan: limit)
            })
        return runs.flatMap { run in run.positions.compactMap { id(run.session, $0) } }
    }

    /// Compares what was read with what was known of the message.
    fileprivate mutating func judge(
        _ found: TextCache.Text?, against row: [SQLValue], of session: Session.ID
    ) -> TeamStore.Finding {
        guard let found else {
            mirror.doubt(session)
            return .overtaken
        }
        guard found.row != row else { return .bytes(found.bytes) }
        mirror.renew(found.row, of: session)
        if let columns = mirror.good(session)?.columns, let id = columns.id(of: found.row) { texts.add(id, found) }
        return .overtaken
    }
}
