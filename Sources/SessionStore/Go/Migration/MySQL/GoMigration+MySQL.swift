internal import SQL

/// What all migrations together mean to a server.
extension GoMigration {
    /// Every table that a migration makes, and the record of them.
    static let mysqlTables: Set<String> = all.flatMap(\.mysql).reduce(into: ["goose_db_version"]) { tables, step in
        if case .table(let table) = step { tables.insert(table.name) }
    }

    /// What every migration but a repair makes, to tell what an earlier start has left.
    private var ownSteps: [MySQLStep] {
        mysql.filter { step in
            switch step {
            case .table, .column, .index, .trigger(_, replaces: false): true
            case .trigger(_, replaces: true), .collation, .messageCounts: false
            }
        }
    }

    /// Whether some of what is still to be done has been done: a migration was cut off.
    static func mysqlIsCutOff(after count: Int, in catalog: MySQLCatalog) -> Bool {
        all[count...].contains { $0.ownSteps.contains { $0.state(in: catalog) == .done } }
    }

    /// Why a database that has had the first `count` migrations cannot have the others, for people; nil where it can.
    static func mysqlObstacle(after count: Int, in catalog: MySQLCatalog) -> String? {
        guard count < all.count else { return nil }
        let promised = all[..<count].flatMap(\.mysql).flatMap(\.columns)
        let missing = Set(promised.compactMap { lacking($0.column, of: $0.table, in: catalog) })
        guard missing.isEmpty else {
            return "its version is \(all[count - 1].version), but it lacks \(missing.sorted().joined(separator: ", "))"
        }
        let steps = all[count...].flatMap(\.mysql)
        return promised.lazy.compactMap { unfit($0.column, of: $0.table, in: catalog) }.first
            ?? steps.lazy.compactMap { $0.obstacle(in: catalog) }.first
    }

    private static func lacking(_ column: MySQLColumn, of name: String, in catalog: MySQLCatalog) -> String? {
        guard let table = catalog.tables[name] else { return name }
        return table.column(column.name) == nil ? "\(name).\(column.name)" : nil
    }

    /// What is wrong with a column that is there. Its length and default are not asked for: earlier forms of the first
    /// migration had others.
    private static func unfit(_ column: MySQLColumn, of name: String, in catalog: MySQLCatalog) -> String? {
        guard let table = catalog.tables[name], let found = table.column(column.name) else { return nil }
        guard table.engine.lowercased() == MySQLTable.engine.lowercased() else {
            return
                "the engine of \(name) is \(table.engine), which knows no transactions; it must be \(MySQLTable.engine)"
        }
        guard found.type.kind == column.type.kind else {
            return "\(name).\(column.name) is \(found.type.text) where OpenCode has \(column.type.text)"
        }
        return nil
    }
}

extension MySQLStep {
    /// Why the step cannot be done, as far as can be told before; nil where it can.
    fileprivate func obstacle(in catalog: MySQLCatalog) -> String? {
        switch state(in: catalog) {
        case .done: return nil
        case .different(let reason): return reason
        case .missing: break
        }
        guard case .table(let table) = self else { return nil }
        for reference in table.references {
            // A foreign key needs the same collation on both sides.
            guard let parent = catalog.tables[reference.parent]?.column(reference.parentColumn),
                let collation = parent.collation, collation != MySQLTable.collation
            else { continue }
            return """
                \(reference.parent).\(reference.parentColumn) has the collation \(collation), and the \(description) can \
                only refer to \(MySQLTable.collation); an administrator has to convert the tables that are there
                """
        }
        return nil
    }
}
