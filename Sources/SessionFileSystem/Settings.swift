package import SessionModel
package import SessionSearch
package import SessionStore
package import SessionTree

/// How a mount shows a history.
package struct Settings: Sendable {
    package var style = Naming.Style.labels
    package var layout = Layout.sessions
    /// Whether extended attributes are told. `ls -l` asks for two of each file, which are none of ours, and only where the
    /// kernel has been told that there are none at all it does not pass that on.
    package var tellsAttributes = true
    package var scope = Catalog.Scope.all
    package var owner: UInt32
    package var group: UInt32
    /// Permission bits that are taken away from 0666 and 0777.
    package var umask: UInt32 = 0o077
    /// What status.json says before what the file system itself knows.
    package var description: JSONObject
    /// What status.json says of the database at the moment; does not block.
    package var condition: @Sendable () -> JSONObject = { JSONObject() }
    /// Space that the database takes and that its disk still has, in bytes.
    package var volume: @Sendable () -> (used: Int64, free: Int64)
    /// Where bytes go that could not be saved; nil for nowhere.
    package var salvage: (any Salvage)?
    /// What people keep with sessions; nil where there is no such thing.
    package var documents: Documents?
    /// What answers searches quickly; without it the texts are read each time.
    package var searchIndex: SearchIndex?
    /// How far that is; nil where there is none.
    package var indexing: @Sendable () -> SearchIndexer.Progress? = { nil }
    /// Called when somebody searches: the index is wanted.
    package var onSearch: @Sendable () -> Void = {}
    /// Where views are kept that are too large for memory; nil for nowhere.
    package var spool: (any Spool)?
    /// Gets each failure as one line of JSON.
    package var onError: @Sendable (String) -> Void

    /// What stands at the root of the mount.
    package enum Layout: Sendable {
        /// Projects and their sessions.
        case sessions
        /// What else is `.opencodefs/storage`: the files of OpenCode up to 1.1. Nothing is written there.
        case storage
    }

    package init(
        owner: UInt32, group: UInt32, description: JSONObject,
        volume: @escaping @Sendable () -> (used: Int64, free: Int64),
        onError: @escaping @Sendable (String) -> Void
    ) {
        self.owner = owner
        self.group = group
        self.description = description
        self.volume = volume
        self.onError = onError
    }
}
