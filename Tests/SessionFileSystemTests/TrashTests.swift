import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import SessionTree
import TestSupport
import Testing
import VFS

@testable import SessionFileSystem

@Suite struct TrashTests {
    /// Project `p` with session `s`, its child `c` and an archived session `old`; two messages each.
    private func tree(in directory: borrowing TemporaryDirectory) throws -> TestTree {
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"), title: "Fix login")
        try tree.addSession(SQLValue("c"), parent: SQLValue("s"))
        try tree.addSession(SQLValue("old"), archived: .integer(1))
        for (index, session) in ["s", "c", "old"].enumerated() {
            for number in 1...2 as ClosedRange<Int64> {
                try tree.addMessage(
                    SQLValue("\(session)\(number)"), of: SQLValue("\(session)"), at: Int64(index * 10) + number,
                    parts: [SQLValue(#"{"type":"text","text":"é"}"#), SQLValue("{}")])
            }
        }
        return tree
    }

    private func removeTree(_ name: FileName, in parent: NodeID, of tree: TestTree) throws {
        let entry = try tree.files.lookup(name, in: parent, for: tree.caller)
        guard entry.attributes.kind == .directory else {
            return try tree.files.unlink(name, in: parent, for: tree.caller)
        }
        for below in try tree.list(entry.node) { try removeTree(below.name, in: entry.node, of: tree) }
        try tree.files.removeDirectory(name, in: parent, for: tree.caller)
    }

    /// Every file below a directory, by its path.
    private func files(below node: NodeID, of tree: TestTree, _ path: String = "") throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for line in try tree.list(node) {
            let entry = try tree.files.lookup(line.name, in: node, for: tree.caller)
            #expect(entry.attributes.inode == line.inode)
            if line.kind == .link { continue }
            if line.kind == .directory {
                files.merge(try self.files(below: entry.node, of: tree, path + "\(line.name)/")) { first, _ in first }
            } else {
                let bytes = try tree.read(entry.node)
                #expect(bytes.count == Int(entry.attributes.size))
                files[path + "\(line.name)"] = bytes
            }
        }
        return files
    }

    private func place(_ tree: TestTree, _ path: String...) throws -> TrashPlace {
        var entry = try tree.find(".opencodefs", "trash")
        for name in path {
            let child = try #require(try tree.list(entry.node).first { $0.name.description.contains(name) }?.name)
            entry = try tree.files.lookup(child, in: entry.node, for: tree.caller)
        }
        guard case .trash(let place) = try tree.files.node(entry.node).place else { throw Errno.noEntry }
        return place
    }

    @Test func `D3 the trash shows what rm took under the path it had, byte by byte`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let top = try tree.find(".opencodefs", "trash")
        #expect(try tree.list(top.node).isEmpty)
        let project = try tree.find("app").node
        let before = try files(below: project, of: tree)
        for name in try tree.list(project).map(\.name) where name != .projectFile {
            if name == .archived {
                try removeTree(FileName("old"), in: try tree.find("app", "archived").node, of: tree)
            } else {
                try removeTree(name, in: project, of: tree)
            }
        }
        let batches = try tree.list(top.node)
        #expect(batches.count == 1)
        #expect("\(batches[0].name)".wholeMatch(of: /\d{8}T\d{6}~1/) != nil)
        let kept = try tree.find(".opencodefs", "trash", "~1", "app~p")
        var expected = before
        expected["project.json"] = nil
        // It was removed by its bare id; its messages were not.
        #expect(try files(below: kept.node, of: tree) == expected)
        // A name without its label leads there too; another label does not.
        let batch = try tree.files.lookup(FileName("1"), in: top.node, for: tree.caller)
        let bare = try tree.files.lookup(FileName("p"), in: batch.node, for: tree.caller)
        #expect(bare.node == kept.node)
        for name in [FileName("x~p"), FileName("x"), FileName("app")] {
            #expect(throws: Errno.noEntry) { try tree.files.lookup(name, in: batch.node, for: tree.caller) }
        }
        #expect(tree.notes.errors.isEmpty)
    }

    @Test func `D3 names=id lists the trash by ids`() throws {
        let directory = try TemporaryDirectory()
        let labelled = try tree(in: directory)
        try removeTree(FileName("s"), in: try labelled.find("app").node, of: labelled)
        let tree = try TestTree(labelled.database, in: directory, style: .identifiers)
        let kept = try tree.find(".opencodefs", "trash", "1")
        #expect(
            try files(below: kept.node, of: tree).keys.sorted() == [
                "p/s/children/c/messages/c1.json", "p/s/children/c/messages/c2.json", "p/s/children/c/session.json",
                "p/s/messages/s1.json", "p/s/messages/s2.json", "p/s/session.json",
            ])
    }

    @Test func `D3 a mount of one project shows what was removed from it`() throws {
        let directory = try TemporaryDirectory()
        let all = try tree(in: directory)
        try removeTree(FileName("s"), in: try all.find("app").node, of: all)
        for (project, count) in [("p", 1), ("q", 0)] {
            var settings = all.files.settings
            settings.scope = .project(.init(project))
            let files = SessionFileSystem(store: all.store, settings: settings)
            let control = try files.lookup(.control, in: .root, for: all.caller).node
            let trash = try files.lookup(.trash, in: control, for: all.caller).node
            let handle = try files.openDirectory(trash, for: all.caller)
            var names: [FileName] = []
            try files.readDirectory(handle, from: 2, for: all.caller) { entry, _ in
                names.append(entry.name)
                return true
            }
            files.releaseDirectory(handle)
            #expect(names.count == count, "\(names)")
        }
    }

    @Test func `D3 what holds no whole file is not shown`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let messages = try tree.find("app", "~s", "messages").node
        try tree.files.unlink(FileName("s1.json"), in: messages, for: tree.caller)
        // A list of things to do that a save replaced: it has no row of its own to be shown from.
        let trash = try SQLiteConnection(path: directory.file("trash.db"), access: .create)
        for statement: SQLQuery in [
            "INSERT INTO batch (id, started, source) SELECT 2, started, source FROM batch",
            """
            INSERT INTO item (id, batch, removed, session, message, path) \
            VALUES (9, 1, 0, 's', NULL, '/app~p/x~s/todo.json'), (10, 2, 0, 's', NULL, '/app~p/x~s/todo.json')
            """,
            "INSERT INTO record (item, origin, kind) VALUES (9, 'todo', 'removed'), (10, 'todo', 'removed')",
        ] {
            try trash.run(statement)
        }
        let top = try tree.find(".opencodefs", "trash").node
        #expect(try tree.list(top).count == 1)
        #expect(try files(below: top, of: tree).count == 1)
    }

    @Test func `D3 a message removed twice in one go is there twice`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let messages = try tree.find("app", "~s", "messages").node
        let name = FileName("000001.user~s1.json")
        var contents = [try tree.read(tree.files.lookup(name, in: messages, for: tree.caller).node)]
        try tree.files.unlink(name, in: messages, for: tree.caller)
        try tree.addMessage(SQLValue("s1"), of: SQLValue("s"), at: 99, data: SQLValue(#"{"role":"user","again":1}"#))
        contents.append(try tree.read(tree.files.lookup(name, in: messages, for: tree.caller).node))
        try tree.files.unlink(name, in: messages, for: tree.caller)
        let kept = try tree.find(".opencodefs", "trash", "~1", "app", "~s", "messages").node
        let names = [name, FileName("000001.user.2~s1.json")]
        #expect(try tree.list(kept).map(\.name).sorted { $0.bytes.count < $1.bytes.count } == names)
        for (name, bytes) in zip(names, contents) {
            #expect(try tree.read(tree.files.lookup(name, in: kept, for: tree.caller).node) == bytes)
        }
        // Either may come back under its own name.
        let second = try place(tree, "~1", "app", "~s", "messages", ".2~")
        try tree.files.restore(second, as: names[1], in: .messages(.init("s")), for: tree.caller)
        #expect(try tree.database.column("SELECT data FROM message WHERE id = 's1'") == [#"{"role":"user","again":1}"#])
    }

    @Test func `D3 what is in the trash is not written`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        try removeTree(FileName("s"), in: try tree.find("app").node, of: tree)
        let messages = try tree.find(".opencodefs", "trash", "~1", "app", "~s", "messages").node
        let file = try #require(try tree.list(messages).first).name
        let node = try tree.files.lookup(file, in: messages, for: tree.caller).node
        #expect(throws: Errno.notPermitted) { try tree.files.opened(node, .writing, for: tree.caller) }
        #expect(throws: Errno.notDirectory) { try tree.files.removeDirectory(file, in: messages, for: tree.caller) }
        let control = try tree.files.lookup(.control, in: .root, for: tree.caller).node
        #expect(throws: Errno.notPermitted) { try tree.files.removeDirectory(.trash, in: control, for: tree.caller) }
        #expect(throws: Errno.isDirectory) { try tree.files.unlink(.trash, in: control, for: tree.caller) }
        let session = try tree.find(".opencodefs", "trash", "~1", "app", "~s").node
        #expect(throws: Errno.notEmpty) { try tree.files.removeDirectory(.messages, in: session, for: tree.caller) }
        #expect(throws: Errno.isDirectory) { try tree.files.unlink(.messages, in: session, for: tree.caller) }
    }

    @Test func `D3 rm -r in the trash drops for good`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let top = try tree.find(".opencodefs", "trash").node
        try removeTree(FileName("s"), in: try tree.find("app").node, of: tree)
        let messages = try tree.find(".opencodefs", "trash", "~1", "app", "~s", "messages").node
        try tree.files.unlink(FileName("s1.json"), in: messages, for: tree.caller)
        #expect(throws: Errno.noEntry) { try tree.files.unlink(FileName("s1.json"), in: messages, for: tree.caller) }
        #expect(try tree.list(messages).count == 1)
        #expect(try tree.trash.batches().flatMap(\.items).count == 5)
        try removeTree(FileName("1"), in: top, of: tree)
        #expect(try tree.trash.batches().isEmpty)
        #expect(try tree.list(top).isEmpty)
        #expect(throws: Errno.noEntry) { try tree.files.lookup(FileName("1"), in: top, for: tree.caller) }
        #expect(tree.notes.errors.isEmpty)
    }

    @Test func `D3 a file of the trash that is gone is stale for whoever holds it`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        try removeTree(FileName("s"), in: try tree.find("app").node, of: tree)
        let session = try tree.find(".opencodefs", "trash", "~1", "app", "~s")
        let file = try tree.files.lookup(.sessionFile, in: session.node, for: tree.caller)
        // It may be moved away: the kernel asks each time.
        #expect(file.validity.name == 0 && session.validity.name == 0)
        try tree.trash.drop(try tree.trash.batches().flatMap(\.items))
        #expect(throws: Errno.stale) { try tree.files.opened(file.node, .reading, for: tree.caller) }
        #expect(throws: Errno.stale) { try tree.files.attributes(of: session.node, for: tree.caller) }
    }

    // MARK: Moving out

    @Test func `D3 a message moved back is the message it was`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let messages = try tree.find("app", "~s", "messages").node
        let before = try files(below: messages, of: tree)
        let rows = try tree.database.column("SELECT id || data FROM part ORDER BY id")
        let name = FileName("000001.user~s1.json")
        try tree.files.unlink(name, in: messages, for: tree.caller)
        let source = try place(tree, "~1", "app", "~s", "messages", "s1.json")
        for (target, other) in [
            (name, Place.messages(.init("c"))), (name, .session(.init("s"))),
            (FileName("x.json"), .messages(.init("s"))),
            (name, .root),
        ] {
            let failure = #expect(throws: Failure.self) {
                try tree.files.restore(source, as: target, in: other, for: tree.caller)
            }
            #expect(failure?.errno == .notPermitted)
        }
        try tree.files.restore(source, as: FileName("s1.json"), in: .messages(.init("s")), for: tree.caller)
        #expect(try files(below: messages, of: tree) == before)
        #expect(try tree.database.column("SELECT id || data FROM part ORDER BY id") == rows)
        #expect(try tree.list(tree.find(".opencodefs", "trash").node).isEmpty)
        let failure = #expect(throws: Failure.self) {
            try tree.files.restore(source, as: name, in: .messages(.init("s")), for: tree.caller)
        }
        #expect(failure?.errno == .stale)
    }

    @Test(arguments: [Place.project(.init("p")), .archived(.init("p")), .children(.init("old"))])
    func `D3 a session moved back brings its messages and its children`(home: Place) throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let project = try tree.find("app").node
        let before = try files(below: project, of: tree)
        try removeTree(FileName("s"), in: project, of: tree)
        let source = try place(tree, "~1", "app", "~s")
        for (name, other) in [
            (FileName("t"), home), (FileName("s"), .root), (FileName("s"), .project(.init("q"))),
            (FileName("s"), .messages(.init("old"))),
        ] {
            #expect(throws: Failure.self) { try tree.files.restore(source, as: name, in: other, for: tree.caller) }
        }
        try tree.files.restore(source, as: FileName("2026.anything~s"), in: home, for: tree.caller)
        #expect(try files(below: project, of: tree) == before)
    }

    @Test func `D3 what a session holds may come back alone, and a whole project at once`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let project = try tree.find("app").node
        let before = try files(below: project, of: tree)
        let session = try tree.find("app", "~s").node
        for entry in try tree.list(try tree.find("app", "~s", "messages").node) {
            try tree.files.unlink(entry.name, in: try tree.find("app", "~s", "messages").node, for: tree.caller)
        }
        try tree.files.removeDirectory(.messages, in: session, for: tree.caller)
        var source = try place(tree, "~1", "app", "~s", "messages")
        #expect(throws: Failure.self) {
            try tree.files.restore(source, as: .messages, in: .session(.init("c")), for: tree.caller)
        }
        try tree.files.restore(source, as: .messages, in: .session(.init("s")), for: tree.caller)
        #expect(try files(below: project, of: tree) == before)

        try removeTree(FileName("c"), in: try tree.find("app", "~s", "children").node, of: tree)
        source = try place(tree, "~", "app", "~s", "children")
        try tree.files.restore(source, as: .children, in: .session(.init("s")), for: tree.caller)
        #expect(try files(below: project, of: tree) == before)

        try removeTree(FileName("s"), in: project, of: tree)
        try removeTree(FileName("old"), in: try tree.find("app", "archived").node, of: tree)
        let batch = try place(tree, "~")
        let failure = #expect(throws: Failure.self) {
            try tree.files.restore(batch, as: FileName("x"), in: .root, for: tree.caller)
        }
        #expect(failure?.errno == .notPermitted && failure?.remedy.contains("opencodefs restore") == true)
        source = try place(tree, "~", "app")
        try tree.files.restore(source, as: FileName("p"), in: .root, for: tree.caller)
        #expect(try files(below: project, of: tree) == before)
        #expect(try tree.trash.batches().isEmpty)
    }

    @Test func `D3 an id that is taken is EEXIST, with a line that says what to do`() throws {
        let directory = try TemporaryDirectory()
        let tree = try tree(in: directory)
        let messages = try tree.find("app", "~s", "messages").node
        try tree.files.unlink(FileName("s1.json"), in: messages, for: tree.caller)
        try tree.addMessage(SQLValue("s1"), of: SQLValue("s"), at: 9)
        let source = try place(tree, "~1", "app", "~s", "messages", "s1.json")
        let failure = #expect(throws: Failure.self) {
            try tree.files.restore(source, as: FileName("s1.json"), in: .messages(.init("s")), for: tree.caller)
        }
        #expect(failure?.errno == .exists)
        let line = try JSON(parsing: Array(try #require(tree.notes.errors.last).utf8))
        #expect(line["errno"] == .string("EEXIST") && line["operation"] == .string("rename"))
        #expect(line["path"] == .string("/.opencodefs/trash/1/p/s/messages/s1.json"))
        #expect(line["remedy"]?.string?.contains("remove that one first") == true)
        // Nothing was changed.
        #expect(try tree.trash.batches().flatMap(\.items).count == 1)
        #expect(try tree.database.column("SELECT time_created FROM message WHERE id = 's1'") == ["9"])
    }
}
