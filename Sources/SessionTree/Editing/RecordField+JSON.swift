internal import SessionModel

extension Record.Field {
    /// What a member says that shows a column as it is: a text, a number, or nil for NULL.
    static func read(_ value: JSONTree.Value, of tree: JSONTree, path: String) throws(EditError) -> Record.Field? {
        switch tree.kind(of: value) {
        case .null: return nil
        case .string: return .text(tree.string(value) ?? [])
        case .boolean: return .integer(tree.boolean(value) == true ? 1 : 0)
        case .number: return number(value, of: tree)
        case .object, .array: throw .member(path, "must be a text, a number or null")
        }
    }

    /// A number, whole if it is one and spelled as one.
    static func number(_ value: JSONTree.Value, of tree: JSONTree) -> Record.Field? {
        guard tree.kind(of: value) == .number else { return nil }
        let spelling = String(decoding: tree.bytes[tree.range(of: value)], as: UTF8.self)
        return Int64(spelling).map { .integer($0) } ?? tree.double(value).map { .real($0) }
    }

    /// Whether a member says what a column holds.
    static func isSame(_ field: Record.Field?, _ value: JSONTree.Value, of tree: JSONTree) -> Bool {
        switch (field, tree.kind(of: value)) {
        case (nil, .null): true
        // What JSON has no number for is shown as null.
        case (.real(let number), .null): !number.isFinite
        case (.text(let bytes), .string): tree.string(value).map { JSONText.isSameText($0, bytes) } ?? false
        case (.integer(let number), .number): tree.integer(value) == number || tree.double(value) == Double(number)
        case (.real(let number), .number): tree.double(value) == number
        case (.integer(let number), .boolean): number == (tree.boolean(value) == true ? 1 : 0)
        default: false
        }
    }
}
