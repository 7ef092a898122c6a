internal import SQL
internal import SessionModel

/// Works out which rows a removal takes from the tables of the Go OpenCode (rules D1 and D2).
///
/// Its triggers count a session's messages and note when a row changed; its foreign keys take what belongs to a session.
struct GoRemover: RowRemover {
    static let longTexts = ["messages": "parts", "files": "content"]

    /// A removal changes the session's count of messages, and what is filed of that depends on those before.
    static let filesAhead = false

    let connection: any SQLConnection
    let schema: GoSchema

    func planMessage(_ id: Message.ID, of session: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        let isThere = try connection.exists(
            """
            SELECT 1 FROM messages WHERE \(GoSchema.has(id.value)) AND \(GoSchema.belongs(to: session.value)) \
            AND EXISTS (SELECT 1 FROM sessions WHERE \(GoSchema.has(session.value))) \(SQLFragment.locked)
            """)
        guard isThere else { return .failure(.notFound) }
        var plan = RemovalPlan(
            subject: .message(id, of: session),
            targets: [RowSet(table: "messages", column: "id", value: id.value)])
        guard schema.tables.has("message_count", in: "sessions") else { return .success(plan) }
        // A counter that says 0 already would become negative, which the schema forbids.
        plan.preparation = [
            "UPDATE sessions SET message_count = 1 WHERE \(GoSchema.has(session.value)) AND message_count < 1"
        ]
        let owner = RowSet(table: "sessions", column: "id", value: session.value)
        plan.touched = [
            RemovalPlan.Touch(rows: owner, column: "message_count") { before in
                guard case .integer(let count) = before else { return before }
                return .integer(max(count, 1) - 1)
            }
        ]
        return .success(plan)
    }

    func planSession(_ id: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        guard try connection.exists("SELECT 1 FROM sessions WHERE \(GoSchema.has(id.value)) \(SQLFragment.locked)")
        else { return .failure(.notFound) }
        if try connection.exists("SELECT 1 FROM messages WHERE \(GoSchema.belongs(to: id.value))") {
            return .failure(.notEmpty)
        }
        let target = RowSet(table: "sessions", column: "id", value: id.value)
        return .success(RemovalPlan(subject: .session(id), targets: [target]))
    }
}
