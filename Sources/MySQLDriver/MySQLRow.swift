internal import CMariaDB
internal import SQL

/// The row a statement stands on; good until its next row.
@safe
final class MySQLRow: SQLRow {
    /// What a column's values become.
    private enum Kind {
        case integer(isUnsigned: Bool)
        case real
        /// 32 bits, which the library would round when it makes 64 of them.
        case single
        /// A decimal number of so many digits behind the point, as text.
        case decimal(places: CUnsignedInt)
        /// A moment, as text.
        case moment
        case text
        case blob
        case null
    }

    /// Room for what the library writes of one column.
    private struct Cell {
        var length: CUnsignedLong = 0
        var isNull: my_bool = 0
        var isTruncated: my_bool = 0
        var number: UInt64 = 0
    }

    /// Digits, sign and point of the longest DECIMAL, and any moment.
    private static let textRoom = 96

    private let statement: UnsafeMutablePointer<MYSQL_STMT>
    private let kinds: [Kind]
    private let cells: UnsafeMutableBufferPointer<Cell>
    private let texts: UnsafeMutableRawBufferPointer

    /// For the result of a statement that has been executed; nil where the library refuses it.
    init?(_ statement: UnsafeMutablePointer<MYSQL_STMT>) {
        let count = unsafe Int(mysql_stmt_field_count(statement))
        guard let fields = unsafe mariadb_stmt_fetch_fields(statement) else { return nil }
        unsafe self.statement = statement
        kinds = (0..<count).map { unsafe Self.kind(of: fields[$0]) }
        unsafe cells = .allocate(capacity: count)
        unsafe cells.initialize(repeating: Cell())
        unsafe texts = .allocate(byteCount: max(1, count) * Self.textRoom, alignment: 8)
        // Of no more use once the library has copied them.
        let binds = UnsafeMutablePointer<MYSQL_BIND>.allocate(capacity: count)
        unsafe binds.initialize(repeating: MYSQL_BIND(), count: count)
        defer { unsafe binds.deallocate() }
        guard let first = unsafe cells.baseAddress, let room = unsafe texts.baseAddress else { return nil }
        for (index, kind) in kinds.enumerated() {
            let cell = unsafe first.advanced(by: index)
            unsafe binds[index].length = unsafe pointer(to: cell, at: MemoryLayout<Cell>.offset(of: \.length))
            unsafe binds[index].is_null = unsafe pointer(to: cell, at: MemoryLayout<Cell>.offset(of: \.isNull))
            unsafe binds[index].error = unsafe pointer(to: cell, at: MemoryLayout<Cell>.offset(of: \.isTruncated))
            let number = unsafe UnsafeMutableRawPointer(cell).advanced(
                by: MemoryLayout<Cell>.offset(of: \.number) ?? 0)
            switch kind {
            case .integer(let isUnsigned):
                unsafe binds[index].buffer_type = MYSQL_TYPE_LONGLONG
                unsafe binds[index].is_unsigned = isUnsigned ? 1 : 0
                unsafe binds[index].buffer = number
                unsafe binds[index].buffer_length = 8
            case .real:
                unsafe binds[index].buffer_type = MYSQL_TYPE_DOUBLE
                unsafe binds[index].buffer = number
                unsafe binds[index].buffer_length = 8
            case .single:
                unsafe binds[index].buffer_type = MYSQL_TYPE_FLOAT
                unsafe binds[index].buffer = number
                unsafe binds[index].buffer_length = 4
            case .decimal, .moment:
                unsafe binds[index].buffer_type = MYSQL_TYPE_STRING
                unsafe binds[index].buffer = room.advanced(by: index * Self.textRoom)
                unsafe binds[index].buffer_length = UInt(Self.textRoom)
            case .text, .blob: unsafe binds[index].buffer_type = MYSQL_TYPE_BLOB
            case .null: unsafe binds[index].buffer_type = MYSQL_TYPE_NULL
            }
        }
        guard unsafe mysql_stmt_bind_result(statement, binds) == 0 else { return nil }
    }

    deinit {
        unsafe cells.deallocate()
        unsafe texts.deallocate()
    }

    func value(at column: Int) -> SQLValue {
        guard kinds.indices.contains(column), unsafe cells[column].isNull == 0 else { return .null }
        let number = unsafe cells[column].number
        switch kinds[column] {
        case .integer(false): return .integer(Int64(bitPattern: number))
        case .integer(true):
            // What 63 bits cannot hold is given as digits.
            return Int64(exactly: number).map { .integer($0) } ?? SQLValue("\(number)")
        case .real: return .real(Double(bitPattern: number))
        case .single: return .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: number))))
        case .decimal(let places):
            let digits = shortText(at: column)
            if places == 0, let whole = Int64(String(decoding: digits, as: UTF8.self)) { return .integer(whole) }
            return .text(digits)
        case .moment: return .text(shortText(at: column))
        case .text: return .text(longBytes(at: column))
        case .blob: return .blob(longBytes(at: column))
        case .null: return .null
        }
    }

    func integer(at column: Int) -> Int64? {
        switch value(at: column) {
        case .null: nil
        case .integer(let number): number
        case .real(let number): Int64(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
        case .text(let bytes), .blob(let bytes): Self.leadingInteger(of: bytes)
        }
    }

    func bytes(at column: Int) -> [UInt8]? {
        switch value(at: column) {
        case .null: nil
        case .integer(let number): Array("\(number)".utf8)
        case .real(let number): Array("\(number)".utf8)
        case .text(let bytes), .blob(let bytes): bytes
        }
    }

    private func shortText(at column: Int) -> [UInt8] {
        let count = unsafe min(Int(clamping: cells[column].length), Self.textRoom)
        let start = column * Self.textRoom
        return unsafe Array(texts[start..<start + count])
    }

    /// Copies a text out of the row, as long as it is.
    private func longBytes(at column: Int) -> [UInt8] {
        let count = unsafe Int(clamping: cells[column].length)
        guard count > 0 else { return [] }
        return unsafe Array(unsafeUninitializedCapacity: count) { buffer, filled in
            var bind = unsafe MYSQL_BIND()
            unsafe bind.buffer_type = MYSQL_TYPE_BLOB
            unsafe bind.buffer = UnsafeMutableRawPointer(buffer.baseAddress)
            unsafe bind.buffer_length = UInt(count)
            // It fails for a column or a row that is not there, and both are.
            if unsafe mysql_stmt_fetch_column(statement, &bind, CUnsignedInt(column), 0) == 0 { filled = count }
        }
    }

    /// As SQLite makes a number of a text: the digits it begins with, 0 without any.
    private static func leadingInteger(of bytes: [UInt8]) -> Int64 {
        var digits = bytes.drop { $0 == UInt8(ascii: " ") || (9...13).contains($0) }
        let sign = digits.first.flatMap { [UInt8(ascii: "-"), UInt8(ascii: "+")].contains($0) ? $0 : nil }
        if sign != nil { digits = digits.dropFirst() }
        var (number, isOver) = (Int64(0), false)
        for digit in digits.prefix(while: { (48...57).contains($0) }) {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.subtractingReportingOverflow(Int64(digit - 48))
            isOver = isOver || overflow || more
            number = sum
        }
        // Counted below zero, where there is one number more.
        if sign == UInt8(ascii: "-") { return isOver ? .min : number }
        return isOver || number == .min ? .max : -number
    }

    private static func kind(of field: MYSQL_FIELD) -> Kind {
        let isBinary = unsafe field.charsetnr == 63
        switch unsafe field.type {
        case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG,
            MYSQL_TYPE_YEAR:
            return unsafe .integer(isUnsigned: field.flags & CUnsignedInt(UNSIGNED_FLAG) != 0)
        case MYSQL_TYPE_DOUBLE: return .real
        case MYSQL_TYPE_FLOAT: return .single
        case MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL: return unsafe .decimal(places: field.decimals)
        case MYSQL_TYPE_TIMESTAMP, MYSQL_TYPE_DATE, MYSQL_TYPE_TIME, MYSQL_TYPE_DATETIME, MYSQL_TYPE_NEWDATE:
            return .moment
        case MYSQL_TYPE_NULL: return .null
        // MySQL says of its JSON that it is binary.
        case MYSQL_TYPE_JSON: return .text
        case MYSQL_TYPE_BIT, MYSQL_TYPE_GEOMETRY: return .blob
        default: return isBinary ? .blob : .text
        }
    }
}

/// A member of a structure in C's hands.
private func pointer<Structure, Member>(
    to structure: UnsafeMutablePointer<Structure>, at offset: Int?
) -> UnsafeMutablePointer<Member>? {
    unsafe UnsafeMutableRawPointer(structure).advanced(by: offset ?? 0).assumingMemoryBound(to: Member.self)
}
