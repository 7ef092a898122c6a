internal import SQL
internal import SessionModel

/// Works out which rows a removal takes from the tables of V1 and V2 (rules D1 and D2).
struct TypeScriptRemover: RowRemover {
    static let longTexts = ["message": "data", "part": "data", "session_message": "data"]

    static let filesAhead = true

    let connection: any SQLConnection
    let schema: TypeScriptSchema

    func planMessage(_ id: Message.ID, of session: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        guard let generation = try schema.generations(of: session, on: connection).first else {
            return .failure(.notFound)
        }
        if let refusal = try workspaceRefusal(session) { return .failure(refusal) }
        let messages = generation.messages
        let isThere = try connection.exists(
            "SELECT 1 FROM \(messages) WHERE id = \(id.value) AND session_id = \(session.value)")
        guard isThere else { return .failure(.notFound) }
        let target = RowSet(table: messages.name, column: "id", value: id.value)
        return .success(RemovalPlan(subject: .message(id, of: session), targets: [target]))
    }

    func planSession(_ id: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        let generations = try schema.generations(of: id, on: connection)
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
        return .success(RemovalPlan(subject: .session(id), targets: targets))
    }

    /// Tables that name a session without a foreign key (OpenCode's Session.remove; V2's projector).
    private static let untied = [
        ("event", "aggregate_id"), ("event_sequence", "aggregate_id"), ("instruction_entry", "session_id"),
        ("instruction_state", "session_id"), ("session_pending", "session_id"),
    ]

    private func workspaceRefusal(_ session: Session.ID) throws(SQLError) -> StoreError? {
        guard try schema.isBoundToWorkspace(session, on: connection) else { return nil }
        return .notAllowed(
            reason: "the session is bound to a workspace, whose events would bring it back; remove it in OpenCode")
    }
}
