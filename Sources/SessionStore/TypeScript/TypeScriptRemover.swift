internal import SQL
internal import SessionModel

/// Works out which rows a removal takes from the tables of V1 and V2 (rules D1 and D2).
struct TypeScriptRemover: RowRemover {
    static let longTexts = ["message": "data", "part": "data", "session_message": "data"]

    let connection: any SQLConnection
    let schema: TypeScriptSchema

    func planMessage(_ id: Message.ID, of session: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        guard let generation = try generations(of: session).first else { return .failure(.notFound) }
        if let refusal = try workspaceRefusal(session) { return .failure(refusal) }
        let messages = generation.messages
        let isThere = try connection.exists(
            "SELECT 1 FROM \(messages) WHERE id = \(id.value) AND session_id = \(session.value)")
        guard isThere else { return .failure(.notFound) }
        let target = RowSet(table: messages.name, column: "id", value: id.value)
        return .success(RemovalPlan(subject: .message(id, of: session), targets: [target]))
    }

    func planSession(_ id: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError> {
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
        return .success(RemovalPlan(subject: .session(id), targets: targets))
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
}
