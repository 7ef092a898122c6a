internal import SQL

/// One statement's worth of a migration of MySQL or MariaDB, where each statement that defines something commits by itself.
///
/// A migration that was cut off has left some of its steps done. So the effect of each can be looked up: what is done is
/// skipped, what is missing is made, and what is there but is something else is told, not touched.
enum MySQLStep: Sendable {
    case table(MySQLTable)
    case column(MySQLColumn, of: String)
    case index(MySQLIndex, on: String)
    /// - `replaces`: whether another trigger of this name gives way.
    case trigger(MySQLTrigger, replaces: Bool = false)
    /// A table, its columns included, gets the collation of all others.
    case collation(of: String)
    /// ``MySQLMessageCounts``
    case messageCounts

    enum State: Sendable, Equatable {
        case missing
        case done
        /// How what is there differs, for people.
        case different(String)
    }

    func state(in catalog: MySQLCatalog) -> State {
        switch self {
        case .table(let table):
            guard let found = catalog.tables[table.name] else { return .missing }
            let differences = table.differences(in: found)
            return differences.isEmpty
                ? .done : .different("\(description) is there, but \(differences.joined(separator: "; "))")
        case .column(let column, let table):
            guard let found = catalog.tables[table]?.column(column.name) else { return .missing }
            return column.difference(in: found).map { .different("\(description) is there, but \($0)") } ?? .done
        case .index(let index, let table):
            guard let found = catalog.tables[table]?.indexes.first(where: { $0.name == index.name }) else {
                return .missing
            }
            return found == index ? .done : .different("\(description) is there, but of other columns")
        case .trigger(let trigger, let replaces):
            guard let found = catalog.triggers[trigger.name] else { return .missing }
            if found == trigger { return .done }
            return replaces ? .missing : .different("\(description) is there, but does something else")
        case .collation(let table):
            return catalog.tables[table].map { $0.collation == MySQLTable.collation } == false ? .missing : .done
        case .messageCounts:
            return .missing
        }
    }

    /// The statements that do it, in their order; ``MySQLMessageCounts`` has its own.
    var statements: [SQLQuery] {
        switch self {
        case .table(let table): return [table.creation]
        case .column(let column, let table): return [column.addition(to: table)]
        case .index(let index, let table): return [index.creation(on: table)]
        case .trigger(let trigger, replaces: false): return [trigger.creation]
        case .trigger(let trigger, replaces: true):
            return ["DROP TRIGGER IF EXISTS \(SQLIdentifier(trigger.name))", trigger.creation]
        case .collation(let table):
            let collation = SQLQuery(
                stringLiteral: MySQLTable.characterSet + " COLLATE " + MySQLTable.collation)
            return ["ALTER TABLE \(SQLIdentifier(table)) CONVERT TO CHARACTER SET \(collation)"]
        case .messageCounts: return []
        }
    }

    /// What the user must be allowed to do, in the words of GRANT.
    var privileges: Set<String> {
        switch self {
        case .table(let table): table.references.isEmpty ? ["CREATE"] : ["CREATE", "REFERENCES"]
        case .column: ["ALTER"]
        case .index: ["INDEX"]
        case .trigger: ["TRIGGER"]
        case .collation: ["ALTER", "CREATE", "INSERT"]
        case .messageCounts: ["SELECT", "UPDATE"]
        }
    }

    /// For people: "table sessions".
    var description: String {
        switch self {
        case .table(let table): "table \(table.name)"
        case .column(let column, let table): "column \(table).\(column.name)"
        case .index(let index, let table): "index \(index.name) of \(table)"
        case .trigger(let trigger, _): "trigger \(trigger.name)"
        case .collation(let table): "collation of \(table)"
        case .messageCounts: "numbers of messages"
        }
    }

    /// Tables and columns that there are once it is done.
    var columns: [(table: String, column: MySQLColumn)] {
        switch self {
        case .table(let table): table.columns.map { (table.name, $0) }
        case .column(let column, let table): [(table, column)]
        case .index, .trigger, .collation, .messageCounts: []
        }
    }
}
