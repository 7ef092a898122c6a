package import SQL
internal import Synchronization
package import Timing

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

    /// Columns that a new row must name and that we know nothing of, as "insert: table.column" (rule W10).
    func insertionObstacles(_ filled: [String: Set<String>]) -> [String] {
        filled.keys.sorted().flatMap { table in
            (tables.tables[table] ?? []).filter { $0.isRequired && filled[table]?.contains($0.name) == false }
                .map { "insert: \(table).\($0.name)" }
        }
    }
}

/// The connections of a store, and its watch over commits and changes of the tables.
final class StoreConnection<Schema: StoreSchema>: Sendable {
    let pool: ConnectionPool
    let trash: Trash?
    /// How often something was done again because a server had taken it back.
    let repetitions = Atomic(0)
    /// Why nothing may be written, if so.
    let writingForbidden: String?
    private let watch: DatabaseWatch<Schema>

    /// - Parameter limits: how many connections there may be at once, besides the one that watches the tables.
    /// - Throws: `.unsupportedSchema` for a database of something else.
    init(
        open: @escaping SQLOpener, trash: Trash?, readOnlyReason: String?,
        limits: ConnectionPool.Limits = .none
    ) throws(StoreError) {
        pool = ConnectionPool(limits: limits, open: open)
        self.trash = trash
        writingForbidden = readOnlyReason
        do throws(SQLError) {
            watch = try DatabaseWatch(open: open, pool: pool) { Schema($0) }
        } catch {
            throw StoreError(error)
        }
        _ = try current()
    }

    func close() {
        pool.close()
        trash?.close()
        watch.close()
    }

    /// The name of the provider.
    var provider: String { watch.provider }

    func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        do throws(SQLError) {
            return try watch.token(patience)
        } catch {
            throw StoreError(error.attributed(to: patience))
        }
    }

    /// The schema as of the last change token, and that token.
    func current() throws(StoreError) -> (schema: Schema, token: ChangeToken) {
        guard let known = watch.current else { throw .unavailable(reason: "the database is closed") }
        guard let schema = known.schema else {
            throw .unsupportedSchema(reason: Schema.reasonForRefusal(known.tables))
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
        _ transaction: (Schema, _ counter: Int64) throws(SQLError) -> Bool, _ patience: Patience, isRepeatable: Bool
    ) throws(StoreError) {
        while true {
            let (schema, token) = try current()
            do throws(SQLError) {
                if try transaction(schema, token.schema) { return }
            } catch {
                guard error.kind == .replaced, isRepeatable else { throw StoreError(error.attributed(to: patience)) }
            }
            try patience.check()
            guard try changeToken(patience).hasOtherTables(than: token) else {
                throw .unavailable(reason: "the database file is being replaced")
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
            }, patience, isRepeatable: true)
        guard let outcome else { throw .notFound }
        return try outcome.get()
    }
}

extension SQLError {
    /// A statement that patience ended, told apart by why patience ended.
    package func attributed(to patience: Patience) -> SQLError {
        guard kind == .expired || kind == .busy, case .cancelled = patience.verdict else { return self }
        return SQLError(.cancelled, code: code, message: message)
    }
}
