package import SQL
package import SessionModel
private import Synchronization
package import Timing

/// The history of the TypeScript OpenCode: generations V1 and V2, in one file or each alone.
///
/// A session that stands in both is shown from V2 (rule N7): OpenCode 2 copies it once and leaves the V1 rows stale.
package final class TypeScriptStore: SessionStore {
    let pool: ConnectionPool
    private let trash: Trash?
    private let writingForbidden: String?
    /// Watches for changes. A connection of its own, since the counter of a connection does not move for what that
    /// connection commits itself.
    private let watch: Mutex<Watch?>

    private struct Watch {
        let connection: any SQLConnection
        var token: ChangeToken
        var changes: Int64
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
            // The counters first: what is committed while the tables are read then counts as a change.
            let changes = try connection.changeCounter()
            let token = ChangeToken(changes: changes, schema: try connection.schemaCounter())
            let tables = try connection.schema()
            watch = Mutex(
                Watch(
                    connection: connection, token: token, changes: changes, schema: TypeScriptSchema(tables),
                    tables: tables))
        } catch {
            throw StoreError(error)
        }
        _ = try schema()
    }

    package func close() {
        pool.close()
        watch.withLock { $0 = nil }
    }

    package func changeToken() throws(StoreError) -> ChangeToken {
        try watch.withLock { (kept) throws(StoreError) in
            guard var watch = kept else { throw .unavailable(reason: "the database is closed") }
            defer { kept = watch }
            do throws(SQLError) {
                watch.connection.patience = .lasting(.seconds(5))
                let changes = try watch.connection.changeCounter()
                if changes != watch.changes {
                    // An upgrade of OpenCode changes the tables under us: look before anything else is read.
                    let schemaCounter = try watch.connection.schemaCounter()
                    let token = ChangeToken(changes: changes, schema: schemaCounter)
                    if token.hasOtherTables(than: watch.token) {
                        watch.tables = try watch.connection.schema()
                        watch.schema = TypeScriptSchema(watch.tables)
                    }
                    watch.token = token
                    watch.changes = changes
                }
                return watch.token
            } catch {
                throw StoreError(error)
            }
        }
    }

    /// The schema as of the last change token.
    func schema() throws(StoreError) -> TypeScriptSchema {
        guard let (schema, tables) = watch.withLock({ $0.map { ($0.schema, $0.tables) } }) else {
            throw .unavailable(reason: "the database is closed")
        }
        guard let schema else {
            throw .unsupportedSchema(reason: TypeScriptSchema.reasonForRefusal(tables))
        }
        return schema
    }

    package func facts() throws(StoreError) -> StoreFacts {
        let schema = try schema()
        return StoreFacts(
            families: schema.generations.map { $0.kind == .v1 ? "V1" : "V2" }.sorted(),
            missing: schema.missing,
            readOnlyReason: writingForbidden,
            provider: watch.withLock { $0?.connection.dialect.name } ?? "")
    }

    package func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let schema = try schema()
        var outcome: Swift.Result<Result, StoreError>?
        do throws(SQLError) {
            try pool.lend(patience) { (connection) throws(SQLError) in
                try connection.reading { () throws(SQLError) in
                    do throws(StoreError) {
                        outcome = .success(try body(TypeScriptSnapshot(connection: connection, schema: schema)))
                    } catch {
                        outcome = .failure(error)
                    }
                }
            }
        } catch {
            throw StoreError(error.attributed(to: patience))
        }
        guard let outcome else { throw .notFound }
        return try outcome.get()
    }

    package func removeMessage(
        _ id: Message.ID, of session: Session.ID, _ removal: Removal
    ) throws(StoreError) {
        try remove(removal) { (remover) throws(SQLError) in try remover.removeMessage(id, of: session) }
    }

    package func removeSession(_ id: Session.ID, _ removal: Removal) throws(StoreError) {
        try remove(removal) { (remover) throws(SQLError) in try remover.removeSession(id) }
    }

    /// One transaction that files the rows in the trash and deletes them.
    private func remove(
        _ removal: Removal, _ body: (TypeScriptRemover) throws(SQLError) -> StoreError?
    ) throws(StoreError) {
        if let writingForbidden { throw .readOnly(reason: writingForbidden) }
        let schema = try schema()
        var refusal: StoreError?
        do throws(SQLError) {
            try pool.lend(removal.patience) { (connection) throws(SQLError) in
                try connection.writing { () throws(SQLError) in
                    refusal = try body(
                        TypeScriptRemover(connection: connection, schema: schema, trash: trash, removal: removal))
                }
            }
        } catch {
            throw StoreError(error.attributed(to: removal.patience))
        }
        if let refusal { throw refusal }
    }
}

extension SQLError {
    /// A statement that patience ended, told apart by why patience ended.
    func attributed(to patience: Patience) -> SQLError {
        guard kind == .expired || kind == .busy, case .cancelled = patience.verdict else { return self }
        return SQLError(.cancelled, code: code, message: message)
    }
}
