import SQL
import SessionModel
import TestSupport
import Testing
import Timing
import VFS

@testable import SessionFileSystem

@Suite struct NodeTests {
    private func tree(in directory: borrowing TemporaryDirectory) throws -> TestTree {
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        try tree.addSession(SQLValue("child"), parent: SQLValue("s"))
        try tree.addSession(SQLValue("old"), archived: .integer(1))
        for number in 1...6 as ClosedRange<Int64> {
            try tree.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), at: number, parts: [SQLValue("{}")])
        }
        return tree
    }

    @Test func `lookups are counted and a node goes with the last`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        var counts: [NodeID: UInt64] = [:]
        func walk(_ node: NodeID) throws {
            let handle = try tree.files.openDirectory(node, for: tree.caller)
            defer { tree.files.releaseDirectory(handle) }
            var below: [(FileName, Entry)] = []
            try tree.files.readDirectory(handle, from: 0, for: tree.caller) { entry, found in
                if let found { below.append((entry.name, found)) }
                return true
            }
            for (name, entry) in below {
                counts[entry.node, default: 0] += 1
                for _ in 0..<2 {
                    let again = try tree.files.lookup(name, in: node, for: tree.caller)
                    #expect(again.node == entry.node)
                    #expect(again.attributes == entry.attributes)
                    counts[again.node, default: 0] += 1
                }
                if entry.attributes.kind == .directory { try walk(entry.node) }
            }
        }
        try walk(.root)
        #expect(counts.count > 15 && counts.values.allSatisfy { $0 == 3 })
        #expect(tree.nodes == counts.count + 1)
        for (node, count) in counts { tree.files.forget(node, count: count - 1) }
        #expect(tree.nodes == counts.count + 1)
        for node in counts.keys { tree.files.forget(node, count: 1) }
        #expect(tree.nodes == 1)
        // The kernel may forget the root, and what it forgot already.
        tree.files.forget(.root, count: 5)
        for node in counts.keys { tree.files.forget(node, count: 1) }
        #expect(tree.nodes == 1)
    }

    @Test func `an entry that does not fit counts for nothing`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let messages = try tree.find("app", "~s", "messages")
        let before = tree.nodes
        let handle = try tree.files.openDirectory(messages.node, for: tree.caller)
        var seen: [(String, Entry?)] = []
        try tree.files.readDirectory(handle, from: 0, for: tree.caller) { entry, found in
            if seen.count == 3 { return false }
            seen.append((entry.name.description, found))
            return true
        }
        #expect(seen.map(\.0) == [".", "..", "000001.user~m1.json"])
        #expect(tree.nodes == before + 1)
        // The rest, from where it stopped, is the same listing.
        var rest: [String] = []
        try tree.files.readDirectory(handle, from: 3, for: tree.caller) { entry, _ in
            rest.append(entry.name.description)
            return true
        }
        #expect(rest == (2...6).map { "00000\($0).user~m\($0).json" })
        for position in [8, 9, 1000] {
            try tree.files.readDirectory(handle, from: position, for: tree.caller) { _, _ in
                Issue.record("there is nothing more")
                return true
            }
        }
        tree.files.releaseDirectory(handle)
        #expect(throws: Errno.badHandle) {
            try tree.files.readDirectory(handle, from: 0, for: tree.caller) { _, _ in true }
        }
    }

    @Test func `a directory read again from its start is that of now`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let handle = try tree.files.openDirectory(tree.find("app", "~s", "messages").node, for: tree.caller)
        func names() throws -> [String] {
            var names: [String] = []
            try tree.files.readDirectory(handle, from: 0, for: tree.caller) { entry, _ in
                names.append(entry.name.description)
                return true
            }
            return names
        }
        try tree.addMessage(SQLValue("m7"), of: SQLValue("s"), at: 7)
        // The listing was taken when the directory was opened.
        #expect(try names().count == 8)
        #expect(try names().last == "000007.user~m7.json")
    }

    @Test func `R4 a changed message is a new node with the same inode number`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let old = try tree.find("app", "~s", "messages", "m2")
        let opened = try tree.files.opened(old.node, .reading, for: tree.caller)
        let before = try tree.read(old.node)
        try tree.database.run(
            "UPDATE message SET data = '{\"role\":\"user\",\"x\":1}', time_updated = 99 WHERE id = 'm2'")

        let new = try tree.find("app", "~s", "messages", "m2")
        #expect(new.node != old.node)
        #expect(new.attributes.inode == old.attributes.inode)
        #expect(new.attributes.size == old.attributes.size + 6)
        #expect(new.attributes.modified > old.attributes.modified)
        // Who had it open reads the old version to its end; nobody opens that any more.
        #expect(try tree.read(opened) == before)
        #expect(try tree.files.attributes(of: old.node, for: tree.caller).0 == old.attributes)
        #expect(throws: Errno.stale) { try tree.files.opened(old.node, .reading, for: tree.caller) }
        let after = try tree.read(new.node)
        #expect(after != before && after.count == Int(new.attributes.size))
    }

    @Test func `R4 who has read a part and comes back gets the old bytes or ESTALE`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let old = try tree.find("app", "~s", "messages", "m2")
        let whole = try tree.read(old.node)
        // A second reader: the file has been read, so nothing is held for them.
        let handle = try tree.files.opened(old.node, .reading, for: tree.caller)
        #expect(try tree.files.read(handle, at: 0, count: 10, for: tree.caller) == Array(whole.prefix(10)))
        let third = try tree.files.opened(old.node, .reading, for: tree.caller)
        try tree.database.run("UPDATE part SET data = '{\"x\":1}', time_updated = 99")
        #expect(try tree.files.read(handle, at: 10, count: 10, for: tree.caller) == Array(whole[10..<20]))
        #expect(throws: Errno.stale) { try tree.files.read(third, at: 0, count: 10, for: tree.caller) }
    }

    @Test func `R5 a change that leaves time and length alone is seen`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let old = try tree.find("app", "~s", "messages", "m2")
        _ = try tree.read(old.node)
        try tree.database.run("UPDATE message SET data = '{\"role\":\"USER\"}' WHERE id = 'm2'")
        // Whoever meets other bytes before the sweep is refused, not deceived, and finds the new version at once.
        #expect(throws: Errno.stale) { try tree.read(old.node) }
        let new = try tree.find("app", "~s", "messages", "m2")
        #expect(new.node != old.node)
        #expect(new.attributes.inode == old.attributes.inode)
        #expect(new.attributes.modified == old.attributes.modified.advanced(byNanoseconds: 1))
        #expect(String(decoding: try tree.read(new.node), as: UTF8.self).contains("USER"))
    }

    @Test func `R5 the sweep looks at a file's bytes every ten seconds`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let old = try tree.find("app", "~s", "messages", "m2")
        _ = try tree.read(old.node)
        try tree.database.run("UPDATE message SET data = '{\"role\":\"USER\"}' WHERE id = 'm2'")
        #expect(try tree.find("app", "~s", "messages", "m2").node == old.node)
        // Ten seconds later.
        tree.files.state.withLock { state in
            guard var content = state.nodes[old.node]?.findings.content else { return }
            content.checked -= SessionFileSystem.contentInterval
            state.nodes.setContent(old.node, content)
        }
        let new = try tree.find("app", "~s", "messages", "m2")
        #expect(new.node != old.node)
        #expect(String(decoding: try tree.read(new.node), as: UTF8.self).contains("USER"))
    }

    @Test func `R5 a name is believed for a tenth of a second, a version for long`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        for path in [
            ["app"], ["app", "project.json"], ["app", "~s"], ["app", "~s", "session.json"], ["app", "~s", "messages"],
        ] {
            var entry = try tree.find(path[0])
            for name in path.dropFirst() {
                let names = try tree.list(entry.node).map(\.name)
                entry = try tree.files.lookup(
                    #require(names.first { $0.description.hasSuffix(name) }), in: entry.node, for: tree.caller)
            }
            #expect(entry.validity.name > 0 && entry.validity.name <= 0.1)
            let isFile = entry.attributes.kind == .regular
            #expect(isFile ? entry.validity.attributes > 60 : entry.validity.attributes <= 0.1)
            #expect(entry.attributes.permissions == (isFile ? 0o600 : 0o700))
            #expect(entry.attributes.owner == 1000 && entry.attributes.group == 100)
        }
    }

    @Test func `R3 inode numbers and times survive a remount`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let again = try TestTree(tree.database, in: directory)
        let (first, second) = (
            try tree.find("app", "~s", "messages", "m2"), try again.find("app", "~s", "messages", "m2")
        )
        #expect(first.attributes == second.attributes)
        #expect(try tree.find("app", "~s").attributes == again.find("app", "~s").attributes)
        #expect(try tree.find("app").attributes == again.find("app").attributes)
    }

    @Test
    func `R4 who opens a file whose pages the kernel is being given waits, and all can read it should they be dropped`()
        throws
    {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let control = try tree.files.lookup(.control, in: .root, for: tree.caller).node
        let nodes = [
            try tree.find("app", "~s", "messages", "m2").node, try tree.find("app", "~s", "session.json").node,
            try tree.files.lookup(FileName("status.json"), in: control, for: tree.caller).node,
        ]
        for node in nodes {
            let first = try tree.files.open(node, .reading, for: tree.caller)
            let contents = try #require(first.contents)
            let impatient = Caller(process: 1, patience: .lasting(.milliseconds(20)))
            #expect(throws: Errno.timedOut) { try tree.files.open(node, .reading, for: impatient) }
            tree.files.setStored(first.handle, isTaken: true)
            let second = try tree.files.open(node, .reading, for: tree.caller)
            #expect(second.contents == nil)
            #expect(try tree.read(first.handle) == contents)
            #expect(try tree.read(second.handle) == contents)
        }
    }
}
