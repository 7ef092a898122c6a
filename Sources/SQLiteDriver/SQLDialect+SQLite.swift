package import SQL

extension SQLDialect {
    package static let sqlite = SQLDialect(
        name: "SQLite",
        identifierQuote: "\"",
        octetLength: { table, column in
            "coalesce(opencodefs_octets(\(literal(table)), \(literal(column)), \(table.name).rowid), 0)"
        },
        slice: { table, column in
            "opencodefs_slice(\(literal(table)), \(literal(column)), \(table.name).rowid, ?, ?)"
        }
    )

    /// The name of a table or column as a string in a statement.
    private static func literal(_ identifier: SQLIdentifier) -> String {
        var text = "'"
        for character in identifier.name {
            text.append(character)
            if character == "'" { text.append(character) }
        }
        return text + "'"
    }
}
