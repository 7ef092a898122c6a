package import SessionModel
private import Timing

/// Where a session stands, as far as its row follows from that (rule W11).
package struct SessionHome: Sendable {
    package let project: Project.ID
    /// The worktree of the project, where it has one.
    package let worktree: [UInt8]?
    /// The session whose `children/` it stands in.
    package let parent: Session.ID?
    package let isArchived: Bool

    package init(project: Project.ID, worktree: [UInt8]?, parent: Session.ID?, isArchived: Bool) {
        self.project = project
        self.worktree = worktree
        self.parent = parent
        self.isArchived = isArchived
    }
}

/// What saving, making or moving a session means for its row (rules W2, W4, W5, W7, W11).
package enum SessionEdit {
    /// The versions that sessions made by us say they are of: those whose rows we write.
    static let versions: [SessionRecord.Generation: String] = [.v1: "1.18.32", .v2: "2.0.18"]

    /// What saving `session.json` changes; nothing where it says the same.
    package static func changes(
        of session: SessionRecord, savedAs bytes: [UInt8], now: Int64
    ) throws(EditError) -> [Assignment] {
        if SessionFile.render(session) == bytes { return [] }
        guard let shape = shape(of: session.generation) else {
            return try GoSessionFile(bytes).changes(of: session.row)
        }
        let file = try SavedRecord(bytes, shape)
        if let id = session.row.text("id") { try file.expect(Session.ID(bytes: id)) }
        var changes = try file.changes(of: session.row, except: followsPlace)
        if !changes.isEmpty, !changes.contains(where: { $0.column == "time_updated" }) {
            changes.append(Assignment("time_updated", .integer(now)))
        }
        return changes
    }

    /// What the `session.json` that a copy brings changes in the row that was made up when something else came first: it
    /// becomes what it were if the file had come first.
    ///
    /// - Parameter isKnown: as for a new session.
    package static func changes(
        ofMadeUp session: SessionRecord, savedAs bytes: [UInt8], now: Int64, isKnown: (Session.ID) -> Bool
    ) throws(EditError) -> [Assignment] {
        let row = session.row
        if SessionFile.render(session) == bytes { return [] }
        guard let shape = shape(of: session.generation) else {
            return try GoSessionFile(bytes).changes(ofMadeUp: row, isKnown: isKnown)
        }
        let file = try SavedRecord(bytes, shape)
        if let id = row.text("id") { try file.expect(Session.ID(bytes: id)) }
        // What OpenCode needs and the file does not say stays made up.
        var ignored = followsPlace.union(file.lacking).union(["workspace_id"])
        if row["time_archived"] == nil || !file.says("time_archived") { ignored.insert("time_archived") }
        if let project = file.text("project_id"), !JSONText.isSameText(project, row.text("project_id") ?? []) {
            ignored.formUnion(["directory", "path"])
        }
        var changes = try file.changes(of: row, except: ignored)
        if let parent = file.text("parent_id"), row["parent_id"] == nil, !isKnown(Session.ID(bytes: parent)) {
            changes.append(Assignment("parent_id", .text(parent)))
        }
        // Said where it stands there already, lest the store take this for a change of today.
        if !changes.isEmpty, !changes.contains(where: { $0.column == "time_updated" }) {
            changes.append(Assignment("time_updated", row["time_updated"] ?? .integer(now)))
        }
        return changes
    }

    /// The row of a new session, without its id.
    ///
    /// - Parameters:
    ///   - bytes: its `session.json`; nil where a message comes first, and what OpenCode wants to be there is made up.
    ///   - title: what the name it was made under says, if anything.
    ///   - isKnown: whether a session with an id exists: a parent that does not is kept as stored.
    ///   - now: milliseconds since 1970.
    package static func newSession(
        _ id: Session.ID, _ generation: SessionRecord.Generation, in home: SessionHome, from bytes: [UInt8]?,
        title: [UInt8]?, now: Int64, isKnown: (Session.ID) -> Bool
    ) throws(EditError) -> [Assignment] {
        guard let shape = shape(of: generation) else {
            return try GoSessionFile.newSession(id, in: home, from: bytes, title: title, now: now, isKnown: isKnown)
        }
        let file = try bytes.map { (bytes) throws(EditError) in try SavedRecord(bytes, shape) }
        try file?.expect(id)
        let said = try file?.assignments(except: followsPlace.union(["directory", "path", "workspace_id"])) ?? []
        var row: [Assignment] = [Assignment("project_id", .text(home.project.bytes))]
        let parent =
            home.parent ?? file?.text("parent_id").map { Session.ID(bytes: $0) }.flatMap { isKnown($0) ? nil : $0 }
        if let parent { row.append(Assignment("parent_id", .text(parent.bytes))) }

        // Another project has another worktree: where the session's files were is nowhere there.
        let project = file?.text("project_id")
        let isAtHome = project.map { JSONText.isSameText($0, home.project.bytes) } ?? true
        let directory = isAtHome ? file?.text("directory") : nil
        row.append(Assignment("directory", .text(directory ?? home.worktree ?? Array("/".utf8))))
        if isAtHome, let path = file?.text("path") { row.append(Assignment("path", .text(path))) }

        func add(_ column: String, _ value: Record.Field?) {
            guard let value, !said.contains(where: { $0.column == column }) else { return }
            row.append(Assignment(column, value))
        }
        // A session of V2 that was saved without a title has none.
        let needsTitle = generation == .v1 || bytes == nil
        let madeUp = title ?? (needsTitle ? newTitle(now) : nil)
        let slug = Label.slug(file?.text("title") ?? madeUp ?? [])
        add("slug", .text(slug.isEmpty ? id.bytes : slug))
        add("title", madeUp.map { .text($0) })
        add("version", versions[generation].map { .text(Array($0.utf8)) })
        add("time_created", .integer(now))
        add("time_updated", .integer(now))
        if home.isArchived { add("time_archived", .integer(now)) }
        return row + said.filter { home.isArchived || $0.column != "time_archived" }
    }

    /// What moving a session changes in its row.
    ///
    /// - Parameters:
    ///   - from: where it stood.
    ///   - title: the title its new name gives it; nil where it keeps the one it has.
    package static func changes(
        moving session: SessionRecord, from: SessionHome, to: SessionHome, title: [UInt8]?, now: Int64
    ) throws(EditError) -> [Assignment] {
        let row = session.row
        let isGo = session.generation == .go
        func has(_ column: String) -> Bool { row.columns.isEmpty || row.columns.contains(column) }
        var changes: [Assignment] = []
        if from.project != to.project {
            changes.append(Assignment("project_id", .text(to.project.bytes)))
            if !isGo {
                if let worktree = to.worktree { changes.append(Assignment("directory", .text(worktree))) }
                if row.columns.contains("path") { changes.append(Assignment("path", nil)) }
            }
        }
        if from.parent != to.parent {
            let parent = to.parent.map { Record.Field.text($0.bytes) }
            changes.append(Assignment(isGo ? "parent_session_id" : "parent_id", parent))
            if isGo, has("root_session_id") {
                // Which session is the root of its new parent is not known here.
                guard to.parent == nil else {
                    throw EditError("sessions of the Go OpenCode cannot be moved below another one")
                }
                changes.append(Assignment("root_session_id", row["id"]))
            }
        }
        if let title, row.text("title") != title {
            changes.append(Assignment("title", .text(title)))
            if isGo, row.columns.contains("user_set_title") {
                changes.append(Assignment("user_set_title", .integer(1)))
            }
        }
        if !isGo, changes.contains(where: { $0.column == "title" || $0.column == "project_id" }) {
            changes.append(Assignment("time_updated", .integer(now)))
        }
        if from.isArchived != to.isArchived {
            changes.append(Assignment("time_archived", to.isArchived ? .integer(now) : nil))
        }
        if let lacking = changes.first(where: { !has($0.column) }) {
            throw EditError("the session cannot be moved there: this database has no column \(lacking.column)")
        }
        return changes
    }

    /// The title that OpenCode gives a session without one.
    static func newTitle(_ now: Int64) -> [UInt8] {
        Array("New session - \(Timestamp(milliseconds: now).rfc3339)".utf8)
    }

    /// Columns that follow the place where the session stands (rule W11).
    private static let followsPlace: Set = ["id", "project_id", "parent_id"]

    private static func shape(of generation: SessionRecord.Generation) -> RecordShape? {
        switch generation {
        case .v1: SessionFile.v1
        case .v2: SessionFile.v2
        case .go: nil
        }
    }
}
