/// A row by the names of its columns: for files that show a row, whatever columns this version of the schema has.
package struct Record: Sendable {
    package enum Field: Sendable, Hashable {
        case integer(Int64)
        case real(Double)
        case text([UInt8])
    }

    private let fields: [String: Field]
    /// All columns in the order of the schema, those that are NULL too.
    package let columns: [String]

    /// - Parameter columns: their order, where it matters.
    package init(_ fields: [String: Field], columns: [String] = []) {
        self.fields = fields
        self.columns = columns
    }

    /// This row with another value in a column.
    package func replacing(_ column: String, by value: Field) -> Record {
        Record(fields.merging([column: value]) { _, new in new }, columns: columns)
    }

    /// The column's value; nil where it is NULL or this schema does not have it.
    package subscript(_ column: String) -> Field? {
        fields[column]
    }

    package func integer(_ column: String) -> Int64? {
        switch fields[column] {
        case .integer(let value): value
        case .real(let value): Int64(exactly: value.rounded(.towardZero))
        case .text, nil: nil
        }
    }

    package func text(_ column: String) -> [UInt8]? {
        switch fields[column] {
        case .text(let bytes): bytes
        case .integer(let value): Array("\(value)".utf8)
        case .real(let value): Array("\(value)".utf8)
        case nil: nil
        }
    }
}

/// The row of a session, and which generation of OpenCode wrote it.
package struct SessionRecord: Sendable {
    package enum Generation: String, Sendable, CaseIterable {
        /// OpenCode 1.2 to 1.18: tables `session`, `message`, `part`.
        case v1
        /// OpenCode 2: tables `session_v2`, `session_message`.
        case v2
        /// OpenCode in Go, and its fork: tables `sessions`, `messages`.
        case go
    }

    package let generation: Generation
    package let row: Record
    /// When the row says it changed, in milliseconds since 1970.
    package let updated: Int64

    package init(generation: Generation, row: Record, updated: Int64 = 0) {
        self.generation = generation
        self.row = row
        self.updated = updated
    }
}

/// An entry of a session's list of things to do.
package struct Todo: Sendable {
    package let content: [UInt8]
    package let status: [UInt8]
    package let priority: [UInt8]
    /// Milliseconds since 1970.
    package let updated: Int64

    package init(content: [UInt8], status: [UInt8], priority: [UInt8], updated: Int64) {
        self.content = content
        self.status = status
        self.priority = priority
        self.updated = updated
    }
}
