internal import SessionModel
internal import SessionTree
internal import Timing
internal import VFS

/// Projects and sessions that mkdir(2) has made here (rules W5 and W11).
///
/// They have no row before their first file arrives, in any order. What a copy will make next must not be there yet, or
/// mkdir and an exclusive create would fail: the files and directories of such a session show when they were made, and
/// all of them a while after the copy has ended.
struct ArrivalTable {
    struct Arrival {
        let home: Catalog.Directory
        let since: Timestamp
        /// Whether its row is there.
        var isStored = false
        fileprivate var made: Set<Place> = []
        fileprivate var last: ContinuousClock.Instant
    }

    /// How long after the last change a copy is taken to go on.
    static let pause = Duration.seconds(60)

    struct ProjectArrival {
        let since = Timestamp.now
        fileprivate var hasFile = false
        fileprivate var last: ContinuousClock.Instant
    }

    private var sessions: [Session.ID: Arrival] = [:]
    /// Projects that were made here: the Go family knows one by its sessions alone, so it is kept as long as the mount.
    private(set) var projects: [Project.ID: ProjectArrival] = [:]

    subscript(_ session: Session.ID) -> Arrival? {
        sessions[session]
    }

    /// The sessions without a row.
    var pending: [(id: Session.ID, arrival: Arrival)] {
        sessions.filter { !$0.value.isStored }.map { ($0.key, $0.value) }
    }

    mutating func add(_ session: Session.ID, in home: Catalog.Directory, now: ContinuousClock.Instant) {
        sessions = sessions.filter { !$0.value.isStored || $0.value.last + Self.pause > now }
        sessions[session] = Arrival(home: home, since: .now, last: now)
    }

    mutating func add(_ project: Project.ID, now: ContinuousClock.Instant) {
        projects[project] = ProjectArrival(last: now)
    }

    /// A file or directory of the session was made. The copy of all that it stands in goes on with it.
    mutating func make(_ place: Place, of session: Session.ID, now: ContinuousClock.Instant) {
        sessions[session]?.made.insert(place)
        var current: Session.ID? = session
        // Another program may have made a ring of them since.
        var seen: Set<Session.ID> = []
        while let id = current, let home = sessions[id]?.home, seen.insert(id).inserted {
            sessions[id]?.last = now
            switch home {
            case .project(let project), .archived(let project):
                projects[project]?.last = now
                current = nil
            case .children(let parent): current = parent
            }
        }
    }

    mutating func unmake(_ place: Place, of session: Session.ID) {
        sessions[session]?.made.remove(place)
    }

    mutating func setStored(_ session: Session.ID) {
        sessions[session]?.isStored = true
    }

    /// project.json was made.
    mutating func makeFile(of project: Project.ID) {
        projects[project]?.hasFile = true
    }

    mutating func move(_ session: Session.ID, to home: Catalog.Directory) {
        guard let former = sessions[session] else { return }
        var next = Arrival(home: home, since: former.since, isStored: former.isStored, last: former.last)
        next.made = former.made
        sessions[session] = next
    }

    mutating func remove(_ session: Session.ID) {
        sessions[session] = nil
    }

    mutating func remove(_ project: Project.ID) {
        projects[project] = nil
    }

    /// Whether project.json is still to be made.
    func isAwaited(_ project: Project.ID, now: ContinuousClock.Instant) -> Bool {
        guard let arrival = projects[project] else { return false }
        return !arrival.hasFile && arrival.last + Self.pause > now
    }

    /// Whether a place in a session was made here.
    func isMade(_ place: Place, of session: Session.ID) -> Bool {
        sessions[session]?.made.contains(place) ?? false
    }

    /// Whether a place in a session is still to be made.
    func isAwaited(_ place: Place, of session: Session.ID, now: ContinuousClock.Instant) -> Bool {
        guard let arrival = sessions[session] else { return false }
        return !arrival.made.contains(place) && (!arrival.isStored || arrival.last + Self.pause > now)
    }
}
