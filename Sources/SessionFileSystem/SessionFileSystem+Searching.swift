internal import SessionModel
internal import SessionSearch
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// `.opencodefs/search/` (rules Q1 to Q6): what it finds, and how its links are called.
extension SessionFileSystem {
    /// What matches in what this mount shows; kept for the change token.
    ///
    /// - Parameter token: what the catalog was read at.
    func hits(
        _ query: SearchQuery, _ token: ChangeToken, _ snapshot: any HistorySnapshot, _ catalog: Catalog,
        _ patience: Patience
    ) throws(StoreError) -> SearchHits {
        if let kept = state.withLock({ $0.searches.hits(query, token) }) { return kept }
        settings.onSearch()
        let fingerprints: [Session.ID: Int64]
        if let kept = state.withLock({ $0.searches.fingerprints(token) }) {
            fingerprints = kept
        } else {
            fingerprints = try snapshot.fingerprints(of: nil)
            state.withLock { $0.searches.keep(fingerprints, token) }
        }
        let hits = SearchHits(
            try HistorySearch(query, in: snapshot, catalog, patience).hits(settings.searchIndex, fingerprints))
        state.withLock { $0.searches.keep(hits, of: query, token) }
        return hits
    }

    /// What a search found a moment ago, if it was made then.
    func listedHits(_ query: SearchQuery) -> SearchHits? {
        state.withLock { $0.searches.listed(query, now: .now) }
    }

    /// The name of a message as listings show it; nil where there is no such message.
    func name(
        of id: Message.ID, in session: Session.ID, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> FileName? {
        var label = state.withLock { $0.names.label(of: id, in: session) }
        if label == nil {
            noteMessages(try snapshot.messageOrder(of: session), of: session)
            label = state.withLock { $0.names.label(of: id, in: session) }
        }
        guard let label else { return nil }
        if let name = label.name { return name }
        guard let message = try snapshot.message(id, of: session) else { return nil }
        let name = naming.name(of: id, ordinal: label.ordinal, role: try snapshot.role(of: message))
        state.withLock { $0.names.setName(name, of: id, in: session) }
        return name
    }
}
