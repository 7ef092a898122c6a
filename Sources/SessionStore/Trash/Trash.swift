package import SQL
package import SessionModel
internal import Synchronization
private import Timing

/// What was removed, kept for a while: every row as it was, in a database of ours.
///
/// A *batch* is what one program removed in one go, an *item* a message or a session of it, a *record* one row. Values
/// keep their type and their bytes: the column `value` has no type, so SQLite converts nothing.
package final class Trash: Sendable {
    let pool: ConnectionPool
    let source: String
    /// The batch each program is filling, and when it last did.
    private let fillings = Mutex<[Int32: Filling]>([:])
    /// What was filed before its removal.
    let ahead = Mutex(Ahead())

    private struct Filling {
        let batch: Int64
        var last: ContinuousClock.Instant
    }

    /// A program that rests longer than this starts a new batch.
    private static let longestRest = Duration.seconds(60)

    /// The version of the tables below, in `user_version`.
    private static let version: Int64 = 5

    /// A longer text is kept in pieces of this size, so that no more of it need be in memory.
    static let pieceSize = 1 << 20

    /// - Parameters:
    ///   - source: the path of the database that rows are removed from; restoring needs it.
    ///   - open: makes a connection to the trash's own database, creating it where there is none.
    package init(
        source: String, open: @escaping SQLOpener
    ) throws(SQLError) {
        self.source = source
        pool = ConnectionPool { (patience) throws(SQLError) in
            let connection = try open(patience)
            connection.patience = patience
            try Self.configure(connection)
            return connection
        }
        try pool.lend(.lasting(.seconds(10))) { (connection) throws(SQLError) in
            let version = try connection.integer("PRAGMA user_version") ?? 0
            switch version {
            case 0: try Self.createTables(connection)
            case 1: try Self.addKinds(connection)
            default: break
            }
            guard version <= Self.version else {
                throw SQLError(.misuse, message: "the trash was written by a newer opencodefs")
            }
            if version < 3 { try Self.addPieces(connection) }
            if version < 4 { try Self.addProjects(connection) }
            if version < 5 { try Self.addAhead(connection) }
        }
    }

    /// Lets go of the trash's database.
    package func close() {
        // What stays is taken out by the next mount.
        withdrawAhead()
        pool.close()
    }

    /// Each commit is durable, and most of what that costs are syncs. A journal that stays, its header zeroed and synced,
    /// spares two of them that are slow: the directory's, when a journal comes and when it goes. Not a WAL, although that
    /// takes one only: several mounts share the file (docs/decisions/0004).
    private static func configure(_ connection: any SQLConnection) throws(SQLError) {
        try connection.run("PRAGMA journal_mode = PERSIST")
        try connection.run("PRAGMA journal_size_limit = 1048576")
    }

    private static func createTables(_ connection: any SQLConnection) throws(SQLError) {
        try connection.run("PRAGMA auto_vacuum = INCREMENTAL")
        try connection.writing { () throws(SQLError) in
            // Two that come at once: the second waited for the first, which is further by now.
            guard try connection.integer("PRAGMA user_version") == 0 else { return }
            for statement: SQLQuery in [
                """
                CREATE TABLE IF NOT EXISTS batch (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, started INTEGER NOT NULL, source TEXT NOT NULL)
                """,
                """
                CREATE TABLE IF NOT EXISTS item (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
                    removed INTEGER NOT NULL, session, message, path TEXT NOT NULL)
                """,
                "CREATE INDEX IF NOT EXISTS item_batch ON item (batch)",
                """
                CREATE TABLE IF NOT EXISTS record (
                    id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
                    origin TEXT NOT NULL, kind TEXT NOT NULL DEFAULT 'removed')
                """,
                "CREATE INDEX IF NOT EXISTS record_item ON record (item)",
                """
                CREATE TABLE IF NOT EXISTS field (
                    id INTEGER PRIMARY KEY, record INTEGER NOT NULL REFERENCES record ON DELETE CASCADE,
                    name TEXT NOT NULL, value)
                """,
                "CREATE INDEX IF NOT EXISTS field_record ON field (record)",
                "PRAGMA user_version = 2",
            ] {
                try connection.run(statement)
            }
        }
    }

    /// What version 1 lacks: that a record may tell of a row that stays.
    private static func addKinds(_ connection: any SQLConnection) throws(SQLError) {
        try connection.writing { () throws(SQLError) in
            guard try connection.integer("PRAGMA user_version") == 1 else { return }
            try connection.run("ALTER TABLE record ADD COLUMN kind TEXT NOT NULL DEFAULT 'removed'")
            try connection.run("PRAGMA user_version = 2")
        }
    }

    /// What version 2 lacks: that a field may be kept in pieces. `pieces` says of what, and `value` is NULL then.
    private static func addPieces(_ connection: any SQLConnection) throws(SQLError) {
        try connection.writing { () throws(SQLError) in
            guard try connection.integer("PRAGMA user_version") == 2 else { return }
            for statement: SQLQuery in [
                "ALTER TABLE field ADD COLUMN pieces TEXT",
                """
                CREATE TABLE piece (
                    id INTEGER PRIMARY KEY, field INTEGER NOT NULL REFERENCES field ON DELETE CASCADE,
                    bytes BLOB NOT NULL)
                """,
                "CREATE INDEX piece_field ON piece (field)",
                "PRAGMA user_version = 3",
            ] {
                try connection.run(statement)
            }
        }
    }

    /// What version 3 lacks: that an item may be a project, that a record may tell of a row that was added, and that of a
    /// field a fingerprint may be kept (`pieces` says so, and `value` has it).
    private static func addProjects(_ connection: any SQLConnection) throws(SQLError) {
        try connection.writing { () throws(SQLError) in
            guard try connection.integer("PRAGMA user_version") == 3 else { return }
            try connection.run("ALTER TABLE item ADD COLUMN project")
            try connection.run("PRAGMA user_version = 4")
        }
    }

    /// What version 4 lacks: marks of items that were filed before their removal.
    private static func addAhead(_ connection: any SQLConnection) throws(SQLError) {
        try connection.writing { () throws(SQLError) in
            guard try connection.integer("PRAGMA user_version") == 4 else { return }
            try connection.run(
                "CREATE TABLE ahead (item INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE)")
            try connection.run("PRAGMA user_version = 5")
        }
    }

    /// What an item brings back.
    package enum Subject: Sendable, Hashable {
        case session(Session.ID)
        case message(Message.ID, of: Session.ID)
        case project(Project.ID)
    }

    /// What a record says of a row.
    enum RecordKind: String {
        /// It was deleted.
        case removed
        /// It stays, and what is done leaves these columns of it alone. The next two records are of the same row.
        case unchanged
        /// What is made of others. Of a long text only a fingerprint is kept: enough to recognise it.
        case left
        /// What those, and the time of its change, were before.
        case changed
        /// It was not there before: what a save adds to a message.
        case added
    }

    /// Items on their way into the trash.
    struct Tray {
        fileprivate let connection: any SQLConnection
        fileprivate let batch: Int64
        fileprivate let removal: Writing
        fileprivate let now: Int64
        fileprivate(set) var items: [Int64] = []
        fileprivate var ahead: [(subject: Subject, entry: Ahead.Entry)] = []
        private var octetsAhead = 0
        private let began = ContinuousClock.now

        fileprivate init(connection: any SQLConnection, batch: Int64, removal: Writing, now: Int64) {
            self.connection = connection
            self.batch = batch
            self.removal = removal
            self.now = now
        }

        /// Begins an item; what is added goes into it.
        mutating func item(_ subject: Subject) throws(SQLError) -> Deposit {
            let item = try add(subject, path: removal.path)
            items.append(item)
            return Deposit(connection: connection, item: item)
        }

        /// Files what is not removed yet.
        ///
        /// - Parameter path: as its removal will call it.
        /// - Returns: whether there may be more of that.
        mutating func fileAhead(
            _ subject: Subject, path: String, _ fill: (Deposit) throws(SQLError) -> Void
        ) throws(SQLError) -> Bool {
            let rows = FiledRows()
            let item = try add(subject, path: path)
            try fill(Deposit(connection: connection, item: item, rows: rows))
            guard rows.isWhole else {
                try connection.run("DELETE FROM item WHERE id = \(item)")
                return false
            }
            try connection.run("INSERT INTO ahead (item) VALUES (\(item))")
            ahead.append(
                (subject, Ahead.Entry(item: item, path: path, process: removal.process, rows: rows.all, filed: .now)))
            octetsAhead += rows.octets
            return octetsAhead < Trash.largestAhead && began + Trash.longestFiling > .now
        }

        private func add(_ subject: Subject, path: String) throws(SQLError) -> Int64 {
            let (session, message, project): (SQLValue, SQLValue, SQLValue) =
                switch subject {
                case .session(let id): (id.value, .null, .null)
                case .message(let id, let session): (session.value, id.value, .null)
                case .project(let id): (.null, .null, id.value)
                }
            try connection.run(
                """
                INSERT INTO item (batch, removed, session, message, project, path)
                VALUES (\(batch), \(now), \(session), \(message), \(project), \(path))
                """)
            return try connection.integer("SELECT last_insert_rowid()") ?? 0
        }
    }

    /// The trash, lent to somebody who removes something.
    struct Drawer {
        let trash: Trash
        let connection: any SQLConnection
        let removal: Writing

        /// Waits until nobody else writes here. The next ``deposit(_:_:)`` then waits for nothing.
        ///
        /// For those who will hold OpenCode's lock meanwhile: somebody may be emptying the trash, which takes long, and
        /// OpenCode must not wait for that. Who holds OpenCode's lock already (restoring) only reads here.
        func lock() throws(SQLError) {
            try connection.beginWriting()
        }

        /// Files items, durably: when this returns, the rows survive a power cut. Nothing is filed when `fill`
        /// throws.
        ///
        /// - Returns: the items' numbers.
        func deposit(
            isLocked: Bool, _ fill: (inout Tray) throws(SQLError) -> Void
        ) throws(SQLError) -> [Int64] {
            if !isLocked { try lock() }
            // What was deposited is committed by then.
            defer { connection.rollback() }
            let now = Trash.now()
            let used = try trash.batch(trash.currentBatch(of: removal.process), now, connection)
            var tray = Tray(connection: connection, batch: used, removal: removal, now: now)
            try fill(&tray)
            let done = try trash.settle(connection)
            try connection.commit()
            trash.settled(done)
            trash.ahead.withLock { ahead in for (subject, entry) in tray.ahead { ahead.add(entry, subject) } }
            trash.fillings.withLock { $0[removal.process] = Filling(batch: used, last: .now) }
            return tray.items
        }

        /// Takes items out again, whose rows were not touched after all.
        func withdraw(_ items: [Int64]) throws(SQLError) {
            // It is locked since a claim.
            connection.rollback()
            try connection.writing { () throws(SQLError) in
                for item in items { try connection.run("DELETE FROM item WHERE id = \(item)") }
                try connection.run("DELETE FROM batch WHERE id NOT IN (SELECT batch FROM item)")
            }
        }
    }

    func lend<Result>(
        for removal: Writing, _ body: (Drawer) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        try pool.lend(removal.patience) { (connection) throws(SQLError) in
            defer { connection.rollback() }
            return try body(Drawer(trash: self, connection: connection, removal: removal))
        }
    }

    /// The batch that a program is filling, unless it has rested too long.
    private func currentBatch(of process: Int32) -> Int64? {
        fillings.withLock { fillings in
            fillings = fillings.filter { $0.value.last + Self.longestRest > .now }
            return fillings[process]?.batch
        }
    }

    /// The batch to use: the current one, if nobody has restored or dropped it meanwhile, or a new one.
    private func batch(_ current: Int64?, _ now: Int64, _ connection: any SQLConnection) throws(SQLError) -> Int64 {
        if let current, try connection.exists("SELECT 1 FROM batch WHERE id = \(current)") { return current }
        try connection.run("INSERT INTO batch (started, source) VALUES (\(now), \(source))")
        return try connection.integer("SELECT last_insert_rowid()") ?? 0
    }

    /// Drops what is older than a number of days and gives the space back.
    package func expire(olderThanDays days: Int) throws(SQLError) {
        try pool.lend(.lasting(.seconds(30))) { (connection) throws(SQLError) in
            let (span, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000)
            let limit = Self.now() - (overflow ? Self.now() : span)
            let dropped = try connection.writing { () throws(SQLError) in
                let dropped = try connection.run("DELETE FROM item WHERE removed < \(limit)")
                try connection.run("DELETE FROM batch WHERE id NOT IN (SELECT batch FROM item)")
                return dropped
            }
            if dropped > 0 { try connection.run("PRAGMA incremental_vacuum") }
        }
    }

    /// Milliseconds since 1970.
    static func now() -> Int64 {
        Timestamp.now.milliseconds
    }
}
