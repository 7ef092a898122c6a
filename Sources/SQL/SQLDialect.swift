/// What each provider says in its own words. A store writes its SQL once; where providers differ it interpolates a
/// ``SQLFragment`` and the dialect renders it.
package struct SQLDialect: Sendable {
    /// What a transaction that writes keeps others from.
    package enum Locking: Sendable {
        /// There is one writer at a time, and a counter tells whether anything was committed in between.
        case database
        /// Others write other rows meanwhile, and no counter tells.
        case rows
    }

    /// How a column is set although a trigger would set it to the time of the change.
    package enum Clock: Sendable {
        /// A temporary trigger of the connection has the other's update ignored.
        case temporaryTrigger
        /// The connection is told which time it is (MySQL, MariaDB: the session variable `timestamp`).
        case sessionTime
    }

    /// A name for status and messages: "SQLite".
    package let name: String
    package let identifierQuote: Unicode.Scalar
    package let locking: Locking
    package let clock: Clock
    /// What a fragment is in this provider's words, with a placeholder for each of the values, in their order.
    package let render: @Sendable (SQLFragment, SQLDialect) -> (text: String, values: [SQLValue])

    package init(
        name: String, identifierQuote: Unicode.Scalar, locking: Locking, clock: Clock,
        render: @escaping @Sendable (SQLFragment, SQLDialect) -> (text: String, values: [SQLValue])
    ) {
        self.name = name
        self.identifierQuote = identifierQuote
        self.locking = locking
        self.clock = clock
        self.render = render
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
}

/// Something that every provider can do and each writes differently.
package enum SQLFragment: Sendable {
    /// Bytes of a text column of the row in hand, found without reading the text.
    case octetLength(table: SQLIdentifier, column: SQLIdentifier)
    /// Bytes of a text column as a blob; the rest of the text is not read.
    case slice(table: SQLIdentifier, column: SQLIdentifier, from: Int, count: Int)
    /// How long a text column of the row in hand is and how it begins, as ``SQLTextSummary`` has it; found without reading
    /// the text.
    case summary(table: SQLIdentifier, column: SQLIdentifier)
    /// Whether the column of the row in hand holds a blob rather than a text: 1 or 0.
    case isBlob(SQLIdentifier)
    /// Whether the text in a column of the row in hand may hold one of some words, pieces of UTF-8 without control characters: true
    /// wherever it does. With `isFolding` letters of ASCII stand for both cases, and the words are ASCII in lower case. Where a
    /// text can only be read whole, one with more bytes than `limit` is not read, and may hold anything.
    case mayContain(table: SQLIdentifier, column: SQLIdentifier, words: [[UInt8]], isFolding: Bool, limit: Int)
    /// The same of a column that is shown as a value of JSON: also true where a text has characters that may be written in
    /// another way there.
    case mayShow(SQLIdentifier, words: [[UInt8]], isFolding: Bool)
    /// Whether a column has a value, every byte of it, whatever the collation says. NULL is equal to nothing. Finds the
    /// rows by an index of the column where there is one.
    case equal(SQLIdentifier, SQLValue)
    /// The same, with NULL equal to NULL.
    case identical(SQLIdentifier, SQLValue)
    /// Orders by a text column's bytes, whatever the collation says.
    case bytewise(SQLIdentifier)
    /// Seconds since 1970 by the clock of the database, which is the one that its triggers ask.
    case now
    /// At the end of a SELECT in a transaction that writes: nobody else changes these rows until its end.
    case locked
}
