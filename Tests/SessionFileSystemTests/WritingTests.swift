import SQL
import SessionModel
import SessionTree
import TestSupport
import Testing
import Timing
import VFS

@testable import SessionFileSystem

/// Saves as the kernel asks for them.
@Suite struct WritingTests {
    private static let name = FileName("000001.user~msg_1.json")

    /// A history with one message.
    private struct Saving: ~Copyable {
        let directory: TemporaryDirectory
        let salvage: SalvageInMemory
        let tree: TestTree
        let folder: NodeID

        init() throws {
            let directory = try TemporaryDirectory()
            let salvage = SalvageInMemory()
            let tree = try TestTree(in: directory, salvage: salvage)
            try tree.addSession(SQLValue("ses_1"))
            try tree.addMessage(
                SQLValue("msg_1"), of: SQLValue("ses_1"), at: 1_794_996_000_000,
                data: SQLValue(
                    #"{"role":"user","time":{"created":1},"agent":"a","model":{"providerID":"p","modelID":"m"}}"#),
                parts: [SQLValue(#"{"type":"text","text":"before"}"#)])
            folder = try tree.find("app", "ses_1", "messages").node
            self.salvage = salvage
            self.tree = tree
            self.directory = directory
        }

        func text(_ entry: Entry) throws -> String {
            String(decoding: try tree.read(entry.node), as: UTF8.self)
        }

        func look(_ name: FileName = WritingTests.name) throws -> Entry {
            try tree.files.lookup(name, in: folder, for: tree.caller)
        }

        /// The text of the part in the database.
        var stored: String {
            get throws { try tree.database.column("SELECT json_extract(data, '$.text') FROM part").joined() }
        }

        /// Opens a file anew until it is not stale, as the kernel does once.
        func open(_ mode: OpenMode, name: FileName = WritingTests.name) throws -> (NodeID, HandleID) {
            do {
                let node = try look(name).node
                return (node, try tree.files.opened(node, mode, for: tree.caller))
            } catch let error as Errno where error == .stale {
                let node = try look(name).node
                return (node, try tree.files.opened(node, mode, for: tree.caller))
            }
        }

        func write(_ text: String, to handle: HandleID, at offset: Int64 = 0) throws {
            try tree.files.write(Array(text.utf8), to: handle, at: offset, for: tree.caller)
        }

        var kept: [String] {
            get throws {
                SalvageKind.allCases.flatMap { kind in
                    salvage.list(kind).map { "\(kind.directory)/\($0.name)" }
                }.filter { !$0.hasSuffix(".reason") }
            }
        }
    }

    @Test func `W1 a save is committed when the descriptor is closed, and by then only`() throws {
        let saving = try Saving()
        let files = saving.tree.files
        let before = try saving.text(try saving.look())
        let (node, handle) = try saving.open(.replacing)
        try saving.write(before.replacing("before", with: "after"), to: handle)
        #expect(try saving.stored == "before")
        #expect(try saving.text(try saving.look()) == before)
        // The writer sees what it wrote.
        let (attributes, validity) = try files.attributes(of: node, for: saving.tree.caller)
        #expect(attributes.size == Int64(before.utf8.count - 1))
        #expect(validity == 0)
        #expect(try saving.tree.read(handle).count == before.utf8.count - 1)
        try files.flush(handle, for: saving.tree.caller)
        #expect(try saving.stored == "after")
        files.release(handle)
        #expect(try saving.text(try saving.look()) == before.replacing("before", with: "after"))
        #expect(try saving.kept.isEmpty)
        #expect(saving.tree.notes.errors.isEmpty)
    }

    @Test func `W1 fsync commits, and closing does not commit again`() throws {
        let saving = try Saving()
        let text = try saving.text(try saving.look())
        let (_, handle) = try saving.open(.replacing)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        try saving.tree.files.synchronize(handle, for: saving.tree.caller)
        #expect(try saving.stored == "after")
        try saving.tree.database.run("UPDATE part SET data = json_set(data, '$.text', 'foreign')")
        try saving.tree.files.flush(handle, for: saving.tree.caller)
        saving.tree.files.release(handle)
        #expect(try saving.stored == "foreign")
        #expect(try saving.kept.isEmpty)
    }

    @Test func `W1 a shell that empties a file and closes a descriptor of it commits nothing yet`() throws {
        let saving = try Saving()
        let text = try saving.text(try saving.look())
        let (_, handle) = try saving.open(.replacing)
        try saving.tree.files.flush(handle, for: saving.tree.caller)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        try saving.tree.files.flush(handle, for: saving.tree.caller)
        #expect(try saving.stored == "after")
        saving.tree.files.release(handle)
    }

    @Test func `W1 a file that is only emptied stays as it was, and the log says so`() throws {
        let saving = try Saving()
        let (_, handle) = try saving.open(.replacing)
        try saving.tree.files.flush(handle, for: saving.tree.caller)
        saving.tree.files.release(handle)
        #expect(try saving.stored == "before")
        #expect(saving.tree.notes.errors.count == 1)
    }

    @Test func `W1 a child that closes the descriptor it shares is told nothing of a half text`() throws {
        let saving = try Saving()
        let parent = Caller(process: 10, patience: .lasting(.seconds(5)), threadGroup: { 10 })
        let child = Caller(process: 11, patience: .lasting(.seconds(5)), threadGroup: { 11 })
        let text = try saving.text(try saving.look()).replacing("before", with: "after")
        _ = try saving.look()
        let node = try saving.open(.reading).0
        saving.tree.files.forget(node, count: 1)
        let fresh = try saving.look().node
        // The node is open to read.
        #expect(throws: Errno.stale) { try saving.tree.files.opened(fresh, .replacing, for: parent) }
        let handle = try saving.tree.files.opened(try saving.look().node, .replacing, for: parent)
        let half = text.utf8.count / 2
        try saving.write(String(text.prefix(half)), to: handle)
        try saving.tree.files.flush(handle, for: child)
        try saving.write(String(text.dropFirst(half)), to: handle, at: Int64(half))
        try saving.tree.files.flush(handle, for: parent)
        #expect(try saving.stored == "after")
        #expect(saving.tree.notes.errors.isEmpty)
    }

    @Test func `W2 what is no JSON is EINVAL at each close, the row stays and the bytes are kept once`() throws {
        let saving = try Saving()
        let (_, handle) = try saving.open(.replacing)
        try saving.write("{half", to: handle)
        #expect(throws: Errno.invalid) {
            try saving.tree.files.synchronize(handle, for: saving.tree.caller)
        }
        #expect(throws: Errno.invalid) { try saving.tree.files.flush(handle, for: saving.tree.caller) }
        saving.tree.files.release(handle)
        #expect(try saving.stored == "before")
        #expect(try saving.kept.count == 1)
        #expect(try saving.kept[0].hasPrefix("rejected/"))
        #expect(saving.tree.notes.errors.allSatisfy { !$0.contains("half") && $0.contains("rejected") })
    }

    @Test(arguments: [OpenMode.replacing, .writing])
    func `W3 a save over what somebody else wrote meanwhile is ESTALE and its bytes are kept`(mode: OpenMode) throws {
        let saving = try Saving()
        let text = try saving.text(try saving.look())
        let (_, handle) = try saving.open(mode)
        try saving.tree.database.run("UPDATE part SET data = json_set(data, '$.text', 'foreign')")
        try saving.write(text.replacing("before", with: "ours!!"), to: handle)
        #expect(throws: Errno.stale) { try saving.tree.files.flush(handle, for: saving.tree.caller) }
        saving.tree.files.release(handle)
        #expect(try saving.stored == "foreign")
        #expect(try saving.kept.count == 1)
        #expect(try saving.kept[0].hasPrefix("conflicts/"))
    }

    @Test func `W3 whoever reads again may save`() throws {
        let saving = try Saving()
        _ = try saving.text(try saving.look())
        try saving.tree.database.run("UPDATE part SET data = json_set(data, '$.text', 'foreign')")
        let text = try saving.text(try saving.look())
        let (_, handle) = try saving.open(.replacing)
        try saving.write(text.replacing("foreign", with: "after"), to: handle)
        try saving.tree.files.flush(handle, for: saving.tree.caller)
        #expect(try saving.stored == "after")
    }

    @Test func `W3 of two that write one file at once one wins`() throws {
        let saving = try Saving()
        let text = try saving.text(try saving.look())
        let (_, first) = try saving.open(.replacing)
        let (_, second) = try saving.open(.replacing)
        try saving.write(text.replacing("before", with: "first"), to: first)
        try saving.write(text.replacing("before", with: "second"), to: second)
        try saving.tree.files.flush(first, for: saving.tree.caller)
        #expect(throws: Errno.stale) { try saving.tree.files.flush(second, for: saving.tree.caller) }
        #expect(try saving.stored == "first")
        #expect(try saving.kept.count == 1)
    }

    @Test func `W6 a temporary file that takes a message's name is saved`() throws {
        let saving = try Saving()
        let (files, caller) = (saving.tree.files, saving.tree.caller)
        let text = try saving.text(try saving.look())
        let (entry, handle) = try files.create(FileName("t"), in: saving.folder, for: caller)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        try files.flush(handle, for: caller)
        files.release(handle)
        #expect(try saving.tree.list(saving.folder).map(\.name) == [Self.name, FileName("t")])
        try files.rename(FileName("t"), in: saving.folder, to: Self.name, in: saving.folder, .replacing, for: caller)
        #expect(try saving.stored == "after")
        #expect(try saving.tree.list(saving.folder).map(\.name) == [Self.name])
        // The kernel still has the temporary file's node at that name: it must look again.
        #expect(throws: Errno.stale) { try files.opened(entry.node, .reading, for: caller) }
        #expect(try saving.text(try saving.look()).contains("after"))
        #expect(try files.attributes(of: entry.node, for: caller).0.size == Int64(text.utf8.count - 1))
    }

    @Test func `W6 vim's way of saving leaves one file with its name, and the row in place`() throws {
        let saving = try Saving()
        let (files, caller) = (saving.tree.files, saving.tree.caller)
        let text = try saving.text(try saving.look())
        let rows = try saving.tree.database.column("SELECT id || time_created FROM message")
        let backup = FileName("000001.user~msg_1.json~")
        try files.rename(Self.name, in: saving.folder, to: backup, in: saving.folder, .replacing, for: caller)
        #expect(throws: Errno.noEntry) { try saving.look() }
        #expect(try saving.text(try saving.look(backup)) == text)
        #expect(try saving.stored == "before")
        let (_, handle) = try files.create(Self.name, in: saving.folder, for: caller)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        try files.synchronize(handle, for: caller)
        try files.flush(handle, for: caller)
        files.release(handle)
        #expect(try saving.text(try saving.look(backup)) == text)
        try files.unlink(backup, in: saving.folder, for: caller)
        #expect(try saving.stored == "after")
        #expect(try saving.tree.list(saving.folder).map(\.name) == [Self.name])
        #expect(try saving.tree.database.column("SELECT id || time_created FROM message") == rows)
        #expect(saving.tree.notes.errors.isEmpty)
    }

    @Test
    func `W6 a message that was renamed away goes when its backup is removed, and returns when that is renamed back`()
        throws
    {
        let saving = try Saving()
        let (files, caller) = (saving.tree.files, saving.tree.caller)
        let backup = FileName("b~")
        try files.rename(Self.name, in: saving.folder, to: backup, in: saving.folder, .replacing, for: caller)
        try files.rename(backup, in: saving.folder, to: Self.name, in: saving.folder, .replacing, for: caller)
        #expect(try saving.tree.list(saving.folder).map(\.name) == [Self.name])
        try files.rename(Self.name, in: saving.folder, to: backup, in: saving.folder, .replacing, for: caller)
        try files.unlink(backup, in: saving.folder, for: caller)
        #expect(try saving.tree.list(saving.folder).isEmpty)
        #expect(try saving.tree.database.column("SELECT id FROM message").isEmpty)
        #expect(try saving.tree.trash.batches().flatMap(\.items).count == 1)
    }

    @Test func `W6 temporary files take no more than 64 MiB together`() throws {
        let saving = try Saving()
        let (files, caller) = (saving.tree.files, saving.tree.caller)
        let (_, handle) = try files.create(FileName("t"), in: saving.folder, for: caller)
        try files.write([1], to: handle, at: Int64(ScratchTable.capacity) - 1, for: caller)
        #expect(throws: Errno.noSpace) {
            try files.write([1], to: handle, at: Int64(ScratchTable.capacity), for: caller)
        }
        files.release(handle)
        try files.unlink(FileName("t"), in: saving.folder, for: caller)
        let (_, other) = try files.create(FileName("u"), in: saving.folder, for: caller)
        try files.write([1], to: other, at: Int64(ScratchTable.capacity) - 1, for: caller)
    }

    @Test func `R4 who reads while somebody saves has the old version to its end`() throws {
        let saving = try Saving()
        let text = try saving.text(try saving.look())
        try saving.tree.database.run("UPDATE message SET time_updated = time_updated + 1")
        // The first to open a version holds its bytes; for those that come later the kernel has the pages.
        let (reading, reader) = try saving.open(.reading)
        let half = try saving.tree.files.read(reader, at: 0, count: 20, for: saving.tree.caller)
        // The kernel looks up again when its node is open to read.
        #expect(throws: Errno.stale) { try saving.tree.files.opened(reading, .replacing, for: saving.tree.caller) }
        let (node, handle) = try saving.open(.replacing)
        #expect(node != reading)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        try saving.tree.files.flush(handle, for: saving.tree.caller)
        #expect(try saving.stored == "after")
        let rest = try saving.tree.files.read(reader, at: 20, count: 1000, for: saving.tree.caller)
        #expect(String(decoding: half + rest, as: UTF8.self) == text)
    }

    @Test func `W8 utimens sets the time of a message, and is remembered of a file that is being written`() throws {
        let saving = try Saving()
        let (files, caller) = (saving.tree.files, saving.tree.caller)
        let (first, second) = (Timestamp(milliseconds: 1_700_000_000_123), Timestamp(milliseconds: 1_600_000_000_456))
        let node = try saving.look().node
        let told = try files.setAttributes(of: node, AttributeChanges(modified: first), for: caller).0
        #expect(told.modified == first)
        #expect(try saving.look().attributes.modified.milliseconds == first.milliseconds)
        let text = try saving.text(try saving.look())
        let (draft, handle) = try saving.open(.replacing)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        _ = try files.setAttributes(of: draft, AttributeChanges(modified: second), for: caller)
        try files.flush(handle, for: caller)
        files.release(handle)
        #expect(try saving.look().attributes.modified.milliseconds == second.milliseconds)
        #expect(try saving.stored == "after")
        // What the schema has no place for is no error, and nothing.
        let folder = try files.setAttributes(of: saving.folder, AttributeChanges(modified: first), for: caller).0
        #expect(folder.modified != first)
    }

    @Test func `W3 of two programs of one mount each is compared with what it was given itself`() throws {
        let saving = try Saving()
        let mine = Caller(process: 21, patience: .lasting(.seconds(5)))
        let other = Caller(process: 22, patience: .lasting(.seconds(5)))
        func read(_ caller: Caller) throws -> String {
            let handle = try saving.tree.files.opened(try saving.look().node, .reading, for: caller)
            defer { saving.tree.files.release(handle) }
            return String(decoding: try saving.tree.read(handle), as: UTF8.self)
        }
        let text = try read(mine)
        try saving.tree.database.run("UPDATE part SET data = json_set(data, '$.text', 'foreign')")
        // That somebody else has read the new text does not mean that we have.
        #expect(try read(other).contains("foreign"))
        let temporary = FileName("t")
        let (_, handle) = try saving.tree.files.create(temporary, in: saving.folder, for: mine)
        try saving.write(text.replacing("before", with: "ours!!"), to: handle)
        saving.tree.files.release(handle)
        #expect(throws: Errno.stale) {
            try saving.tree.files.rename(
                temporary, in: saving.folder, to: Self.name, in: saving.folder, .replacing, for: mine)
        }
        #expect(try saving.stored == "foreign")
        // What was to be saved is kept once, however often the kernel asks.
        #expect(throws: Errno.stale) {
            try saving.tree.files.rename(
                temporary, in: saving.folder, to: Self.name, in: saving.folder, .replacing, for: mine)
        }
        #expect(try saving.tree.list(saving.folder).map(\.name).contains(temporary))
    }

    @Test func `R4 a node that is being opened to write is given to no reader`() throws {
        let saving = try Saving()
        let (node, handle) = try saving.open(.writing)
        #expect(throws: Errno.stale) { try saving.tree.files.opened(node, .reading, for: saving.tree.caller) }
        let reader = try saving.look().node
        #expect(reader != node)
        _ = try saving.tree.read(reader)
        saving.tree.files.release(handle)
        // Also when it was not written to: the kernel took its size and pages for the writer's.
        #expect(throws: Errno.stale) { try saving.tree.files.opened(node, .reading, for: saving.tree.caller) }
    }

    @Test func `W1 what is still open when the mount ends is kept`() throws {
        let saving = try Saving()
        let text = try saving.text(try saving.look())
        let (_, handle) = try saving.open(.replacing)
        try saving.write(text.replacing("before", with: "after"), to: handle)
        saving.tree.files.end()
        #expect(try saving.stored == "before")
        #expect(try saving.kept.count == 1)
    }
}
