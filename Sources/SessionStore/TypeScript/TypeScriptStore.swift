package import SQL
package import SessionModel
private import Synchronization
package import Timing

/// The history of the TypeScript OpenCode: generations V1 and V2, in one file or each alone.
///
/// A session that stands in both is shown from V2 (rule N7): OpenCode 2 copies it once and leaves the V1 rows stale.
package final class TypeScriptStore: SessionStore {
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
        var schema: TypeScriptSchema?
        var tables: SQLSchema
    }

    /// - Parameters:
    ///   - open: makes another connection to the database.
    ///   - trash: where removed rows go; nil when the user wants none.
    ///   - readOnlyReason: why nothing may be written, if so.
    /// - Throws: `.unsupportedSchema` for a database of something else.
    package init(
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
            watch = Mutex(
                Watch(connection: connection, token: token, schema: TypeScriptSchema(tables), tables: tables))
        } catch {
            throw StoreError(error)
        }
        _ = try tables()
    }

    package func close() {
        pool.close()
        trash?.close()
        watch.withLock { $0 = nil }
    }

    package func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
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
                        watch.schema = TypeScriptSchema(watch.tables)
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
    private func tables() throws(StoreError) -> (schema: TypeScriptSchema, counter: Int64) {
        guard let (schema, tables, token) = watch.withLock({ $0.map { ($0.schema, $0.tables, $0.token) } }) else {
            throw .unavailable(reason: "the database is closed")
        }
        guard let schema else {
            throw .unsupportedSchema(reason: TypeScriptSchema.reasonForRefusal(tables))
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
        _ transaction: (TypeScriptSchema, _ counter: Int64) throws(SQLError) -> Bool, _ patience: Patience
    ) throws(StoreError) {
        while true {
            let (schema, counter) = try tables()
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

    package func facts() throws(StoreError) -> StoreFacts {
        let schema = try tables().schema
        return StoreFacts(
            families: schema.generations.map { $0.kind == .v1 ? "V1" : "V2" }.sorted(),
            missing: schema.missing,
            readOnlyReason: writingForbidden,
            provider: watch.withLock { $0?.connection.dialect.name } ?? "")
    }

    package func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var outcome: Swift.Result<Result, StoreError>?
        try withCurrentSchema(
            { (schema, counter) throws(SQLError) in
                try pool.lend(patience) { (connection) throws(SQLError) in
                    try connection.reading { () throws(SQLError) in
                        guard try connection.schemaCounter() == counter else { return false }
                        do throws(StoreError) {
                            outcome = .success(try body(TypeScriptSnapshot(connection: connection, schema: schema)))
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

    package func removeMessage(
        _ id: Message.ID, of session: Session.ID, _ removal: Removal
    ) throws(StoreError) {
        try remove(.message(id, of: session), removal)
    }

    package func removeSession(_ id: Session.ID, _ removal: Removal) throws(StoreError) {
        try remove(.session(id), removal)
    }
}

extension SQLError {
    /// A statement that patience ended, told apart by why patience ended.
    func attributed(to patience: Patience) -> SQLError {
        guard kind == .expired || kind == .busy, case .cancelled = patience.verdict else { return self }
        return SQLError(.cancelled, code: code, message: message)
    }
}
