internal import SQL
internal import SessionModel

/// Reads the tables of the Go OpenCode inside one transaction.
struct GoSnapshot: HistorySnapshot {
    let connection: any SQLConnection
    let schema: GoSchema
    /// The project of sessions that name none.
    let home: ProjectIdentity

    func projects() throws(StoreError) -> [Project] {
        var created: [Project.ID: Int64] = [:]
        var order: [Project.ID] = []
        for session in try sessions() {
            if created[session.project] == nil { order.append(session.project) }
            created[session.project] = min(created[session.project] ?? .max, session.created)
        }
        return order.sorted().map { id in
            // No table holds projects: they begin with their first session, and what project.json says never changes.
            Project(id: id, worktree: nil, created: created[id] ?? 0, updated: created[id] ?? 0)
        }
    }

    func sessions() throws(StoreError) -> [Session] {
        try query { () throws(SQLError) in
            var sessions: [Session] = []
            let project = schema.column("project_id", of: GoSchema.sessions)
            let home = try homeOfHomeless()
            try connection.rows(
                "SELECT id, \(project), parent_session_id, title, created_at, updated_at FROM sessions"
            ) { (row) throws(SQLError) in
                guard let id = Session.ID(row.value(at: 0)) else { return }
                let parent = Session.ID(row.value(at: 2))
                sessions.append(
                    Session(
                        id: id,
                        project: Self.project(row.value(at: 1)) ?? home,
                        parent: parent?.bytes.isEmpty == true ? nil : parent,
                        title: row.bytes(at: 3),
                        created: GoSchema.milliseconds(row.integer(at: 4)),
                        updated: GoSchema.milliseconds(row.integer(at: 5)),
                        isArchived: false))
            }
            return sessions
        }
    }

    func sessionRecord(_ id: Session.ID) throws(StoreError) -> SessionRecord? {
        try query { () throws(SQLError) in
            try connection.record(in: GoSchema.sessions, id: id.value, schema.tables).map { SessionRecord(.go, $0) }
        }
    }

    func projectRecord(_ id: Project.ID) -> Record? {
        nil
    }

    func todos(of session: Session.ID) -> [Todo] {
        []
    }

    func counts() throws(StoreError) -> Counts {
        var counts = Counts()
        let sessions = try sessions()
        counts.sessions = sessions.count
        counts.projects = Set(sessions.map(\.project)).count
        counts.messages = try query { () throws(SQLError) in
            Int(try connection.integer("SELECT count(*) FROM messages") ?? 0)
        }
        return counts
    }

    func messageOrder(of session: Session.ID) throws(StoreError) -> [(id: Message.ID, order: Message.Order)] {
        try query { () throws(SQLError) in
            var order: [(id: Message.ID, order: Message.Order)] = []
            try connection.rows(
                "SELECT id FROM messages WHERE session_id = \(session.value) ORDER BY \(ordering())"
            ) { (row) throws(SQLError) in
                if let id = Message.ID(row.value(at: 0)) { order.append((id, .rank)) }
            }
            return order
        }
    }

    func messages(of session: Session.ID, _ body: (Message) throws(StoreError) -> Void) throws(StoreError) {
        var refusal: StoreError?
        try query { () throws(SQLError) in
            try select(session, "ORDER BY \(ordering())") { message in
                guard refusal == nil else { return }
                do throws(StoreError) { try body(message) } catch { refusal = error }
            }
        }
        if let refusal { throw refusal }
    }

    func message(_ id: Message.ID, of session: Session.ID) throws(StoreError) -> Message? {
        try first(session, "AND id = \(id.value)")
    }

    func newestMessage(of session: Session.ID) throws(StoreError) -> Message? {
        try first(session, "AND id IS NOT NULL ORDER BY \(ordering(" DESC")) LIMIT 1")
    }

    func lastChange(of session: Session.ID) throws(StoreError) -> Int64? {
        // The columns that order messages stand behind the text of each, which SQLite would have to walk through. The
        // row that came last is the last message, and a session's own time moves with each that comes or goes.
        try query { () throws(SQLError) in
            try connection.column(
                "SELECT updated_at FROM messages WHERE session_id = \(session.value) ORDER BY rowid DESC LIMIT 1"
            ).first.map { GoSchema.milliseconds($0.integer) }
        }
    }

    func role(of message: Message) -> [UInt8]? {
        guard case .row(let before, _, let after) = message.shape,
            case .text(let role) = (before + after).first(where: { $0.name == "role" })?.value
        else { return nil }
        return role
    }

    func texts(of message: Message) throws(StoreError) -> [[UInt8]] {
        try query { () throws(SQLError) in
            try connection.column("SELECT parts FROM messages WHERE id = \(message.id.value)").map { $0.bytes ?? [] }
        }
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8] {
        let slice = SQLFragment.slice(
            table: GoSchema.messages, column: GoSchema.parts, from: range.lowerBound, count: range.count)
        return try query { () throws(SQLError) in
            try connection.column("SELECT \(slice) FROM messages WHERE id = \(message.id.value)").first?.bytes ?? []
        }
    }

    var generation: SessionRecord.Generation { .go }

    func hiddenColumns(of message: Message) -> HiddenColumns {
        // The file shows every column.
        HiddenColumns(message: [], parts: [:])
    }

    /// The project of sessions that name none. Where others name the same one in another spelling, theirs.
    private func homeOfHomeless() throws(SQLError) -> Project.ID {
        guard schema.tables.has("project_id", in: "sessions"),
            try connection.exists("SELECT 1 FROM sessions WHERE project_id IS NULL OR project_id = ''")
        else { return home.id }
        let ids = try connection.column("SELECT DISTINCT project_id FROM sessions")
        return home.project(among: ids.compactMap(Self.project)) ?? home.id
    }

    /// The project that a session names. An empty text is none to OpenCode either.
    private static func project(_ value: SQLValue) -> Project.ID? {
        value == .text([]) ? nil : Project.ID(value)?.withoutCredentials
    }

    /// OpenCode's own order: rows from before there was a `seq` first.
    private func ordering(_ direction: SQLQuery = "") -> SQLQuery {
        let columns: [SQLQuery] =
            schema.tables.has("seq", in: "messages") ? ["seq", "created_at", "id"] : ["created_at", "id"]
        return .joined(columns.map { "\($0)\(direction)" }, separator: ", ")
    }

    private func first(_ session: Session.ID, _ condition: SQLQuery) throws(StoreError) -> Message? {
        try query { () throws(SQLError) in
            var found: Message?
            try select(session, condition) { found = $0 }
            return found
        }
    }

    /// Describes messages: every column but the text of the parts, of which the length will do.
    private func select(
        _ session: Session.ID, _ rest: SQLQuery, _ body: (Message) -> Void
    ) throws(SQLError) {
        let columns = (schema.tables.tables["messages"] ?? []).map(\.name)
        let parts = columns.firstIndex(of: GoSchema.parts.name) ?? columns.count
        let (before, after) = (Array(columns.prefix(parts)), Array(columns.dropFirst(parts + 1)))
        let length = SQLFragment.octetLength(table: GoSchema.messages, column: GoSchema.parts)
        let list = SQLQuery.joined(
            ["id", "updated_at", "\(length)"] + (before + after).map { "\(SQLIdentifier($0))" }, separator: ", ")
        try connection.rows("SELECT \(list) FROM messages WHERE session_id = \(session.value) \(rest)") {
            (row) throws(SQLError) in
            guard let id = Message.ID(row.value(at: 0)) else { return }
            func column(_ name: String, at index: Int) -> Message.Column {
                Message.Column(name: name, value: Record.Field(row.value(at: index)))
            }
            let text = StoredText(
                octets: Int(row.integer(at: 2) ?? 0), opening: .other,
                updated: GoSchema.milliseconds(row.integer(at: 1)))
            body(
                Message(
                    id: id, session: session,
                    shape: .row(
                        before: before.enumerated().map { column($1, at: 3 + $0) }, parts: text,
                        after: after.enumerated().map { column($1, at: 3 + before.count + $0) }),
                    order: .rank))
        }
    }

    /// The one place where an error of the provider becomes one of the store.
    private func query<Result>(_ body: () throws(SQLError) -> Result) throws(StoreError) -> Result {
        do throws(SQLError) {
            return try body()
        } catch {
            throw StoreError(error.attributed(to: connection.patience))
        }
    }
}
