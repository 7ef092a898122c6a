internal import CSQLite
private import Glibc

/// Lengths and slices of large texts, without reading what is not asked for.
///
/// SQLite before 3.43 has no octet_length(), and length(CAST(x AS BLOB)) reads the whole value with its chain of overflow
/// pages. A blob handle (sqlite3_blob_open) knows the length from the row's header. Two SQL functions bring that into
/// statements, so that a store asks every provider alike; a third gives the length and the first two bytes in one, and a
/// fourth looks for words, each on a line of its own (``SQLiteWords``):
///
///     opencodefs_octets('part', 'data', rowid, typeof(data))
///     opencodefs_slice('part', 'data', rowid, typeof(data), offset, count)
///     opencodefs_summary('part', 'data', rowid, typeof(data))
///     opencodefs_holds('part', 'data', rowid, typeof(data), words, folding)
///
/// They are NULL where the cell holds neither text nor blob. A cell that cannot be read is an error, never an empty one:
/// a message would be shown without its text.
///
/// A handle keeps its transaction open, so ``close()`` ends all of them with the transaction.
@safe
final class SQLiteCells {
    private let database: OpaquePointer
    /// One handle for each table and column, moved from row to row. There are as many as there are tables with texts.
    private var blobs: [SQLiteBlob] = []
    /// A piece of a text that is searched.
    fileprivate var piece: [UInt8] = []

    init(database: OpaquePointer) {
        unsafe self.database = database
    }

    /// Makes the functions known to the connection, which must not outlive this object.
    func register() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let flags = SQLITE_UTF8 | SQLITE_DIRECTONLY
        unsafe sqlite3_create_function_v2(
            database, "opencodefs_octets", 4, flags, context, octetsOfCell, nil, nil, nil)
        unsafe sqlite3_create_function_v2(
            database, "opencodefs_slice", 6, flags, context, sliceOfCell, nil, nil, nil)
        unsafe sqlite3_create_function_v2(
            database, "opencodefs_summary", 4, flags, context, summaryOfCell, nil, nil, nil)
        unsafe sqlite3_create_function_v2(
            database, "opencodefs_holds", 6, flags, context, holdsOfCell, nil, nil, nil)
        unsafe sqlite3_create_function_v2(
            database, "opencodefs_shows", 3, flags, context, showsOfValue, nil, nil, nil)
    }

    func close() {
        blobs = []
    }

    /// The cell, opened for reading; a result code where that fails.
    fileprivate func open(
        _ table: UnsafePointer<CChar>, _ column: UnsafePointer<CChar>, row: Int64
    ) -> Result<SQLiteBlob, CellFailure> {
        for index in blobs.indices {
            let blob = blobs[index]
            guard unsafe blob.isOf(table, column) else { continue }
            if blob.move(to: row) { return .success(blob) }
            // A handle that failed once is of no more use.
            blobs.remove(at: index)
            break
        }
        do throws(CellFailure) {
            let blob = try unsafe SQLiteBlob(database: database, table: table, column: column, row: row)
            blobs.append(blob)
            return .success(blob)
        } catch {
            return .failure(error)
        }
    }
}

/// Why a cell cannot be read.
private struct CellFailure: Error {
    let code: CInt
}

/// An open blob handle.
@safe
private final class SQLiteBlob {
    private let handle: OpaquePointer
    private let table: [CChar]
    private let column: [CChar]
    private var row: Int64

    init(
        database: OpaquePointer, table: UnsafePointer<CChar>, column: UnsafePointer<CChar>, row: Int64
    ) throws(CellFailure) {
        var opened: OpaquePointer?
        let code = unsafe sqlite3_blob_open(database, "main", table, column, row, 0, &opened)
        guard code == SQLITE_OK, let opened = unsafe opened else { throw CellFailure(code: code) }
        unsafe handle = opened
        self.table = unsafe Array(UnsafeBufferPointer(start: table, count: strlen(table) + 1))
        self.column = unsafe Array(UnsafeBufferPointer(start: column, count: strlen(column) + 1))
        self.row = row
    }

    func isOf(_ table: UnsafePointer<CChar>, _ column: UnsafePointer<CChar>) -> Bool {
        unsafe strcmp(self.table, table) == 0 && strcmp(self.column, column) == 0
    }

    deinit {
        unsafe sqlite3_blob_close(handle)
    }

    var count: CInt {
        unsafe sqlite3_blob_bytes(handle)
    }

    func move(to row: Int64) -> Bool {
        // Length and beginning are asked of the same row, one after the other; nothing writes in between.
        if row == self.row { return true }
        self.row = row
        return unsafe sqlite3_blob_reopen(handle, row) == SQLITE_OK
    }

    /// Reads into memory of SQLite, for a function's result.
    func read(_ count: CInt, at offset: CInt, into buffer: UnsafeMutableRawPointer) -> CInt {
        unsafe sqlite3_blob_read(handle, buffer, count, offset)
    }
}

/// The blob that the first four arguments of a function name; nil, the function answered, where there is none.
private func blob(
    _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>
) -> SQLiteBlob? {
    let cells = unsafe Unmanaged<SQLiteCells>.fromOpaque(sqlite3_user_data(context)).takeUnretainedValue()
    guard let table = unsafe text(arguments[0]), let column = unsafe text(arguments[1]),
        let type = unsafe text(arguments[3])
    else {
        unsafe sqlite3_result_error_nomem(context)
        return nil
    }
    guard unsafe strcmp(type, "text") == 0 || strcmp(type, "blob") == 0 else {
        unsafe sqlite3_result_null(context)
        return nil
    }
    switch unsafe cells.open(table, column, row: sqlite3_value_int64(arguments[2])) {
    case .success(let blob): return blob
    case .failure(let failure):
        unsafe sqlite3_result_error_code(context, failure.code)
        return nil
    }
}

private func text(_ value: OpaquePointer?) -> UnsafePointer<CChar>? {
    unsafe UnsafeRawPointer(sqlite3_value_text(value))?.assumingMemoryBound(to: CChar.self)
}

/// opencodefs_octets(table, column, rowid, type): bytes of the text, NULL where the column holds none.
private func octetsOfCell(
    _ context: OpaquePointer?, _ count: CInt, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    guard let arguments = unsafe arguments, let cell = unsafe blob(context, arguments) else { return }
    unsafe sqlite3_result_int64(context, Int64(cell.count))
}

/// opencodefs_summary(table, column, rowid, type): bytes of the text and how it begins, as SQLTextSummary has it.
private func summaryOfCell(
    _ context: OpaquePointer?, _ count: CInt, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    guard let arguments = unsafe arguments, let cell = unsafe blob(context, arguments) else { return }
    let size = cell.count
    var beginning: UInt16 = 0
    if size > 0 {
        let code = unsafe withUnsafeMutablePointer(to: &beginning) { unsafe cell.read(min(size, 2), at: 0, into: $0) }
        guard code == SQLITE_OK else { return unsafe sqlite3_result_error_code(context, code) }
    }
    unsafe sqlite3_result_int64(context, Int64(size) << 16 | Int64(UInt16(bigEndian: beginning)))
}

/// opencodefs_slice(table, column, rowid, type, offset, count): at most `count` bytes, fewer at the end of the text.
private func sliceOfCell(
    _ context: OpaquePointer?, _ count: CInt, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    guard let arguments = unsafe arguments, let cell = unsafe blob(context, arguments) else { return }
    let size = cell.count
    let offset = unsafe CInt(clamping: max(0, sqlite3_value_int64(arguments[4])))
    let wanted = unsafe CInt(clamping: max(0, sqlite3_value_int64(arguments[5])))
    let length = max(0, min(wanted, size - min(offset, size)))
    guard length > 0 else { return unsafe sqlite3_result_zeroblob(context, 0) }
    guard let buffer = unsafe sqlite3_malloc(length) else { return unsafe sqlite3_result_error_nomem(context) }
    let code = unsafe cell.read(length, at: offset, into: buffer)
    guard code == SQLITE_OK else {
        unsafe sqlite3_free(buffer)
        return unsafe sqlite3_result_error_code(context, code)
    }
    unsafe sqlite3_result_blob(context, buffer, length, sqlite3_free)
}

/// opencodefs_holds(table, column, rowid, type, words, folding): whether the text has one of some words in it. A text of any size is
/// read piece by piece.
private func holdsOfCell(
    _ context: OpaquePointer?, _ count: CInt, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    guard let arguments = unsafe arguments, let cell = unsafe blob(context, arguments) else { return }
    let cells = unsafe Unmanaged<SQLiteCells>.fromOpaque(sqlite3_user_data(context)).takeUnretainedValue()
    let words = unsafe SQLiteWords.of(context, arguments, at: 4)
    // A word may lie across two pieces: the end of one stays for the next.
    let overlap = max(0, words.longest - 1)
    let capacity = (256 << 10) + overlap
    if cells.piece.count < capacity { cells.piece = [UInt8](repeating: 0, count: capacity) }
    let size = Int(cell.count)
    var (offset, kept) = (0, 0)
    var isFound = false
    let code = unsafe cells.piece.withUnsafeMutableBytes { piece -> CInt in
        while offset < size, !isFound, let base = piece.baseAddress {
            let length = min(size - offset, capacity - kept)
            let code = unsafe cell.read(CInt(length), at: CInt(offset), into: base + kept)
            guard code == SQLITE_OK else { return code }
            let filled = kept + length
            isFound = unsafe words.areIn(UnsafeRawBufferPointer(start: base, count: filled))
            offset += length
            kept = min(overlap, filled)
            unsafe memmove(base, base + (filled - kept), kept)
        }
        return SQLITE_OK
    }
    guard code == SQLITE_OK else { return unsafe sqlite3_result_error_code(context, code) }
    unsafe sqlite3_result_int(context, isFound ? 1 : 0)
}
