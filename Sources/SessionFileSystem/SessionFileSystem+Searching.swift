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
}
