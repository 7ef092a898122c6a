extension MySQLTable {
    /// What of this table's definition `found` lacks or has otherwise, for people. What it has besides is none of our
    /// business: later migrations add to it.
    func differences(in found: MySQLTable) -> [String] {
        var differences: [String] = []
        if found.engine.lowercased() != engine.lowercased() {
            differences.append("its engine is \(found.engine), not \(engine)")
        }
        if found.collation != collation { differences.append("its collation is \(found.collation), not \(collation)") }
        for column in columns {
            guard let other = found.column(column.name) else {
                differences.append("it lacks the column \(column.name)")
                continue
            }
            if let difference = column.difference(in: other) { differences.append(difference) }
        }
        if found.key != key { differences.append("its primary key is not (\(key.joined(separator: ", ")))") }
        for index in indexes where !found.indexes.contains(index) {
            differences.append("it lacks the index \(index.name), or has another of this name")
        }
        for reference in references where !found.references.contains(reference) {
            differences.append("it lacks the foreign key of \(reference.column) to \(reference.parent)")
        }
        for check in checks.sorted() where !found.checks.contains(check) {
            differences.append("it lacks the condition \(check)")
        }
        return differences
    }
}

extension MySQLColumn {
    /// How a column of the same name differs from this one, for people; nil where it does not.
    func difference(in found: MySQLColumn) -> String? {
        if found.type != type { return "\(name) is \(found.type.text), not \(type.text)" }
        if found.isRequired != isRequired { return "\(name) is \(isRequired ? "nullable" : "NOT NULL")" }
        if found.standard != standard { return "\(name) has another default" }
        return nil
    }
}
