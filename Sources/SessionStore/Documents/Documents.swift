private import Glibc
package import SQL
package import SessionModel
private import Synchronization
package import Timing

/// What people and tools keep with sessions, in a database of ours: OpenCode's is never given a table (rule W12).
///
/// The file is made by the first save. What is in it is known from one look at its change counter, which moves for
/// whatever process writes; as long as there is no file, one lstat(2) says so.
package final class Documents: Sendable {
    let pool: ConnectionPool
    /// Which history a row belongs to: the name of its database, as in the trash.
    let source: String
    private let isThere: @Sendable () -> Bool
    private let open: SQLOpener
    /// What is known. SQL runs inside, so nobody waits for it longer than they may: ``watching(_:_:)`` is the only way in.
    private let watch = Mutex(Watch())

    private struct Watch: Sendable {
        /// Of its own, since the counter of a connection does not move for what that connection commits itself.
        var connection: (any SQLConnection)?
        /// The counter when the outline was read.
        var changes: Int64?
        var outline: [Session.ID: [Document]] = [:]
        var isClosed = false

        mutating func forget() {
            connection = nil
            changes = nil
            outline = [:]
        }
    }

    /// The version of the table below, in `user_version`.
    private static let version: Int64 = 1

    /// - Parameters:
    ///   - source: the name of the database whose sessions these are.
    ///   - isThere: whether the file of the documents exists; asked each time.
    ///   - open: makes a connection to it, creating it where there is none.
    package init(source: String, isThere: @escaping @Sendable () -> Bool, open: @escaping SQLOpener) {
        self.source = source
        self.isThere = isThere
        self.open = open
        pool = ConnectionPool(open: open)
    }

    /// Lets go of the database.
    package func close() {
        pool.close()
        watch.withLock { watch in
            watch.forget()
            watch.isClosed = true
        }
    }

    /// The documents of a session, as of now; of a session that is in the trash too.
    package func documents(of session: Session.ID, _ patience: Patience) throws(StoreError) -> [Document] {
        try asking(patience) { () throws(SQLError) in
            try watching(patience) { (watch) throws(SQLError) in
                try refresh(&watch, patience)
                return watch.outline[session] ?? []
            }
        }
    }

    /// A document and its bytes; nil where there is none.
    package func contents(
        of name: DocumentName, of session: Session.ID, _ patience: Patience
    ) throws(StoreError) -> (document: Document, bytes: [UInt8])? {
        guard isThere() else { return nil }
        return try asking(patience) { () throws(SQLError) in
            try pool.lendStanding(patience) { (connection) throws(SQLError) in
                guard try Self.hasTable(connection) else { return nil }
                var found: (document: Document, bytes: [UInt8])?
                try connection.rows(
                    """
                    SELECT modified, digest, bytes FROM document WHERE \(self.row(name, of: session)) \
                    AND removed IS NULL
                    """
                ) { (row) throws(SQLError) in
                    let bytes = row.bytes(at: 2) ?? []
                    let document = Document(
                        name: name, size: bytes.count, modified: row.integer(at: 0) ?? 0,
                        digest: UInt64(bitPattern: row.integer(at: 1) ?? 0))
                    found = (document, bytes)
                }
                return found
            }
        }
    }

    // MARK: Watching

    /// Finds out whether anything has been committed, and reads the outline again if so.
    private func refresh(_ watch: inout Watch, _ patience: Patience) throws(SQLError) {
        guard !watch.isClosed else { throw SQLError(.unavailable, message: "the documents are closed") }
        guard isThere() else {
            if watch.connection != nil { pool.renew() }
            return watch.forget()
        }
        do throws(SQLError) {
            try look(&watch, patience)
        } catch {
            guard error.kind == .replaced else { throw error }
            // Somebody has put another file there.
            watch.forget()
            pool.renew()
            try look(&watch, patience)
        }
    }

    private func look(_ watch: inout Watch, _ patience: Patience) throws(SQLError) {
        let connection: any SQLConnection
        if let known = watch.connection { connection = known } else { connection = try open(patience) }
        watch.connection = connection
        connection.patience = patience
        // The counter first: what is committed in between is then read once more.
        let changes = try connection.changeCounter()
        guard changes != watch.changes else { return }
        watch.outline = try outline(connection)
        watch.changes = changes
    }

    private func outline(_ connection: any SQLConnection) throws(SQLError) -> [Session.ID: [Document]] {
        guard try Self.hasTable(connection) else { return [:] }
        var outline: [Session.ID: [Document]] = [:]
        // The length of a blob stands before it: none is read for that.
        try connection.rows(
            """
            SELECT session, name, modified, digest, length(bytes) FROM document
            WHERE source = \(source) AND removed IS NULL ORDER BY name DESC
            """
        ) { (row) throws(SQLError) in
            let text = String(decoding: row.bytes(at: 1) ?? [], as: UTF8.self)
            guard let session = Session.ID(row.value(at: 0)), let name = DocumentName(rawValue: text) else { return }
            outline[session, default: []].append(
                Document(
                    name: name, size: Int(row.integer(at: 4) ?? 0), modified: row.integer(at: 2) ?? 0,
                    digest: UInt64(bitPattern: row.integer(at: 3) ?? 0)))
        }
        return outline
    }

    /// Has what is known to itself, or throws when patience ends first.
    private func watching<Result>(
        _ patience: Patience, _ body: (inout Watch) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        while true {
            let result = try watch.withLockIfAvailable { (watch) throws(SQLError) in try body(&watch) }
            if let result { return result }
            if patience.verdict != nil {
                throw SQLError(.busy, message: "other requests are waiting for the documents")
            }
            usleep(50)
        }
    }

    // MARK: The table

    /// Whether the first save has been: a process may have died between making the file and its table.
    private static func hasTable(_ connection: any SQLConnection) throws(SQLError) -> Bool {
        let version = try connection.integer("PRAGMA user_version") ?? 0
        guard version <= Self.version else {
            throw SQLError(.unavailable, message: "the documents were written by a newer opencodefs")
        }
        return version > 0
    }

    /// Runs a transaction on the table, which is made where there is none.
    func writing<Result>(
        _ patience: Patience, _ body: (any SQLConnection) throws(SQLError) -> Result
    ) throws(StoreError) -> Result {
        try asking(patience) { () throws(SQLError) in
            try pool.lendStanding(patience) { (connection) throws(SQLError) in
                if try !Self.hasTable(connection) { try Self.createTable(connection) }
                return try connection.writing { () throws(SQLError) in try body(connection) }
            }
        }
    }

    private static func createTable(_ connection: any SQLConnection) throws(SQLError) {
        try connection.run("PRAGMA auto_vacuum = INCREMENTAL")
        try connection.writing { () throws(SQLError) in
            // Two that come at once: the second waited for the first, which is further by now.
            guard try connection.integer("PRAGMA user_version") == 0 else { return }
            // The column `session` has no type: an id that is a blob stays one.
            try connection.run(
                """
                CREATE TABLE document (
                    id INTEGER PRIMARY KEY, source TEXT NOT NULL, session NOT NULL, name TEXT NOT NULL,
                    modified INTEGER NOT NULL, digest INTEGER NOT NULL, removed INTEGER, missed INTEGER,
                    bytes BLOB NOT NULL, UNIQUE (source, session, name))
                """)
            try connection.run("PRAGMA user_version = 1")
        }
    }

    /// The condition by which a row is found.
    func row(_ name: DocumentName, of session: Session.ID) -> SQLQuery {
        "\(rows(of: session)) AND name = \(name.rawValue)"
    }

    func rows(of session: Session.ID) -> SQLQuery {
        "source = \(source) AND session = \(session.value)"
    }

    private func asking<Result>(
        _ patience: Patience, _ body: () throws(SQLError) -> Result
    ) throws(StoreError) -> Result {
        do throws(SQLError) { return try body() } catch { throw StoreError(error.attributed(to: patience)) }
    }

    /// Whether there is anything to change or remove.
    package var mayHoldAny: Bool { isThere() }
}
