internal import SQL
internal import SessionModel

/// A number for a set of rows that is another when one of them is: the sum of what their times and lengths mix to, in whatever
/// order they come. 0 for no rows.
struct Fingerprint {
    private(set) var value: Int64 = 0

    mutating func add(_ message: Message) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ number: UInt64) { hash = (hash ^ number) &* 0x100_0000_01b3 ^ hash >> 29 }
        func mix(_ bytes: [UInt8]) { for byte in bytes { mix(UInt64(byte)) } }
        mix(message.id.bytes)
        for text in message.texts {
            mix(UInt64(bitPattern: text.updated))
            mix(UInt64(truncatingIfNeeded: text.octets))
        }
        if case .parted(_, let parts) = message.shape { for part in parts { mix(part.id.bytes) } }
        value &+= Int64(bitPattern: hash | 1)
    }

    /// The same kind of sum, made by SQLite: each row is mixed to a number below 2 to the 31st, so that no sum overflows. That
    /// the row's own number is a factor tells rows apart that have exchanged their texts. Times are spread by the factor of
    /// a good linear congruential generator (Fishman and Moore 1986): by no smaller one, or a text a little shorter a few seconds
    /// later would be the same number.
    ///
    /// - Parameter table: has the columns; its rows have numbers.
    static func sum(of table: SQLIdentifier, time: SQLIdentifier, text: SQLIdentifier) -> SQLQuery {
        // Asked for once: it takes longer than all the rest.
        let octets = SQLFragment.octetLength(table: table, column: text)
        return """
            sum((\(table).rowid % 1000003 + 1000003) * ((coalesce(CAST(\(table).\(time) AS INTEGER), 0) \
            % 1000000007 * 742938285 + \(octets)) % 2147483647) % 2147483629 + 1)
            """
    }
}
