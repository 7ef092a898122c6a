package import SQL
package import SessionModel
package import Timing

/// The history of the TypeScript OpenCode: generations V1 and V2, in one file or each alone.
///
/// A session that stands in both is shown from V2 (rule N7): OpenCode 2 copies it once and leaves the V1 rows stale.
package final class TypeScriptStore: SessionStore {
    let pool: ConnectionPool
    let trash: Trash?
    /// Why nothing may be written, if so.
    let writingForbidden: String?
    private let watch: DatabaseWatch<TypeScriptSchema>

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
            watch = try DatabaseWatch(open: open, pool: pool) { TypeScriptSchema($0) }
        } catch {
            throw StoreError(error)
        }
        _ = try tables()
    }

    package func close() {
        pool.close()
        trash?.close()
        watch.close()
    }

    package func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        do throws(SQLError) {
            return try watch.token(patience)
        } catch {
            throw StoreError(error.attributed(to: patience))
        }
    }

    /// The schema as of the last change token, and the counter it goes with.
    private func tables() throws(StoreError) -> (schema: TypeScriptSchema, token: ChangeToken) {
        guard let known = watch.current else { throw .unavailable(reason: "the database is closed") }
        guard let schema = known.schema else {
            throw .unsupportedSchema(reason: TypeScriptSchema.reasonForRefusal(known.tables))
        }
        return (schema, known.token)
    }

    /// Runs a transaction with the schema that holds in it.
    ///
    /// An upgrade of OpenCode may commit while we wait for the lock that it holds. What was known before would then miss
    /// columns and tables: a row would go into the trash without them.
    ///
    /// - Parameters:
    ///   - transaction: returns false, and has done nothing, where the counter in the transaction is another.
    ///   - isRepeatable: whether it may be done to another file that has taken the place of the one that was asked for.
    func withCurrentSchema(
        _ transaction: (TypeScriptSchema, _ counter: Int64) throws(SQLError) -> Bool, _ patience: Patience,
        isRepeatable: Bool
    ) throws(StoreError) {
        while true {
            let (schema, token) = try tables()
            do throws(SQLError) {
                if try transaction(schema, token.schema) { return }
            } catch {
                guard error.kind == .replaced, isRepeatable else { throw StoreError(error.attributed(to: patience)) }
            }
            if let verdict = patience.verdict { throw verdict == .cancelled ? .cancelled : .expired }
            guard try changeToken(patience).hasOtherTables(than: token) else {
                throw .unavailable(reason: "the database file is being replaced")
            }
        }
    }

    package func facts() throws(StoreError) -> StoreFacts {
        let schema = try tables().schema
        return StoreFacts(
            families: schema.generations.map { $0.kind == .v1 ? "V1" : "V2" }.sorted(),
            missing: schema.missing,
            readOnlyReason: writingForbidden,
            provider: watch.provider)
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
            }, patience, isRepeatable: true)
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
