internal import SessionModel
internal import SessionStore
internal import SessionTree

/// Projects and sessions as the database has them. Each commit asks for it anew, and most commits change one session: what
/// stays need not be worked out again.
struct Outline {
    let projects: [Project]
    /// In the order of the database.
    let sessions: [Session]
    let catalog: Catalog

    /// - Parameter known: what was read before, of whatever version.
    init(
        _ snapshot: any HistorySnapshot, since known: Outline?, _ scope: Catalog.Scope
    ) throws(StoreError) {
        projects = try snapshot.projects()
        guard let known, let changed = try snapshot.changedSessions(since: known.sessions) else {
            sessions = try snapshot.sessions()
            catalog = Catalog(projects: projects, sessions: sessions, scope: scope)
            return
        }
        let pairs = changed.map { (former: known.sessions[$0.key], now: $0.value) }
        var sessions = known.sessions
        for (position, session) in changed { sessions[position] = session }
        self.sessions = sessions
        catalog =
            known.catalog.replacing(projects: projects, pairs)
            ?? Catalog(projects: projects, sessions: sessions, scope: scope)
    }
}
