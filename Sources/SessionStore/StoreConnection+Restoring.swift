internal import SQL
internal import Timing

extension StoreConnection {
    /// Puts items of the trash back, all or none.
    func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration {
        if let writingForbidden { throw .store(.readOnly(reason: writingForbidden)) }
        guard let trash else { throw .store(.notFound) }
        var outcome: Result<Restoration, RestoreError>?
        do throws(SQLError) {
            try pool.lend(patience) { (connection) throws(SQLError) in
                do throws(RestoreError) {
                    outcome = .success(try trash.restore(items, into: connection, isRehearsal: false))
                } catch {
                    outcome = .failure(error)
                }
            }
        } catch {
            throw .store(StoreError(error.attributed(to: patience)))
        }
        guard let outcome else { throw .store(.notFound) }
        return try outcome.get()
    }
}
