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
        case .mayContain(let table, let column, let words, let isFolding, _):
            (
                "coalesce(opencodefs_holds(\(cell(table, column, dialect)), ?, ?), \(dialect.quote(column)) IS NOT NULL)",
                lines(words, isFolding)
            )
        case .mayShow(let column, let words, let isFolding):
            ("opencodefs_shows(\(dialect.quote(column)), ?, ?)", lines(words, isFolding))
        // The collation of OpenCode's columns is the default, BINARY.
        case .equal(let column, let value): ("\(dialect.quote(column)) = ?", [value])
        case .identical(let column, let value): ("\(dialect.quote(column)) IS ?", [value])
        case .bytewise(let column): (dialect.quote(column), [])
        case .now: ("CAST(strftime('%s', 'now') AS INTEGER)", [])
        // The transaction keeps everybody else from writing.
        case .locked: ("", [])
        }
    }

    /// Words as our functions take them.
    private static func lines(_ words: [[UInt8]], _ isFolding: Bool) -> [SQLValue] {
        [.blob(Array(words.joined(separator: [UInt8(ascii: "\n")]))), .integer(isFolding ? 1 : 0)]
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
