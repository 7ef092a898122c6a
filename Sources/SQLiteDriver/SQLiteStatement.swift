internal import CSQLite
internal import SQL

/// A prepared statement of one connection; finalized with its last owner.
@safe
final class SQLiteStatement {
    private let statement: OpaquePointer
    private let database: OpaquePointer
    /// Whether somebody steps through its rows.
    var isInUse = false

    init(database: OpaquePointer, text: String) throws(SQLError) {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(database, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else {
            throw unsafe SQLError(database: database, code: code)
        }
        unsafe self.database = database
        unsafe statement = prepared
    }

    deinit {
        unsafe sqlite3_finalize(statement)
    }

    func rows(
        binding values: [SQLValue], _ body: (any SQLRow) throws(SQLError) -> Void
    ) throws(SQLError) {
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            try check(bind(value, at: CInt(index + 1)))
        }
        let row = unsafe SQLiteRow(statement: statement)
        while true {
            let code = unsafe sqlite3_step(statement)
            switch code {
            case SQLITE_ROW: try body(row)
            case SQLITE_DONE: return
            default: throw unsafe SQLError(database: database, code: code)
            }
        }
    }

    private func bind(_ value: SQLValue, at index: CInt) -> CInt {
        switch value {
        case .null: unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): unsafe sqlite3_bind_int64(statement, index, number)
        case .real(let number): unsafe sqlite3_bind_double(statement, index, number)
        case .text(let bytes):
            unsafe bytes.withUnsafeBufferPointer { buffer in
                // An empty array may have no address, and no address would bind NULL.
                guard let start = buffer.baseAddress, !buffer.isEmpty else {
                    return unsafe sqlite3_bind_text(statement, index, "", 0, opencodefs_sqlite_transient())
                }
                return unsafe start.withMemoryRebound(to: CChar.self, capacity: buffer.count) { characters in
                    unsafe sqlite3_bind_text64(
                        statement, index, characters, sqlite3_uint64(buffer.count), opencodefs_sqlite_transient(),
                        UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let start = buffer.baseAddress, !buffer.isEmpty else {
                    return unsafe sqlite3_bind_zeroblob(statement, index, 0)
                }
                return unsafe sqlite3_bind_blob64(
                    statement, index, start, sqlite3_uint64(buffer.count), opencodefs_sqlite_transient())
            }
        }
    }

    private func check(_ code: CInt) throws(SQLError) {
        if code != SQLITE_OK { throw unsafe SQLError(database: database, code: code) }
    }
}

/// The row a statement stands on; good until its next step.
@safe
private struct SQLiteRow: SQLRow {
    private let statement: OpaquePointer

    init(statement: OpaquePointer) {
        unsafe self.statement = statement
    }

    func value(at column: Int) -> SQLValue {
        let index = CInt(column)
        return switch unsafe sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: unsafe .integer(sqlite3_column_int64(statement, index))
        case SQLITE_FLOAT: unsafe .real(sqlite3_column_double(statement, index))
        case SQLITE_TEXT: .text(bytes(at: column) ?? [])
        case SQLITE_BLOB: .blob(bytes(at: column) ?? [])
        default: .null
        }
    }

    func holds(_ value: SQLValue, at column: Int) -> Bool {
        let index = CInt(column)
        let start: UnsafeRawPointer?
        let bytes: [UInt8]
        switch (value, unsafe sqlite3_column_type(statement, index)) {
        case (.text(let text), SQLITE_TEXT):
            unsafe start = UnsafeRawPointer(sqlite3_column_text(statement, index))
            bytes = text
        case (.blob(let blob), SQLITE_BLOB):
            unsafe start = sqlite3_column_blob(statement, index)
            bytes = blob
        case (.integer(let number), SQLITE_INTEGER): return unsafe sqlite3_column_int64(statement, index) == number
        case (.real(let number), SQLITE_FLOAT): return unsafe sqlite3_column_double(statement, index) == number
        case (.null, SQLITE_NULL): return true
        default: return false
        }
        guard unsafe Int(sqlite3_column_bytes(statement, index)) == bytes.count else { return false }
        guard let start = unsafe start else { return true }
        return unsafe bytes.withUnsafeBytes {
            unsafe $0.elementsEqual(UnsafeRawBufferPointer(start: start, count: $0.count))
        }
    }

    func integer(at column: Int) -> Int64? {
        let index = CInt(column)
        guard unsafe sqlite3_column_type(statement, index) != SQLITE_NULL else { return nil }
        return unsafe sqlite3_column_int64(statement, index)
    }

    func bytes(at column: Int) -> [UInt8]? {
        let index = CInt(column)
        let start: UnsafeRawPointer?
        switch unsafe sqlite3_column_type(statement, index) {
        case SQLITE_NULL: return nil
        case SQLITE_BLOB: unsafe start = sqlite3_column_blob(statement, index)
        default: unsafe start = UnsafeRawPointer(sqlite3_column_text(statement, index))
        }
        // The count is asked after the text: asking for the text may convert it.
        let count = unsafe Int(sqlite3_column_bytes(statement, index))
        guard let start = unsafe start, count > 0 else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
