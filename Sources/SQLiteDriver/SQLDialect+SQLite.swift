package import SQL

extension SQLDialect {
    package static let sqlite = SQLDialect(
        name: "SQLite", identifierQuote: "\"", locking: .database, clock: .temporaryTrigger
    ) { fragment, dialect in
        switch fragment {
        case .octetLength(let table, let column):
            ("coalesce(opencodefs_octets(\(cell(table, column, dialect))), 0)", [])
        case .slice(let table, let column, let offset, let count):
            (
                "opencodefs_slice(\(cell(table, column, dialect)), ?, ?)",
                [.integer(Int64(offset)), .integer(Int64(count))]
            )
        case .summary(let table, let column):
            ("coalesce(opencodefs_summary(\(cell(table, column, dialect))), 0)", [])
        case .isBlob(let column): ("typeof(\(dialect.quote(column))) = 'blob'", [])
        case .mayContain(let column, let bytes, let isFolding):
            (
                "CASE typeof(\(dialect.quote(column))) WHEN 'null' THEN 0 WHEN 'text' THEN \(found(column, isFolding, dialect)) "
                    + "WHEN 'blob' THEN \(found(column, isFolding, dialect)) ELSE 1 END",
                [.text(bytes), .text(bytes)]
            )
        case .mayShow(let column, let bytes, let isFolding):
            // GLOB stops at a NUL, instr does not.
            (
                "CASE typeof(\(dialect.quote(column))) WHEN 'blob' THEN 1 WHEN 'text' THEN "
                    + "\(found(column, isFolding, dialect)) OR \(dialect.quote(column)) GLOB '*[^-A-Za-z0-9_. /:@+]*' "
                    + "OR instr(\(dialect.quote(column)), char(0)) > 0 ELSE 0 END",
                [.text(bytes)]
            )
        // The collation of OpenCode's columns is the default, BINARY.
        case .equal(let column, let value): ("\(dialect.quote(column)) = ?", [value])
        case .identical(let column, let value): ("\(dialect.quote(column)) IS ?", [value])
        case .bytewise(let column): (dialect.quote(column), [])
        case .now: ("CAST(strftime('%s', 'now') AS INTEGER)", [])
        // The transaction keeps everybody else from writing.
        case .locked: ("", [])
        }
    }

    /// instr() and lower() go by the length of a text, so a NUL ends nothing; instr() compares bytes at the beginning of each
    /// character, and every piece of UTF-8 begins with one.
    private static func found(_ column: SQLIdentifier, _ isFolding: Bool, _ dialect: SQLDialect) -> String {
        "instr(\(isFolding ? "lower" : "")(\(dialect.quote(column))), ?) > 0"
    }

    /// The first arguments of our functions: which cell, and what it holds. typeof() looks no further than the header.
    private static func cell(_ table: SQLIdentifier, _ column: SQLIdentifier, _ dialect: SQLDialect) -> String {
        let name = dialect.quote(table)
        return "\(literal(table)), \(literal(column)), \(name).rowid, typeof(\(name).\(dialect.quote(column)))"
    }

    /// The name of a table or column as a string in a statement.
    private static func literal(_ identifier: SQLIdentifier) -> String {
        let parts = identifier.name.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
        return parts.count == 1 ? "'\(identifier.name)'" : "'" + parts.map { String($0) }.joined(separator: "''") + "'"
    }
}
