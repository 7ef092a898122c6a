internal import CSQLite
private import Glibc
package import SQL
internal import Timing

extension SQLiteConnection {
    /// Copies what is committed into a new file and proves the copy: it is whole, and has as many rows in every table.
    ///
    /// The connection reads one version throughout, so another one may hold the write lock meanwhile, with a log or without;
    /// as long as it does, that version is the newest. What is there under the name is complete: until then the copy is
    /// called `.partial`. It is the user's alone (0600), needs no log beside it, and is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - path: a file that is not there yet, in a directory without links.
    ///   - progress: told how many of the pages are copied.
    /// - Throws: `.full` for want of space; `.corrupt` where the copy, and so the database, is damaged.
    package func backUp(
        to path: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(SQLError) {
        let partial = path + ".partial"
        try Self.makeFile(partial)
        do throws(SQLError) {
            let counts = try reading { () throws(SQLError) in
                let counts = try countRows()
                try copyPages(to: partial, progress)
                return counts
            }
            try prove(partial, counts)
            try Self.synchronize(partial, O_RDONLY)
            guard unsafe rename(partial, path) == 0 else { throw Self.systemError("rename", partial) }
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            try Self.synchronize(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY)
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { unsafe unlink(partial + suffix) }
            throw error
        }
    }

    /// Bytes that a copy of what is committed takes.
    package func backupSize() throws(SQLError) -> Int64 {
        let pages = try integer("PRAGMA page_count") ?? 0
        let (size, overflow) = pages.multipliedReportingOverflow(by: try integer("PRAGMA page_size") ?? 0)
        return overflow ? .max : size
    }

    private func copyPages(
        to path: String, _ progress: (_ done: Int, _ total: Int) -> Void
    ) throws(SQLError) {
        let copy = try SQLiteConnection(path: path, access: .readWrite)
        copy.patience = patience
        guard let backup = unsafe sqlite3_backup_init(copy.database, "main", database, "main") else {
            throw unsafe SQLError(database: copy.database, code: sqlite3_errcode(copy.database))
        }
        var code = SQLITE_OK
        // In pieces, so that patience is asked in between.
        while code == SQLITE_OK, patience.verdict == nil {
            code = unsafe sqlite3_backup_step(backup, 1024)
            let (total, left) = unsafe (Int(sqlite3_backup_pagecount(backup)), Int(sqlite3_backup_remaining(backup)))
            progress(max(0, total - left), total)
        }
        let error = unsafe SQLError(database: copy.database, code: code)
        unsafe sqlite3_backup_finish(backup)
        if code == SQLITE_OK { throw SQLError(.expired, message: "there was no time for the copy") }
        guard code == SQLITE_DONE else { throw error }
        // The pages say that there is a log, if there was one.
        try copy.run("PRAGMA journal_mode=DELETE")
    }

    /// Reads the copy back, by a connection that has nothing of it in memory.
    private func prove(_ path: String, _ counts: [String: Int64]) throws(SQLError) {
        let copy = try SQLiteConnection(path: path, access: .readOnly)
        copy.patience = patience
        let faults = try copy.column("PRAGMA quick_check(1)").compactMap(\.bytes)
        guard faults == [Array("ok".utf8)] else {
            // SQLite names pages, tables and indexes here, never a value.
            let fault = faults.first.map { String(decoding: $0, as: UTF8.self) } ?? "no answer"
            throw SQLError(.corrupt, message: "the database is damaged (quick_check: \(fault))")
        }
        guard try copy.countRows() == counts else {
            throw SQLError(.corrupt, message: "the copy has other rows than the database")
        }
    }

    private func countRows() throws(SQLError) -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for name in try column("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0") {
            guard let bytes = name.bytes, let table = String(validating: bytes, as: UTF8.self) else { continue }
            counts[table] = try integer("SELECT count(*) FROM \(SQLIdentifier(table))")
        }
        return counts
    }

    private static func makeFile(_ path: String) throws(SQLError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw systemError("make", path) }
        close(file)
    }

    /// Only of what no connection has open: to close a descriptor drops the locks on its file.
    private static func synchronize(_ path: String, _ flags: CInt) throws(SQLError) {
        let file = unsafe open(path, flags | O_CLOEXEC)
        guard file >= 0 else { throw systemError("open", path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw systemError("write", path) }
    }

    private static func systemError(_ verb: String, _ path: String) -> SQLError {
        let code = errno
        return SQLError(
            code == ENOSPC || code == EDQUOT ? .full : .unavailable, code: Int(code),
            message: "cannot \(verb) \(path): \(unsafe String(cString: strerror(code)))")
    }
}
