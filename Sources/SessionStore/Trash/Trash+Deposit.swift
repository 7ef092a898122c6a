internal import Digest
internal import SQL

extension Trash {
    /// A text that goes into the trash piece by piece.
    struct LongText {
        let column: String
        let octets: Int
        let isBlob: Bool
    }

    /// Rows on their way into an item.
    struct Deposit {
        /// Nil where rows are only noted.
        let connection: (any SQLConnection)?
        let item: Int64
        /// Where to note what is filed; a text that is too long for that is not filed either.
        var rows: FiledRows?

        /// - Parameters:
        ///   - key: the columns by which the row is found: never a fingerprint only.
        ///   - long: of the column that is too long to be among the values, which say NULL for it.
        ///   - read: bytes of it.
        func add(
            _ kind: RecordKind, table: String, columns: [String], values: [SQLValue], key: [String] = [],
            long: LongText? = nil,
            _ read: (Range<Int>) throws(SQLError) -> [UInt8] = { _ in [] }
        ) throws(SQLError) {
            if let rows {
                let row = FiledRow(kind: kind, table: table, columns: columns, values: values)
                rows.note(row, isLong: long != nil || kind != .removed)
                guard rows.isWhole else { return }
            }
            guard let connection else { return }
            try connection.run(
                "INSERT INTO record (item, origin, kind) VALUES (\(item), \(table), \(kind.rawValue))")
            let record = try connection.integer("SELECT last_insert_rowid()") ?? 0
            for (column, value) in zip(columns, values) {
                if let long, long.column == column {
                    try add(long, to: record, on: connection, read)
                } else if kind.isRecognisedOnly, !key.contains(column), let fingerprint = Fingerprint(ofLong: value) {
                    try connection.run(
                        """
                        INSERT INTO field (record, name, value, pieces) \
                        VALUES (\(record), \(column), \(SQLValue.blob(fingerprint.bytes)), \(Fingerprint.name))
                        """)
                } else {
                    try connection.run(
                        "INSERT INTO field (record, name, value) VALUES (\(record), \(column), \(value))")
                }
            }
        }

        private func add(
            _ long: LongText, to record: Int64, on connection: any SQLConnection,
            _ read: (Range<Int>) throws(SQLError) -> [UInt8]
        ) throws(SQLError) {
            let kind = long.isBlob ? "blob" : "text"
            try connection.run("INSERT INTO field (record, name, pieces) VALUES (\(record), \(long.column), \(kind))")
            let field = try connection.integer("SELECT last_insert_rowid()") ?? 0
            for start in stride(from: 0, to: long.octets, by: Trash.pieceSize) {
                let bytes = try read(start..<min(start + Trash.pieceSize, long.octets))
                try connection.run("INSERT INTO piece (field, bytes) VALUES (\(field), \(SQLValue.blob(bytes)))")
            }
        }
    }

    /// Enough of a value to recognise it.
    struct Fingerprint: Hashable {
        /// Its name in the column `pieces`.
        static let name = "sha256"
        /// A shorter text is kept itself.
        private static let shortest = 256

        let bytes: [UInt8]

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// Of a text or a blob that is longer than its fingerprint is worth; nil of others.
        init?(ofLong value: SQLValue) {
            guard let bytes = value.bytes, bytes.count >= Self.shortest else { return nil }
            self.init(of: value, bytes)
        }

        private init(of value: SQLValue, _ content: [UInt8]) {
            // A text and a blob of the same bytes are not the same.
            if case .blob = value {
                bytes = SHA256.digest(of: content) + [1]
            } else {
                bytes = SHA256.digest(of: content) + [0]
            }
        }
    }
}

extension Trash {
    /// A field of a record.
    enum Stored {
        case value(SQLValue)
        case fingerprint(Fingerprint)

        var value: SQLValue? {
            if case .value(let value) = self { value } else { nil }
        }

        /// Whether a value is this one, give or take what the type of a column makes of it.
        func recognises(_ other: SQLValue) -> Bool {
            switch self {
            case .fingerprint(let fingerprint): Fingerprint(ofLong: other) == fingerprint
            case .value(let value):
                switch (value, other) {
                case (.integer, .real), (.real, .integer), (.text, .integer), (.text, .real), (.integer, .text),
                    (.real, .text):
                    value.number != nil && value.number == other.number
                default: value == other
                }
            }
        }
    }
}

extension SQLValue {
    /// The value of what is a number, or looks like one.
    fileprivate var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        case .text(let bytes): bytes.count < 32 ? Double(String(decoding: bytes, as: UTF8.self)) : nil
        case .null, .blob: nil
        }
    }
}

extension Trash.RecordKind {
    /// Whether what it holds is compared and never written back.
    fileprivate var isRecognisedOnly: Bool {
        switch self {
        case .left, .added: true
        case .removed, .unchanged, .changed: false
        }
    }
}
