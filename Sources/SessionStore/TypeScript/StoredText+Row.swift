internal import SQL
internal import SessionModel

extension StoredText {
    private static let data = SQLIdentifier("data")

    /// The column that describes the text of a row: how long it is, and how it begins.
    static func summarized(of table: String) -> SQLQuery {
        "\(SQLFragment.summary(table: SQLIdentifier(table), column: data))"
    }

    init(_ row: any SQLRow, updated: Int, summary: Int) {
        let summary = SQLTextSummary(rawValue: row.integer(at: summary) ?? 0)
        self.init(summary, updated: row.integer(at: updated) ?? 0)
    }

    /// The columns that describe the text of a row and show more of its beginning: who speaks stands there.
    static func described(of table: String) -> SQLQuery {
        "\(summarized(of: table)), \(beginning(of: table))"
    }

    /// The column that shows the beginning of the text of a row.
    static func beginning(of table: String) -> SQLQuery {
        "\(SQLFragment.slice(table: SQLIdentifier(table), column: data, from: 0, count: 128))"
    }

    /// - Parameter start: the first of the columns that ``described(of:)`` names.
    static func described(_ row: any SQLRow, updated: Int, from start: Int) -> (StoredText, beginning: [UInt8]) {
        (StoredText(row, updated: updated, summary: start), row.bytes(at: start + 1) ?? [])
    }

    init(_ summary: SQLTextSummary, updated: Int64) {
        let opening: Opening =
            if summary.first != UInt8(ascii: "{") {
                .other
            } else if summary.octets == 2, summary.second == UInt8(ascii: "}") {
                .emptyObject
            } else {
                .object
            }
        self.init(octets: summary.octets, opening: opening, updated: updated)
    }

    /// - Parameter beginning: the first two bytes.
    init(octets: Int, beginning: [UInt8], updated: Int64) {
        let (first, second) = (beginning.first ?? 0, beginning.dropFirst().first ?? 0)
        self.init(
            SQLTextSummary(rawValue: Int64(octets) << 16 | Int64(first) << 8 | Int64(second)), updated: updated)
    }
}

/// The texts of a message, as long as they have no more bytes than a limit in all.
struct StoredTexts {
    private(set) var all: [[UInt8]] = []
    /// Bytes that there may still be.
    private(set) var rest: Int
    /// Whether there are more; then ``all`` lacks some.
    private(set) var isTooLarge = false

    init(limit: Int) {
        rest = limit
    }

    /// The columns of a row's text: its summary, and all of it where it has no more bytes than the parameter before all
    /// others says.
    static func columns(of table: String) -> SQLQuery {
        let (table, data) = (SQLIdentifier(table), SQLIdentifier("data"))
        let octets = SQLFragment.octetLength(table: table, column: data)
        let summary = SQLFragment.summary(table: table, column: data)
        return "\(summary), CASE WHEN \(octets) <= \(.parameter) THEN \(table).\(data) END"
    }

    /// Takes the text of a row, whose columns ``columns(of:)`` names, the first of them at `start`.
    mutating func add(_ row: any SQLRow, updated: Int, from start: Int) -> StoredText {
        let text = StoredText(row, updated: updated, summary: start)
        guard !isTooLarge, text.octets <= rest else {
            isTooLarge = true
            all = []
            return text
        }
        rest -= text.octets
        all.append(row.bytes(at: start + 1) ?? [])
        return text
    }
}
