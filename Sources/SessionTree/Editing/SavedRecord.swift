internal import SessionModel

/// The file of a row as it was saved: what it says of each column.
struct SavedRecord {
    let tree: JSONTree
    private let shape: RecordShape
    private let values: [String: JSONTree.Value]

    /// - Throws: where a member stands that shows no column.
    init(_ bytes: [UInt8], _ shape: RecordShape) throws(EditError) {
        tree = try JSONTree(saved: bytes)
        self.shape = shape
        var values: [String: JSONTree.Value] = [:]
        try Self.collect(tree.root, of: tree, shape.members, path: "", into: &values)
        self.values = values
    }

    private static func collect(
        _ object: JSONTree.Value, of tree: JSONTree, _ members: [RecordShape.Member], path: String,
        into values: inout [String: JSONTree.Value]
    ) throws(EditError) {
        guard tree.kind(of: object) == .object else { throw .member(path, "must be an object") }
        var seen: Set<String> = []
        for value in tree.children(of: object) {
            guard let member = members.first(where: { tree.hasKey(value, $0.key) }) else {
                throw .member(
                    SavedRow.join(path, tree.nameForPeople(of: value)), "is nothing that the database keeps",
                    remedy: "take it out")
            }
            let path = SavedRow.join(path, member.key)
            guard seen.insert(member.key).inserted else { throw .member(path, "is there twice") }
            switch member.content {
            case .column(let column): values[column.name] = value
            case .object(let members, _): try collect(value, of: tree, members, path: path, into: &values)
            }
        }
    }

    /// The text that a column gets; nil where the file says none.
    func text(_ column: String) -> [UInt8]? {
        values[column].flatMap { tree.string($0) }
    }

    /// Whether the file gives a column a value.
    func says(_ column: String) -> Bool {
        values[column].map { tree.kind(of: $0) != .null } ?? false
    }

    /// The columns that OpenCode needs and the file says nothing of.
    var lacking: Set<String> {
        Set(shape.columns(shownOf: nil).map(\.column).filter { $0.isRequired && !says($0.name) }.map(\.name))
    }

    /// Refuses an id that is there and another one.
    func expect<Entity>(_ id: Identifier<Entity>) throws(EditError) {
        guard let value = values["id"] else { return }
        guard let text = tree.string(value), JSONText.isSameText(text, id.bytes) else {
            throw .member("id", "is not the one that the file's place says", remedy: "leave it as it is or take it out")
        }
    }

    /// Every column that the file gives a value, in its order, for a row that is new.
    func assignments(except ignored: Set<String>) throws(EditError) -> [Assignment] {
        var assignments: [Assignment] = []
        for (column, path) in shape.columns(shownOf: nil) where !ignored.contains(column.name) {
            guard let value = values[column.name], tree.kind(of: value) != .null else { continue }
            assignments.append(Assignment(column.name, try field(value, column, path)))
        }
        return assignments
    }

    /// What differs from a row: what the file does not show any more becomes NULL.
    func changes(of row: Record, except ignored: Set<String>) throws(EditError) -> [Assignment] {
        let shown = Set(shape.columns(shownOf: row).map(\.column.name))
        var changes: [Assignment] = []
        for (column, path) in shape.columns(shownOf: nil) where !ignored.contains(column.name) {
            guard let value = values[column.name], !isNull(value, row[column.name]) else {
                guard shown.contains(column.name), values[column.name] == nil || isShown(row[column.name]) else {
                    continue
                }
                guard !column.isRequired else { throw .member(path, "is missing, and OpenCode needs it") }
                changes.append(Assignment(column.name, nil))
                continue
            }
            guard let change = try change(row[column.name], value, column, path) else { continue }
            guard row.columns.isEmpty || row.columns.contains(column.name) else {
                throw .member(path, "cannot be kept: this database has no column \(column.name)", remedy: "take it out")
            }
            changes.append(Assignment(column.name, change))
        }
        return changes
    }

    /// Whether a member says that there is nothing, where there is something to be said.
    private func isNull(_ value: JSONTree.Value, _ field: Record.Field?) -> Bool {
        guard tree.kind(of: value) == .null else { return false }
        if case .text(let bytes) = field, bytes.elementsEqual("null".utf8) { return false }
        return true
    }

    /// Whether a column is shown as something else than null.
    private func isShown(_ field: Record.Field?) -> Bool {
        if case .real(let number) = field { return number.isFinite }
        return field != nil
    }

    /// What a column becomes; nil where it says that already.
    private func change(
        _ field: Record.Field?, _ value: JSONTree.Value, _ column: RecordShape.Column, _ path: String
    ) throws(EditError) -> Record.Field? {
        switch column.kind {
        case .text:
            // A column of text that holds a number is shown as text too.
            let stored = Record(field.map { [column.name: $0] } ?? [:]).text(column.name)
            if let stored, let text = tree.string(value), JSONText.isSameText(stored, text) { return nil }
        case .number:
            if Record.Field.isSame(field, value, of: tree) { return nil }
        case .json:
            let stored = Record(field.map { [column.name: $0] } ?? [:]).text(column.name) ?? []
            if let old = JSONTree(stored: stored) {
                guard let text = JSONMerge.text(of: old, saying: value, of: tree) else { return nil }
                _ = try self.field(value, column, path)
                return .text(text)
            }
            if let text = tree.string(value), !stored.isEmpty, JSONText.isSameText(stored, text) { return nil }
        }
        return try self.field(value, column, path)
    }

    private func field(
        _ value: JSONTree.Value, _ column: RecordShape.Column, _ path: String
    ) throws(EditError) -> Record.Field {
        switch column.kind {
        case .text:
            guard let text = tree.string(value) else { throw .member(path, "must be a text") }
            return .text(text)
        case .number:
            guard let number = Record.Field.number(value, of: tree) else { throw .member(path, "must be a number") }
            return number
        case .json(let kinds):
            guard kinds.contains(tree.kind(of: value)) else {
                throw .member(path, "must be an \(kinds.map { "\($0)" }.joined(separator: " or an "))")
            }
            return .text(tree.compact(value))
        }
    }
}
