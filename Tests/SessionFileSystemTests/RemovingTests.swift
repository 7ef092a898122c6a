import SQL
import SessionModel
import TestSupport
import Testing
import VFS

@testable import SessionFileSystem

@Suite struct RemovingTests {
    private func tree(in directory: borrowing TemporaryDirectory) throws -> TestTree {
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        for number in 1...2 as ClosedRange<Int64> {
            try tree.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), at: number)
        }
        try tree.database.run(
            """
            INSERT INTO todo (session_id, position, content, status, priority, time_created, time_updated) \
            VALUES ('s', 0, 'x', 'open', 'high', 1, 1)
            """)
        return tree
    }

    /// Removes what a directory holds and then the directory, as `rm -r` does.
    private func removeTree(_ name: FileName, in parent: NodeID, of tree: TestTree) throws {
        let entry = try tree.files.lookup(name, in: parent, for: tree.caller)
        guard entry.attributes.kind == .directory else {
            return try tree.files.unlink(name, in: parent, for: tree.caller)
        }
        for below in try tree.list(entry.node) { try removeTree(below.name, in: entry.node, of: tree) }
        #expect(try tree.list(entry.node).isEmpty)
        try tree.files.removeDirectory(name, in: parent, for: tree.caller)
    }

    @Test func `D1 rm of a message deletes it, and none of its names leads to it any more`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let messages = try tree.find("app", "~s", "messages").node
        // Its number is from before the removal, and stays.
        #expect(try tree.list(messages).count == 2)
        let entry = try tree.files.lookup(FileName("m1.json"), in: messages, for: tree.caller)
        try tree.files.unlink(FileName("m1.json"), in: messages, for: tree.caller)
        #expect(try tree.database.column("SELECT id FROM message") == ["m2"])
        #expect(try tree.list(messages).map(\.name) == [FileName("000002.user~m2.json")])
        for name in [FileName("m1.json"), FileName("000001.user~m1.json")] {
            #expect(throws: Errno.noEntry) { try tree.files.lookup(name, in: messages, for: tree.caller) }
            #expect(throws: Errno.noEntry) { try tree.files.unlink(name, in: messages, for: tree.caller) }
        }
        // The node lives until the kernel forgets it; its attributes stay what they were.
        #expect(try tree.files.attributes(of: entry.node, for: tree.caller).0 == entry.attributes)
        let items = try tree.trash.batches().flatMap(\.items)
        #expect(items.count == 1 && items.first?.path.hasSuffix("~s/messages/m1.json") == true)
        try tree.files.unlink(FileName("000002.user~m2.json"), in: messages, for: tree.caller)
    }

    @Test func `D2 rm -r of a session deletes it`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let project = try tree.find("app").node
        let name = try #require(try tree.list(project).last).name
        try removeTree(name, in: project, of: tree)
        for table in ["session", "message", "part", "todo"] {
            #expect(try tree.database.column("SELECT count(*) FROM \(SQLIdentifier(table))") == ["0"])
        }
        #expect(try tree.list(project).map(\.name) == [.projectFile])
        #expect(throws: Errno.noEntry) { try tree.files.lookup(name, in: project, for: tree.caller) }
        #expect(throws: Errno.noEntry) { try tree.files.lookup(FileName("s"), in: project, for: tree.caller) }
        // One program, one batch.
        #expect(try tree.trash.batches().map(\.items.count) == [3])
        #expect(tree.notes.errors.isEmpty)
    }

    @Test func `D2 rm -r of a session takes its children first`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        try tree.addSession(SQLValue("child"), parent: SQLValue("s"))
        try tree.addSession(SQLValue("grandchild"), parent: SQLValue("child"), archived: .integer(1))
        try tree.addMessage(SQLValue("n"), of: SQLValue("child"), at: 1)
        let project = try tree.find("app").node
        let name = try #require(try tree.list(project).last).name
        #expect(throws: Errno.notEmpty) {
            try tree.files.removeDirectory(.children, in: tree.find("app", "~s").node, for: tree.caller)
        }
        try removeTree(name, in: project, of: tree)
        #expect(try tree.database.column("SELECT count(*) FROM session") == ["0"])
    }

    @Test func `D2 a session's own files are out of sight, and back when a message arrives`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let session = try tree.find("app", "~s").node
        let messages = try tree.find("app", "~s", "messages")
        let all = try tree.list(session).map(\.name)
        let views = TestTree.views.map { FileName(bytes: Array($0.utf8)) }
        #expect(all == views.compactMap { $0 } + [.sessionFile, .todos, .messages])
        for name in views.compactMap({ $0 }) + [FileName.sessionFile, .todos] {
            try tree.files.unlink(name, in: session, for: tree.caller)
        }
        #expect(try tree.list(session).map(\.name) == [.messages])
        #expect(throws: Errno.noEntry) { try tree.files.lookup(.sessionFile, in: session, for: tree.caller) }
        #expect(throws: Errno.noEntry) { try tree.files.unlink(.sessionFile, in: session, for: tree.caller) }
        for entry in try tree.list(messages.node) {
            try tree.files.unlink(entry.name, in: messages.node, for: tree.caller)
        }
        try tree.files.removeDirectory(.messages, in: session, for: tree.caller)
        #expect(try tree.list(session).isEmpty)
        // Nothing of it has left the database.
        #expect(try tree.database.column("SELECT count(*) FROM todo") == ["1"])

        try tree.addMessage(SQLValue("m3"), of: SQLValue("s"), at: 3)
        #expect(throws: Errno.notEmpty) {
            try tree.files.removeDirectory(FileName("s"), in: tree.find("app").node, for: tree.caller)
        }
        #expect(try tree.list(session).map(\.name) == all)
        let back = try tree.files.lookup(.messages, in: session, for: tree.caller)
        // The old one is dead in the kernel.
        #expect(back.node != messages.node)
        #expect(back.attributes.inode == messages.attributes.inode)
        #expect(try tree.list(back.node).map(\.name.description) == ["000003.user~m3.json"])
    }

    @Test func `D2 what still holds something is not removed`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        try tree.addSession(SQLValue("old"), archived: .integer(1))
        let project = try tree.find("app").node
        let session = try tree.find("app", "~s").node
        for (name, parent, errno) in [
            (FileName("p"), NodeID.root, Errno.notEmpty), (.archived, project, .notEmpty),
            (FileName("s"), project, .notEmpty),
            (.messages, session, .notEmpty), (.children, session, .noEntry), (.control, .root, .notPermitted),
            (.projectFile, project, .notDirectory), (.sessionFile, session, .notDirectory),
            (FileName("x"), project, .noEntry),
        ] {
            #expect(throws: errno, "\(name)") { try tree.files.removeDirectory(name, in: parent, for: tree.caller) }
        }
        // Not even when all that is listed was taken out of sight.
        try tree.files.unlink(.sessionFile, in: session, for: tree.caller)
        try tree.files.unlink(.todos, in: session, for: tree.caller)
        #expect(throws: Errno.notEmpty) { try tree.files.removeDirectory(FileName("s"), in: project, for: tree.caller) }
        #expect(try tree.database.column("SELECT count(*) FROM message") == ["2"])
    }

    @Test func `D2 a project stays when its sessions are gone`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("old"), archived: .integer(1))
        let project = try tree.find("app").node
        let archived = try tree.find("app", "archived").node
        try removeTree(try #require(try tree.list(archived).last).name, in: archived, of: tree)
        #expect(throws: Errno.notPermitted) { try tree.files.removeDirectory(.archived, in: project, for: tree.caller) }
        #expect(throws: Errno.notPermitted) {
            try tree.files.removeDirectory(FileName("p"), in: .root, for: tree.caller)
        }
        #expect(try tree.list(project).map(\.name) == [.projectFile])
    }

    @Test func `D4 what only describes is not removed`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let project = try tree.find("app").node
        let session = try tree.find("app", "~s").node
        let control = try tree.files.lookup(.control, in: .root, for: tree.caller).node
        for (name, parent, errno) in [
            (FileName("status.json"), control, Errno.notPermitted),
            (FileName("s"), project, .isDirectory), (.messages, session, .isDirectory),
            (FileName("p"), .root, .isDirectory),
            (FileName("x"), project, .noEntry), (FileName("x.json"), session, .noEntry),
        ] {
            #expect(throws: errno, "\(name)") { try tree.files.unlink(name, in: parent, for: tree.caller) }
        }
    }

    @Test func `where nothing may be written every removal is EROFS`() throws {
        let directory = try TemporaryDirectory()
        let writable = try tree(in: directory)
        let tree = try TestTree(writable.database, in: directory, readOnly: "mounted with -o ro")
        let session = try tree.find("app", "~s").node
        let messages = try tree.find("app", "~s", "messages").node
        #expect(throws: Errno.readOnly) { try tree.files.unlink(FileName("m1.json"), in: messages, for: tree.caller) }
        #expect(throws: Errno.readOnly) { try tree.files.unlink(.sessionFile, in: session, for: tree.caller) }
        #expect(throws: Errno.readOnly) { try tree.files.removeDirectory(.messages, in: session, for: tree.caller) }
        #expect(try tree.list(session).count == TestTree.views.count + 3)
        #expect(try tree.trash.batches().isEmpty)
        #expect(tree.notes.errors.count == 3)
    }
}
