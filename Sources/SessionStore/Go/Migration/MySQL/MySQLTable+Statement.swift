internal import SQL

/// The statements that make tables and what belongs to them. Their words are our own, never a value's.
extension MySQLTable {
    /// CREATE TABLE with all of it. It fails where there is a table of this name: what others made is theirs.
    var creation: SQLQuery {
        var lines = columns.map(\.definition)
        lines.append("PRIMARY KEY (\(Self.names(key)))")
        lines += indexes.map { "\($0.kind)KEY \(SQLIdentifier($0.name)) (\($0.list))" }
        lines += references.map(\.definition)
        let definition = SQLQuery.joined(lines, separator: ", ")
        let options = SQLQuery(
            stringLiteral: "ENGINE = " + engine + " DEFAULT CHARSET = " + Self.characterSet + " COLLATE = " + collation)
        return "CREATE TABLE \(SQLIdentifier(name)) (\(definition)) \(options)"
    }

    private static func names(_ columns: [String]) -> SQLQuery {
        .joined(columns.map { "\(SQLIdentifier($0))" }, separator: ", ")
    }
}

extension MySQLColumn {
    fileprivate var definition: SQLQuery {
        var words = type.text + (isRequired ? " NOT NULL" : "") + standard.text
        if let check { words += " CHECK (" + check + ")" }
        return "\(SQLIdentifier(name)) \(SQLQuery(stringLiteral: words))"
    }

    /// ALTER TABLE that adds the column as the last one.
    func addition(to table: String) -> SQLQuery {
        "ALTER TABLE \(SQLIdentifier(table)) ADD COLUMN \(definition)"
    }
}

extension MySQLIndex {
    fileprivate var kind: SQLQuery { isUnique ? "UNIQUE " : "" }

    fileprivate var list: SQLQuery {
        .joined(
            parts.map { part in
                let prefix = part.prefix.map { "(" + String($0) + ")" } ?? ""
                return
                    "\(SQLIdentifier(part.column))\(SQLQuery(stringLiteral: prefix + (part.isDescending ? " DESC" : "")))"
            }, separator: ", ")
    }

    func creation(on table: String) -> SQLQuery {
        "CREATE \(kind)INDEX \(SQLIdentifier(name)) ON \(SQLIdentifier(table)) (\(list))"
    }
}

extension MySQLReference {
    fileprivate var definition: SQLQuery {
        let constraint: SQLQuery = name.map { "CONSTRAINT \(SQLIdentifier($0)) " } ?? ""
        return """
            \(constraint)FOREIGN KEY (\(SQLIdentifier(column))) REFERENCES \(SQLIdentifier(parent)) \
            (\(SQLIdentifier(parentColumn))) ON DELETE \(SQLQuery(stringLiteral: onDelete))
            """
    }
}

extension MySQLTrigger {
    var creation: SQLQuery {
        """
        CREATE TRIGGER \(SQLIdentifier(name)) \(SQLQuery(stringLiteral: moment)) ON \(SQLIdentifier(table)) \
        FOR EACH ROW \(SQLQuery(stringLiteral: action))
        """
    }
}
