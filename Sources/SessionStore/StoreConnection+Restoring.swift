internal import SQL
internal import Timing

extension StoreConnection {
    /// Puts items of the trash back, all or none.
    func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration {
        if let writingForbidden { throw .store(.readOnly(reason: writingForbidden)) }
        guard let trash else { throw .store(.notFound) }
        var outcome: Result<Restoration, RestoreError>?
        do throws(SQLError) {
            try repeating(patience) { () throws(SQLError) in
                try pool.lend(patience) { (connection) throws(SQLError) in
                    outcome = try trash.put(items, backInto: connection, isRehearsal: false)
                }
            }
        } catch {
            throw .store(StoreError(error.attributed(to: patience)))
        }
        guard let outcome else { throw .store(.notFound) }
        return try outcome.get()
    }

    /// Lends the history as it would be with items of the trash put back, and takes that back.
    func rehearsing<Outcome>(
        _ items: [TrashBatch.Item], _ patience: Patience,
        reading snapshot: (any SQLConnection, Schema) -> any HistorySnapshot,
        _ body: (any HistorySnapshot) throws(StoreError) -> Outcome
    ) throws(RestoreError) -> Outcome {
        if let writingForbidden { throw .store(.readOnly(reason: writingForbidden)) }
        guard let trash else { throw .store(.notFound) }
        let schema: Schema
        do throws(StoreError) { schema = try current().schema } catch { throw .store(error) }
        var outcome: Result<Outcome, RestoreError>?
        do throws(SQLError) {
            try repeating(patience) { () throws(SQLError) in
                try pool.lend(patience) { (connection) throws(SQLError) in
                    let rehearsed = try trash.put(items, backInto: connection, isRehearsal: true) {
                        do throws(StoreError) {
                            outcome = .success(try body(snapshot(connection, schema)))
                        } catch {
                            outcome = .failure(.store(error))
                        }
                    }
                    if case .failure(let error) = rehearsed { outcome = .failure(error) }
                }
            }
        } catch {
            throw .store(StoreError(error.attributed(to: patience)))
        }
        guard let outcome else { throw .store(.notFound) }
        return try outcome.get()
    }
}
