internal import SQL
internal import SessionModel

/// Sessions as listings need them. What two generations have is shown from the newer one, which comes first (rule N7).
extension TypeScriptSnapshot {
    func sessions() throws(StoreError) -> [Session] {
        try query { () throws(SQLError) in
            var sessions: [Session] = []
            var seen: Set<Session.ID> = []
            for generation in schema.generations {
                try connection.rows(outline(of: generation)) { (row) throws(SQLError) in
                    guard let id = Session.ID(row.value(at: 0)), seen.insert(id).inserted else { return }
                    sessions.append(Session(id, row))
                }
            }
            return sessions
        }
    }

    /// A history has thousands of sessions, and after most commits one of them is another: the rest is compared where SQLite has it.
    func changedSessions(since known: [Session]) throws(StoreError) -> [Int: Session]? {
        try query { () throws(SQLError) in
            var changed: [Int: Session] = [:]
            var position = 0
            var areTheSame = true
            for generation in schema.generations {
                let newer = Set(known[..<position].map(\.id))
                try connection.rows(outline(of: generation)) { (row) throws(SQLError) in
                    guard areTheSame else { return }
                    if position < known.count, row.holds(known[position].id.value, at: 0) {
                        if !known[position].isHeld(by: row) { changed[position] = Session(known[position].id, row) }
                        position += 1
                    } else if let id = Session.ID(row.value(at: 0)), !newer.contains(id) {
                        areTheSame = false
                    }
                }
            }
            return areTheSame && position == known.count ? changed : nil
        }
    }

    private func outline(of generation: TypeScriptSchema.Generation) -> SQLQuery {
        let table = generation.sessions
        return """
            SELECT id, project_id, \(schema.column("parent_id", of: table)), title, time_created, \
            time_updated, \(schema.column("time_archived", of: table)) IS NOT NULL FROM \(table)
            """
    }
}

extension Session {
    /// - Parameter row: id, project, parent, title, times of creation and change, whether it is archived.
    fileprivate init(_ id: ID, _ row: any SQLRow) {
        let parent = ID(row.value(at: 2))
        self.init(
            id: id,
            project: Project.ID(row.value(at: 1)) ?? Project.ID(""),
            parent: parent?.bytes.isEmpty == true ? nil : parent,
            title: row.bytes(at: 3),
            created: row.integer(at: 4) ?? 0,
            updated: row.integer(at: 5) ?? 0,
            isArchived: row.integer(at: 6) == 1)
    }

    /// Whether ``init(_:_:)`` would make this of the row. A row that is spelled in an unusual way may be taken for another.
    fileprivate func isHeld(by row: any SQLRow) -> Bool {
        row.holds(.integer(updated), at: 5) && row.holds(title.map { .text($0) } ?? .null, at: 3)
            && row.holds(project.value, at: 1) && row.holds(parent?.value ?? .null, at: 2)
            && row.holds(.integer(created), at: 4) && row.holds(.integer(isArchived ? 1 : 0), at: 6)
    }
}
