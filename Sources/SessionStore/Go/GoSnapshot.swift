internal import SQL
internal import SessionModel

/// Reads the tables of the Go OpenCode inside one transaction.
struct GoSnapshot: HistorySnapshot {
    let connection: any SQLConnection
    let schema: GoSchema
    /// The project of sessions that name none.
    let home: ProjectIdentity
    /// Whether what is looked at one by one is to stay as it is until the end of the transaction, which writes.
    var isLocking = false

    private var lock: SQLQuery { isLocking ? "\(SQLFragment.locked)" : "" }

    func projects() throws(StoreError) -> [Project] {
        Project.named(by: try sessions())
    }

    func sessions() throws(StoreError) -> [Session] {
        try query { () throws(SQLError) in
            var sessions: [Session] = []
            let project = schema.column("project_id", of: GoSchema.sessions)
            let home = try homeOfHomeless()
            try connection.rows(
                "SELECT id, \(project), parent_session_id, title, created_at, updated_at FROM sessions"
            ) { (row) throws(SQLError) in
                let session = Session(home: home) { name in
                    Self.listed.firstIndex(of: name).map { row.value(at: $0) } ?? .null
                }
                if let session { sessions.append(session) }
            }
            return sessions
        }
    }

    /// What listings need of a session, in the order in which it is selected.
    private static let listed = ["id", "project_id", "parent_session_id", "title", "created_at", "updated_at"]

    func sessionRecord(_ id: Session.ID) throws(StoreError) -> SessionRecord? {
        try query { () throws(SQLError) in
            try connection.record(in: GoSchema.sessions, id: id.value, schema.tables, lock).map {
                SessionRecord(.go, $0)
            }
        }
    }

    func traits() throws(StoreError) -> [Session.ID: SessionTraits] {
        try query { () throws(SQLError) in
            var traits: [Session.ID: SessionTraits] = [:]
            func note(_ row: any SQLRow) {
                guard let id = Session.ID(row.value(at: 0)), let model = row.bytes(at: 1), !model.isEmpty else {
                    return
                }
                traits[id] = SessionTraits(directory: nil, agent: nil, model: model)
            }
            switch connection.dialect.locking {
            case .database:
                // A message's model stands behind its text: SQLite walks through that, so only as many are looked at as
                // need be, from the one that came last.
                try connection.rows(
                    """
                    SELECT id, (SELECT model FROM messages WHERE session_id = sessions.id AND model <> '' \
                    ORDER BY messages.rowid DESC LIMIT 1) FROM sessions
                    """, note)
            case .rows:
                // One row for each model of a session, the one used last at the end.
                try connection.rows(
                    """
                    SELECT session_id, model FROM messages WHERE model <> '' GROUP BY session_id, model \
                    ORDER BY max(created_at)
                    """, note)
            }
            return traits
        }
    }

    func fingerprints(of session: Session.ID?) throws(StoreError) -> [Session.ID: Int64] {
        try query { () throws(SQLError) in
            let sum = Fingerprint.sum(
                of: GoSchema.messages, time: SQLIdentifier("updated_at"), text: GoSchema.parts)
            let only: SQLQuery = session.map { "WHERE \(GoSchema.belongs(to: $0.value))" } ?? ""
            var fingerprints: [Session.ID: Int64] = [:]
            try connection.rows("SELECT session_id, \(sum) FROM messages \(only) GROUP BY session_id") {
                (row) throws(SQLError) in
                guard let id = Session.ID(row.value(at: 0)) else { return }
                fingerprints[id] = row.integer(at: 1) ?? 0
            }
            return fingerprints
        }
    }

    func fileRevisions(of session: Session.ID) throws(StoreError) -> [FileRevision] {
        try query { () throws(SQLError) in
            guard ["path", "content", "version"].allSatisfy({ schema.tables.has($0, in: "files") }) else { return [] }
            let octets = SQLFragment.octetLength(table: GoSchema.files, column: GoSchema.content)
            var revisions: [FileRevision] = []
            try connection.rows(
                """
                SELECT id, path, version, created_at, updated_at, \(octets) FROM files \
                WHERE \(GoSchema.belongs(to: session.value))
                """
            ) { (row) throws(SQLError) in
                guard let id = FileRevision.ID(row.value(at: 0)) else { return }
                revisions.append(
                    FileRevision(
                        id: id, path: row.bytes(at: 1) ?? [], version: row.bytes(at: 2) ?? [],
                        created: GoSchema.milliseconds(row.integer(at: 3)),
                        updated: GoSchema.milliseconds(row.integer(at: 4)), octets: Int(row.integer(at: 5) ?? 0)))
            }
            return revisions
        }
    }

    func text(of revision: FileRevision.ID, range: Range<Int>) throws(StoreError) -> [UInt8] {
        let slice = SQLFragment.slice(
            table: GoSchema.files, column: GoSchema.content, from: range.lowerBound, count: range.count)
        return try query { () throws(SQLError) in
            try connection.column("SELECT \(slice) FROM files WHERE \(GoSchema.has(revision.value))").first?.bytes ?? []
        }
    }

    func textsWithFiles(of session: Session.ID) throws(StoreError) -> [TextSource] {
        try query { () throws(SQLError) in
            let octets = SQLFragment.octetLength(table: GoSchema.messages, column: GoSchema.parts)
            return try connection.column(
                """
                SELECT id FROM messages WHERE \(GoSchema.belongs(to: session.value)) AND CASE \
                WHEN \(octets) > \(Int64(SnapshotLimits.searched)) THEN 1 \
                ELSE instr(parts, '"binary"') > 0 OR instr(parts, '"data:') > 0 END
                """
            ).compactMap { Message.ID($0).map { TextSource(message: $0) } }
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
                "SELECT id FROM messages WHERE \(GoSchema.belongs(to: session.value)) ORDER BY \(ordering())"
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
        try first(session, "AND \(GoSchema.has(id.value)) \(lock)")
    }

    func contents(
        of id: Message.ID, in session: Session.ID, upTo limit: Int
    ) throws(StoreError) -> (message: Message, texts: [[UInt8]]?)? {
        let columns = schema.messageColumns
        let length = SQLFragment.octetLength(table: GoSchema.messages, column: GoSchema.parts)
        return try query { () throws(SQLError) in
            var found: (message: Message, texts: [[UInt8]]?)?
            try connection.rows(
                """
                SELECT \(columns.selection), CASE WHEN \(length) <= \(Int64(limit)) THEN \(GoSchema.parts) END \
                FROM messages WHERE \(GoSchema.belongs(to: session.value)) AND \(GoSchema.has(id.value)) \(lock)
                """
            ) { (row) throws(SQLError) in
                let values = columns.values(row)
                guard let message = columns.message(values, of: session) else { return }
                let isRead = columns.octets(of: values) <= limit
                found = (message, isRead ? [row.bytes(at: columns.names.count) ?? []] : nil)
            }
            return found
        }
    }

    func session(of message: Message.ID) throws(StoreError) -> Session.ID? {
        try query { () throws(SQLError) in
            try connection.column("SELECT session_id FROM messages WHERE \(GoSchema.has(message.value))").first
                .flatMap { Session.ID($0) }
        }
    }

    func newestMessage(of session: Session.ID) throws(StoreError) -> Message? {
        try first(session, "AND id IS NOT NULL ORDER BY \(ordering(" DESC")) LIMIT 1")
    }

    func lastChange(of session: Session.ID) throws(StoreError) -> Int64? {
        // Rows of a server have no order of coming, and its sessions' own time is all that is to be had for nothing
        // (docs/decisions/0017).
        guard connection.dialect.locking == .database else { return nil }
        // The columns that order messages stand behind the text of each, which SQLite would have to walk through. The
        // row that came last is the last message, and a session's own time moves with each that comes or goes.
        return try query { () throws(SQLError) in
            try connection.column(
                "SELECT updated_at FROM messages WHERE \(GoSchema.belongs(to: session.value)) ORDER BY rowid DESC LIMIT 1"
            ).first.map { GoSchema.milliseconds($0.integer) }
        }
    }

    func role(of message: Message) -> [UInt8]? { Self.role(of: message) }

    /// Who speaks, as the row's column says.
    static func role(of message: Message) -> [UInt8]? {
        guard case .row(let before, _, let after) = message.shape,
            case .text(let role) = (before + after).first(where: { $0.name == "role" })?.value
        else { return nil }
        return role
    }

    func texts(of message: Message) throws(StoreError) -> [[UInt8]] {
        try query { () throws(SQLError) in
            try connection.column("SELECT parts FROM messages WHERE \(GoSchema.has(message.id.value))").map {
                $0.bytes ?? []
            }
        }
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8] {
        let slice = SQLFragment.slice(
            table: GoSchema.messages, column: GoSchema.parts, from: range.lowerBound, count: range.count)
        return try query { () throws(SQLError) in
            try connection.column("SELECT \(slice) FROM messages WHERE \(GoSchema.has(message.id.value))").first?.bytes
                ?? []
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
        return home.project(among: ids.compactMap { Project.ID(ofSession: $0) }) ?? home.id
    }

    /// OpenCode's own order.
    private func ordering(_ direction: SQLQuery = "") -> SQLQuery {
        schema.messageOrdering(direction)
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
        let columns = schema.messageColumns
        try connection.rows(
            "SELECT \(columns.selection) FROM messages WHERE \(GoSchema.belongs(to: session.value)) \(rest)"
        ) { (row) throws(SQLError) in
            if let message = columns.message(columns.values(row), of: session) { body(message) }
        }
    }

    /// The one place where an error of the provider becomes one of the store.
    func query<Result>(_ body: () throws(SQLError) -> Result) throws(StoreError) -> Result {
        do throws(SQLError) {
            return try body()
        } catch {
            throw StoreError(error.attributed(to: connection.patience))
        }
    }
}
