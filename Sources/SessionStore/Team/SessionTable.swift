internal import SQL
internal import SessionModel

/// All sessions as of one poll. Never changes, so whoever holds it sees one version.
final class SessionTable: Sendable {
    /// What a session's row says about its messages: equal stamps, and none has come or gone.
    struct Stamp: Hashable, Sendable {
        let messages: Int64?
        /// Seconds since 1970, as the row has it.
        let updated: Int64?
    }

    struct Entry: Sendable {
        let session: Session
        let row: [SQLValue]
        let stamp: Stamp
    }

    let columns: GoSessionColumns
    /// The columns of each session, in the order of the database.
    let rows: [[SQLValue]]
    /// In the order of their names in the tree, as near as can be told here: whoever walks through them sorted by name and
    /// whoever takes them as they are listed then ask for the same one next.
    let entries: [Entry]
    let sessions: [Session]
    let projects: [Project]
    /// All sessions in the order in which `grep -r` comes to them: project by project, children behind their parent.
    let walk: [Session.ID]
    private let positions: [Session.ID: Int]
    private let ranks: [Session.ID: Int]

    /// - Parameters:
    ///   - rows: the columns of each session.
    ///   - home: the project of sessions that name none. Where others name the same one in another spelling, theirs.
    init(columns: GoSessionColumns, rows: [[SQLValue]], home: ProjectIdentity) {
        let named = Set(rows.compactMap { Project.ID(ofSession: columns.value("project_id", of: $0)) })
        let homeless = home.project(among: named.sorted()) ?? home.id
        self.columns = columns
        self.rows = rows
        entries = rows.compactMap { row -> Entry? in
            guard let session = Session(home: homeless, { columns.value($0, of: row) }) else { return nil }
            let stamp = Stamp(
                messages: columns.value("message_count", of: row).integer,
                updated: columns.value("updated_at", of: row).integer)
            return Entry(session: session, row: row, stamp: stamp)
        }.sorted { Self.precedes($0.session, $1.session) }
        sessions = entries.map(\.session)
        projects = Project.named(by: sessions)
        func numbered(_ ids: [Session.ID]) -> [Session.ID: Int] {
            Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        }
        positions = numbered(sessions.map(\.id))
        walk = Self.walk(through: sessions, positions)
        ranks = numbered(walk)
    }

    subscript(_ id: Session.ID) -> Entry? {
        positions[id].map { entries[$0] }
    }

    /// The place of a session in ``walk``.
    func rank(of id: Session.ID) -> Int? {
        ranks[id]
    }

    /// The session behind another in ``walk``; nil behind the last.
    func session(after id: Session.ID) -> Session.ID? {
        guard let rank = ranks[id], rank + 1 < walk.count else { return nil }
        return walk[rank + 1]
    }

    /// How much the database holds, by what the rows say.
    var counts: Counts {
        var counts = Counts()
        counts.projects = projects.count
        counts.sessions = sessions.count
        counts.messages = entries.reduce(0) { $0 &+ Int(clamping: max(0, $1.stamp.messages ?? 0)) }
        return counts
    }

    /// By day and title, as names are made of them.
    private static func precedes(_ one: Session, _ other: Session) -> Bool {
        let (day, otherDay) = (one.created / 86_400_000, other.created / 86_400_000)
        if day != otherDay { return day < otherDay }
        let (title, otherTitle) = (one.title ?? [], other.title ?? [])
        if title != otherTitle { return title.lexicographicallyPrecedes(otherTitle) }
        return one.id < other.id
    }

    private static func walk(through sessions: [Session], _ positions: [Session.ID: Int]) -> [Session.ID] {
        var children: [Session.ID: [Session.ID]] = [:]
        var roots: [Project.ID: [Session.ID]] = [:]
        for session in sessions {
            if let parent = session.parent, positions[parent] != nil {
                children[parent, default: []].append(session.id)
            } else {
                roots[session.project, default: []].append(session.id)
            }
        }
        var order: [Session.ID] = []
        var seen: Set<Session.ID> = []
        // Parents may form a ring, to which no root leads: its members come at the end.
        var open = (roots.keys.sorted().flatMap { roots[$0] ?? [] } + sessions.map(\.id)).reversed() as [Session.ID]
        while let id = open.popLast() {
            guard seen.insert(id).inserted else { continue }
            order.append(id)
            open += (children[id] ?? []).reversed()
        }
        return order
    }
}
