package import SessionModel

/// What saving `todo.json` means.
package enum TodoEdit {
    /// The whole list; nil where it says the same as the one that is there. What is new was changed at time 0: whoever
    /// stores it knows the time.
    package static func changes(of todos: [Todo], savedAs bytes: [UInt8]) throws(EditError) -> [Todo]? {
        if TodoFile.render(todos) == bytes { return nil }
        let tree = try JSONTree(saved: bytes)
        guard tree.kind(of: tree.root) == .array else { throw .member("", "must be an array") }
        var list: [Todo] = []
        for (number, element) in tree.children(of: tree.root).enumerated() {
            let row = try SavedRow(
                element, of: tree, path: "[\(number)]", frame: ["content", "status", "priority"])
            if let member = row.members.first {
                throw .member(
                    "[\(number)].\(tree.nameForPeople(of: member))", "is nothing that the database keeps",
                    remedy: "take it out")
            }
            func text(_ key: String) throws(EditError) -> [UInt8] {
                guard let text = row[key] else { throw .member("[\(number)].\(key)", "is missing") }
                return text
            }
            let todo = Todo(
                content: try text("content"), status: try text("status"), priority: try text("priority"), updated: 0)
            let isOld = todos.indices.contains(number) && todos[number].saysSame(as: todo)
            list.append(isOld ? todos[number] : todo)
        }
        let isSame = list.count == todos.count && zip(list, todos).allSatisfy { $0.saysSame(as: $1) }
        return isSame ? nil : list
    }
}

extension Todo {
    fileprivate func saysSame(as other: Todo) -> Bool {
        JSONText.isSameText(content, other.content) && JSONText.isSameText(status, other.status)
            && JSONText.isSameText(priority, other.priority)
    }
}

/// What saving `project.json` means (TypeScript families; the Go family has no rows of projects).
package enum ProjectEdit {
    /// What a save changes; nothing where it says the same.
    ///
    /// - Parameter row: nil where sessions name a project that has no row: what comes back is then a new row.
    package static func changes(
        of id: Project.ID, _ row: Record?, savedAs bytes: [UInt8], now: Int64
    ) throws(EditError) -> [Assignment] {
        if ProjectFile.render(id, row) == bytes { return [] }
        let file = try SavedRecord(bytes, shape)
        try file.expect(id)
        guard let row else {
            return try file.assignments(except: ["id"]).isEmpty ? [] : newProject(id, from: bytes, now: now)
        }
        var changes = try file.changes(of: row, except: ["id"])
        if !changes.isEmpty, !changes.contains(where: { $0.column == "time_updated" }) {
            changes.append(Assignment("time_updated", .integer(now)))
        }
        return changes
    }

    /// The row of a project that a copy brings, without its id.
    ///
    /// - Parameter bytes: its `project.json`; nil where a session comes first.
    package static func newProject(
        _ id: Project.ID, from bytes: [UInt8]?, now: Int64
    ) throws(EditError) -> [Assignment] {
        let file = try bytes.map { (bytes) throws(EditError) in try SavedRecord(bytes, shape) }
        try file?.expect(id)
        var row = try file?.assignments(except: ["id"]) ?? []
        func add(_ column: String, _ value: Record.Field) {
            if !row.contains(where: { $0.column == column }) { row.append(Assignment(column, value)) }
        }
        add("worktree", .text(Array("/".utf8)))
        add("sandboxes", .text(Array("[]".utf8)))
        add("time_created", .integer(now))
        add("time_updated", .integer(now))
        return row
    }

    private static let shape = RecordShape(members: [.text("id", "id")] + ProjectFile.shape.members)
}
