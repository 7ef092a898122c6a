internal import CMariaDB
internal import SQL

/// A prepared statement of one connection; closed with its last owner.
@safe
final class MySQLStatement {
    private static let chunk = 1 << 20

    private let handle: MySQLHandle
    private let statement: UnsafeMutablePointer<MYSQL_STMT>

    init(_ handle: MySQLHandle, text: String) throws(SQLError) {
        try handle.ready()
        guard let statement = unsafe mysql_stmt_init(handle.mysql) else {
            throw SQLError(.unavailable, message: "no memory for a statement")
        }
        self.handle = handle
        unsafe self.statement = statement
        let code = handle.wait.during {
            var text = text
            return text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe mysql_stmt_prepare(statement, $0.baseAddress, UInt($0.count))
                }
            }
        }
        if code != 0 { throw unsafe handle.failure(mysql_stmt_errno(statement)) }
    }

    deinit {
        // Sends the server a word, for which there is no answer; on a lost connection it does nothing.
        unsafe _ = mysql_stmt_close(statement)
    }

    /// Runs it, and hands out the rows when all of them have come: the connection is free for other statements then, also
    /// within `body`.
    ///
    /// - Returns: how many rows the statement inserted, deleted or found to change.
    func run(
        binding values: [SQLValue], _ body: (any SQLRow) throws(SQLError) -> Void
    ) throws(SQLError) -> Int {
        try handle.ready()
        guard unsafe mysql_stmt_param_count(statement) == UInt(values.count) else {
            throw SQLError(.misuse, message: "\(values.count) values for a statement with another number of places")
        }
        let parameters = MySQLParameters(values)
        guard unsafe parameters.bind(to: statement) else { throw failure }
        for index in parameters.long { try send(values[index].bytes ?? [], for: index) }
        if handle.wait.during({ unsafe mysql_stmt_execute(statement) }) != 0 { throw failure }
        guard unsafe mysql_stmt_field_count(statement) > 0 else {
            return unsafe Int(clamping: mysql_stmt_affected_rows(statement))
        }
        defer { unsafe _ = mysql_stmt_free_result(statement) }
        guard let row = unsafe MySQLRow(statement) else { throw failure }
        if handle.wait.during({ unsafe mysql_stmt_store_result(statement) }) != 0 { throw failure }
        while true {
            switch unsafe mysql_stmt_fetch(statement) {
            // Truncated: what has no fixed length is fetched when it is asked for.
            case 0, MYSQL_DATA_TRUNCATED: try body(row)
            case MYSQL_NO_DATA: return 0
            default: throw failure
            }
        }
    }

    /// Sends a value ahead of the statement, in pieces.
    private func send(_ bytes: [UInt8], for index: Int) throws(SQLError) {
        var start = 0
        while start < bytes.count {
            // Nothing is awaited here, so nobody asks whether there is still time.
            try handle.ready()
            let count = min(Self.chunk, bytes.count - start)
            let code = unsafe bytes.withUnsafeBytes { buffer in
                let piece = unsafe buffer.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self)
                return handle.wait.during {
                    unsafe mysql_stmt_send_long_data(statement, CUnsignedInt(index), piece, UInt(count))
                }
            }
            if code != 0 { throw failure }
            start += count
        }
    }

    private var failure: SQLError {
        unsafe handle.failure(mysql_stmt_errno(statement))
    }
}

/// The values of a statement as the library takes them, for as long as this object lives.
@safe
private final class MySQLParameters {
    private let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
    /// Numbers and short texts, one after the other.
    private let arena: UnsafeMutableRawBufferPointer
    /// Which values are to be sent by themselves.
    let long: [Int]

    /// What is sent together, in bytes. The library copies it twice, and it must fit into one packet with the statement.
    private static let together = 256 << 10

    /// From which length on values are sent by themselves, ahead of the statement.
    private static func longFrom(_ values: [SQLValue]) -> Int {
        let sizes = values.map { $0.bytes?.count ?? 0 }
        return [Int.max, 4096].first { limit in sizes.reduce(0) { $0 + ($1 < limit ? $1 : 0) } <= together } ?? 1
    }

    init(_ values: [SQLValue]) {
        let longFrom = Self.longFrom(values)
        let sizes = values.map { value in
            switch value {
            case .null: 0
            case .integer, .real: 8
            // Room of its own also for an empty text: without an address it would be NULL.
            case .text(let bytes), .blob(let bytes): bytes.count >= longFrom ? 0 : (bytes.count + 8) / 8 * 8
            }
        }
        unsafe binds = .allocate(capacity: values.count)
        unsafe binds.initialize(repeating: MYSQL_BIND())
        unsafe arena = .allocate(byteCount: max(8, sizes.reduce(0, +)), alignment: 8)
        var (offset, long) = (0, [Int]())
        for (index, value) in values.enumerated() {
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: arena[offset...])
            unsafe binds[index].buffer = room.baseAddress
            switch value {
            case .null: unsafe binds[index].buffer_type = MYSQL_TYPE_NULL
            case .integer(let number):
                unsafe binds[index].buffer_type = MYSQL_TYPE_LONGLONG
                unsafe room.storeBytes(of: number, as: Int64.self)
            case .real(let number):
                unsafe binds[index].buffer_type = MYSQL_TYPE_DOUBLE
                unsafe room.storeBytes(of: number, as: Double.self)
            case .text(let bytes), .blob(let bytes):
                let isText = if case .text = value { true } else { false }
                unsafe binds[index].buffer_type = isText ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB
                if bytes.count >= longFrom {
                    long.append(index)
                } else {
                    unsafe room.copyBytes(from: bytes)
                    unsafe binds[index].buffer_length = UInt(bytes.count)
                    unsafe binds[index].length_value = UInt(bytes.count)
                }
            }
            offset = unsafe min(offset + sizes[index], arena.count - 8)
        }
        self.long = long
    }

    /// - Returns: whether the library took them.
    func bind(to statement: UnsafeMutablePointer<MYSQL_STMT>) -> Bool {
        // Without an address of its own the length is kept in the bind itself, which the library copies.
        guard let first = unsafe binds.baseAddress, unsafe !binds.isEmpty else { return true }
        return unsafe mysql_stmt_bind_param(statement, first) == 0
    }

    deinit {
        unsafe binds.deallocate()
        unsafe arena.deallocate()
    }
}
