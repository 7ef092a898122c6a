import SessionModel
import SessionTree
import TestSupport
import Testing

@Suite struct CatalogTests {
    private func session(
        _ id: String, in project: String = "p", parent: String? = nil, archived: Bool = false, updated: Int64 = 0
    ) -> Session {
        Session(
            id: .init(id), project: .init(project), parent: parent.map { .init($0) }, title: nil, created: 0,
            updated: updated, isArchived: archived)
    }

    private func project(_ id: String, _ worktree: String? = nil, updated: Int64 = 0) -> Project {
        Project(id: .init(id), worktree: worktree.map { Array($0.utf8) }, created: 0, updated: updated)
    }

    private func catalog(_ sessions: [Session], _ scope: Catalog.Scope = .all) -> Catalog {
        Catalog(projects: [project("p"), project("q")], sessions: sessions, scope: scope)
    }

    private func names(_ catalog: Catalog, _ directory: Catalog.Directory) -> [String] {
        catalog.sessions(in: directory).map(\.id.description)
    }

    @Test func `N5 children stand under their parent, whatever their project and archive state`() {
        let catalog = catalog([
            session("root"), session("child", parent: "root"), session("other", in: "q", parent: "root"),
            session("old", parent: "root", archived: true), session("grandchild", parent: "child"),
        ])
        #expect(names(catalog, .project(.init("p"))) == ["root"])
        #expect(names(catalog, .children(.init("root"))) == ["child", "other", "old"])
        #expect(names(catalog, .children(.init("child"))) == ["grandchild"])
        #expect(catalog.isEmpty(.project(.init("q"))))
        #expect(catalog.isEmpty(.archived(.init("p"))))
        #expect(catalog.home(of: .init("grandchild")) == .children(.init("child")))
        #expect(catalog.home(of: .init("nobody")) == nil)
    }

    @Test func `N5 a child without its parent and a session that is its own parent stand in the project`() {
        let catalog = catalog([
            session("orphan", parent: "gone"), session("self", parent: "self"),
            session("old", parent: "gone", archived: true), session("selfish", parent: "self"),
        ])
        #expect(names(catalog, .project(.init("p"))) == ["orphan", "self"])
        #expect(names(catalog, .archived(.init("p"))) == ["old"])
        #expect(names(catalog, .children(.init("self"))) == ["selfish"])
    }

    @Test(arguments: [2, 3, 7]) func `N5 the members of a cycle stand in the project, what hangs on them below`(
        length: Int
    ) {
        let cycle = (0..<length).map { session("c\($0)", parent: "c\(($0 + 1) % length)") }
        let tails = [session("tail", parent: "c0"), session("end", parent: "tail"), session("more", parent: "c1")]
        for sessions in [cycle + tails, tails + cycle.reversed(), tails.reversed() + cycle] {
            let catalog = catalog(sessions)
            #expect(Set(names(catalog, .project(.init("p")))) == Set(cycle.map(\.id.description)))
            #expect(names(catalog, .children(.init("c0"))) == ["tail"])
            #expect(names(catalog, .children(.init("c1"))) == ["more"])
            #expect(names(catalog, .children(.init("tail"))) == ["end"])
        }
    }

    @Test func `an archived session stands in archived of its project`() {
        let catalog = catalog([session("new"), session("old", archived: true), session("far", in: "q", archived: true)])
        #expect(names(catalog, .project(.init("p"))) == ["new"])
        #expect(names(catalog, .archived(.init("p"))) == ["old"])
        #expect(names(catalog, .archived(.init("q"))) == ["far"])
        #expect(!catalog.isEmpty(.archived(.init("q"))))
    }

    /// Every session is listed once, and its home says where.
    @Test(arguments: 0..<20 as Range<UInt64>) func `N5 whatever the parents are, each session is listed once`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...60, using: &random)
        let sessions = (0..<count).map { number in
            session(
                "s\(number)", in: ["p", "q"].randomElement(using: &random)!,
                parent: Bool.random(using: &random) ? "s\(Int.random(in: 0...count, using: &random))" : nil,
                archived: Int.random(in: 0..<4, using: &random) == 0)
        }
        for scope in [Catalog.Scope.all, .project(.init("p"))] {
            let catalog = catalog(sessions, scope)
            var open: [Catalog.Directory] = [.project(.init("p")), .archived(.init("p"))]
            if scope == .all { open += [.project(.init("q")), .archived(.init("q"))] }
            var listed: [Session.ID] = []
            // From the project downwards: what is listed can be reached.
            while let directory = open.popLast() {
                for session in catalog.sessions(in: directory) {
                    #expect(catalog.home(of: session.id) == directory)
                    listed.append(session.id)
                    open.append(.children(session.id))
                }
            }
            #expect(listed.count == Set(listed).count)
            #expect(Set(listed) == Set(catalog.sessions.keys))
            if scope == .all { #expect(listed.count == count) }
            let ofProject = sessions.filter { $0.project == .init("p") }.map(\.id)
            #expect(Set(ofProject).isSubset(of: listed))
        }
    }

    /// What most commits change need not be worked out again, and is as if it had been.
    @Test(arguments: 0..<20 as Range<UInt64>) func `with other rows a catalog is what they would have made`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        var sessions = (0..<30).map { number in
            session(
                "s\(number)", in: ["p", "q"].randomElement(using: &random)!,
                parent: Bool.random(using: &random) ? "s\(Int.random(in: 0..<30, using: &random))" : nil,
                archived: number % 5 == 0, updated: Int64.random(in: 0..<100, using: &random))
        }
        for scope in [Catalog.Scope.all, .project(.init("p"))] {
            for _ in 0..<10 {
                let before = catalog(sessions, scope)
                var pairs: [(former: Session, now: Session)] = []
                for position in Set((0..<3).map { _ in Int.random(in: 0..<30, using: &random) }) {
                    let former = sessions[position]
                    let now = Session(
                        id: former.id, project: former.project, parent: former.parent, title: [UInt8(position)],
                        created: former.created, updated: Int64.random(in: 0..<100, using: &random),
                        isArchived: former.isArchived)
                    sessions[position] = now
                    pairs.append((former, now))
                }
                let projects = [project("q", updated: Int64.random(in: 0..<100, using: &random)), project("p")]
                let expected = Catalog(projects: projects, sessions: sessions, scope: scope)
                let replaced = before.replacing(projects: projects, pairs)
                #expect(replaced?.sessions == expected.sessions)
                #expect(replaced?.projectOrder == expected.projectOrder)
                for id in ["p", "q"] {
                    #expect(replaced?.updated(.init(id)) == expected.updated(.init(id)))
                    #expect(
                        replaced?.sessions(in: .project(.init(id))) == expected.sessions(in: .project(.init(id))))
                }
            }
        }
    }

    @Test func `a session that stands elsewhere now makes a catalog be worked out anew`() {
        let former = session("a")
        let sessions = [former, session("b")]
        for now in [session("a", in: "q"), session("a", parent: "b"), session("a", archived: true)] {
            #expect(catalog(sessions).replacing(projects: [project("p")], [(former, now)]) == nil)
            // Also one that a scope does not show: it might now.
            #expect(catalog(sessions, .project(.init("q"))).replacing(projects: [], [(former, now)]) == nil)
        }
    }

    @Test func `a scope shows one project with the children of its sessions`() {
        let catalog = catalog(
            [
                session("mine"), session("theirs", in: "q"), session("child", in: "q", parent: "mine"),
                session("grandchild", in: "q", parent: "child"), session("stray", parent: "theirs"),
            ], .project(.init("p")))
        #expect(Set(catalog.sessions.keys.map(\.description)) == ["mine", "child", "grandchild", "stray"])
        #expect(names(catalog, .project(.init("p"))) == ["mine", "stray"])
        #expect(names(catalog, .children(.init("mine"))) == ["child"])
        #expect(names(catalog, .children(.init("child"))) == ["grandchild"])
        #expect(catalog.isEmpty(.project(.init("q"))))
        #expect(catalog.projectOrder.map(\.description) == ["p"])
        #expect(catalog.projects.keys.map(\.description) == ["p"])
    }

    @Test func `a project changed when its newest session or its row did`() {
        let catalog = Catalog(
            projects: [project("p", updated: 5), project("q", updated: 50), project("r", updated: 7)],
            sessions: [session("a", updated: 9), session("b", updated: 3), session("c", in: "q", updated: 8)],
            scope: .all)
        #expect(["p", "q", "r", "s"].map { catalog.updated(.init($0)) } == [9, 50, 7, 0])
        #expect(catalog.projectOrder.map(\.description) == ["p", "q", "r"])
    }

    @Test(
        arguments: [
            ("/home/me/app", "app"), ("/home/me/app/src", "app"), ("/home/me/app/sub", "sub"),
            ("/home/me/app/sub/x", "sub"),
            ("/home/me/application", "home"), ("/home/me", "home"), ("/home", "global"), ("/", "global"),
            ("relative", nil),
        ] as [(String, String?)])
    func `the project of a directory is the deepest whose worktree holds it`(directory: String, expected: String?) {
        let catalog = Catalog(
            projects: [
                project("global", "/"), project("app", "/home/me/app"), project("home", "/home/me/"),
                project("sub", "/home/me/app/sub"), project("none"), project("empty", ""),
            ], sessions: [], scope: .all)
        #expect(catalog.project(containing: Array(directory.utf8))?.id.description == expected)
    }
}
