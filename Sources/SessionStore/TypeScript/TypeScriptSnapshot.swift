internal import SQL
internal import SessionModel

/// Reads the tables of V1 and V2 inside one transaction.
struct TypeScriptSnapshot: HistorySnapshot {
    let connection: any SQLConnection
    let schema: TypeScriptSchema

    init(connection: any SQLConnection, schema: TypeScriptSchema) {
        self.connection = connection
        self.schema = schema
    }

    func projects() throws(StoreError) -> [Project] {
        try query { () throws(SQLError) in
            var projects: [Project.ID: Project] = [:]
            var order: [Project.ID] = []
            if schema.tables.has("project") {
                let table = SQLIdentifier("project")
                let columns = ["worktree", "time_created", "time_updated"].map { schema.column($0, of: table) }
                try connection.rows("SELECT id, \(.joined(columns, separator: ", ")) FROM \(table) ORDER BY id") {
                    (row) throws(SQLError) in
                    guard let id = Project.ID(row.value(at: 0)) else { return }
                    projects[id] = Project(
                        id: id, worktree: row.bytes(at: 1), created: row.integer(at: 2) ?? 0,
                        updated: row.integer(at: 3) ?? 0)
                    order.append(id)
                }
            }
            // A foreign key forbids sessions without a project, but only for connections that switched it on.
            for generation in schema.generations {
                for value in try connection.column("SELECT DISTINCT project_id FROM \(generation.sessions)") {
                    guard let id = Project.ID(value), projects[id] == nil else { continue }
                    projects[id] = Project(id: id, worktree: nil, created: 0, updated: 0)
                    order.append(id)
                }
            }
            return order.compactMap { projects[$0] }
        }
    }

    func sessionRecord(_ id: Session.ID) throws(StoreError) -> SessionRecord? {
        try query { () throws(SQLError) in
            guard let generation = try generation(of: id) else { return nil }
            guard let row = try connection.record(in: generation.sessions, id: id.value, schema.tables) else {
                return nil
            }
            return SessionRecord(generation.kind.ofRecords, row)
        }
    }

    func traits() throws(StoreError) -> [Session.ID: SessionTraits] {
        try query { () throws(SQLError) in
            var traits: [Session.ID: SessionTraits] = [:]
            for generation in schema.generations {
                let columns = ["directory", "agent", "model"].map { schema.column($0, of: generation.sessions) }
                try connection.rows(
                    "SELECT id, \(.joined(columns, separator: ", ")) FROM \(generation.sessions)"
                ) { (row) throws(SQLError) in
                    // The newer generation comes first, and what it has is shown from there (rule N7).
                    guard let id = Session.ID(row.value(at: 0)), traits[id] == nil else { return }
                    let model = row.bytes(at: 3).flatMap { JSONText.member("id", inBeginning: $0) }
                    traits[id] = SessionTraits(
                        directory: row.bytes(at: 1), agent: row.bytes(at: 2),
                        model: model.map { JSONText.decoded($0[...]) })
                }
            }
            return traits
        }
    }

    func textsWithFiles(of session: Session.ID) throws(StoreError) -> [TextSource] {
        try query { () throws(SQLError) in
            let data = SQLIdentifier("data")
            var sources: [TextSource] = []
            switch try generation(of: session)?.kind {
            case .v1:
                let part = SQLIdentifier("part")
                let octets = SQLFragment.octetLength(table: part, column: data)
                // The type stands among the first keys. Only files and tools have any, and most parts are neither.
                let beginning = SQLFragment.slice(table: part, column: data, from: 0, count: 256)
                try connection.rows(
                    """
                    SELECT part.message_id, part.id FROM message JOIN part ON part.message_id = message.id \
                    WHERE message.session_id = \(session.value) AND CASE \
                    WHEN instr(\(beginning), '"file"') = 0 AND instr(\(beginning), '"tool"') = 0 THEN 0 \
                    WHEN \(octets) > \(Int64(SnapshotLimits.searched)) THEN 1 \
                    ELSE instr(part.data, '"data:') > 0 END
                    """
                ) { (row) throws(SQLError) in
                    guard let message = Message.ID(row.value(at: 0)), let part = Message.Part.ID(row.value(at: 1))
                    else {
                        return
                    }
                    sources.append(TextSource(message: message, part: part))
                }
            case .v2:
                let octets = SQLFragment.octetLength(table: SQLIdentifier("session_message"), column: data)
                try connection.rows(
                    """
                    SELECT id FROM session_message WHERE session_id = \(session.value) AND CASE \
                    WHEN type NOT IN ('user', 'assistant') THEN 0 \
                    WHEN \(octets) > \(Int64(SnapshotLimits.searched)) THEN 1 \
                    WHEN type = 'user' THEN instr(data, '"files"') > 0 \
                    ELSE instr(data, '"data:') > 0 END
                    """
                ) { (row) throws(SQLError) in
                    if let message = Message.ID(row.value(at: 0)) { sources.append(TextSource(message: message)) }
                }
            case nil: break
            }
            return sources
        }
    }

    func projectRecord(_ id: Project.ID) throws(StoreError) -> Record? {
        try query { () throws(SQLError) in
            guard schema.tables.has("project") else { return nil }
            return try connection.record(in: SQLIdentifier("project"), id: id.value, schema.tables)
        }
    }

    func todos(of session: Session.ID) throws(StoreError) -> [Todo] {
        try query { () throws(SQLError) in
            guard schema.tables.has("todo") else { return [] }
            var todos: [Todo] = []
            let updated = schema.column("time_updated", of: SQLIdentifier("todo"))
            try connection.rows(
                """
                SELECT content, status, priority, \(updated) FROM todo WHERE session_id = \(session.value) \
                ORDER BY position
                """
            ) { (row) throws(SQLError) in
                todos.append(
                    Todo(
                        content: row.bytes(at: 0) ?? [], status: row.bytes(at: 1) ?? [],
                        priority: row.bytes(at: 2) ?? [], updated: row.integer(at: 3) ?? 0))
            }
            return todos
        }
    }

    var generation: SessionRecord.Generation {
        schema.generations.first?.kind.ofRecords ?? .v1
    }

    func hiddenColumns(of message: Message) throws(StoreError) -> HiddenColumns {
        try query { () throws(SQLError) in
            switch message.shape {
            case .parted(_, let parts):
                var hidden: [Message.Part.ID: [Assignment]] = [:]
                for part in parts {
                    hidden[part.id] = try columns(
                        of: "part", without: ["id", "message_id", "session_id", "data"], part.id.value)
                }
                return HiddenColumns(
                    message: try columns(of: "message", without: ["id", "session_id", "data"], message.id.value),
                    parts: hidden)
            case .typed:
                return HiddenColumns(
                    message: try columns(
                        of: "session_message", without: ["id", "session_id", "type", "data"], message.id.value),
                    parts: [:])
            case .row: return HiddenColumns(message: [], parts: [:])
            }
        }
    }

    /// What a row holds in all columns but some.
    private func columns(
        of table: String, without shown: Set<String>, _ id: SQLValue
    ) throws(SQLError) -> [Assignment] {
        let names = (schema.tables.tables[table] ?? []).map(\.name).filter { !shown.contains($0) }
        let list = SQLQuery.joined(["1"] + names.map { "\(SQLIdentifier($0))" }, separator: ", ")
        var columns: [Assignment] = []
        try connection.rows("SELECT \(list) FROM \(SQLIdentifier(table)) WHERE id = \(id)") {
            (row) throws(SQLError) in
            columns = names.enumerated().map { Assignment($1, Record.Field(row.value(at: $0 + 1))) }
        }
        return columns
    }

    func counts() throws(StoreError) -> Counts {
        var counts = Counts()
        counts.projects = try projects().count
        counts.sessions = try sessions().count
        return try query { () throws(SQLError) in
            for generation in schema.generations {
                // What a newer generation has too is shown from there (rule N7).
                let newer = schema.generations.prefix { $0.kind != generation.kind }.first
                let shown: SQLQuery =
                    if let newer {
                        "FROM \(generation.messages) WHERE session_id NOT IN (SELECT id FROM \(newer.sessions))"
                    } else {
                        "FROM \(generation.messages)"
                    }
                counts.messages += Int(try connection.integer("SELECT count(*) \(shown)") ?? 0)
                guard generation.kind == .v1 else { continue }
                let parts: SQLQuery = newer == nil ? "" : "WHERE message_id IN (SELECT id \(shown))"
                counts.parts += Int(try connection.integer("SELECT count(*) FROM part \(parts)") ?? 0)
            }
            return counts
        }
    }

    func messageOrder(of session: Session.ID) throws(StoreError) -> [(id: Message.ID, order: Message.Order)] {
        try query { () throws(SQLError) in
            try messages(of: session)?.order() ?? []
        }
    }

    func speakers(of session: Session.ID) throws(StoreError) -> [Message.Speaker] {
        let found = try query { () throws(SQLError) in try messages(of: session)?.speakers() ?? [] }
        var speakers: [Message.Speaker] = []
        for speaker in found {
            guard speaker.role == nil, let message = try message(speaker.id, of: session) else {
                speakers.append(speaker)
                continue
            }
            // It stands further behind, if anywhere.
            speakers.append(Message.Speaker(id: speaker.id, order: speaker.order, role: try role(of: message)))
        }
        return speakers
    }

    func messages(of session: Session.ID, _ body: (Message) throws(StoreError) -> Void) throws(StoreError) {
        var refusal: StoreError?
        try query { () throws(SQLError) in
            try messages(of: session)?.all { (message) throws(SQLError) in
                guard refusal == nil else { return }
                do throws(StoreError) { try body(message) } catch { refusal = error }
            }
        }
        if let refusal { throw refusal }
    }

    func message(_ id: Message.ID, of session: Session.ID) throws(StoreError) -> Message? {
        try query { () throws(SQLError) in try messages(of: session)?.one(id) }
    }

    func contents(
        of id: Message.ID, in session: Session.ID, upTo limit: Int
    ) throws(StoreError) -> (message: Message, texts: [[UInt8]]?)? {
        try query { () throws(SQLError) in try messages(of: session)?.contents(id, upTo: limit) }
    }

    func session(of message: Message.ID) throws(StoreError) -> Session.ID? {
        try query { () throws(SQLError) in
            for generation in schema.generations {
                let owner = try connection.column(
                    "SELECT session_id FROM \(generation.messages) WHERE id = \(message.value)"
                ).first.flatMap { Session.ID($0) }
                // A session that a newer generation has too is shown from there (rule N7).
                if let owner, try self.generation(of: owner)?.kind == generation.kind { return owner }
            }
            return nil
        }
    }

    func newestMessage(of session: Session.ID) throws(StoreError) -> Message? {
        try query { () throws(SQLError) in try messages(of: session)?.newest() }
    }

    func lastChange(of session: Session.ID) throws(StoreError) -> Int64? {
        try query { () throws(SQLError) in try messages(of: session)?.lastChange() }
    }

    func role(of message: Message) throws(StoreError) -> [UInt8]? {
        let info: StoredText
        switch message.shape {
        case .parted(let text, _): info = text
        case .typed(let type, _): return type
        case .row: return nil
        }
        // Most often the description has shown it.
        if let role = JSONText.member("role", inBeginning: message.beginning.bytes) { return role }
        // OpenCode writes the role among the first keys; a wider look is for messages written by others.
        for limit in [1024, 65_536] {
            let beginning = try text(0, of: message, range: 0..<min(limit, info.octets))
            if let role = JSONText.member("role", inBeginning: beginning) { return role }
            if info.octets <= limit { return nil }
        }
        return nil
    }

    func texts(of message: Message) throws(StoreError) -> [[UInt8]] {
        try query { () throws(SQLError) in
            switch message.shape {
            case .parted(_, let parts):
                var texts: [[UInt8]] = []
                texts.reserveCapacity(parts.count + 1)
                for query in [Self.info(message.id.value), Self.parts(message.id.value)] {
                    try connection.rows(query) { (row) throws(SQLError) in texts.append(row.bytes(at: 0) ?? []) }
                }
                return texts
            case .typed:
                return try connection.column(Self.data(message.id.value)).map { $0.bytes ?? [] }
            case .row: return []
            }
        }
    }

    private static let info = SQLTemplate("SELECT data FROM message WHERE id = \(.parameter)")
    private static let parts = SQLTemplate(
        "SELECT data FROM part WHERE message_id = \(.parameter) AND id IS NOT NULL ORDER BY id")
    private static let data = SQLTemplate("SELECT data FROM session_message WHERE id = \(.parameter)")

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8] {
        try query { () throws(SQLError) in
            let (table, id): (String, SQLValue) =
                switch message.shape {
                case .parted(_, let parts):
                    index == 0 ? ("message", message.id.value) : ("part", parts[index - 1].id.value)
                case .typed, .row: ("session_message", message.id.value)
                }
            let name = SQLIdentifier(table)
            let slice = SQLFragment.slice(
                table: name, column: SQLIdentifier("data"), from: range.lowerBound, count: range.count)
            return try connection.column("SELECT \(slice) FROM \(name) WHERE id = \(id)").first?.bytes ?? []
        }
    }

    private func messages(of session: Session.ID) throws(SQLError) -> (any MessageReader)? {
        switch try generation(of: session)?.kind {
        case .v1: PartedMessageReader(connection: connection, session: session)
        case .v2: TypedMessageReader(connection: connection, session: session)
        case nil: nil
        }
    }

    /// The newest generation that has the session.
    private func generation(of session: Session.ID) throws(SQLError) -> TypeScriptSchema.Generation? {
        for generation in schema.generations {
            if try connection.exists(generation.kind.hasSession(session.value)) { return generation }
        }
        return nil
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
