internal import SessionModel

/// `session.json` of the Go family as it was saved: an object of columns.
struct GoSessionFile {
    private let tree: JSONTree
    private let columns: [(name: String, value: JSONTree.Value)]

    init(_ bytes: [UInt8]) throws(EditError) {
        tree = try JSONTree(saved: bytes)
        columns = try tree.columns()
    }

    /// What a save changes. Its own time of change is for triggers to say.
    func changes(of row: Record) throws(EditError) -> [Assignment] {
        var changes = try said(otherThanIn: row) { name, _ in name == "updated_at" }
        let isRenamed = changes.contains { $0.column == "title" }
        if isRenamed, row.columns.contains("user_set_title"), row.integer("user_set_title") != 1,
            !changes.contains(where: { $0.column == "user_set_title" })
        {
            changes.append(Assignment("user_set_title", .integer(1)))
        }
        return changes
    }

    /// What the file changes in a row that was made up for a copy.
    func changes(ofMadeUp row: Record, isKnown: (Session.ID) -> Bool) throws(EditError) -> [Assignment] {
        // A number that JSON cannot say is shown as null.
        var changes = try said(otherThanIn: row) { name, value in
            Self.numbers.contains(name) && tree.kind(of: value) == .null
        }
        if let parent = text("parent_session_id"), row["parent_session_id"] == nil,
            !isKnown(Session.ID(bytes: parent))
        {
            changes.append(Assignment("parent_session_id", .text(parent)))
        }
        guard !changes.isEmpty else { return [] }
        // Said where they stand there already: a title that comes with the file is nobody's choice unless the file says so,
        // and a trigger would set the time.
        for name in ["user_set_title", "updated_at"] where row.columns.contains(name) {
            if !changes.contains(where: { $0.column == name }) { changes.append(Assignment(name, row[name])) }
        }
        return changes
    }

    /// - Parameter isIgnored: whether a member is not heard.
    private func said(
        otherThanIn row: Record, except isIgnored: (String, JSONTree.Value) -> Bool
    ) throws(EditError) -> [Assignment] {
        if let id = row.text("id") { try expect(Session.ID(bytes: id)) }
        var changes: [Assignment] = []
        for (name, value) in columns where !Self.ignored.contains(name) && !isIgnored(name, value) {
            guard row.columns.isEmpty || row.columns.contains(name) else {
                throw .member(name, "cannot be kept: this database has no column \(name)", remedy: "take it out")
            }
            if Record.Field.isSame(row[name], value, of: tree) { continue }
            changes.append(Assignment(name, try field(name, value)))
        }
        let said = Set(columns.map(\.name))
        if row["title"] != nil, !said.contains("title") { throw .member("title", "is missing") }
        for name in Self.optional where row[name] != nil && !said.contains(name) {
            changes.append(Assignment(name, nil))
        }
        return changes
    }

    /// The row of a new session. Nobody tells us which root a session has: where the file does not, none is set, and
    /// OpenCode takes it for one.
    static func newSession(
        _ id: Session.ID, in home: SessionHome, from bytes: [UInt8]?, title: [UInt8]?, now: Int64,
        isKnown: (Session.ID) -> Bool
    ) throws(EditError) -> [Assignment] {
        let file = try bytes.map { (bytes) throws(EditError) in try GoSessionFile(bytes) }
        try file?.expect(id)
        var row: [Assignment] = []
        for (name, value) in file?.columns ?? [] where !ignored.contains(name) {
            // A number that JSON cannot say is shown as null: the column's default is the nearest.
            if numbers.contains(name), file?.tree.kind(of: value) == .null { continue }
            row.append(Assignment(name, try file?.field(name, value)))
        }
        func add(_ column: String, _ value: Record.Field?) {
            if !row.contains(where: { $0.column == column }) { row.append(Assignment(column, value)) }
        }
        let stored = file?.text("parent_session_id").map { Session.ID(bytes: $0) }
        let parent = home.parent ?? stored.flatMap { isKnown($0) ? nil : $0 }
        add("project_id", .text(home.project.bytes))
        add("parent_session_id", parent.map { .text($0.bytes) })
        add("title", .text(title ?? SessionEdit.newTitle(now)))
        add("message_count", .integer(0))
        add("created_at", .integer(now / 1000))
        add("updated_at", .integer(now / 1000))
        return row
    }

    private func expect(_ id: Session.ID) throws(EditError) {
        guard let value = columns.first(where: { $0.name == "id" })?.value else { return }
        guard let text = tree.string(value), JSONText.isSameText(text, id.bytes) else {
            throw .member("id", "is not the one that the file's place says", remedy: "leave it as it is or take it out")
        }
    }

    private func text(_ name: String) -> [UInt8]? {
        columns.first { $0.name == name }.flatMap { tree.string($0.value) }
    }

    private func field(_ name: String, _ value: JSONTree.Value) throws(EditError) -> Record.Field? {
        let field = try Record.Field.read(value, of: tree, path: name)
        switch field {
        case .text where Self.numbers.contains(name): throw .member(name, "must be a number")
        // OpenCode reads all of them but the cost as 64-bit integers.
        case .real where Self.numbers.contains(name) && name != "cost": throw .member(name, "must be a whole number")
        case nil where Self.numbers.contains(name) || name == "title": throw .member(name, "must not be null")
        case .integer where Self.texts.contains(name), .real where Self.texts.contains(name):
            throw .member(name, "must be a text")
        default: return field
        }
    }

    /// What the place says, and what triggers count.
    private static let ignored: Set = ["id", "project_id", "parent_session_id", "message_count"]
    private static let optional = ["summary_message_id", "root_session_id"]
    private static let texts: Set = ["title", "summary_message_id", "root_session_id"]
    private static let numbers: Set = [
        "prompt_tokens", "completion_tokens", "cost", "created_at", "updated_at", "total_prompt_tokens",
        "total_completion_tokens", "user_set_title",
    ]
}

extension JSONTree {
    /// The members of a file that shows a row as it is.
    ///
    /// - Throws: where a member's name is none of a column, or is there twice.
    func columns() throws(EditError) -> [(name: String, value: Value)] {
        guard kind(of: root) == .object else { throw .member("", "must be an object of columns") }
        var columns: [(name: String, value: Value)] = []
        var names: Set<String> = []
        for member in children(of: root) {
            let name = String(decoding: key(of: member), as: UTF8.self)
            guard !name.isEmpty, name.utf8.allSatisfy(\.isPartOfName) else {
                throw .member(nameForPeople(of: member), "is no column", remedy: "take it out")
            }
            guard names.insert(name).inserted else { throw .member(name, "is there twice") }
            columns.append((name, member))
        }
        return columns
    }
}
