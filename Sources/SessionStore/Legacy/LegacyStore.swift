internal import Synchronization
package import SessionModel
package import Timing

/// The history of OpenCode up to 1.1: a tree of JSON files, which is shown and not changed.
///
/// A message and its parts are files of their own, and what is read in one ``reading(_:_:)`` is no version of all of them: each
/// file is as it was when it was looked at. Ids are those of the names, as OpenCode's own migration takes them.
package final class LegacyStore: SessionStore {
    private let cache: LegacyCache
    /// How often the files may have changed: they are looked at again after every ``interval``.
    private let looked = Mutex((count: Int64(0), at: ContinuousClock.now))

    /// How long files are taken for unchanged: they tell nobody when they change.
    private static let interval = Duration.milliseconds(500)

    /// - Throws: `.unsupportedSchema` for a directory of something else.
    package init(files: any LegacyFiles) throws(StoreError) {
        cache = LegacyCache(files)
        let names: [String]
        do throws(LegacyFilesError) { names = try files.names(in: "") } catch {
            throw .unavailable(reason: error.reason)
        }
        guard names.contains("session") || names.contains("project") else {
            throw .unsupportedSchema(reason: "it is no storage directory of OpenCode 1.1: it has no session/")
        }
    }

    package func facts() throws(StoreError) -> StoreFacts {
        StoreFacts(families: ["V1 files"], missing: [], readOnlyReason: Self.readOnlyReason, provider: "files")
    }

    package func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        looked.withLock { looked in
            if ContinuousClock.now - looked.at >= Self.interval {
                looked = (looked.count + 1, .now)
            }
            return ChangeToken(changes: looked.count, schema: 0)
        }
    }

    package func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(LegacySnapshot(cache: cache, patience: patience))
    }

    package func removeMessage(_ id: Message.ID, of session: Session.ID, _ removal: Writing) throws(StoreError) {
        throw Self.isReadOnly
    }

    package func removeSession(_ id: Session.ID, _ removal: Writing) throws(StoreError) {
        throw Self.isReadOnly
    }

    package func apply(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change]
    ) throws(StoreError) {
        throw Self.isReadOnly
    }

    package var trash: Trash? { nil }

    package func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration {
        throw .store(Self.isReadOnly)
    }

    package func rehearsing<Outcome>(
        _ items: [TrashBatch.Item], _ patience: Patience,
        _ body: (any HistorySnapshot) throws(StoreError) -> Outcome
    ) throws(RestoreError) -> Outcome {
        throw .store(Self.isReadOnly)
    }

    package func close() {}

    private static let readOnlyReason = "the files of OpenCode 1.1 are shown, not changed"

    private static var isReadOnly: StoreError { .readOnly(reason: readOnlyReason) }
}
