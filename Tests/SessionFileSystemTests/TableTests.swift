import SessionModel
import SessionStore
import SessionTree
import Testing
import VFS

@testable import SessionFileSystem

@Suite struct MaskTableTests {
    private let session = Session.ID("s")

    @Test func `D2 what is hidden returns 60 seconds after the last removal`() {
        var masks = MaskTable()
        let start = ContinuousClock.now
        masks.hide(.sessionFile(session), of: session, now: start)
        masks.hide(.todos(session), of: session, now: start + .seconds(50))
        func hidden(_ seconds: Int) -> [Bool] {
            [Place.sessionFile(session), .todos(session), .messages(session)].map {
                masks.isHidden($0, of: session, now: start + .seconds(seconds))
            }
        }
        #expect(hidden(51) == [true, true, false])
        #expect(hidden(109) == [true, true, false])
        #expect(hidden(110) == [false, false, false])
        masks.extend(session, now: start + .seconds(100))
        #expect(hidden(159) == [true, true, false])
        #expect(hidden(160) == [false, false, false])
        // What has returned is not hidden again by what comes later.
        masks.extend(session, now: start + .seconds(200))
        #expect(hidden(201) == [false, false, false])
        masks.hide(.todos(session), of: session, now: start + .seconds(300))
        #expect(hidden(301) == [false, true, false])
    }

    @Test func `D3 removals that follow on each other are one, however long they take`() throws {
        var masks = MaskTable()
        let start = ContinuousClock.now
        #expect(masks.since(session, now: start) == nil)
        masks.begin(session, now: start)
        let since = try #require(masks.since(session, now: start + .seconds(59)))
        for seconds in stride(from: 50, through: 500, by: 50) {
            masks.extend(session, now: start + .seconds(seconds))
            #expect(masks.since(session, now: start + .seconds(seconds)) == since)
        }
        #expect(masks.since(session, now: start + .seconds(560)) == nil)
        #expect(!masks.isHidden(.document(.cache, of: session), of: session, now: start))
    }

    @Test func `D2 what is hidden in one session is seen in another, and all at once when it is revealed`() {
        var masks = MaskTable()
        let other = Session.ID("t")
        let now = ContinuousClock.now
        masks.hide(.messages(session), of: session, now: now)
        #expect(masks.hasHidden(session) && !masks.hasHidden(other))
        #expect(!masks.isHidden(.messages(other), of: other, now: now))
        masks.extend(other, now: now)
        #expect(!masks.hasHidden(other))
        masks.reveal(session)
        #expect(!masks.hasHidden(session) && !masks.isHidden(.messages(session), of: session, now: now))
    }

    @Test func `a directory that was emptied is there a little longer`() {
        var masks = MaskTable()
        let start = ContinuousClock.now
        masks.setEmptied(.children(session), now: start)
        #expect(masks.isRecentlyEmptied(.children(session), now: start + .seconds(59)))
        #expect(!masks.isRecentlyEmptied(.children(session), now: start + .seconds(60)))
        #expect(!masks.isRecentlyEmptied(.archived(.init("p")), now: start))
    }
}

@Suite struct MessageNamesTests {
    private let session = Session.ID("s")

    private func ranked(_ ids: String...) -> [(id: Message.ID, order: Message.Order)] {
        ids.map { (.init($0), .rank) }
    }

    @Test func `N3 new messages count on, whatever their place`() {
        var names = MessageNames(Naming(style: .labels))
        #expect(!names.knows(session))
        let isNew = [ranked("b", "c"), ranked("a", "b", "c"), ranked("a", "c")].map { names.number($0, of: session) }
        #expect(isNew == [false, true, false])
        #expect(["a", "b", "c"].map { names.label(of: .init($0), in: session)?.ordinal } == [3, 1, 2])
        #expect(names.label(of: .init("a"), in: .init("t")) == nil)
        #expect(names.knows(session))
    }

    @Test func `N3 the stored number is the ordinal, and ranks count on behind it`() {
        var names = MessageNames(Naming(style: .labels))
        names.number([(.init("a"), .stored(7)), (.init("b"), .stored(-3))], of: session)
        names.number(ranked("c"), of: session)
        #expect(["a", "b", "c"].map { names.label(of: .init($0), in: session)?.ordinal } == [7, -3, 8])
    }

    /// OpenCode 2 may delete its copy of a session whose V1 rows stay: ranks then follow stored numbers.
    @Test func `N3 no number in a database is too large to count on from`() {
        var names = MessageNames(Naming(style: .labels))
        names.number([(.init("a"), .stored(.max))], of: session)
        names.number(ranked("b", "c"), of: session)
        #expect(names.label(of: .init("b"), in: session)?.ordinal == .max)
    }

    @Test func `a name is kept once it is known`() {
        var names = MessageNames(Naming(style: .labels))
        names.number(ranked("a"), of: session)
        func name() -> FileName? { names.label(of: .init("a"), in: session)?.name }
        #expect(name() == nil)
        #expect(!names.isNamed(.init("a"), in: session))
        names.setRole(Array("user".utf8), of: .init("a"), in: session)
        #expect(name()?.description == "000001.user~a.json")
        #expect(names.isNamed(.init("a"), in: session))
        names.setRole(Array("user".utf8), of: .init("nobody"), in: session)
        #expect(names.label(of: .init("nobody"), in: session) == nil)
        // One that a program gave counts more than one that is made.
        names.add(.init("a"), FileName("given.json"), ordinal: nil, in: session)
        #expect(name() == FileName("given.json"))
    }

    /// OpenCode has a handful; nothing keeps a database from having more.
    @Test func `as many roles as there may be make names`() {
        var names = MessageNames(Naming(style: .labels))
        let ids = (0..<600).map { Message.ID("m\($0)") }
        names.number(ids.map { ($0, .rank) }, of: session)
        for (number, id) in ids.enumerated() {
            names.setRole(number == 0 ? nil : Array("role\(number)".utf8), of: id, in: session)
        }
        for (number, id) in ids.enumerated() {
            let made = Naming(style: .labels).name(
                of: id, ordinal: Int64(number + 1), role: number == 0 ? nil : Array("role\(number)".utf8))
            #expect(names.label(of: id, in: session)?.name == made)
        }
    }

    @Test func `a message that follows is found by its number, whatever its place`() {
        var names = MessageNames(Naming(style: .labels))
        names.number(
            [(.init("c"), .stored(3)), (.init("a"), .stored(1)), (.init("z"), .stored(90)), (.init("b"), .stored(2))],
            of: session)
        for id in ["a", "b", "c", "z"] { names.setRole(nil, of: .init(id), in: session) }
        let next = names.successors(of: .init("a"), in: session, count: 10).map(\.0)
        #expect(next == [.init("b"), .init("c")])
        let places = ["a", "z"].compactMap { names.place(of: .init($0), in: session) }
        #expect(names.messages(at: places, of: session).map(\.id) == [.init("a"), .init("z")])
    }
}

@Suite struct IdentifierTableTests {
    @Test func `each identifier has the place at which it came`() {
        var table = IdentifierTable<Message>()
        var ids: [Message.ID] = [
            .init(""), .init(bytes: [], isBlob: true), .init("a"), .init(bytes: [0x61], isBlob: true),
        ]
        ids += [.init(bytes: [1, 0x61]), .init(bytes: [0, 0xff, 0])] + (0..<3000).map { .init("msg_\($0 * 7919)") }
        table.reserve(100)
        for id in ids {
            #expect(table.place(of: id) == nil)
            table.append(id)
        }
        table.reserve(10_000)
        #expect(table.count == ids.count)
        for (place, id) in ids.enumerated() {
            #expect(table.place(of: id) == place)
            #expect(table[place] == id)
        }
        #expect(table.place(of: .init("msg_1")) == nil)
    }
}

@Suite struct NodeTableTests {
    private let file = Place.sessionFile(.init("s"))

    private func version(_ digest: UInt64) -> FileVersion { FileVersion(size: 1, changed: .epoch, digest: digest) }

    @Test func `a version has one node, another version another`() {
        var nodes = NodeTable()
        let first = nodes.look(at: file, version: version(1), validated: nil)
        let again = nodes.look(at: file, version: version(1), validated: nil)
        #expect(again == first)
        let second = nodes.look(at: file, version: version(2), validated: nil)
        #expect(second != first && nodes[first] != nil)
        #expect(nodes.current(file)?.id == second)
        // The old one goes without taking the new one's place.
        nodes.forget(first, count: 2)
        #expect(nodes[first] == nil && nodes.current(file)?.id == second)
        nodes.forget(second, count: 9)
        #expect(nodes.count == 1 && nodes.current(file) == nil)
    }

    @Test func `what was found out about a node stays together`() {
        var nodes = NodeTable()
        let node = nodes.look(at: file, version: version(1), validated: nil, ownBytes: [1])
        #expect(nodes[node]?.findings.ownBytes == [1])
        nodes.setContent(
            node, NodeTable.Content(hash: 5, base: .content(6), validated: .none, checked: .now))
        nodes.setFault(node, nil)
        #expect(nodes[node]?.findings.ownBytes == [1])
        #expect(nodes[node]?.findings.content?.base == .content(6))
        #expect(nodes[node]?.findings.fault == .some(nil))
        let other = nodes.add(file, version: version(2))
        nodes.setContent(
            other, NodeTable.Content(hash: 7, base: .absent, validated: .none, checked: .now))
        #expect(nodes[other]?.findings.content?.hash == 7 && nodes[other]?.findings.fault == nil)
        nodes.setFault(other, 3)
        #expect(nodes[other]?.findings.content?.hash == 7 && nodes[other]?.findings.fault == 3)
    }

    @Test func `a node is right in the state it was found right in, and in no other`() {
        var nodes = NodeTable()
        let (first, second) = (ChangeToken(changes: 1, schema: 0), ChangeToken(changes: 2, schema: 0))
        let a = nodes.look(at: file, version: version(1), validated: first)
        let b = nodes.look(at: .todos(.init("s")), version: version(1), validated: nil)
        func isRight(_ id: NodeID, _ token: ChangeToken) -> Bool {
            nodes[id].map { nodes.isRight($0, at: token) } ?? false
        }
        #expect(isRight(a, first) && !isRight(a, second) && !isRight(b, first))
        nodes.setValidated(b, second)
        #expect(isRight(b, second) && !isRight(a, second))
        #expect(nodes.look(at: file, version: version(1), validated: second) == a)
        #expect(isRight(a, second) && !isRight(a, first))
    }

    @Test func `numbers are never given twice`() {
        var nodes = NodeTable()
        var seen: Set<NodeID> = [.root]
        for number in 0..<100 as Range<UInt64> {
            let node = nodes.look(at: file, version: version(number % 3), validated: nil)
            #expect(seen.insert(node).inserted)
            if number.isMultiple(of: 2) { nodes.forget(node, count: 1) } else { nodes.retire(file) }
        }
    }

    @Test func `a place that is retired gets a new node, the old one lives on`() {
        var nodes = NodeTable()
        let old = nodes.look(at: .messages(.init("s")), version: nil, validated: nil)
        nodes.retire(.messages(.init("s")))
        let new = nodes.look(at: .messages(.init("s")), version: nil, validated: nil)
        #expect(new != old && nodes[old]?.place == nodes[new]?.place)
    }
}

@Suite struct ArrivalTableTests {
    @Test func `W5 what a session stands in is awaited as long as its copy goes on`() {
        var arrivals = ArrivalTable()
        let (project, start) = (Project.ID("p"), ContinuousClock.now)
        let (parent, child, other) = (Session.ID("parent"), Session.ID("child"), Session.ID("other"))
        arrivals.add(project, now: start)
        arrivals.add(parent, in: .archived(project), now: start)
        arrivals.add(child, in: .children(parent), now: start)
        arrivals.add(other, in: .project(project), now: start)
        for session in [parent, child, other] { arrivals.setStored(session) }
        for seconds in stride(from: 0, to: 200, by: 50) {
            arrivals.make(.messages(child), of: child, now: start + .seconds(seconds))
        }
        func awaited(_ seconds: Int) -> [Bool] {
            [parent, child, other].map {
                arrivals.isAwaited(.sessionFile($0), of: $0, now: start + .seconds(seconds))
            } + [arrivals.isAwaited(project, now: start + .seconds(seconds))]
        }
        #expect(awaited(59) == [true, true, true, true])
        #expect(awaited(209) == [true, true, false, true])
        #expect(awaited(210) == [false, false, false, false])
        arrivals.make(.sessionFile(parent), of: parent, now: start + .seconds(205))
        arrivals.makeFile(of: project)
        #expect(awaited(206) == [false, true, false, false])
        // Another program has made a ring of them.
        arrivals.add(parent, in: .children(child), now: start)
        arrivals.make(.messages(child), of: child, now: start + .seconds(300))
        #expect(arrivals.isMade(.messages(child), of: child))
    }
}
