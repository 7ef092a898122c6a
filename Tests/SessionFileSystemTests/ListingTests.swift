import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing
import VFS

@testable import SessionFileSystem

/// Names alone for who wants names alone, and a walk that comes again asks the database for nothing
/// (docs/decisions/0026).
@Suite struct ListingTests {
    private let start = ContinuousClock.now

    @Test func `who looks at nothing that was listed gets names, until it looks`() {
        var habits = ListingHabits()
        let sessions = (0..<9).map { Session.ID("s\($0)") }
        func extent(_ session: Int, _ process: Int32 = 1, after seconds: Int = 0) -> ListingHabits.Extent {
            habits.extent(of: sessions[session], for: process, now: start + .seconds(seconds))
        }
        #expect(extent(0) == .most)
        #expect(extent(1) == .names && extent(2) == .names && extent(2) == .names)
        // Of another program nothing is known by that, and what it looks at is not what this one has listed.
        #expect(extent(4, 2) == .most)
        habits.noteLook(at: sessions[4])
        #expect(extent(3) == .names && extent(5, 2) == .everything)
        // Another thread may look at what this one has listed, some time ago.
        habits.noteLook(at: sessions[1])
        #expect(extent(3) == .everything && extent(4) == .everything)
        // After a rest nobody knows.
        #expect(extent(0, after: 6) == .most && extent(6, 2, after: 6) == .most)
        // A program is busy with one directory for longer than that only if it does something with it.
        #expect(extent(1, after: 10) == .names && extent(2, after: 16) == .most)
    }

    private func tree(in directory: borrowing TemporaryDirectory) throws -> TestTree {
        let tree = try TestTree(in: directory)
        for session in ["s", "t"] {
            try tree.addSession(SQLValue(session))
            for number in 1...9 as ClosedRange<Int64> {
                try tree.addMessage(
                    SQLValue("\(session)\(number)"), of: SQLValue(session), at: number)
            }
        }
        return tree
    }

    /// What a program gets of a directory: names, and whether they came with what they are.
    private func listing(_ tree: TestTree, _ node: NodeID, _ process: Int32) throws -> [(FileName, Entry?)] {
        let caller = Caller(process: process, patience: .lasting(.seconds(30)))
        let handle = try tree.files.openDirectory(node, for: caller)
        defer { tree.files.releaseDirectory(handle) }
        var lines: [(FileName, Entry?)] = []
        try tree.files.readDirectory(handle, from: 0, for: caller) { entry, found in
            if entry.name != .current, entry.name != .parent { lines.append((entry.name, found)) }
            return true
        }
        return lines
    }

    @Test func `R2 all listings have the same names, and those that are looked up the same sizes`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let (s, t) = (try tree.find("app", "~s", "messages").node, try tree.find("app", "~t", "messages").node)
        let first = try listing(tree, s, 1)
        #expect(first.map { $0.1 != nil } == Array(repeating: true, count: 6) + [false, false, false])
        let names = try listing(tree, t, 1)
        #expect(names.count == 9 && names.allSatisfy { $0.1 == nil })
        #expect(try listing(tree, s, 1).map(\.0) == first.map(\.0))

        let caller = Caller(process: 1, patience: .lasting(.seconds(30)))
        let looked = try tree.files.lookup(names[4].0, in: t, for: caller)
        let everything = try listing(tree, t, 1)
        #expect(everything.map(\.0) == names.map(\.0) && everything.allSatisfy { $0.1 != nil })
        #expect(everything[4].1?.attributes == looked.attributes && everything[4].1?.node == looked.node)
    }

    @Test func `R5 a listing that is kept is that of the database as it stands`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let node = try tree.find("app", "~s", "messages").node
        _ = try listing(tree, node, 1)
        _ = try tree.files.lookup(FileName("s2.json"), in: node, for: tree.caller)
        let before = try listing(tree, node, 1)
        #expect(try listing(tree, node, 1).map(\.1?.attributes) == before.map(\.1?.attributes))
        // Longer, one more, one less: each alone.
        try tree.database.run(
            "UPDATE message SET data = '{\"role\":\"user\",\"a\":1}', time_updated = 99 WHERE id = 's2'")
        let longer = try listing(tree, node, 1)
        #expect(longer[1].1?.attributes != before[1].1?.attributes && longer[1].1?.node != before[1].1?.node)
        #expect(longer.map(\.0) == before.map(\.0))
        try tree.addMessage(SQLValue("new"), of: SQLValue("s"), at: 10)
        #expect(try listing(tree, node, 1).last?.0.description == "000010.user~new.json")
        try tree.database.run("DELETE FROM message WHERE id = 's3'")
        #expect(try listing(tree, node, 1).map(\.0).contains(before[2].0) == false)
    }

    /// A session `s` with messages `m1` to `m9`, over a store that fails when it is told.
    private func failingTree(in directory: borrowing TemporaryDirectory) throws -> (TestTree, FailingStore.Trouble) {
        let trouble = FailingStore.Trouble()
        let database = try TestDatabase(.v1, at: directory.file("opencode.db"))
        try database.run(
            "INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) VALUES ('p', '/w/app', '[]', 1, 2)"
        )
        let tree = try TestTree(database, in: directory) { FailingStore($0, trouble) }
        try tree.addSession(SQLValue("s"))
        for number in 1...9 as ClosedRange<Int64> {
            try tree.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), at: number)
        }
        return (tree, trouble)
    }

    @Test func `a walk that comes again asks the database for nothing`() throws {
        let directory = try TemporaryDirectory()
        let (tree, trouble) = try failingTree(in: directory)
        let node = try tree.find("app", "~s", "messages").node
        let first = try listing(tree, node, 1)
        // Whether anything has changed is all that is asked.
        trouble.arise(after: 1, .unavailable(reason: "gone"))
        defer { trouble.end() }
        let second = try listing(tree, node, 1)
        #expect(second.map(\.0) == first.map(\.0) && !trouble.hasStruck)
    }

    /// As do programs that are given the names of files.
    @Test func `who looks at one message after the other has them looked at together`() throws {
        let directory = try TemporaryDirectory()
        let (tree, trouble) = try failingTree(in: directory)
        let session = try tree.find("app", "~s").node
        let node = try tree.files.lookup(FileName("messages"), in: session, for: tree.caller).node
        func look(_ id: String) throws -> Entry {
            try tree.files.lookup(#require(FileName(bytes: Array("\(id).json".utf8))), in: node, for: tree.caller)
        }
        let before = try (1...4).map { try look("m\($0)") }
        // Whether anything has changed is all that is asked for the others.
        for number in 5...9 {
            trouble.arise(after: 1, .unavailable(reason: "gone"))
            let entry = try look("m\(number)")
            trouble.end()
            #expect(try tree.read(entry.node).count == entry.attributes.size)
        }
        #expect(throws: Errno.noEntry) { try look("m10") }
        // R5: what is committed is seen at once, in all that were looked at and in those that come.
        try tree.database.run(
            "UPDATE message SET data = '{\"role\":\"user\",\"a\":1}', time_updated = 99 WHERE id IN ('m2', 'm7')")
        try tree.database.run("DELETE FROM message WHERE id = 'm3'")
        try tree.addMessage(SQLValue("m10"), of: SQLValue("s"), at: 10)
        #expect(try look("m1").node == before[0].node)
        #expect(try look("m2").attributes.size > before[1].attributes.size)
        #expect(throws: Errno.noEntry) { try look("m3") }
        #expect(try look("m7").attributes.size == look("m2").attributes.size)
        let new = try look("m10")
        #expect(try tree.read(new.node).count == new.attributes.size)
    }
}
