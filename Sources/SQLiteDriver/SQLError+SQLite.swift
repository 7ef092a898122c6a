internal import CSQLite
private import Glibc
internal import SQL

extension SQLError {
    /// SQLITE_IOERR_SHMSIZE, a macro that Swift cannot import.
    private static let cannotGrowIndex = SQLITE_IOERR | 19 << 8
    /// SQLITE_CONSTRAINT_FOREIGNKEY, another.
    private static let refersToNone = SQLITE_CONSTRAINT | 3 << 8

    /// What a result code of SQLite means to us (sqlite.org/rescode.html).
    init(database: OpaquePointer?, code: CInt) {
        let primary = code & 0xff
        let extended = unsafe database.map { unsafe sqlite3_extended_errcode($0) } ?? code
        // Not every full disk is SQLITE_FULL: the index of the log may not grow, or a quota may be used up.
        let cause = unsafe primary == SQLITE_IOERR ? database.map { unsafe Self.cause($0) } : nil
        let kind: Kind =
            switch primary {
            case SQLITE_IOERR where cause == ENOSPC || cause == EDQUOT: .full
            case SQLITE_IOERR where extended == Self.cannotGrowIndex: .full
            // The kernel makes a file system read-only when its disk fails.
            case SQLITE_IOERR where cause == EROFS: .readOnly
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
                kind == .expired
                    ? "the database did not answer in time" : unsafe String(cString: sqlite3_errstr(extended))
            }
        let isForeignKey = extended == Self.refersToNone
        self.init(kind, code: Int(extended), message: message, isForeignKey: isForeignKey)
    }

    /// Why a file could not be read or written (errno(3)). SQLite keeps that for a statement that fails, but not for a
    /// COMMIT; the log or the journal, which is what a COMMIT writes, knows it.
    private static func cause(_ database: OpaquePointer) -> CInt {
        let known = unsafe sqlite3_system_errno(database)
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = unsafe sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file)
        guard known == 0, code == SQLITE_OK, let file = unsafe file, let methods = unsafe file.pointee.pMethods,
            let control = unsafe methods.pointee.xFileControl
        else { return known }
        var last: CInt = 0
        _ = unsafe control(file, SQLITE_FCNTL_LAST_ERRNO, &last)
        return last
    }
}
