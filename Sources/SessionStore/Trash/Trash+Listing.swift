private import SQL
package import SessionModel
private import Timing

/// Something in the trash, as `opencodefs trash` lists it.
package struct TrashBatch: Sendable {
    package struct Item: Sendable {
        /// What became of it.
        package enum Kind: String, Sendable {
            /// It was removed.
            case removed
            /// It is there with other contents.
            case replaced
        }

        package let id: Int64
        package let kind: Kind
        /// Milliseconds since 1970.
        package let removed: Int64
        /// Empty for a project.
        package let session: Session.ID
        /// Nil for a session.
        package let message: Message.ID?
        /// The project, where the item is one.
        package let project: Project.ID?
        /// How it was called in the tree.
        package let path: String
    }

    package let id: Int64
    /// Milliseconds since 1970.
    package let started: Int64
    /// The database it was removed from.
    package let source: String
    package let items: [Item]
}

extension Trash {
    /// Everything in the trash that came from this database, the newest last.
    package func batches() throws(StoreError) -> [TrashBatch] {
        do throws(SQLError) {
            withdrawAhead()
            return try pool.lend(.lasting(.seconds(10))) { (connection) throws(SQLError) in
                var items: [Int64: [TrashBatch.Item]] = [:]
                // A removal takes the row itself; a save takes parts of it at most.
                try connection.rows(
                    """
                    SELECT batch, id, removed, session, message, path, project, EXISTS (SELECT 1 FROM record \
                    WHERE item = item.id AND kind = 'removed' AND origin NOT IN ('part', 'todo')) FROM item ORDER BY id
                    """
                ) { (row) throws(SQLError) in
                    items[row.integer(at: 0) ?? 0, default: []].append(
                        TrashBatch.Item(
                            id: row.integer(at: 1) ?? 0, kind: row.integer(at: 7) == 1 ? .removed : .replaced,
                            removed: row.integer(at: 2) ?? 0,
                            session: Session.ID(row.value(at: 3)) ?? Session.ID(""),
                            message: Message.ID(row.value(at: 4)),
                            project: Project.ID(row.value(at: 6)),
                            path: String(decoding: row.bytes(at: 5) ?? [], as: UTF8.self)))
                }
                var batches: [TrashBatch] = []
                try connection.rows("SELECT id, started, source FROM batch ORDER BY id") { (row) throws(SQLError) in
                    let id = row.integer(at: 0) ?? 0
                    let origin = String(decoding: row.bytes(at: 2) ?? [], as: UTF8.self)
                    guard origin == source, let items = items[id] else { return }
                    batches.append(
                        TrashBatch(id: id, started: row.integer(at: 1) ?? 0, source: origin, items: items))
                }
                return batches
            }
        } catch {
            throw StoreError(error)
        }
    }
}
