package import SQL
package import SessionModel
package import Timing

/// The history of the TypeScript OpenCode: generations V1 and V2, in one file or each alone.
///
/// A session that stands in both is shown from V2 (rule N7): OpenCode 2 copies it once and leaves the V1 rows stale.
package final class TypeScriptStore: SessionStore {
    private let connection: StoreConnection<TypeScriptSchema>
    private let copies = CopiedSessions()

    /// - Parameters:
    ///   - open: makes another connection to the database.
    ///   - trash: where removed rows go; nil when the user wants none.
    ///   - readOnlyReason: why nothing may be written, if so.
    /// - Throws: `.unsupportedSchema` for a database of something else.
    package init(
        open: @escaping SQLOpener, trash: Trash?, readOnlyReason: String?
    ) throws(StoreError) {
        connection = try StoreConnection(open: open, trash: trash, readOnlyReason: readOnlyReason)
    }

    package func close() {
        connection.close()
    }

    package var trash: Trash? { connection.trash }

    package func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration {
        try connection.restore(items, patience)
    }

    package func rehearsing<Outcome>(
        _ items: [TrashBatch.Item], _ patience: Patience,
        _ body: (any HistorySnapshot) throws(StoreError) -> Outcome
    ) throws(RestoreError) -> Outcome {
        try connection.rehearsing(items, patience, reading: { TypeScriptSnapshot(connection: $0, schema: $1) }, body)
    }

    package func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        try connection.changeToken(patience)
    }

    package func facts() throws(StoreError) -> StoreFacts {
        let schema = try connection.current().schema
        return StoreFacts(
            families: schema.generations.map { $0.kind == .v1 ? "V1" : "V2" }.sorted(),
            missing: schema.missing + schema.insertionObstacles(schema.filled),
            readOnlyReason: connection.writingForbidden,
            provider: connection.provider)
    }

    package func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try connection.reading(patience, { TypeScriptSnapshot(connection: $0, schema: $1) }, body)
    }

    package func removeMessage(
        _ id: Message.ID, of session: Session.ID, _ removal: Writing
    ) throws(StoreError) {
        try connection.remove(.message(id, of: session), removal, by: TypeScriptRemover.self)
    }

    package func removeSession(_ id: Session.ID, _ removal: Writing) throws(StoreError) {
        try connection.remove(.session(id), removal, by: TypeScriptRemover.self)
    }

    package func apply(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change]
    ) throws(StoreError) {
        try connection.apply(
            writing, decide, reading: { TypeScriptSnapshot(connection: $0, schema: $1) },
            by: {
                TypeScriptEditor(connection: $0, schema: $1, now: Timestamp.now.milliseconds, copies: copies)
            })
    }
}
