package import SQL

extension SQLDialect {
    /// MySQL and MariaDB, whatever collation the tables have: what is compared is compared by bytes.
    ///
    /// A server reads a text whole for its length and for each slice of it: about a second for 64 MB. Who needs all of a
    /// text had better ask for all of it.
    package static let mysql = mysql(isReading: false)
    /// In a transaction that reads, a lock is an error (1792): whoever asks for one is given the rows without.
    static let mysqlReading = mysql(isReading: true)

    private static func mysql(isReading: Bool) -> SQLDialect {
        SQLDialect(name: "MySQL", identifierQuote: "`", locking: .rows, clock: .sessionTime) { fragment, dialect in
            switch fragment {
            case .octetLength(let table, let column):
                ("coalesce(octet_length(\(dialect.quote(table)).\(dialect.quote(column))), 0)", [])
            case .slice(let table, let column, let offset, let count):
                (
                    "substring(\(bytes("\(dialect.quote(table)).\(dialect.quote(column))")), ?, ?)",
                    [.integer(Int64(max(0, offset)) + 1), .integer(Int64(max(0, count)))]
                )
            case .summary(let table, let column): (summary("\(dialect.quote(table)).\(dialect.quote(column))"), [])
            // The column's type decides that, not the row; the collation of a binary column is `binary`.
            case .isBlob(let column): ("(collation(\(dialect.quote(column))) = 'binary')", [])
            case .mayContain(_, let column, let words, let isFolding, let limit):
                isFolding
                    ? ("1", [])
                    : (
                        "(coalesce(octet_length(\(dialect.quote(column))), 0) > \(limit) OR "
                            + "\(found(words, in: dialect.quote(column))))", words.map { .blob($0) }
                    )
            case .mayShow(let column, let words, let isFolding):
                isFolding
                    ? ("1", [])
                    : (
                        "(\(found(words, in: dialect.quote(column))) OR \(isEscaped(dialect.quote(column))))",
                        words.map { .blob($0) }
                    )
            case .equal(let column, let value): equal(dialect.quote(column), value)
            case .identical(let column, .null): ("\(dialect.quote(column)) IS NULL", [])
            case .identical(let column, let value): equal(dialect.quote(column), value)
            case .bytewise(let column): (bytes(dialect.quote(column)), [])
            case .now: ("unix_timestamp()", [])
            case .locked: (isReading ? "" : " FOR UPDATE", [])
            }
        }
    }

    /// The bytes of a text column. CAST(… AS BINARY) would be NULL for a text larger than max_allowed_packet, and so equal to
    /// nothing; what this gives may be of any length.
    private static func bytes(_ column: String) -> String {
        "CONVERT(\(column) USING binary)"
    }

    private static func found(_ words: [[UInt8]], in column: String) -> String {
        words.map { _ in "coalesce(locate(?, \(bytes(column))) > 0, 0)" }.joined(separator: " OR ")
    }

    /// Whether a text is written with escapes in JSON: it is longer there than by its two quotes.
    private static func isEscaped(_ column: String) -> String {
        let text = "CONVERT(\(column) USING utf8mb4)"
        return "coalesce(octet_length(json_quote(\(text))) <> octet_length(\(text)) + 2, 0)"
    }

    /// ord() of no byte is 0, and of a string that is bytes never more than one byte.
    private static func summary(_ column: String) -> String {
        let bytes = bytes(column)
        return """
            coalesce(octet_length(\(column)) * 65536 + ord(substring(\(bytes), 1, 1)) * 256 \
            + ord(substring(\(bytes), 2, 1)), 0)
            """
    }

    /// The first comparison finds the rows by an index, the second decides.
    private static func equal(_ column: String, _ value: SQLValue) -> (text: String, values: [SQLValue]) {
        switch value {
        case .text(let content), .blob(let content):
            // No index holds so long a text: the bytes alone are compared.
            if content.count > 3072 { return ("\(bytes(column)) = ?", [.blob(content)]) }
            // As a text also where it is a blob: compared with that, no index of a text column is of use.
            return ("(\(column) = ? AND \(bytes(column)) = ?)", [.text(content), .blob(content)])
        // A text is no number: 'abc' would be equal to 0. Of numbers the texts are equal when they are.
        case .integer, .real:
            return ("(\(column) = ? AND \(bytes(column)) = CONVERT(? USING binary))", [value, value])
        case .null: return ("\(column) = NULL", [])
        }
    }
}
