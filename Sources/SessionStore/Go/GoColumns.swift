internal import SQL
internal import SessionModel

/// Which columns of `messages` describe a message: every one but the text of the parts, of which the length will do.
struct GoMessageColumns: Sendable {
    /// In the order of the schema.
    let names: [String]
    private let id: Int
    private let session: Int
    private let parts: Int
    private let updated: Int
    /// What to select: the columns in their order, with the length of the parts in the place of the parts.
    let selection: SQLQuery

    init(_ tables: SQLSchema) {
        let names = (tables.tables[GoSchema.messages.name] ?? []).map(\.name)
        // The schema has them, or it is none of ours.
        func position(_ name: String) -> Int { names.firstIndex(of: name) ?? 0 }
        id = position("id")
        session = position("session_id")
        parts = position(GoSchema.parts.name)
        updated = position("updated_at")
        self.names = names
        let length = SQLFragment.octetLength(table: GoSchema.messages, column: GoSchema.parts)
        selection = .joined(
            names.map { $0 == GoSchema.parts.name ? "\(length)" : "\(SQLIdentifier($0))" }, separator: ", ")
    }

    /// What the columns of a row in hand hold.
    func values(_ row: any SQLRow) -> [SQLValue] {
        names.indices.map { $0 == parts ? .integer(row.integer(at: $0) ?? 0) : row.value(at: $0) }
    }

    /// The same, where many rows are kept that hold the same values: what all rows may share is kept once.
    func values(_ row: any SQLRow, _ shared: inout [SQLValue: SQLValue]) -> [SQLValue] {
        var values = values(row)
        for index in values.indices where index != id {
            guard case .text = values[index] else { continue }
            if let known = shared[values[index]] {
                values[index] = known
            } else {
                shared[values[index]] = values[index]
            }
        }
        return values
    }

    /// The id that a row has; nil for NULL.
    func id(of values: [SQLValue]) -> Message.ID? {
        Message.ID(values[id])
    }

    /// The session that a row belongs to.
    func session(of values: [SQLValue]) -> Session.ID? {
        Session.ID(values[session])
    }

    /// Bytes of the text of its parts.
    func octets(of values: [SQLValue]) -> Int {
        Int(values[parts].integer ?? 0)
    }

    /// When a row says it changed, as it says it.
    func updated(of values: [SQLValue]) -> Int64? {
        values[updated].integer
    }

    /// A row as a message of the session that was asked for; nil where it has no id.
    func message(_ values: [SQLValue], of session: Session.ID) -> Message? {
        guard let id = id(of: values) else { return nil }
        func columns(_ range: Range<Int>) -> [Message.Column] {
            range.map { Message.Column(name: names[$0], value: Record.Field(values[$0])) }
        }
        let text = StoredText(
            octets: octets(of: values), opening: .other, updated: GoSchema.milliseconds(updated(of: values)))
        return Message(
            id: id, session: session,
            shape: .row(before: columns(0..<parts), parts: text, after: columns((parts + 1)..<names.count)),
            order: .rank)
    }

    /// Whether two rows of one message stand in the same place among the others.
    func isInSamePlace(_ one: [SQLValue], _ other: [SQLValue]) -> Bool {
        names.indices.allSatisfy { !["seq", "created_at"].contains(names[$0]) || one[$0] == other[$0] }
    }
}

/// The columns of `sessions`, and what they mean.
struct GoSessionColumns: Sendable {
    /// In the order of the schema.
    let names: [String]
    private let positions: [String: Int]

    init(_ schema: GoSchema) {
        names = (schema.tables.tables[GoSchema.sessions.name] ?? []).map(\.name)
        positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What to select: the columns in their order.
    var selection: SQLQuery {
        .joined(names.map { "\(SQLIdentifier($0))" }, separator: ", ")
    }

    /// What a row holds in a column; NULL where this schema has no such column.
    func value(_ name: String, of values: [SQLValue]) -> SQLValue {
        positions[name].map { values[$0] } ?? .null
    }

    func record(_ values: [SQLValue]) -> Record {
        var fields: [String: Record.Field] = [:]
        for (index, name) in names.enumerated() { fields[name] = Record.Field(values[index]) }
        return Record(fields, columns: names)
    }
}

extension Session {
    /// A row of `sessions`; nil where it has no id.
    ///
    /// - Parameters:
    ///   - value: what it holds in a column.
    ///   - home: the project of sessions that name none.
    init?(home: Project.ID, _ value: (String) -> SQLValue) {
        guard let id = Session.ID(value("id")) else { return nil }
        let parent = Session.ID(value("parent_session_id"))
        self.init(
            id: id,
            project: Project.ID(ofSession: value("project_id")) ?? home,
            parent: parent?.bytes.isEmpty == true ? nil : parent,
            title: value("title").bytes,
            created: GoSchema.milliseconds(value("created_at").integer),
            updated: GoSchema.milliseconds(value("updated_at").integer),
            isArchived: false)
    }
}

extension Identifier<Project> {
    /// The project that a session names, without what may not be shown of it. An empty text is none to OpenCode either.
    init?(ofSession value: SQLValue) {
        guard value != .text([]), let id = Self(value) else { return nil }
        self = id.withoutCredentials
    }
}

extension Project {
    /// The projects that sessions name.
    ///
    /// No table of the Go family holds projects: they begin with their first session, and what project.json says never
    /// changes.
    static func named(by sessions: [Session]) -> [Project] {
        var created: [Project.ID: Int64] = [:]
        for session in sessions { created[session.project] = min(created[session.project] ?? .max, session.created) }
        return created.keys.sorted().map { id in
            Project(id: id, worktree: nil, created: created[id] ?? 0, updated: created[id] ?? 0)
        }
    }
}
