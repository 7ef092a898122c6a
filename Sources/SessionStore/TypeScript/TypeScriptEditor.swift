internal import SQL
internal import SessionModel

/// Works out which rows a change writes in the tables of V1 and V2.
struct TypeScriptEditor: RowEditor {
    static let longTexts = TypeScriptRemover.longTexts

    let connection: any SQLConnection
    let schema: TypeScriptSchema
    /// Milliseconds since 1970.
    let now: Int64
    let copies: CopiedSessions

    func writes(for change: Change) throws(SQLError) -> Result<[RowWrite], StoreError> {
        if let session = change.session, try schema.isBoundToWorkspace(session, on: connection) {
            return .failure(
                .notAllowed(
                    reason: "the session is bound to a workspace, whose events would undo this; change it in OpenCode"))
        }
        return switch change {
        case .insertMessage(let message): try insert(message)
        case .updateMessage(let id, let session, let update): try self.update(id, of: session, update)
        case .touchMessage(let id, let session, let time): try touch(id, of: session, time)
        case .insertSession(let id, let columns): try insert(id, columns)
        case .updateSession(let id, let columns): try update(id, columns)
        case .replaceTodos(let id, let todos): try replace(id, todos)
        case .touchTodos(let id, let time): try touchTodos(of: id, time)
        case .insertProject(let id, let columns): try insert(id, columns)
        case .updateProject(let id, let columns): try update(id, columns)
        }
    }

    func wrote(_ change: Change, _ writes: [RowWrite]) {
        switch change {
        case .insertSession(let id, _): copies.note(id, at: nil)
        case .insertMessage(let message):
            for write in writes {
                switch write {
                case .insert(let row, let columns), .update(let row, let columns):
                    if row.table == Self.sequences, let number = columns["seq"]?.integer {
                        copies.note(message.session, at: number)
                    }
                case .delete, .renumber: break
                }
            }
        case .updateMessage, .touchMessage, .updateSession, .replaceTodos, .touchTodos, .insertProject,
            .updateProject:
            break
        }
    }

    /// Where V2 keeps the number it gave out last for each session.
    static let sequences = "event_sequence"

    static var otherGeneration: StoreError {
        .notAllowed(reason: "the session is of another generation of OpenCode")
    }

    /// The generation that a session is shown from.
    func generation(of session: Session.ID) throws(SQLError) -> TypeScriptSchema.Generation? {
        try schema.generations(of: session, on: connection).first
    }
}

extension TypeScriptEditor {
    private static let projects = SQLIdentifier("project")

    /// Columns that a session has in both generations, where V1's row would else contradict V2's (rule N7).
    private static let common: Set = ["project_id", "title", "time_archived", "parent_id", "directory", "path"]

    private func insert(_ id: Session.ID, _ given: [Assignment]) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard let generation = schema.generations.first else { return .failure(.notFound) }
        guard try self.generation(of: id) == nil else {
            return .failure(.taken(reason: "there is a session with this id already"))
        }
        let columns = timed(given)
        if let refusal = try refusal(ofProject: columns["project_id"]) { return .failure(refusal) }
        let row = RowKey(generation.sessions, id: id.value)
        return insertion(row, columns, known: TypeScriptSchema.filled[row.table] ?? []).map { [$0] }
    }

    private func update(_ id: Session.ID, _ given: [Assignment]) throws(SQLError) -> Result<[RowWrite], StoreError> {
        let generations = try schema.generations(of: id, on: connection)
        guard let shown = generations.first else { return .failure(.notFound) }
        let columns = given.values(without: ["id"])
        if let refusal = try refusal(ofProject: columns["project_id"]) { return .failure(refusal) }
        var result = try update(RowKey(shown.sessions, id: id.value), columns, time: ("time_updated", .integer(now)))
        for stale in generations.dropFirst() {
            guard case .success(let writes) = result else { break }
            let common = columns.filter {
                // V1 knows no session without a title.
                Self.common.contains($0.key) && schema.tables.has($0.key, in: stale.sessions.name)
                    && ($0.key != "title" || $0.value != .null)
            }
            result = try update(RowKey(stale.sessions, id: id.value), common).map { writes + $0 }
        }
        return result
    }

    private func insert(_ id: Project.ID, _ given: [Assignment]) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard schema.tables.has(Self.projects.name) else { return .failure(Self.noProjects) }
        let row = RowKey(Self.projects, id: id.value)
        if try exists(row) { return .failure(.taken(reason: "there is a project with this id already")) }
        return insertion(row, timed(given), known: TypeScriptSchema.filled[row.table] ?? []).map { [$0] }
    }

    private func update(_ id: Project.ID, _ given: [Assignment]) throws(SQLError) -> Result<[RowWrite], StoreError> {
        guard schema.tables.has(Self.projects.name) else { return .failure(Self.noProjects) }
        return try update(
            RowKey(Self.projects, id: id.value), given.values(without: ["id"]), time: ("time_updated", .integer(now)))
    }

    private static var noProjects: StoreError { .readOnly(reason: "the database has no table project") }

    /// Columns with the times that nobody gave.
    private func timed(_ given: [Assignment]) -> [String: SQLValue] {
        var columns = given.values(without: ["id"])
        for time in ["time_created", "time_updated"] where (columns[time] ?? .null) == .null {
            columns[time] = .integer(now)
        }
        return columns
    }

    /// Why a session cannot be of a project; a foreign key would say so less clearly.
    private func refusal(ofProject id: SQLValue?) throws(SQLError) -> StoreError? {
        guard let id, id != .null, schema.tables.has(Self.projects.name) else { return nil }
        guard try exists(RowKey(Self.projects, id: id)) else {
            return .notAllowed(reason: "the session's project has no row: insert it first")
        }
        return nil
    }
}

extension TypeScriptSchema {
    /// The tables we insert into, and the columns that a new row is given.
    var filled: [String: Set<String>] {
        let others = Set([Generation.v1, .v2].flatMap { $0.required.map(\.table) })
            .subtracting(generations.flatMap { $0.required.map(\.table) })
        return Self.filled.filter { !others.contains($0.key) }
    }

    /// The columns that a new row is given.
    static let filled: [String: Set<String>] = [
        "session": sessions, "session_v2": sessions,
        "message": ["id", "session_id", "time_created", "time_updated", "data"],
        "part": ["id", "message_id", "session_id", "time_created", "time_updated", "data"],
        "session_message": ["id", "session_id", "type", "seq", "time_created", "time_updated", "data"],
        "project": ["id", "worktree", "sandboxes", "time_created", "time_updated"],
        "todo": ["session_id", "position", "content", "status", "priority", "time_created", "time_updated"],
        "event_sequence": ["aggregate_id", "seq"],
    ]

    private static let sessions: Set = [
        "id", "project_id", "slug", "directory", "title", "version", "time_created", "time_updated",
    ]
}

extension Change {
    /// The session whose rows it writes.
    fileprivate var session: Session.ID? {
        switch subject {
        case .session(let id), .message(_, of: let id): id
        case .project: nil
        }
    }
}
