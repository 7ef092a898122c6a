internal import SQL
internal import SessionModel

/// A row that a save writes.
enum RowWrite {
    /// The columns are those besides the key's.
    case insert(RowKey, [String: SQLValue])
    case update(RowKey, [String: SQLValue])
    case delete(RowKey)
    /// Gives rows other numbers in a column, to make room for one: nothing that anybody wrote is replaced.
    case renumber(column: String, SQLQuery)
}

/// One row, by the columns that no save changes.
struct RowKey: Hashable {
    let table: String
    let columns: [String: SQLValue]

    init(_ table: String, _ columns: [String: SQLValue]) {
        self.table = table
        self.columns = columns
    }

    init(_ table: SQLIdentifier, id: SQLValue) {
        self.init(table.name, ["id": id])
    }

    var condition: SQLQuery {
        "FROM \(SQLIdentifier(table)) WHERE \(columns.equality)"
    }
}

extension RowWrite {
    /// The statement; every name in it is one of the schema's.
    var query: SQLQuery {
        switch self {
        case .insert(let key, let columns):
            let all = columns.merging(key.columns) { _, key in key }.sorted { $0.key < $1.key }
            let names = SQLQuery.joined(all.map { "\(SQLIdentifier($0.key))" }, separator: ", ")
            let values = SQLQuery.joined(all.map { "\($0.value)" }, separator: ", ")
            return "INSERT INTO \(SQLIdentifier(key.table)) (\(names)) VALUES (\(values))"
        case .update(let key, let columns):
            let assignments = SQLQuery.joined(
                columns.sorted { $0.key < $1.key }.map { "\(SQLIdentifier($0.key)) = \($0.value)" }, separator: ", ")
            return "UPDATE \(SQLIdentifier(key.table)) SET \(assignments) WHERE \(key.columns.equality)"
        case .delete(let key): return "DELETE \(key.condition)"
        case .renumber(_, let query): return query
        }
    }
}

extension [String: SQLValue] {
    /// That a row has these values. In one order, so that equal sets are one prepared statement.
    var equality: SQLQuery {
        .joined(
            sorted { $0.key < $1.key }.map { "\(SQLFragment.identical(SQLIdentifier($0.key), $0.value))" },
            separator: " AND ")
    }
}

/// What becomes of rows, told once for each however often it is written.
struct RowOutcomes {
    enum Outcome {
        case inserted([String: SQLValue])
        case changed([String: SQLValue])
        case deleted
    }

    /// In the order in which they were written first.
    private(set) var rows: [RowKey] = []
    private var outcomes: [RowKey: Outcome] = [:]
    /// Columns that may have got other values since.
    private var renumbered: Set<String> = []

    subscript(_ row: RowKey) -> Outcome? {
        outcomes[row]
    }

    mutating func note(_ write: RowWrite) {
        switch write {
        case .insert(let key, let columns):
            if case .deleted = outcomes[key] { set(.changed(columns), key) } else { set(.inserted(columns), key) }
        case .update(let key, let columns):
            switch outcomes[key] {
            case .inserted(let before): set(.inserted(before.merging(columns) { _, new in new }), key)
            case .changed(let before): set(.changed(before.merging(columns) { _, new in new }), key)
            case .deleted: break
            case nil: set(.changed(columns), key)
            }
        case .delete(let key):
            if case .inserted = outcomes[key] { outcomes[key] = nil } else { set(.deleted, key) }
        case .renumber(let column, _): renumbered.insert(column)
        }
    }

    private mutating func set(_ outcome: Outcome, _ key: RowKey) {
        if outcomes.updateValue(outcome, forKey: key) == nil { rows.append(key) }
    }

    /// Whether the rows are so.
    func hold(on connection: any SQLConnection) throws(SQLError) -> Bool {
        for key in rows {
            guard let outcome = outcomes[key] else { continue }
            let (columns, count): ([String: SQLValue], Int64) =
                switch outcome {
                case .inserted(let columns), .changed(let columns): (columns, 1)
                case .deleted: ([:], 0)
                }
            let row = key.columns.merging(columns.filter { !renumbered.contains($0.key) }) { key, _ in key }
            let found = try connection.integer(
                "SELECT count(*) FROM \(SQLIdentifier(key.table)) WHERE \(row.equality) \(SQLFragment.locked)")
            if found != count { return false }
        }
        return true
    }
}

extension SQLValue {
    /// What a column is to hold; NULL for nil.
    init(_ field: Record.Field?) {
        self =
            switch field {
            case .integer(let value): .integer(value)
            case .real(let value): .real(value)
            case .text(let bytes): .text(bytes)
            case nil: .null
            }
    }
}
