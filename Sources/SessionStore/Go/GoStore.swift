package import SQL
package import SessionModel
package import Timing

/// The history of the Go OpenCode, the original and its fork.
package final class GoStore: SessionStore {
    private let connection: StoreConnection<GoSchema>
    private let copies = RecentCopies()
    private let home: ProjectIdentity

    /// - Parameters:
    ///   - open: makes another connection to the database.
    ///   - trash: where removed rows go; nil when the user wants none.
    ///   - readOnlyReason: why nothing may be written, if so.
    ///   - home: the project of sessions that name none: the original OpenCode has a database for each project.
    /// - Throws: `.unsupportedSchema` for a database of something else.
    package init(
        open: @escaping SQLOpener, trash: Trash?, readOnlyReason: String?,
        home: ProjectIdentity
    ) throws(StoreError) {
        connection = try StoreConnection(open: open, trash: trash, readOnlyReason: readOnlyReason)
        self.home = home
    }

    /// The directory that a database is of: the one that contains the data directory.
    package static func directory(of database: String) -> String {
        "/" + database.split(separator: "/").dropLast(2).joined(separator: "/")
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
        try connection.rehearsing(
            items, patience, reading: { GoSnapshot(connection: $0, schema: $1, home: home) }, body)
    }

    package func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        try connection.changeToken(patience)
    }

    package func facts() throws(StoreError) -> StoreFacts {
        try connection.facts()
    }

    package func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try connection.reading(patience, { GoSnapshot(connection: $0, schema: $1, home: home) }, body)
    }

    package func removeMessage(
        _ id: Message.ID, of session: Session.ID, _ removal: Writing
    ) throws(StoreError) {
        try connection.remove(.message(id, of: session), removal, by: GoRemover.self)
    }

    package func removeSession(_ id: Session.ID, _ removal: Writing) throws(StoreError) {
        try connection.remove(.session(id), removal, by: GoRemover.self)
    }

    package func apply(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change]
    ) throws(StoreError) {
        try connection.apply(
            writing, decide, reading: { GoSnapshot(connection: $0, schema: $1, home: home, isLocking: true) },
            by: { GoEditor(connection: $0, schema: $1, now: Timestamp.now.milliseconds / 1000, copies: copies) })
    }
}
