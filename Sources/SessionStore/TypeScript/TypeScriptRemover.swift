internal import SQL
internal import SessionModel

/// Works out which rows a removal takes, files them in the trash and deletes them (rules D1 to D3).
///
/// Each step is for a transaction of the caller's: what is planned and filed in one that reads may be executed in one
/// that writes, as long as nothing was committed in between.
struct TypeScriptRemover {
    let connection: any SQLConnection
    let schema: TypeScriptSchema

    /// The rows that one removal deletes, in the order of deleting.
    struct Plan {
        fileprivate let subject: Trash.Subject
        fileprivate let targets: [RowSet]
    }

    /// What there is to do, or why it will not be done.
    func plan(_ subject: Trash.Subject) throws(SQLError) -> Result<Plan, StoreError> {
        switch subject {
        case .message(let id, let session): try planMessage(id, of: session)
        case .session(let id): try planSession(id)
        }
    }

    private func planMessage(_ id: Message.ID, of session: Session.ID) throws(SQLError) -> Result<Plan, StoreError> {
        guard let generation = try generations(of: session).first else { return .failure(.notFound) }
        if let refusal = try workspaceRefusal(session) { return .failure(refusal) }
        let messages = generation.messages
        let isThere = try connection.exists(
            "SELECT 1 FROM \(messages) WHERE id = \(id.value) AND session_id = \(session.value)")
        guard isThere else { return .failure(.notFound) }
        let target = RowSet(table: messages.name, column: "id", value: id.value)
        return .success(Plan(subject: .message(id, of: session), targets: [target]))
    }

    private func planSession(_ id: Session.ID) throws(SQLError) -> Result<Plan, StoreError> {
        let generations = try generations(of: id)
        guard let shown = generations.first else { return .failure(.notFound) }
        if let refusal = try workspaceRefusal(id) { return .failure(refusal) }
        if try connection.exists("SELECT 1 FROM \(shown.messages) WHERE session_id = \(id.value)") {
            return .failure(.notEmpty)
        }
        // What OpenCode deletes by hand, since no foreign key ties it to a session; then the session of each
        // generation, or stale V1 rows would come back when the V2 session is gone.
        var targets = Self.untied.compactMap { table, column in
            schema.tables.has(column, in: table) ? RowSet(table: table, column: column, value: id.value) : nil
        }
        targets += generations.map { RowSet(table: $0.sessions.name, column: "id", value: id.value) }
        return .success(Plan(subject: .session(id), targets: targets))
    }

    /// Files the rows in the trash, durably.
    ///
    /// - Returns: the number of the item.
    func file(_ plan: Plan, in trash: Trash.Drawer, isLocked: Bool) throws(SQLError) -> Int64 {
        try trash.deposit(plan.subject, isLocked: isLocked) { (deposit) throws(SQLError) in
            // A row goes in before what points at it. A queue, not a recursion: a table may point at itself as often as
            // it likes.
            var queue = Array(plan.targets.reversed())
            var visited = Set(queue)
            var next = 0
            while next < queue.count {
                for set in try collect(queue[next], into: deposit) where visited.insert(set).inserted {
                    queue.append(set)
                }
                next += 1
            }
        }
    }

    func execute(_ plan: Plan) throws(SQLError) {
        for target in plan.targets { try connection.run("DELETE \(target.condition)") }
    }

    /// Tables that name a session without a foreign key (OpenCode's Session.remove; V2's projector).
    private static let untied = [
        ("event", "aggregate_id"), ("event_sequence", "aggregate_id"), ("instruction_entry", "session_id"),
        ("instruction_state", "session_id"), ("session_pending", "session_id"),
    ]

    /// The generations that hold a session, the one it is shown from first.
    private func generations(of session: Session.ID) throws(SQLError) -> [TypeScriptSchema.Generation] {
        var found: [TypeScriptSchema.Generation] = []
        for generation in schema.generations
        where try connection.exists("SELECT 1 FROM \(generation.sessions) WHERE id = \(session.value)") {
            found.append(generation)
        }
        return found
    }

    /// A session bound to a workspace is replayed to and from a remote: a change here would be undone or would fork it.
    private func workspaceRefusal(_ session: Session.ID) throws(SQLError) -> StoreError? {
        let reason = StoreError.notAllowed(
            reason: "the session is bound to a workspace, whose events would bring it back; remove it in OpenCode")
        for generation in try generations(of: session)
        where schema.tables.has("workspace_id", in: generation.sessions.name) {
            let isBound = try connection.exists(
                "SELECT 1 FROM \(generation.sessions) WHERE id = \(session.value) AND workspace_id IS NOT NULL")
            if isBound { return reason }
        }
        if schema.tables.has("owner_id", in: "event_sequence") {
            let isOwned = try connection.exists(
                "SELECT 1 FROM event_sequence WHERE aggregate_id = \(session.value) AND owner_id IS NOT NULL")
            if isOwned { return reason }
        }
        return nil
    }

    /// Rows of one table with one value in one column.
    fileprivate struct RowSet: Hashable {
        let table: String
        let column: String
        let value: SQLValue

        var condition: SQLQuery {
            "FROM \(SQLIdentifier(table)) WHERE \(SQLIdentifier(column)) = \(value)"
        }
    }

    /// Tables whose column `data` holds what people and models said, up to hundreds of megabytes.
    private static let long: Set<String> = ["message", "part", "session_message"]

    /// Hands out rows.
    ///
    /// - Returns: the rows that the database deletes with them.
    private func collect(_ set: RowSet, into deposit: Trash.Deposit) throws(SQLError) -> [RowSet] {
        // Of what is deleted, only the log of events is not kept: it can be a hundred times the messages.
        guard set.table != "event" else { return [] }
        let columns = (schema.tables.tables[set.table] ?? []).map(\.name)
        let table = SQLIdentifier(set.table)
        let (longColumn, id) = (SQLIdentifier("data"), columns.firstIndex(of: "id"))
        let mayBeLong = Self.long.contains(set.table) && columns.contains(longColumn.name) && id != nil
        let octets = SQLFragment.octetLength(table: table, column: longColumn)
        // What a CASE does not choose is not read.
        var selected: [SQLQuery] = columns.map { column in
            mayBeLong && column == longColumn.name
                ? "CASE WHEN \(octets) > \(Int64(Trash.pieceSize)) THEN NULL ELSE \(longColumn) END"
                : "\(SQLIdentifier(column))"
        }
        if mayBeLong { selected += ["\(octets)", "typeof(\(longColumn)) = 'blob'"] }
        let list = SQLQuery.joined(selected, separator: ", ")
        let dependents = schema.tables.references.filter { $0.parent == set.table && $0.onDelete == .cascade }
        var next: [RowSet] = []
        try connection.rows("SELECT \(list) \(set.condition)") { (row) throws(SQLError) in
            let values = columns.indices.map { row.value(at: $0) }
            let length = mayBeLong ? Int(row.integer(at: columns.count) ?? 0) : 0
            let long = Trash.LongText(
                column: longColumn.name, octets: length, isBlob: mayBeLong && row.integer(at: columns.count + 1) == 1)
            try deposit.add(
                table: set.table, columns: columns, values: values, long: length > Trash.pieceSize ? long : nil
            ) { (range) throws(SQLError) in
                let slice = SQLFragment.slice(
                    table: table, column: longColumn, from: range.lowerBound, count: range.count)
                let key = id.map { values[$0] } ?? .null
                let bytes = try connection.column("SELECT \(slice) FROM \(table) WHERE id = \(key)").first?.bytes ?? []
                guard bytes.count == range.count else {
                    throw SQLError(.corrupt, message: "a text is shorter than the database says")
                }
                return bytes
            }
            for dependent in dependents {
                guard let index = columns.firstIndex(of: dependent.parentColumn), values[index] != .null else {
                    continue
                }
                next.append(RowSet(table: dependent.table, column: dependent.column, value: values[index]))
            }
        }
        return next
    }
}
