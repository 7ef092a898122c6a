internal import SQL
internal import SessionModel

extension TypeScriptEditor {
    private static let todos = "todo"

    /// An entry as its row has it.
    private struct Entry: Equatable {
        let content: SQLValue
        let status: SQLValue
        let priority: SQLValue
        var created: SQLValue
        var updated: SQLValue

        var columns: [String: SQLValue] {
            [
                "content": content, "status": status, "priority": priority, "time_created": created,
                "time_updated": updated,
            ]
        }

        /// Whether it says the same, whenever.
        func says(_ todo: Todo) -> Bool {
            content == .text(todo.content) && status == .text(todo.status) && priority == .text(todo.priority)
        }
    }

    /// Gives a session another list, from position 0 on. Entries that stay as they are keep their times.
    func replace(_ session: Session.ID, _ todos: [Todo]) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard try generation(of: session) != nil else { return .failure(.notFound) }
        for column in ["session_id", "position", "content", "status", "priority", "time_created", "time_updated"]
        where !schema.tables.has(column, in: Self.todos) {
            return .failure(.readOnly(reason: "the database has no \(Self.todos).\(column)"))
        }
        // OpenCode 2 has the table of version 1, whose rows point at sessions of version 1.
        for reference in schema.tables.references where reference.table == Self.todos && !todos.isEmpty {
            let isThere = try connection.exists(
                """
                SELECT 1 FROM \(SQLIdentifier(reference.parent)) \
                WHERE \(SQLIdentifier(reference.parentColumn)) = \(session.value)
                """)
            if !isThere { return .failure(.notAllowed(reason: "OpenCode 2 keeps no list of things to do")) }
        }
        let old = try entries(of: session)
        var unused = old
        let new = todos.enumerated().map { index, todo in entry(todo, at: SQLValue.integer(Int64(index)), &unused) }
        var writes: [RowWrite] = []
        for (position, entry) in new.enumerated() {
            let row = RowKey(
                Self.todos, ["session_id": session.value, "position": .integer(Int64(position))])
            guard let before = old[.integer(Int64(position))] else {
                switch insertion(row, entry.columns, known: TypeScriptSchema.filled[Self.todos] ?? []) {
                case .success(let write): writes.append(write)
                case .failure(let error): return .failure(error)
                }
                continue
            }
            let other = entry.columns.filter { before.columns[$0.key] != $0.value }
            if !other.isEmpty { writes.append(.update(row, other)) }
        }
        let positions = Set(new.indices.map { SQLValue.integer(Int64($0)) })
        let surplus = old.keys.filter { !positions.contains($0) }.map {
            RowWrite.delete(RowKey(Self.todos, ["session_id": session.value, "position": $0]))
        }
        return .success(writes + surplus)
    }

    func touchTodos(of session: Session.ID, _ time: Int64) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard schema.tables.has("time_updated", in: Self.todos) else { return .success([]) }
        var writes: [RowWrite] = []
        for (position, entry) in try entries(of: session) where entry.updated != .integer(time) {
            let row = RowKey(Self.todos, ["session_id": session.value, "position": position])
            writes.append(.update(row, ["time_updated": .integer(time)]))
        }
        return .success(writes)
    }

    /// The entries by their position.
    private func entries(of session: Session.ID) throws(SQLError) -> [SQLValue: Entry] {
        var entries: [SQLValue: Entry] = [:]
        try connection.rows(
            """
            SELECT position, content, status, priority, time_created, time_updated FROM todo \
            WHERE session_id = \(session.value)
            """
        ) { (row) throws(SQLError) in
            entries[row.value(at: 0)] = Entry(
                content: row.value(at: 1), status: row.value(at: 2), priority: row.value(at: 3),
                created: row.value(at: 4), updated: row.value(at: 5))
        }
        return entries
    }

    /// What the row of an entry is to hold: with the times of the one that says the same; with the birth of the one that
    /// has the same content.
    private func entry(_ todo: Todo, at position: SQLValue, _ unused: inout [SQLValue: Entry]) -> Entry {
        func first(_ isWanted: (Entry) -> Bool) -> SQLValue? {
            if let here = unused[position], isWanted(here) { return position }
            return unused.filter { isWanted($0.value) }.keys.min { ($0.integer ?? 0) < ($1.integer ?? 0) }
        }
        var entry = Entry(
            content: .text(todo.content), status: .text(todo.status), priority: .text(todo.priority),
            created: .integer(now), updated: .integer(now))
        if let same = first({ $0.says(todo) }), let found = unused.removeValue(forKey: same) {
            (entry.created, entry.updated) = (found.created, found.updated)
        } else if let like = first({ $0.content == entry.content }), let found = unused.removeValue(forKey: like) {
            entry.created = found.created
        }
        return entry
    }
}
