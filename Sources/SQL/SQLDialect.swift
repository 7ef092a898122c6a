/// What each provider says in its own words. A store writes its SQL once; where providers differ it interpolates a
/// ``SQLFragment`` and the dialect renders it.
package struct SQLDialect: Sendable {
    /// A name for status and messages: "SQLite".
    package let name: String
    package let identifierQuote: Unicode.Scalar
    /// Bytes of a text column of the row in hand, found without reading the text.
    package let octetLength: @Sendable (_ table: SQLIdentifier, _ column: SQLIdentifier) -> String
    /// Bytes of a text column as a blob; the rest of the text is not read. Has two placeholders: the offset and the
    /// count.
    package let slice: @Sendable (_ table: SQLIdentifier, _ column: SQLIdentifier) -> String

    package init(
        name: String,
        identifierQuote: Unicode.Scalar,
        octetLength: @escaping @Sendable (SQLIdentifier, SQLIdentifier) -> String,
        slice: @escaping @Sendable (SQLIdentifier, SQLIdentifier) -> String
    ) {
        self.name = name
        self.identifierQuote = identifierQuote
        self.octetLength = octetLength
        self.slice = slice
    }

    package func quote(_ identifier: SQLIdentifier) -> String {
        let names = identifier.name.unicodeScalars
        guard names.contains(identifierQuote) else { return "\(identifierQuote)\(identifier.name)\(identifierQuote)" }
        var quoted = String.UnicodeScalarView([identifierQuote])
        // By scalars: a quote with an accent on it is one character, and not equal to a quote.
        for scalar in names {
            quoted.append(scalar)
            if scalar == identifierQuote { quoted.append(scalar) }
        }
        quoted.append(identifierQuote)
        return String(quoted)
    }

    package func render(_ fragment: SQLFragment) -> String {
        switch fragment {
        case .octetLength(let table, let column): octetLength(table, column)
        case .slice(let table, let column, _, _): slice(table, column)
        }
    }
}

/// Something that every provider can do and each writes differently.
package enum SQLFragment: Sendable {
    case octetLength(table: SQLIdentifier, column: SQLIdentifier)
    case slice(table: SQLIdentifier, column: SQLIdentifier, from: Int, count: Int)

    /// What its placeholders stand for.
    package var values: [SQLValue] {
        switch self {
        case .octetLength: []
        case .slice(_, _, let offset, let count): [.integer(Int64(offset)), .integer(Int64(count))]
        }
    }
}
