internal import SessionStore
internal import SessionTree

/// What is known of the trash between requests.
struct TrashCache {
    private var kept: (version: Trash.Version, index: TrashIndex)?
    /// Directories that became empty by our removals: they exist a little longer, so that `rm -r` finds what it wants to
    /// remove next.
    private var emptied: [TrashPlace: ContinuousClock.Instant] = [:]

    func index(_ version: Trash.Version) -> TrashIndex? {
        kept?.version == version ? kept?.index : nil
    }

    mutating func keep(_ index: TrashIndex, _ version: Trash.Version) {
        kept = (version, index)
    }

    /// An item was dropped.
    mutating func remove(_ file: TrashPlace, before: Trash.Version, now: ContinuousClock.Instant) {
        guard var (version, index) = kept, version == before else { return }
        kept = nil
        emptied = emptied.filter { $0.value + MaskTable.duration > now }
        for directory in index.remove(file) { emptied[directory] = now }
        version = Trash.Version(last: before.last, count: before.count - 1)
        kept = (version, index)
    }

    func isRecentlyEmptied(_ directory: TrashPlace, now: ContinuousClock.Instant) -> Bool {
        emptied[directory].map { $0 + MaskTable.duration > now } ?? false
    }

    mutating func setGone(_ directory: TrashPlace) {
        emptied[directory] = nil
    }
}
