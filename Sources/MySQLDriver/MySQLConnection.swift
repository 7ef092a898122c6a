internal import CMariaDB
package import SQL
package import Timing

/// A connection to a database of a MySQL or MariaDB server that OpenCodes and other mounts use too.
///
/// Its rules:
/// - Statements of others are prepared, with their values bound; text goes as bytes and comes as bytes.
/// - `sql_mode` is STRICT_ALL_TABLES whatever the server says: without it a text that is too long is cut.
/// - A connection is never mended: it is broken, its transaction forgotten by the server, and somebody makes another.
/// - When patience ends while the server is silent, the connection is given up. Whether a COMMIT that was under way has
///   happened is not known then: look again.
///
/// Unchecked Sendable because one thread uses a connection at a time; `ConnectionPool` lends it so.
package final class MySQLConnection: SQLConnection, @unchecked Sendable {
    private enum Transaction {
        case none
        case reading
        case writing
    }

    private let handle: MySQLHandle
    private let settings: MySQLSettings
    /// Whether several statements can be sent as one, `BEGIN NOT ATOMIC … END`: MariaDB's.
    private var takesCompounds: Bool
    private var statements = MySQLStatementCache(capacity: 64)
    private var transaction = Transaction.none
    /// The largest value that can be sent; asked for when somebody comes with a large one.
    private var packetLimit: Int?

    /// Connects, waiting as long as patience lasts and at most ``MySQLSettings/connectTimeout``.
    ///
    /// - Throws: `.unavailable` (no server there, no such database, TLS), `.denied` (user or password), `.disconnected`,
    ///   `.expired` or `.cancelled`.
    package init(_ settings: MySQLSettings, _ patience: Patience) throws(SQLError) {
        self.settings = settings
        self.patience = patience
        handle = try MySQLHandle(settings, patience)
        packetLimit = settings.maxAllowedPacket
        takesCompounds = unsafe mariadb_connection(handle.mysql) != 0
        try configure()
        handle.wait.patience = patience
    }

    /// Connects whenever somebody asks: what a ``ConnectionPool`` wants.
    package static func opener(_ settings: MySQLSettings) -> SQLOpener {
        { (patience) throws(SQLError) in try MySQLConnection(settings, patience) }
    }

    package var patience: Patience {
        didSet { handle.wait.patience = patience }
    }

    package var isBroken: Bool { handle.isBroken }

    package var dialect: SQLDialect { transaction == .reading ? .mysqlReading : .mysql }

    private func configure() throws(SQLError) {
        if !settings.systemVariables.isEmpty {
            do throws(SQLError) {
                // As go-sql-driver does: the value is SQL, as the DSN has it.
                try handle.command(
                    "SET " + settings.systemVariables.map { "\($0.name) = \($0.value)" }.joined(separator: ", "))
            } catch {
                let names = settings.systemVariables.map(\.name).joined(separator: ", ")
                guard !isBroken else { throw error }
                throw SQLError(
                    .unavailable, code: error.code,
                    message: "the server refuses a system variable of the DSN, one of \(names): \(error.message)")
            }
        }
        // Ours last: what the bytes of a message depend on is not up to the DSN.
        var variables: [String] = []
        if let collation = settings.collation {
            variables.append("NAMES \(settings.characterSet) COLLATE \(collation)")
        }
        variables += [
            "SESSION sql_mode = 'STRICT_ALL_TABLES'", "SESSION autocommit = 1", "SESSION foreign_key_checks = 1",
            "SESSION innodb_lock_wait_timeout = \(lockWait)",
        ]
        if !settings.systemVariables.contains(where: { $0.name.lowercased() == "time_zone" }) {
            variables.append("SESSION time_zone = '+00:00'")
        }
        try handle.command("SET " + variables.joined(separator: ", "))
    }

    /// How long the server may wait for a row's lock, in seconds: no longer than we wait for the server, for it goes on
    /// waiting, and holding what it has locked for us, when we are gone. Half a second is left for its answer to come, which
    /// says that somebody else has the lock: of a server that is silent nobody knows why.
    private var lockWait: Int64 {
        min(50, max(1, (patience.deadline - .now - .milliseconds(500)).components.seconds))
    }

    package func rows(
        _ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void
    ) throws(SQLError) {
        _ = try perform(query, body)
    }

    @discardableResult
    package func run(_ query: SQLQuery) throws(SQLError) -> Int {
        try perform(query) { (_) throws(SQLError) in }
    }

    private func perform(
        _ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void
    ) throws(SQLError) -> Int {
        let (text, values) = query.rendered(for: dialect)
        try check(values)
        var isHandingOut = false
        do throws(SQLError) {
            return try perform(text, values) { (row) throws(SQLError) in
                isHandingOut = true
                try body(row)
            }
        } catch {
            // 1295: MySQL prepares no CREATE TRIGGER, MariaDB nearly everything.
            if error.code == 1295, values.isEmpty, !isBroken {
                try handle.command(text)
                return 0
            }
            // 1615: a table was changed too often while the statement was prepared anew; 1243: the server has forgotten
            // it; 2057: a SELECT has other columns now. Nothing has happened in any of them.
            guard !isHandingOut, !isBroken, [1243, 1615, 2057].contains(error.code) else { throw error }
            return try perform(text, values, body)
        }
    }

    private func perform(
        _ text: String, _ values: [SQLValue], _ body: (any SQLRow) throws(SQLError) -> Void
    ) throws(SQLError) -> Int {
        // Taken out while it runs: the same text may run inside its own rows. Not put back when it fails, for what was
        // sent of its values would still be there.
        let statement: MySQLStatement
        if let kept = statements.take(text) {
            statement = kept
        } else {
            statement = try MySQLStatement(handle, text: text)
        }
        let count = try statement.run(binding: values, body)
        statements.put(statement, for: text)
        return count
    }

    /// A value that is too large ends the connection, so it is not sent.
    private func check(_ values: [SQLValue]) throws(SQLError) {
        let largest = values.lazy.map { $0.bytes?.count ?? 0 }.max() ?? 0
        guard largest > 8 << 10 else { return }
        let limit: Int
        if let packetLimit {
            limit = packetLimit
        } else {
            limit = Int(clamping: try integer("SELECT @@max_allowed_packet") ?? 1 << 20)
            packetLimit = limit
        }
        // Short values travel together in one packet, long ones each by itself.
        guard largest + 1024 > limit else { return }
        throw SQLError(
            .tooLarge, code: 1153, message: "\(largest) bytes; the server takes \(limit) (max_allowed_packet)")
    }

    package func beginReading() throws(SQLError) {
        try begin(.reading, "REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    }

    package func beginWriting() throws(SQLError) {
        try begin(.writing, "READ COMMITTED", "START TRANSACTION READ WRITE")
    }

    /// One round trip on MariaDB, where several statements can be one.
    private func begin(_ kind: Transaction, _ level: String, _ start: String) throws(SQLError) {
        let settings = "SET SESSION innodb_lock_wait_timeout = \(lockWait)"
        let isolation = "SET TRANSACTION ISOLATION LEVEL \(level)"
        let preparation = kind == .writing ? "\(settings); " : ""
        if takesCompounds {
            do throws(SQLError) {
                try handle.command("BEGIN NOT ATOMIC \(preparation)\(isolation); \(start); END")
                transaction = kind
                return
            } catch {
                // A proxy that reads statements may not know this one.
                guard error.code == 1064 else { throw error }
                takesCompounds = false
            }
        }
        if kind == .writing { try handle.command(settings) }
        try handle.command(isolation)
        try handle.command(start)
        transaction = kind
    }

    package func commit() throws(SQLError) {
        // Where there is no time left nothing is sent, so that it is certain: nothing has happened.
        try handle.command("COMMIT")
        transaction = .none
    }

    package func rollback() {
        guard transaction != .none else { return }
        transaction = .none
        guard !isBroken else { return }
        // A word that takes no time to send; nobody waits for the answer.
        handle.wait.patience = .lasting(.milliseconds(100))
        handle.send("ROLLBACK")
        handle.wait.patience = patience
    }

    package func prove() throws(SQLError) {
        try handle.ping()
    }
}

/// Prepared statements by their texts; the one that has not been used for longest goes first.
private struct MySQLStatementCache {
    let capacity: Int
    private var statements: [String: (statement: MySQLStatement, used: UInt64)] = [:]
    private var uses: UInt64 = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func take(_ text: String) -> MySQLStatement? {
        statements.removeValue(forKey: text)?.statement
    }

    mutating func put(_ statement: MySQLStatement, for text: String) {
        if statements.count >= capacity, let oldest = statements.min(by: { $0.value.used < $1.value.used }) {
            statements[oldest.key] = nil
        }
        uses += 1
        statements[text] = (statement, uses)
    }
}
