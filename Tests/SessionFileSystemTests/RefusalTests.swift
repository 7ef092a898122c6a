import SQL
import SessionModel
import TestSupport
import Testing
import Timing
import VFS

@testable import SessionFileSystem

/// What must not happen to those whose saves come to nothing.
@Suite struct RefusalTests {
    private static let name = FileName("000001.user~msg_1.json")

    private static func tree(in directory: borrowing TemporaryDirectory) throws -> TestTree {
        let tree = try TestTree(in: directory, salvage: SalvageInMemory())
        try tree.addSession(SQLValue("ses_1"))
        try tree.addMessage(
            SQLValue("msg_1"), of: SQLValue("ses_1"), at: 1_794_996_000_000,
            parts: [SQLValue(#"{"type":"text","text":"before"}"#)])
        return tree
    }

    @Test func `W6 the backup of a message whose save was refused is not the message`() throws {
        let directory = try TemporaryDirectory()
        let tree = try Self.tree(in: directory)
        let folder = try tree.find("app", "ses_1", "messages").node
        let backup = FileName("b~")
        for text in ["{half", ""] {
            try tree.files.rename(Self.name, in: folder, to: backup, in: folder, .replacing, for: tree.caller)
            let (_, handle) = try tree.files.create(Self.name, in: folder, for: tree.caller)
            if !text.isEmpty {
                try tree.files.write(Array(text.utf8), to: handle, at: 0, for: tree.caller)
                #expect(throws: Errno.invalid) { try tree.files.flush(handle, for: tree.caller) }
            }
            tree.files.release(handle)
            try tree.files.unlink(backup, in: folder, for: tree.caller)
            #expect(try tree.database.column("SELECT id FROM message") == ["msg_1"], "\(text)")
            #expect(try tree.list(folder).map(\.name) == [Self.name])
        }
    }

    @Test func `W6 sizes beyond all bounds are refused, and the mount lives on`() throws {
        let directory = try TemporaryDirectory()
        let tree = try Self.tree(in: directory)
        let folder = try tree.find("app", "ses_1", "messages").node
        let (_, first) = try tree.files.create(FileName("a"), in: folder, for: tree.caller)
        try tree.files.write([1], to: first, at: 0, for: tree.caller)
        let (entry, second) = try tree.files.create(FileName("b"), in: folder, for: tree.caller)
        for size in [Int64.max, Int64.max - 1, 1 << 62] {
            #expect(throws: Errno.noSpace) {
                try tree.files.setAttributes(of: entry.node, AttributeChanges(size: size), for: tree.caller)
            }
            #expect(throws: (any Error).self) {
                try tree.files.write([1], to: second, at: size, for: tree.caller)
            }
        }
        let (draft, third) = try tree.files.create(FileName("msg_2.json"), in: folder, for: tree.caller)
        #expect(throws: Errno.tooLarge) { try tree.files.write([1], to: third, at: .max, for: tree.caller) }
        #expect(throws: Errno.tooLarge) {
            try tree.files.setAttributes(of: draft.node, AttributeChanges(size: .max), for: tree.caller)
        }
        #expect(try tree.list(folder).count == 4)
    }

    @Test func `W1 what is written while an older text is refused has its own answer`() throws {
        let directory = try TemporaryDirectory()
        let tree = try Self.tree(in: directory)
        let folder = try tree.find("app", "ses_1", "messages").node
        let (_, handle) = try tree.files.create(FileName("msg_2.json"), in: folder, for: tree.caller)
        try tree.files.write(Array("{half".utf8), to: handle, at: 0, for: tree.caller)
        #expect(throws: Errno.invalid) { try tree.files.synchronize(handle, for: tree.caller) }
        let text =
            #"{"info":{"role":"user","time":{"created":1},"agent":"a","model":{"providerID":"p","modelID":"m"}},"parts":[]}"#
        try tree.files.write(Array(text.utf8), to: handle, at: 0, for: tree.caller)
        try tree.files.flush(handle, for: tree.caller)
        tree.files.release(handle)
        #expect(try tree.database.column("SELECT id FROM message ORDER BY id") == ["msg_1", "msg_2"])
        // And nobody writes into what is closed.
        #expect(throws: Errno.badHandle) { try tree.files.write([1], to: handle, at: 0, for: tree.caller) }
    }

    @Test func `W3 a program is one program, whichever of its threads reads and saves`() throws {
        let directory = try TemporaryDirectory()
        let tree = try Self.tree(in: directory)
        let folder = try tree.find("app", "ses_1", "messages").node
        func caller(_ thread: Int32, of program: Int32) -> Caller {
            Caller(process: thread, patience: .lasting(.seconds(5)), threadGroup: { program })
        }
        func read(_ caller: Caller) throws -> [UInt8] {
            let node = try tree.files.lookup(Self.name, in: folder, for: caller).node
            let handle = try tree.files.opened(node, .reading, for: caller)
            defer { tree.files.release(handle) }
            return try tree.read(handle)
        }
        let mine = try read(caller(31, of: 30))
        try tree.database.run("UPDATE part SET data = json_set(data, '$.text', 'foreign')")
        _ = try read(caller(41, of: 40))
        let saver = caller(33, of: 30)
        let node = try tree.files.lookup(Self.name, in: folder, for: saver).node
        let handle = try tree.files.opened(node, .replacing, for: saver)
        let text = String(decoding: mine, as: UTF8.self).replacing("before", with: "ours!!")
        try tree.files.write(Array(text.utf8), to: handle, at: 0, for: saver)
        #expect(throws: Errno.stale) { try tree.files.flush(handle, for: saver) }
        #expect(try tree.database.column("SELECT json_extract(data, '$.text') FROM part") == ["foreign"])
    }
}
