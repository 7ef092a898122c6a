internal import SQL
private import Synchronization
internal import Timing

/// What a database can do for us, told by its tables and columns alone.
protocol StoreSchema: Sendable {
    /// Recognises a schema; nil where nothing of it can be read.
    init?(_ tables: SQLSchema)

    var tables: SQLSchema { get }

    /// What to call a database that is not recognised.
    static func reasonForRefusal(_ tables: SQLSchema) -> String
}

extension StoreSchema {
    /// A column where this schema has it, NULL where it does not.
    func column(_ name: String, of table: SQLIdentifier) -> SQLQuery {
        tables.has(name, in: table.name) ? "\(table).\(SQLIdentifier(name))" : "NULL"
    }
}

/// The connections of a store, and its watch over commits and changes of the tables.
final class StoreConnection<Schema: StoreSchema>: Sendable {
    let pool: ConnectionPool
    let trash: Trash?
    /// Why nothing may be written, if so.
    let writingForbidden: String?
    /// Watches for changes. A connection of its own, since the counter of a connection does not move for what that
    /// connection commits itself.
    private let watch: Mutex<Watch?>

    private struct Watch {
        let connection: any SQLConnection
        var token: ChangeToken
        var schema: Schema?
        var tables: SQLSchema
    }

    /// - Throws: `.unsupportedSchema` for a database of something else.
    init(
        open: @escaping @Sendable () throws(SQLError) -> any SQLConnection, trash: Trash?, readOnlyReason: String?
    ) throws(StoreError) {
        pool = ConnectionPool(open: open)
        self.trash = trash
        writingForbidden = readOnlyReason
        do throws(SQLError) {
            let connection = try open()
            connection.patience = .lasting(.seconds(10))
            // The counters first: tables that change in between are then read once more.
            let token = ChangeToken(changes: try connection.changeCounter(), schema: try connection.schemaCounter())
            let tables = try connection.schema()
            watch = Mutex(Watch(connection: connection, token: token, schema: Schema(tables), tables: tables))
        } catch {
            throw StoreError(error)
        }
        _ = try current()
    }

    func close() {
        pool.close()
        trash?.close()
        watch.withLock { $0 = nil }
    }

    /// The name of the provider.
    var provider: String { watch.withLock { $0?.connection.dialect.name } ?? "" }

    func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        try watch.withLock { (kept) throws(StoreError) in
            guard var watch = kept else { throw .unavailable(reason: "the database is closed") }
            defer { kept = watch }
            do throws(SQLError) {
                watch.connection.patience = patience
                let changes = try watch.connection.changeCounter()
                if changes != watch.token.changes {
                    // An upgrade of OpenCode changes the tables under us: look before anything else is read.
                    let schemaCounter = try watch.connection.schemaCounter()
                    let token = ChangeToken(changes: changes, schema: schemaCounter)
                    if token.hasOtherTables(than: watch.token) {
                        watch.tables = try watch.connection.schema()
                        watch.schema = Schema(watch.tables)
                    }
                    watch.token = token
                }
                return watch.token
            } catch {
                throw StoreError(error.attributed(to: patience))
            }
        }
    }

    /// The schema as of the last change token, and the counter it goes with.
    func current() throws(StoreError) -> (schema: Schema, counter: Int64) {
        guard let (schema, tables, token) = watch.withLock({ $0.map { ($0.schema, $0.tables, $0.token) } }) else {
            throw .unavailable(reason: "the database is closed")
        }
        guard let schema else {
            throw .unsupportedSchema(reason: Schema.reasonForRefusal(tables))
        }
        return (schema, token.schema)
    }

    /// Runs a transaction with the schema that holds in it.
    ///
    /// An upgrade of OpenCode may commit while we wait for the lock that it holds. What was known before would then miss
    /// columns and tables: a row would go into the trash without them.
    ///
    /// - Parameter transaction: returns false, and has done nothing, where the counter in the transaction is another.
    func withCurrentSchema(
        _ transaction: (Schema, _ counter: Int64) throws(SQLError) -> Bool, _ patience: Patience
    ) throws(StoreError) {
        while true {
            let (schema, counter) = try current()
            do throws(SQLError) {
                if try transaction(schema, counter) { return }
            } catch {
                throw StoreError(error.attributed(to: patience))
            }
            if let verdict = patience.verdict { throw verdict == .cancelled ? .cancelled : .expired }
            guard try changeToken(patience).schema != counter else {
                throw .unavailable(reason: "the database file was replaced; unmount it and mount it again")
            }
        }
    }

    /// Lends one version of the history, as `snapshot` reads it.
    func reading<Result>(
        _ patience: Patience, _ snapshot: (any SQLConnection, Schema) -> any HistorySnapshot,
        _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var outcome: Swift.Result<Result, StoreError>?
        try withCurrentSchema(
            { (schema, counter) throws(SQLError) in
                try pool.lend(patience) { (connection) throws(SQLError) in
                    try connection.reading { () throws(SQLError) in
                        guard try connection.schemaCounter() == counter else { return false }
                        do throws(StoreError) {
                            outcome = .success(try body(snapshot(connection, schema)))
                        } catch {
                            outcome = .failure(error)
                        }
                        return true
                    }
                }
            }, patience)
        guard let outcome else { throw .notFound }
        return try outcome.get()
    }
}

extension SQLError {
    /// A statement that patience ended, told apart by why patience ended.
    func attributed(to patience: Patience) -> SQLError {
        guard kind == .expired || kind == .busy, case .cancelled = patience.verdict else { return self }
        return SQLError(.cancelled, code: code, message: message)
    }
}
