internal import CSQLite
private import Glibc
package import SQL
package import Timing

/// A connection to an SQLite database file that OpenCode uses too.
///
/// Its rules, for a file that somebody else writes at the same time:
/// - `foreign_keys=ON`, a pragma of each connection: without it a DELETE leaves orphans.
/// - `recursive_triggers=OFF`, the default of the library but not of every build: the triggers of the Go OpenCode that set
///   the time of a change change the row themselves.
/// - `synchronous=EXTRA`: what was acknowledged survives a power cut (OpenCode's own NORMAL does not). In a WAL that is
///   FULL. With a rollback journal, as the trash and some old databases have one, FULL syncs the file but not the
///   directory the journal is taken out of: the journal could come back and undo what was acknowledged.
/// - `wal_autocheckpoint=0`: the WAL is OpenCode's to checkpoint. SQLite 3.7.0 to 3.51.2 can corrupt a database when
///   two connections checkpoint and write at once ("WAL-reset bug", sqlite.org/wal.html).
/// - The file itself is opened by SQLite alone: closing any other descriptor of it drops the locks of this process
///   (sqlite.org/howtocorrupt.html, section 2.2).
///
/// Unchecked Sendable because one thread uses a connection at a time; `ConnectionPool` lends it so.
@safe
package final class SQLiteConnection: SQLConnection, @unchecked Sendable {
    package enum Access: Sendable {
        case readOnly
        case readWrite
        /// Read and write, and make the file where there is none, with the mode that the umask leaves: `main` sets it
        /// to 077. Never for OpenCode's databases.
        case create
    }

    /// For extensions in other files; only this class and they may use it.
    let database: OpaquePointer
    private var statements = SQLiteStatementCache()
    private let cells: SQLiteCells
    /// Nil for a database that is no file of OpenCode's: in memory, or one that ``Access/create`` may make.
    private let claim: SQLiteClaim?
    private var fileWatch: SQLiteFileWatch?
    /// Whether the file that is open here was found to be the claim's.
    private var isProven = false
    /// The last answer to whether anything has been committed, and what the log's index said at that time.
    private var lastChange: (header: SQLiteFileWatch.IndexHeader, counter: Int64)?
    package var patience = Patience.lasting(.seconds(10))
    package let dialect = SQLDialect.sqlite

    /// Opens a file.
    ///
    /// - Parameter path: a path without symbolic links; a link in its last component is refused.
    package init(path: String, access: Access) throws(SQLError) {
        let flags =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        claim = access == .create || path == ":memory:" ? nil : try SQLiteClaim(path)
        Self.configureLibrary
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let error = unsafe SQLError(database: opened, code: code)
            unsafe sqlite3_close_v2(opened)
            claim?.end()
            throw error
        }
        unsafe database = opened
        cells = unsafe SQLiteCells(database: opened)
        unsafe sqlite3_extended_result_codes(database, 1)
        cells.register()
        let unretained = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sqlite3_busy_handler(database, sqliteIsBusy, unretained)
        unsafe sqlite3_progress_handler(database, 20_000, sqliteIsWorking, unretained)
        // Before the first statement: only that opens the log, which must be the log of this file.
        guard isStanding else { throw SQLiteClaim.replaced(path) }
        isProven = claim != nil
        try configure(access)
        if let claim {
            claim.noteLog()
            // Without a log SQLite notices by itself: it compares the file's header at each transaction.
            let mode = try column("PRAGMA journal_mode").first?.bytes
            if mode == Array("wal".utf8) { unsafe fileWatch = SQLiteFileWatch(database: database, claim: claim) }
        }
    }

    /// Once, before the first connection: threads that read different databases would wait for each other at every allocation.
    private static let configureLibrary: Void = { _ = opencodefs_sqlite_keep_no_account() }()

    private func configure(_ access: Access) throws(SQLError) {
        try run("PRAGMA foreign_keys=ON")
        try run("PRAGMA recursive_triggers=OFF")
        try run("PRAGMA synchronous=EXTRA")
        try run("PRAGMA wal_autocheckpoint=0")
        // Reads go through the page cache of the kernel; a large cache of our own would hold everything twice. But what a
        // transaction writes stays in memory to its end, up to 8 MB: where there is no log, to write it earlier would take
        // the lock that keeps readers out.
        try run("PRAGMA cache_size=-2000")
        try run("PRAGMA cache_spill=2000")
        try run("PRAGMA mmap_size=0")
        if access == .readOnly { try run("PRAGMA query_only=ON") }
    }

    deinit {
        cells.close()
        statements = SQLiteStatementCache()
        // The last connection would copy the log into contents that it does not belong to.
        if claim?.isOverwritten == true { unsafe opencodefs_sqlite_leave_log(database) }
        unsafe sqlite3_close_v2(database)
        claim?.end()
    }

    package func rows(
        _ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void
    ) throws(SQLError) {
        let (text, values) = query.rendered(for: dialect)
        let statement = try statements.take(query.template, text) { () throws(SQLError) in
            try unsafe SQLiteStatement(database: database, text: text)
        }
        defer { statement.isInUse = false }
        try statement.rows(binding: values, body)
    }

    @discardableResult
    package func run(_ query: SQLQuery) throws(SQLError) -> Int {
        try rows(query) { (_) throws(SQLError) in }
        return unsafe Int(sqlite3_changes64(database))
    }

    private static let reading = SQLTemplate("BEGIN DEFERRED")
    private static let rollingBack = SQLTemplate("ROLLBACK")
    private static let dataVersion = SQLTemplate("PRAGMA data_version")
    private static let schemaVersion = SQLTemplate("PRAGMA schema_version")

    package func beginReading() throws(SQLError) {
        try run(Self.reading())
    }

    package func beginWriting() throws(SQLError) {
        // IMMEDIATE: a transaction that reads first and writes later fails at once with SQLITE_BUSY_SNAPSHOT,
        // whatever the busy timeout (sqlite.org/lang_transaction.html).
        try run("BEGIN IMMEDIATE")
        guard isStanding else {
            rollback()
            throw SQLiteClaim.replaced(claim?.path ?? "")
        }
    }

    /// Whether the path still leads to the file that is open here. What is written to another nobody would find.
    private var isStanding: Bool {
        if let claim {
            guard let look = claim.look else { return false }
            if let fileWatch, fileWatch.isOverwritten(look) {
                claim.isOverwritten = true
                return false
            }
            // The path leads to the file of the claim, and that is the one open here: it cannot become another.
            if isProven { return true }
        }
        var answer: CInt = 0
        let code = unsafe sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &answer)
        return code != SQLITE_OK || answer == 0
    }

    package func commit() throws(SQLError) {
        cells.close()
        try run("COMMIT")
    }

    package func rollback() {
        cells.close()
        guard unsafe sqlite3_get_autocommit(database) == 0 else { return }
        // Nobody's patience ends a rollback.
        let patience = self.patience
        self.patience = .lasting(.seconds(10))
        defer { self.patience = patience }
        _ = try? run(Self.rollingBack())
    }

    package func changeCounter() throws(SQLError) -> Int64 {
        guard isStanding else { throw SQLiteClaim.replaced(claim?.path ?? "") }
        // Within a transaction the counter is the transaction's, whatever others commit meanwhile.
        guard unsafe sqlite3_get_autocommit(database) != 0 else { return try integer(Self.dataVersion()) ?? 0 }
        // SQLite compares these very bytes to find out, at the beginning of a transaction.
        let header = fileWatch?.indexHeader
        if let header, let lastChange, lastChange.header == header { return lastChange.counter }
        let counter = try integer(Self.dataVersion()) ?? 0
        // As it was before: what is committed in between is found the next time.
        lastChange = header.map { ($0, counter) }
        return counter
    }

    package func schemaCounter() throws(SQLError) -> Int64 {
        try integer(Self.schemaVersion()) ?? 0
    }

    /// The version of the SQLite library that is linked.
    package static var libraryVersion: String {
        unsafe String(cString: sqlite3_libversion())
    }
}

/// Another connection holds the lock SQLite needs: wait a little and try again, until patience ends.
private func sqliteIsBusy(_ context: UnsafeMutableRawPointer?, _ attempts: CInt) -> CInt {
    guard let context = unsafe context else { return 0 }
    let connection = unsafe Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue()
    if connection.patience.verdict != nil { return 0 }
    // 1, 2, 4 … 32 ms: short at first since OpenCode's transactions are short.
    usleep(1000 << UInt32(min(attempts, 5)))
    return 1
}

/// Asked by SQLite every few thousand steps of a statement; not 0 ends it with SQLITE_INTERRUPT.
private func sqliteIsWorking(_ context: UnsafeMutableRawPointer?) -> CInt {
    guard let context = unsafe context else { return 0 }
    let connection = unsafe Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue()
    return connection.patience.verdict == nil ? 0 : 1
}
