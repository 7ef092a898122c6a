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
        let parts = identifier.name.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
        return parts.count == 1 ? "'\(identifier.name)'" : "'" + parts.map { String($0) }.joined(separator: "''") + "'"
    }
}
