import SQL
import SessionModel
import SessionTree
import TestSupport
import Testing
import VFS

@Suite struct LookupTests {
    /// Identifiers that must not become names as they are.
    static let awkward: [SQLValue] =
        [
            "ses_1", "a/b", "..", ".", "x\ny", "~", "a~b", "%2F", "archived", "project.json", "session.json",
            "messages", "",
            "%empty", "My-App", "my-app", "e\u{301}", "é", String(repeating: "long", count: 75),
            String(repeating: "long", count: 75) + "er", String(repeating: "/", count: 100), "m.json",
        ].map { SQLValue($0) } + [.text([0xff]), .text([0x61, 0, 0x62]), .blob([0x61]), .blob([])]

    private func awkwardTree(in directory: borrowing TemporaryDirectory, _ style: Naming.Style) throws -> TestTree {
        let tree = try TestTree(TestTree(in: directory).database, in: directory, style: style)
        for (index, id) in Self.awkward.enumerated() {
            try tree.database.run(
                """
                INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) \
                VALUES (\(id), \(id), '[]', 1, 2)
                """)
            try tree.addSession(id, title: ["Same title", "", "../x~y", "\u{0}"][index % 4])
            try tree.addMessage(id, of: SQLValue("ses_1"), at: Int64(index / 3))
        }
        return tree
    }

    private func nodes(_ tree: TestTree) throws -> (project: NodeID, messages: NodeID) {
        let project = try tree.files.lookup(FileName("p"), in: .root, for: tree.caller).node
        let session = try tree.files.lookup(FileName("ses_1"), in: project, for: tree.caller).node
        return (project, try tree.files.lookup(.messages, in: session, for: tree.caller).node)
    }

    @Test(arguments: [Naming.Style.labels, .identifiers])
    func `N1 every name of a listing leads back, and so does its id alone`(style: Naming.Style) throws {
        let directory = try TemporaryDirectory()
        let tree = try awkwardTree(in: directory, style)
        let naming = Naming(style: style)
        let (project, messages) = try nodes(tree)
        for (node, others) in [(NodeID.root, 2), (project, 1), (messages, 0)] {
            let entries = try tree.list(node)
            #expect(entries.count == Self.awkward.count + others)
            #expect(Set(entries.map(\.name)).count == entries.count)
            #expect(Set(entries.map(\.inode)).count == entries.count)
            for entry in entries {
                #expect(FileName(bytes: entry.name.bytes) == entry.name)
                for name in [entry.name, naming.bare(entry.name)] {
                    let found = try tree.files.lookup(name, in: node, for: tree.caller)
                    #expect(found.attributes.inode == entry.inode, "\(name)")
                    #expect(found.attributes.kind == entry.kind)
                }
            }
        }
    }

    @Test(arguments: [Naming.Style.labels, .identifiers])
    func `R1 files of awkward identifiers are JSON where their texts are`(style: Naming.Style) throws {
        let directory = try TemporaryDirectory()
        let tree = try awkwardTree(in: directory, style)
        let messages = try nodes(tree).messages
        for entry in try tree.list(messages) {
            let found = try tree.files.lookup(entry.name, in: messages, for: tree.caller)
            let bytes = try tree.read(found.node)
            #expect(bytes.count == Int(found.attributes.size))
            #expect(JSONText.fault(in: bytes) == nil)
        }
    }

    @Test func `N1 any other label leads nowhere`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        try tree.addMessage(SQLValue("m"), of: SQLValue("s"), at: 1)
        let project = try tree.find("app").node
        let session = try tree.find("app", "~s").node
        let messages = try tree.find("app", "~s", "messages").node
        for (node, names) in [
            (NodeID.root, ["other~p", "~p", "p~", "q", "P", "README", ".opencodefs2"]),
            (project, ["other~s", "s.json", "2026-11-18.Title~t", "S", "archived", "%73", "messages"]),
            (session, ["children", "todo.json", "m.json", "archived", "Session.json"]),
            (
                messages,
                [
                    "000002.user~m.json", "000001.assistant~m.json", "m", "000001.user~m", "~m.json", "n.json",
                    ".m.json.swp",
                ]
            ),
        ] {
            for name in names {
                #expect(throws: Errno.noEntry, "\(name)") {
                    try tree.files.lookup(#require(FileName(bytes: Array(name.utf8))), in: node, for: tree.caller)
                }
            }
        }
        let file = try tree.find("app", "~s", "session.json").node
        #expect(throws: Errno.notDirectory) { try tree.files.lookup(.messages, in: file, for: tree.caller) }
        #expect(throws: Errno.notDirectory) { try tree.files.openDirectory(file, for: tree.caller) }
        #expect(throws: Errno.stale) { try tree.files.lookup(.messages, in: NodeID(rawValue: 999), for: tree.caller) }
        // What is everyday is not written down.
        #expect(tree.notes.errors.isEmpty)
    }

    @Test func `N1 a name that was shown leads to its session after the title has changed`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"), title: "Before")
        let project = try tree.find("app").node
        let old = try #require(try tree.list(project).last).name
        try tree.database.run("UPDATE session SET title = 'After'")
        let new = try #require(try tree.list(project).last).name
        #expect(new.description.contains(".After~s") && old.description.contains(".Before~s"))
        let entries = try [old, new, FileName("s")].map { try tree.files.lookup($0, in: project, for: tree.caller) }
        #expect(Set(entries.map(\.node)).count == 1)
        let never = try #require(FileName(bytes: Array("\(old)".replacing("Before", with: "Never").utf8)))
        #expect(throws: Errno.noEntry) { try tree.files.lookup(never, in: project, for: tree.caller) }
    }

    @Test func `N5 a session is found where it is listed and nowhere else`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("parent"))
        try tree.addSession(SQLValue("child"), parent: SQLValue("parent"), archived: .integer(1))
        try tree.addSession(SQLValue("old"), archived: .integer(1))
        let project = try tree.find("app").node
        #expect(
            try tree.list(project).map { "\($0.name)".split(separator: "~").last } == [
                "project.json", "archived", "parent",
            ])
        let archived = try tree.find("app", "archived").node
        let children = try tree.find("app", "parent", "children").node
        #expect(try tree.list(archived).count == 1 && tree.list(children).count == 1)
        for (name, home) in [(FileName("parent"), project), (FileName("child"), children), (FileName("old"), archived)]
        {
            for node in [project, archived, children] where node != home {
                #expect(throws: Errno.noEntry) { try tree.files.lookup(name, in: node, for: tree.caller) }
            }
            #expect(throws: Never.self) { try tree.files.lookup(name, in: home, for: tree.caller) }
        }
    }

    @Test func `N3 ordinals never change while mounted`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        for (id, time) in [("b", 20), ("a", 30)] as [(String, Int64)] {
            try tree.addMessage(SQLValue(id), of: SQLValue("s"), at: time)
        }
        let messages = try tree.find("app", "~s", "messages").node
        func names() throws -> [String] { try tree.list(messages).map(\.name.description) }
        #expect(try names() == ["000001.user~b.json", "000002.user~a.json"])
        // One that sorts first counts on; a gap stays; an id that comes back gets its number.
        try tree.addMessage(SQLValue("c"), of: SQLValue("s"), at: 10)
        #expect(try names() == ["000003.user~c.json", "000001.user~b.json", "000002.user~a.json"])
        try tree.database.run("DELETE FROM message WHERE id = 'b'")
        #expect(try names() == ["000003.user~c.json", "000002.user~a.json"])
        try tree.addMessage(SQLValue("b"), of: SQLValue("s"), at: 99)
        #expect(try names() == ["000003.user~c.json", "000002.user~a.json", "000001.user~b.json"])
        #expect(throws: Never.self) {
            try tree.files.lookup(FileName("000001.user~b.json"), in: messages, for: tree.caller)
        }
    }

    @Test func `R5 what another program does is there at the next look`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        let messages = try tree.find("app", "~s", "messages").node
        #expect(try tree.list(messages).isEmpty)
        #expect(throws: Errno.noEntry) { try tree.files.lookup(FileName("m.json"), in: messages, for: tree.caller) }
        try tree.addMessage(SQLValue("m"), of: SQLValue("s"), at: 1)
        #expect(try tree.files.lookup(FileName("m.json"), in: messages, for: tree.caller).attributes.size > 0)
        #expect(try tree.list(messages).count == 1)
        try tree.database.run("DELETE FROM session")
        #expect(throws: Errno.noEntry) { try tree.files.lookup(FileName("m.json"), in: messages, for: tree.caller) }
        #expect(throws: Errno.noEntry) { try tree.list(messages) }
        #expect(throws: Errno.noEntry) { try tree.files.attributes(of: messages, for: tree.caller) }
    }
}
