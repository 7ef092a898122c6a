package import SessionModel
package import SessionStore
internal import SessionTree
internal import SQL
private import Synchronization
package import Timing

/// Brings an index up to date, in batches: what was written before a kill -9 stays, and each transaction is short, in the history
/// as in the index. While the caller's thread writes a batch, another reads the next. Several may work on one index; what
/// one has done the others need not.
package final class SearchIndexer: Sendable {
    private let store: any SessionStore
    private let index: SearchIndex
    /// Bytes of text that are read before they are written: a kill -9 costs what is being written, what waits for it, and what is
    /// being read.
    private let batchLimit: Int
    /// Bytes of text whose words are in one shard, about. To empty one takes a moment; to ask many takes one too.
    private let shardLimit: Int
    private let startThread: ThreadStart
    /// What is told of it.
    private let state = Mutex(Progress())

    /// Starts a thread that runs a body and is gone when it returns; says whether there is one.
    package typealias ThreadStart = @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool

    /// How far an index is.
    package struct Progress: Sendable, Equatable {
        package enum Phase: String, Sendable {
            /// Nobody has searched.
            case none
            case building
            case ready
        }

        package var phase = Phase.none
        /// Sessions that it knows, and all there are.
        package var sessions = 0
        package var of = 0
        /// Bytes of text that were read since this program began.
        package var octets = 0
        /// Why it does not get on; for people.
        package var failure: String?
    }

    /// - Parameters:
    ///   - startThread: for the thread that reads; it should give way to others as the caller's does.
    ///   - batchLimit: bytes of text that are read before they are written.
    ///   - shardLimit: bytes of text whose words are in one shard, about.
    package init(
        store: any SessionStore, index: SearchIndex, startThread: @escaping ThreadStart, batchLimit: Int = 4 << 20,
        shardLimit: Int = 16 << 20
    ) {
        self.store = store
        self.index = index
        self.startThread = startThread
        self.batchLimit = batchLimit
        self.shardLimit = shardLimit
    }

    package var progress: Progress { state.withLock { $0 } }

    /// Works until the index knows all that was there when this began, and holds nothing that was gone by then.
    ///
    /// - Parameter patience: asked after each batch too; where it ends, what was done stays.
    /// - Returns: the fingerprints that it went by, and the version of the history that had them.
    @discardableResult
    package func run(
        _ patience: Patience, _ report: (Progress) -> Void = { _ in }
    ) throws(StoreError) -> (token: ChangeToken, fingerprints: [Session.ID: Int64]) {
        do throws(StoreError) {
            // The token first: what is committed in between is then read once more.
            let token = try store.changeToken(patience)
            let fingerprints = try bringUpToDate(patience, report)
            try dropGoneWords(patience)
            state.withLock { ($0.phase, $0.failure) = (.ready, nil) }
            return (token, fingerprints)
        } catch {
            state.withLock { $0.failure = error.reasonForNoIndex }
            throw error
        }
    }

    private func note(_ report: (Progress) -> Void, _ change: (inout Progress) -> Void) {
        report(
            state.withLock { progress in
                change(&progress)
                return progress
            })
    }

    private func bringUpToDate(
        _ patience: Patience, _ report: (Progress) -> Void
    ) throws(StoreError) -> [Session.ID: Int64] {
        let (fingerprints, sessions) = try store.reading(patience) { (snapshot) throws(StoreError) in
            (try snapshot.fingerprints(of: nil), try snapshot.sessions().sorted { $0.updated > $1.updated }.map(\.id))
        }
        let known = try asking(patience) { () throws(SQLError) in
            // Most often there is nothing to write, and nobody has to wait for that.
            let known = try index.reading(patience) { (connection) throws(SQLError) in
                (
                    fingerprints: try Self.knownSessions(connection),
                    gone: try Self.sessions(notIn: fingerprints, connection)
                )
            }
            if let known, !known.gone.isEmpty {
                try index.writing(patience) { (connection) throws(SQLError) in
                    try Self.drop(known.gone, connection)
                }
            }
            return known?.fingerprints ?? [:]
        }
        // Those that changed last are searched first, and so read first.
        let waiting = sessions.filter { fingerprints[$0] != nil && known[$0] != fingerprints[$0] }
        note(report) { progress in
            progress.phase = waiting.isEmpty ? progress.phase : .building
            (progress.sessions, progress.of) = (fingerprints.count - waiting.count, fingerprints.count)
        }
        if !index.exists { try write(IndexBatch(limit: batchLimit), patience, report) }
        guard !waiting.isEmpty else { return fingerprints }
        let batches = HandOver<IndexBatch>()
        let isStarted = startThread {
            batches.end(Result { () throws(StoreError) in try self.read(waiting, into: batches, patience) })
        }
        guard isStarted else {
            throw .unavailable(reason: "no thread can be started to read the history for the index")
        }
        // Nobody uses the history once this has returned.
        defer { batches.refuse() }
        while let batch = try batches.take(patience) { try write(batch, patience, report) }
        return fingerprints
    }

    /// Reads what the index does not know of sessions, while what was read before is written in another thread.
    private func read(
        _ sessions: [Session.ID], into batches: HandOver<IndexBatch>, _ patience: Patience
    ) throws(StoreError) {
        let patience = patience.unless { batches.isRefused }
        var batch = IndexBatch(limit: batchLimit)
        for session in sessions {
            var known = try asking(patience) { () throws(SQLError) in
                try index.reading(patience) { (connection) throws(SQLError) in
                    try IndexedSession(session, connection)
                } ?? IndexedSession()
            }
            var isWhole = false
            // A large one takes several batches.
            while !isWhole {
                (batch, known, isWhole) = try store.reading(patience) { [batch, known] (snapshot) throws(StoreError) in
                    // Begun anew with each reading: a store may have to read again.
                    var (batch, known) = (batch, known)
                    let isWhole = try batch.read(session, &known, snapshot, patience)
                    return (batch, known, isWhole)
                }
                guard batch.isFull else { continue }
                try batches.leave(batch, patience)
                batch = IndexBatch(limit: batchLimit)
            }
        }
        if !batch.isEmpty { try batches.leave(batch, patience) }
    }

    private func write(
        _ batch: IndexBatch, _ patience: Patience, _ report: (Progress) -> Void
    ) throws(StoreError) {
        try asking(patience) { () throws(SQLError) in
            try index.writing(patience) { (connection) throws(SQLError) in
                try batch.write(connection, shardLimit: shardLimit)
            }
        }
        note(report) { progress in
            progress.octets += batch.octets
            progress.sessions += batch.sessions
        }
    }

    /// Sessions that are in the history no more.
    private static func sessions(
        notIn fingerprints: [Session.ID: Int64], _ connection: any SQLConnection
    ) throws(SQLError) -> [Int64] {
        var gone: [Int64] = []
        try connection.rows("SELECT id, name FROM session") { (row) throws(SQLError) in
            if let id = row.integer(at: 0), Session.ID(row.value(at: 1)).map({ fingerprints[$0] == nil }) ?? true {
                gone.append(id)
            }
        }
        return gone
    }

    private static func drop(_ sessions: [Int64], _ connection: any SQLConnection) throws(SQLError) {
        for session in sessions {
            for document in try connection.column("SELECT id FROM document WHERE session = \(session)") {
                if let document = document.integer { try IndexBatch.drop(document, connection) }
            }
            try connection.run("DELETE FROM session WHERE id = \(session)")
        }
    }

    private static func knownSessions(_ connection: any SQLConnection) throws(SQLError) -> [Session.ID: Int64] {
        var known: [Session.ID: Int64] = [:]
        try connection.rows("SELECT name, fingerprint FROM session WHERE fingerprint IS NOT NULL") {
            (row) throws(SQLError) in
            if let name = Session.ID(row.value(at: 0)) { known[name] = row.integer(at: 1) }
        }
        return known
    }

    // MARK: What is gone

    /// Empties shards that hold words of what is gone, and drops them.
    private func dropGoneWords(_ patience: Patience) throws(StoreError) {
        let shards = try asking(patience) { () throws(SQLError) -> [Int64] in
            let some = try index.reading(patience) { (connection) throws(SQLError) in
                try connection.exists("SELECT 1 FROM shard WHERE gone > 0")
            }
            guard some == true else { return [] }
            return try index.writing(patience) { (connection) throws(SQLError) -> [Int64] in
                let shards = try connection.column("SELECT id FROM shard WHERE gone > 0 ORDER BY id")
                    .compactMap(\.integer)
                // Nothing more comes into the last one while it is emptied.
                if let last = shards.last, last == (try connection.integer("SELECT max(id) FROM shard")) {
                    _ = try IndexTables.makeShard(connection)
                }
                return shards
            }
        }
        for shard in shards { while try moveDocuments(of: shard, patience) {} }
        guard !shards.isEmpty else { return }
        // The file gives back what it does not need.
        try asking(patience) { () throws(SQLError) in
            _ = try index.writing(patience) { (connection) throws(SQLError) in
                try connection.run("PRAGMA incremental_vacuum")
            }
        }
    }

    /// Reads some of a shard's messages again, into the last shard. When none is left, the shard is dropped.
    ///
    /// - Returns: whether there is more to do.
    private func moveDocuments(of shard: Int64, _ patience: Patience) throws(StoreError) -> Bool {
        let documents = try asking(patience) { () throws(SQLError) in
            try index.reading(patience) { (connection) throws(SQLError) -> [IndexedDocument] in
                try IndexedDocument.first(100, in: shard, connection)
            } ?? []
        }
        let full =
            documents.isEmpty
            ? IndexBatch(limit: batchLimit)
            : try store.reading(patience) { (snapshot) throws(StoreError) in
                var batch = IndexBatch(limit: batchLimit)
                for document in documents where !batch.isFull {
                    try batch.read(again: document, snapshot, patience)
                }
                return batch
            }
        return try asking(patience) { () throws(SQLError) in
            try index.writing(patience) { (connection) throws(SQLError) in
                try full.write(connection, shardLimit: shardLimit)
                guard try IndexedDocument.first(1, in: shard, connection).isEmpty else { return true }
                // Somebody else may have been here.
                guard try connection.exists("SELECT 1 FROM shard WHERE id = \(shard)") else { return false }
                try connection.run("DROP TABLE \(IndexTables.words(shard))")
                try connection.run("DELETE FROM shard WHERE id = \(shard)")
                return false
            }
        }
    }

    private func asking<Result>(
        _ patience: Patience, _ body: () throws(SQLError) -> Result
    ) throws(StoreError) -> Result {
        do throws(SQLError) { return try body() } catch { throw StoreError(error.attributed(to: patience)) }
    }
}
