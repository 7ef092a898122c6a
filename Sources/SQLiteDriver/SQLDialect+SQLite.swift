package import SQL

extension SQLDialect {
    package static let sqlite = SQLDialect(
        name: "SQLite",
        identifierQuote: "\"",
        octetLength: { table, column in
            "coalesce(opencodefs_octets(\(cell(table, column))), 0)"
        },
        slice: { table, column in
            "opencodefs_slice(\(cell(table, column)), ?, ?)"
        }
    )

    /// The first arguments of our functions: which cell, and what it holds. typeof() looks no further than the header.
    private static func cell(_ table: SQLIdentifier, _ column: SQLIdentifier) -> String {
        let name = sqlite.quote(table)
        return "\(literal(table)), \(literal(column)), \(name).rowid, typeof(\(name).\(sqlite.quote(column)))"
    }

    /// The name of a table or column as a string in a statement.
    private static func literal(_ identifier: SQLIdentifier) -> String {
        var text = String.UnicodeScalarView("'".unicodeScalars)
        // By scalars: a quote with an accent on it is one character, and not equal to a quote.
        for scalar in identifier.name.unicodeScalars {
            text.append(scalar)
            if scalar == "'" { text.append(scalar) }
        }
        return String(text) + "'"
    }
}
