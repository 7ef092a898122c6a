package import SessionModel

/// Where every project and session stands in the tree, worked out from their rows (rules N5 and N7).
package struct Catalog: Sendable {
    /// Which part of the history a mount shows.
    package enum Scope: Sendable, Equatable {
        case all
        case project(Project.ID)
    }

    package private(set) var projects: [Project.ID: Project]
    package private(set) var sessions: [Session.ID: Session]
    /// In the order of the database, so that listings are stable.
    package private(set) var projectOrder: [Project.ID]
    private let members: [Directory: [Session.ID]]
    /// The parents of those that are listed as children.
    private let parents: [Session.ID: Session.ID]
    private var newest: [Project.ID: Int64]
    private let scope: Scope

    /// A directory that lists sessions.
    package enum Directory: Hashable, Sendable {
        case project(Project.ID)
        case archived(Project.ID)
        case children(Session.ID)

        package var place: Place {
            switch self {
            case .project(let id): .project(id)
            case .archived(let id): .archived(id)
            case .children(let id): .children(id)
            }
        }
    }

    package init(projects: [Project], sessions: [Session], scope: Scope) {
        var all: [Session.ID: Session] = [:]
        all.reserveCapacity(sessions.count)
        for session in sessions where all[session.id] == nil { all[session.id] = session }
        var adopted = Self.adoptedChildren(all)
        var shown = all
        if case .project(let only) = scope {
            // A parent's children come with it, whatever their project; a child whose parent is not shown is a root.
            shown = all.filter { Self.belongs($0.value, to: only, adopted, all) }
            adopted = adopted.filter { shown[$0.key] != nil && shown[$0.value] != nil }
        }
        var members: [Directory: [Session.ID]] = [:]
        var newest: [Project.ID: Int64] = [:]
        for session in sessions where scope == .all || shown[session.id] != nil {
            members[Self.home(of: session, adopted), default: []].append(session.id)
            newest[session.project] = max(newest[session.project] ?? .min, session.updated)
        }
        (self.projects, projectOrder) = Self.shown(projects, scope)
        self.sessions = shown
        self.members = members
        parents = adopted
        self.newest = newest
        self.scope = scope
    }

    private static func shown(_ projects: [Project], _ scope: Scope) -> ([Project.ID: Project], order: [Project.ID]) {
        let shown = projects.filter { scope == .all || scope == .project($0.id) }
        return (Dictionary(shown.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }), shown.map(\.id))
    }

    /// The same with other rows: what most commits make of it.
    ///
    /// - Parameters:
    ///   - projects: all of them.
    ///   - changed: sessions this was made from, as they were and as they are.
    /// - Returns: nil where one of them stands elsewhere now: all has to be worked out anew.
    package func replacing(projects: [Project], _ changed: [(former: Session, now: Session)]) -> Catalog? {
        var next = self
        (next.projects, next.projectOrder) = Self.shown(projects, scope)
        for (former, now) in changed {
            guard now.project == former.project, now.parent == former.parent, now.isArchived == former.isArchived else {
                return nil
            }
            if sessions[now.id] != nil { next.sessions[now.id] = now }
        }
        for (former, now) in changed where sessions[now.id] != nil {
            let before = next.newest[now.project] ?? .min
            if now.updated >= before {
                next.newest[now.project] = now.updated
            } else if former.updated == before {
                next.newest[now.project] =
                    next.sessions.values.lazy.filter { $0.project == now.project }.map(\.updated).max()
            }
        }
        return next
    }

    /// The sessions that a directory lists.
    package func sessions(in directory: Directory) -> [Session] {
        (members[directory] ?? []).compactMap { sessions[$0] }
    }

    package func isEmpty(_ directory: Directory) -> Bool {
        members[directory] == nil
    }

    /// The directory that lists a session.
    package func home(of session: Session.ID) -> Directory? {
        sessions[session].map { Self.home(of: $0, parents) }
    }

    private static func home(of session: Session, _ parents: [Session.ID: Session.ID]) -> Directory {
        if let parent = parents[session.id] { return .children(parent) }
        return session.isArchived ? .archived(session.project) : .project(session.project)
    }

    /// When the newest session of a project changed, or its row if it has none; milliseconds since 1970.
    package func updated(_ project: Project.ID) -> Int64 {
        max(newest[project] ?? 0, projects[project]?.updated ?? 0)
    }

    /// The project of a working directory: the one whose worktree holds it, the deepest if several do.
    package func project(containing directory: [UInt8]) -> Project? {
        projects.values
            .filter { project in
                guard let worktree = project.worktree, !worktree.isEmpty else { return false }
                let prefix = worktree.last == UInt8(ascii: "/") ? worktree : worktree + [UInt8(ascii: "/")]
                return (directory + [UInt8(ascii: "/")]).starts(with: prefix)
            }
            .max { ($0.worktree?.count ?? 0, $1.id) < ($1.worktree?.count ?? 0, $0.id) }
    }

    /// The project of an identity, however it is spelled; of those without a worktree, which the Go OpenCode has.
    package func project(_ identity: ProjectIdentity) -> Project? {
        identity.project(among: projectOrder.filter { projects[$0]?.worktree == nil }).flatMap { projects[$0] }
    }

    /// The parent each session is listed under; none for roots, for children whose parent is gone, and for all members
    /// of a cycle.
    private static func adoptedChildren(_ sessions: [Session.ID: Session]) -> [Session.ID: Session.ID] {
        var adopted: [Session.ID: Session.ID] = [:]
        /// Whether a walk up from a session returns to it. Each session is walked from once, and a walk ends where an
        /// earlier one has been.
        var inCycle: Set<Session.ID> = []
        var finished: Set<Session.ID> = []
        // Most have no parent, and a way that ends cannot return.
        for (start, session) in sessions where session.parent != nil {
            var path: [Session.ID] = []
            var positions: [Session.ID: Int] = [:]
            var current: Session.ID? = start
            while let id = current, let session = sessions[id], !finished.contains(id) {
                if let position = positions[id] {
                    inCycle.formUnion(path[position...])
                    break
                }
                positions[id] = path.count
                path.append(id)
                current = session.parent
            }
            finished.formUnion(path)
        }
        for (id, session) in sessions {
            guard let parent = session.parent, sessions[parent] != nil, !inCycle.contains(id) else { continue }
            adopted[id] = parent
        }
        return adopted
    }

    private static func belongs(
        _ session: Session, to project: Project.ID, _ adopted: [Session.ID: Session.ID], _ all: [Session.ID: Session]
    ) -> Bool {
        var current: Session? = session
        while let one = current {
            if one.project == project { return true }
            current = adopted[one.id].flatMap { all[$0] }
        }
        return false
    }
}
