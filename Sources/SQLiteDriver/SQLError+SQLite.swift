internal import CSQLite
internal import SQL

extension SQLError {
    /// What a result code of SQLite means to us (sqlite.org/rescode.html).
    init(database: OpaquePointer?, code: CInt) {
        let primary = code & 0xff
        let extended = unsafe database.map { unsafe sqlite3_extended_errcode($0) } ?? code
        let kind: Kind =
            switch primary {
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
            case SQLITE_FULL: .full
            case SQLITE_TOOBIG: .tooLarge
            case SQLITE_CORRUPT: .corrupt
            case SQLITE_NOTADB: .notADatabase
            case SQLITE_INTERRUPT: .expired
            case SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_NOLFS: .unavailable
            default: .misuse
            }
        // The text of the code, not sqlite3_errmsg: a RAISE() or a CHECK may quote values there. A statement that
        // does not fit the schema holds our own words only.
        let message =
            if kind == .misuse, let database = unsafe database {
                unsafe String(cString: sqlite3_errmsg(database))
            } else {
                unsafe String(cString: sqlite3_errstr(extended))
            }
        self.init(kind, code: Int(extended), message: message)
    }
}
