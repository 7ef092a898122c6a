internal import SessionModel
internal import SessionTree
internal import Timing

/// What `rm -r` has taken out of sight although it only goes with its session (rule D2): a session's files and
/// directories that stand for its own row or for derived things.
///
/// They return when the session is still there 60 s after the last removal in it, or when a message arrives.
struct MaskTable {
    private struct Mask {
        var hidden: Set<Place> = []
        var last: ContinuousClock.Instant
        /// When the first of these removals was.
        let since = Timestamp.now
    }

    private var sessions: [Session.ID: Mask] = [:]
    /// Projects whose project.json was removed, by tar for example, which then writes it anew.
    private var projects: [Project.ID: ContinuousClock.Instant] = [:]
    /// Directories of sessions that became empty by our removals: they exist a little longer, so that `rm -r` finds
    /// what it wants to remove next.
    private var emptied: [Catalog.Directory: ContinuousClock.Instant] = [:]

    static let duration = Duration.seconds(60)

    mutating func hide(_ place: Place, of session: Session.ID, now: ContinuousClock.Instant) {
        var mask = current(session, now) ?? Mask(last: now)
        mask.hidden.insert(place)
        mask.last = now
        sessions[session] = mask
    }

    /// Something was removed in the session that needs no mask.
    mutating func begin(_ session: Session.ID, now: ContinuousClock.Instant) {
        var mask = current(session, now) ?? Mask(last: now)
        mask.last = now
        sessions[session] = mask
    }

    /// When the removals began that go on in a session; nil where none do.
    func since(_ session: Session.ID, now: ContinuousClock.Instant) -> Timestamp? {
        current(session, now)?.since
    }

    mutating func hideFile(of project: Project.ID, now: ContinuousClock.Instant) {
        projects[project] = now
    }

    func isFileHidden(of project: Project.ID, now: ContinuousClock.Instant) -> Bool {
        projects[project].map { $0 + Self.duration > now } ?? false
    }

    mutating func showFile(of project: Project.ID) {
        projects[project] = nil
    }

    /// Something else was removed in the session: what is hidden stays so for longer.
    mutating func extend(_ session: Session.ID, now: ContinuousClock.Instant) {
        guard current(session, now) != nil else { return }
        sessions[session]?.last = now
    }

    func isHidden(_ place: Place, of session: Session.ID, now: ContinuousClock.Instant) -> Bool {
        current(session, now)?.hidden.contains(place) ?? false
    }

    func hasHidden(_ session: Session.ID) -> Bool {
        sessions[session] != nil
    }

    /// One thing is there again, the rest stays hidden.
    mutating func show(_ place: Place, of session: Session.ID) {
        sessions[session]?.hidden.remove(place)
        if sessions[session]?.hidden.isEmpty == true { sessions[session] = nil }
    }

    mutating func reveal(_ session: Session.ID) {
        sessions[session] = nil
    }

    mutating func setEmptied(_ directory: Catalog.Directory, now: ContinuousClock.Instant) {
        emptied = emptied.filter { $0.value + Self.duration > now }
        emptied[directory] = now
    }

    func isRecentlyEmptied(_ directory: Catalog.Directory, now: ContinuousClock.Instant) -> Bool {
        emptied[directory].map { $0 + Self.duration > now } ?? false
    }

    private func current(_ session: Session.ID, _ now: ContinuousClock.Instant) -> Mask? {
        guard let mask = sessions[session], mask.last + Self.duration > now else { return nil }
        return mask
    }
}
