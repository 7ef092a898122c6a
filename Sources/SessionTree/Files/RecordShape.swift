internal import SessionModel

/// Which member of a file shows which column of a row: one table renders the file and reads a save of it.
struct RecordShape: Sendable {
    enum Kind: Sendable {
        case text
        case number
        /// JSON text, of one of these kinds when it is changed.
        case json([JSONTree.Kind])
    }

    struct Column: Sendable {
        let name: String
        let kind: Kind
        /// Whether OpenCode cannot do without it.
        let isRequired: Bool
    }

    /// When an object is shown.
    enum Shown: Sendable {
        case always
        case whenFilled
        /// Where this column is not NULL.
        case with(String)
    }

    indirect enum Content: Sendable {
        case column(Column)
        case object([Member], Shown)
    }

    struct Member: Sendable {
        let key: String
        let content: Content

        static func text(_ key: String, _ column: String, required: Bool = false) -> Member {
            Member(key: key, content: .column(Column(name: column, kind: .text, isRequired: required)))
        }

        static func number(_ key: String, _ column: String, required: Bool = false) -> Member {
            Member(key: key, content: .column(Column(name: column, kind: .number, isRequired: required)))
        }

        static func json(_ key: String, _ column: String, _ kinds: JSONTree.Kind..., required: Bool = false) -> Member {
            Member(key: key, content: .column(Column(name: column, kind: .json(kinds), isRequired: required)))
        }

        static func object(_ key: String, _ shown: Shown, _ members: [Member]) -> Member {
            Member(key: key, content: .object(members, shown))
        }
    }

    let members: [Member]

    /// The file of a row, behind the members that are given.
    func render(_ row: Record, after first: JSONObject = JSONObject()) -> [UInt8] {
        var file = first
        file.add(contentsOf: Self.object(members, row))
        return file.document()
    }

    /// The columns that the file of a row shows, in the order of the file, and the path of each member.
    func columns(shownOf row: Record?) -> [(column: Column, path: String)] {
        Self.columns(members, row, path: "")
    }

    private static func object(_ members: [Member], _ row: Record) -> JSONObject {
        var object = JSONObject()
        for member in members {
            switch member.content {
            case .column(let column): object.add(member.key, column.value(in: row))
            case .object(let members, let shown):
                let inner = Self.object(members, row)
                if shown.holds(for: row, isEmpty: inner.isEmpty) { object.add(member.key, .object(inner)) }
            }
        }
        return object
    }

    private static func columns(_ members: [Member], _ row: Record?, path: String) -> [(column: Column, path: String)] {
        var columns: [(column: Column, path: String)] = []
        for member in members {
            let path = SavedRow.join(path, member.key)
            switch member.content {
            case .column(let column):
                if row.map({ $0[column.name] != nil }) ?? true { columns.append((column, path)) }
            case .object(let members, let shown):
                if row.map({ shown.holds(for: $0, isEmpty: false) }) ?? true {
                    columns += Self.columns(members, row, path: path)
                }
            }
        }
        return columns
    }
}

extension RecordShape.Column {
    fileprivate func value(in row: Record) -> JSONObject.Value? {
        switch kind {
        case .text: row.string(name)
        case .number: row.number(name)
        case .json: row.stored(name)
        }
    }
}

extension RecordShape.Shown {
    fileprivate func holds(for row: Record, isEmpty: Bool) -> Bool {
        switch self {
        case .always: true
        case .whenFilled: !isEmpty
        case .with(let column): row[column] != nil
        }
    }
}
