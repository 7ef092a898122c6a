internal import SQL
internal import SessionModel

/// Works out which rows a change writes in the tables of the Go OpenCode.
///
/// Its triggers count messages and note when a row changed; both are left to them.
struct GoEditor: RowEditor {
    static let longTexts = GoRemover.longTexts

    let connection: any SQLConnection
    let schema: GoSchema
    /// Seconds since 1970.
    let now: Int64
    let copies: RecentCopies

    func writes(for change: Change) throws(SQLError) -> Result<[RowWrite], StoreError> {
        switch change {
        case .insertMessage(let message): return try insert(message)
        case .updateMessage(let id, let session, .row(let columns)):
            guard try exists(id, of: session) else { return .failure(.notFound) }
            return try update(
                RowKey(GoSchema.messages, id: id.value), columns.values(without: ["id", "session_id", "updated_at"]))
        case .updateMessage: return .failure(Self.otherFamily)
        // Its triggers own the time of a change.
        case .touchMessage(let id, let session, _):
            return try exists(id, of: session) ? .success([]) : .failure(.notFound)
        case .insertSession(let id, let columns): return try insert(id, columns)
        case .updateSession(let id, let columns): return try update(id, columns)
        case .replaceTodos, .touchTodos, .insertProject, .updateProject: return .failure(Self.otherFamily)
        }
    }

    func wrote(_ change: Change, _ writes: [RowWrite]) {
        switch change {
        case .insertSession(let id, let columns):
            let parent = columns.last { $0.column == "parent_session_id" }.flatMap { Session.ID(SQLValue($0.value)) }
            copies.note(id, childOf: parent)
        case .insertMessage(let message): copies.noteMessage(of: message.session)
        case .updateMessage, .touchMessage, .updateSession, .replaceTodos, .touchTodos, .insertProject, .updateProject:
            break
        }
    }

    /// A trigger would set the time of a session that is being copied, with its row and with each of its messages; what the
    /// copy says of it stays instead.
    func run(_ write: RowWrite) throws(SQLError) {
        if case .insert(let row, let columns) = write, row.table == GoSchema.messages.name,
            let session = columns["session_id"].flatMap({ Session.ID($0) }), copies.contains(session)
        {
            return try connection.keepingTime(of: session.value, write.query)
        }
        if case .update(let row, let columns) = write, row.table == GoSchema.sessions.name, columns["updated_at"] != nil
        {
            _ = try connection.update(row, to: columns)
            return
        }
        try connection.run(write.query)
    }

    private static var otherFamily: StoreError {
        .notAllowed(reason: "the Go OpenCode keeps no such thing")
    }

    private func exists(_ id: Message.ID, of session: Session.ID) throws(SQLError) -> Bool {
        try connection.exists(
            """
            SELECT 1 FROM messages WHERE \(GoSchema.has(id.value)) AND \(GoSchema.belongs(to: session.value)) \
            \(SQLFragment.locked)
            """)
    }

    private func insert(_ message: NewMessage) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard case .row(let given) = message.content else { return .failure(Self.otherFamily) }
        let row = RowKey(GoSchema.messages, id: message.id.value)
        guard try exists(RowKey(GoSchema.sessions, id: message.session.value)) else { return .failure(.notFound) }
        if try exists(row) { return .failure(.taken(reason: "there is a message with this id already")) }
        var columns = given.values(without: ["id", "session_id"])
        // The schema has a default for it, but a message without content is none.
        guard let parts = columns["parts"], parts != .null else {
            return .failure(.notAllowed(reason: "messages.parts has no value"))
        }
        columns["session_id"] = message.session.value
        func isMissing(_ column: String) -> Bool { (columns[column] ?? .null) == .null }
        if isMissing("created_at") { columns["created_at"] = .integer(message.created.map { $0 / 1000 } ?? now) }
        if let modified = message.modified {
            // A row that says the same in milliseconds is left as it is.
            let said = columns["updated_at"].map { GoSchema.milliseconds($0.integer) }
            if said != modified { columns["updated_at"] = .integer(modified / 1000) }
        } else if isMissing("updated_at") {
            columns["updated_at"] = .integer(now)
        }
        if schema.tables.has("seq", in: row.table), isMissing("seq"), !message.keepsNoNumber {
            let last = try connection.integer(
                "SELECT max(seq) FROM messages WHERE \(GoSchema.belongs(to: message.session.value))")
            guard let next = (last ?? 0).next else { return .failure(.noNumberLeft) }
            columns["seq"] = .integer(next)
        }
        return insertion(row, columns, known: GoSchema.filled[row.table] ?? []).map { [$0] }
    }

    private func insert(
        _ id: Session.ID, _ given: [Assignment]
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        let row = RowKey(GoSchema.sessions, id: id.value)
        if try exists(row) { return .failure(.taken(reason: "there is a session with this id already")) }
        var columns = given.values(without: ["id"])
        for time in ["created_at", "updated_at"] where (columns[time] ?? .null) == .null {
            columns[time] = .integer(now)
        }
        return insertion(row, columns, known: GoSchema.filled[row.table] ?? []).map { [$0] }
    }

    private func update(
        _ id: Session.ID, _ given: [Assignment]
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        let row = RowKey(GoSchema.sessions, id: id.value)
        var columns = given.values(without: ["id"])
        guard
            let current = try connection.record(
                in: GoSchema.sessions, id: id.value, schema.tables, "\(SQLFragment.locked)")
        else {
            return .failure(.notFound)
        }
        // What is shown of a project has no password in it: that is no wish to take it out of the row.
        if case .text(let project)? = current["project_id"],
            columns["project_id"] == .text(Project.ID(bytes: project).withoutCredentials.bytes)
        {
            columns["project_id"] = nil
        }
        // OpenCode makes titles of its own unless somebody has chosen one.
        if let title = columns["title"], title != SQLValue(current["title"]), columns["user_set_title"] == nil,
            schema.tables.has("user_set_title", in: row.table)
        {
            columns["user_set_title"] = .integer(1)
        }
        return try update(row, columns, time: columns["updated_at"].map { ("updated_at", $0) })
    }
}

extension GoSchema {
    /// The columns that a new row is given.
    static let filled: [String: Set<String>] = [
        "sessions": [
            "id", "title", "message_count", "prompt_tokens", "completion_tokens", "cost", "created_at", "updated_at",
        ],
        "messages": ["id", "session_id", "role", "parts", "created_at", "updated_at", "seq", "synthetic"],
    ]
}

extension Int64 {
    /// The number after this; nil where there is none.
    var next: Int64? {
        let (sum, overflow) = addingReportingOverflow(1)
        return overflow ? nil : sum
    }
}

extension StoreError {
    /// A number that somebody has made as large as can be.
    static var noNumberLeft: StoreError {
        .notAllowed(reason: "the session's last message has the largest number there is")
    }
}
