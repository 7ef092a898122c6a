internal import SessionModel

/// What a JSON value must be, so that OpenCode reads it. Members that it does not speak of may be there and anything.
indirect enum ValueShape: Sendable {
    case anything
    case text
    case number
    case boolean
    case anyObject
    case array(of: ValueShape)
    case object([Field])
    /// One of these texts.
    case word([String])
    /// An object whose member says by a word which fields it has.
    case tagged(String, [String: [Field]])

    struct Field: Sendable {
        let key: String
        let shape: ValueShape
        let isOptional: Bool

        static func required(_ key: String, _ shape: ValueShape) -> Field {
            Field(key: key, shape: shape, isOptional: false)
        }

        static func optional(_ key: String, _ shape: ValueShape) -> Field {
            Field(key: key, shape: shape, isOptional: true)
        }
    }

    /// Refuses a value of another shape, and names the member.
    func check(_ value: JSONTree.Value, of tree: JSONTree, path: String) throws(EditError) {
        let kind = tree.kind(of: value)
        switch self {
        case .anything: break
        case .text: try require(kind == .string, path, "must be a text")
        case .number: try require(kind == .number, path, "must be a number")
        case .boolean: try require(kind == .boolean, path, "must be true or false")
        case .anyObject: try require(kind == .object, path, "must be an object")
        case .array(let shape):
            try require(kind == .array, path, "must be an array")
            for (number, element) in tree.children(of: value).enumerated() {
                try shape.check(element, of: tree, path: "\(path)[\(number)]")
            }
        case .object(let fields): try Self.check(fields, of: value, of: tree, path: path)
        case .word(let words):
            let word = tree.string(value)
            try require(
                words.contains { word?.elementsEqual($0.utf8) == true }, path,
                "must be one of: \(words.joined(separator: ", "))")
        case .tagged(let key, let shapes):
            let words = shapes.keys.sorted()
            try Self.check([.required(key, .word(words))], of: value, of: tree, path: path)
            let tag = tree.member(key, of: value).flatMap { tree.string($0) } ?? []
            try Self.check(shapes[String(decoding: tag, as: UTF8.self)] ?? [], of: value, of: tree, path: path)
        }
    }

    static func check(
        _ fields: [Field], of object: JSONTree.Value, of tree: JSONTree, path: String
    ) throws(EditError) {
        guard tree.kind(of: object) == .object else { throw .member(path, "must be an object") }
        let members = tree.children(of: object)
        for field in fields {
            let path = SavedRow.join(path, field.key)
            // The last one is the one that JSON.parse takes.
            guard let value = members.last(where: { tree.hasKey($0, field.key) }) else {
                guard field.isOptional else { throw .member(path, "is missing, and OpenCode needs it") }
                continue
            }
            try field.shape.check(value, of: tree, path: path)
        }
    }

    private func require(_ holds: Bool, _ path: String, _ complaint: String) throws(EditError) {
        guard holds else { throw .member(path, complaint) }
    }
}
