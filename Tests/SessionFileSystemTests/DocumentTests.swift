import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import SessionTree
import TestSupport
import Testing
import Timing
import VFS

@testable import SessionFileSystem

@Suite struct DocumentTests {
    private let session = Session.ID("ses_1")
    private let patience = Patience.lasting(.seconds(30))

    private static func documents(in directory: borrowing TemporaryDirectory) -> Documents {
        let path = directory.file("documents.db")
        return Documents(
            source: "/opencode.db", isThere: { (try? Run.program("test", ["-e", path]))?.status == 0 },
            open: { (_) throws(SQLError) in try SQLiteConnection(path: path, access: .create) })
    }

    private static func tree(
        in directory: borrowing TemporaryDirectory, _ documents: Documents, readOnly: String? = nil
    ) throws -> TestTree {
        let database = try TestDatabase(.v1, at: directory.file("opencode.db"))
        try database.run(
            "INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) VALUES ('p', '/w/app', '[]', 1, 2)"
        )
        let tree = try TestTree(
            database, in: directory, readOnly: readOnly, salvage: SalvageInMemory(), documents: documents)
        try tree.addSession(SQLValue("ses_1"))
        return tree
    }

    private func save(_ text: String, in documents: Documents) throws {
        let bytes = Array(text.utf8)
        let save = DocumentSave(bytes: bytes, digest: ContentHash.value(of: bytes), expected: nil, modified: nil)
        _ = try documents.save(save, as: .preferences, of: session, patience)
    }

    @Test func `W12 beside a database that cannot be written documents are only read`() throws {
        let directory = try TemporaryDirectory()
        let documents = Self.documents(in: directory)
        try save("{}", in: documents)
        let tree = try Self.tree(in: directory, documents, readOnly: "the disk is read-only")
        let folder = try tree.find("app", "ses_1").node
        #expect(try tree.list(folder).map(\.name).contains(.preferences))
        let file = try tree.files.lookup(.preferences, in: folder, for: tree.caller)
        #expect(try tree.read(file.node) == Array("{}".utf8))
        #expect(throws: Errno.readOnly) { try tree.files.create(.cache, in: folder, for: tree.caller) }
        #expect(throws: Errno.readOnly) { try tree.files.opened(file.node, .replacing, for: tree.caller) }
        #expect(throws: Errno.readOnly) { try tree.files.unlink(.preferences, in: folder, for: tree.caller) }
        #expect(try documents.contents(of: .preferences, of: session, patience)?.bytes == Array("{}".utf8))
    }

    @Test func `W12 the backup of a document whose save was refused is not the document`() throws {
        let directory = try TemporaryDirectory()
        let documents = Self.documents(in: directory)
        try save("{}", in: documents)
        let tree = try Self.tree(in: directory, documents)
        let folder = try tree.find("app", "ses_1").node
        let backup = FileName("b~")
        for text in ["{half", ""] {
            try tree.files.rename(.preferences, in: folder, to: backup, in: folder, .replacing, for: tree.caller)
            #expect(throws: Errno.noEntry) { try tree.files.lookup(.preferences, in: folder, for: tree.caller) }
            let (_, handle) = try tree.files.create(.preferences, in: folder, for: tree.caller)
            if !text.isEmpty {
                try tree.files.write(Array(text.utf8), to: handle, at: 0, for: tree.caller)
                #expect(throws: Errno.invalid) { try tree.files.flush(handle, for: tree.caller) }
            }
            tree.files.release(handle)
            try tree.files.unlink(backup, in: folder, for: tree.caller)
            let file = try tree.files.lookup(.preferences, in: folder, for: tree.caller)
            #expect(try tree.read(file.node) == Array("{}".utf8), "\(text)")
        }
    }

    @Test func `W12 a document of a session that has gone is not there`() throws {
        let directory = try TemporaryDirectory()
        let documents = Self.documents(in: directory)
        try save("{}", in: documents)
        let tree = try Self.tree(in: directory, documents)
        let folder = try tree.find("app", "ses_1").node
        let file = try tree.files.lookup(.preferences, in: folder, for: tree.caller)
        let handle = try tree.files.opened(file.node, .replacing, for: tree.caller)
        try tree.files.write(Array("[]".utf8), to: handle, at: 0, for: tree.caller)
        try tree.database.run("DELETE FROM session")
        #expect(throws: Errno.noEntry) { try tree.files.lookup(.preferences, in: folder, for: tree.caller) }
        #expect(throws: Errno.stale) { try tree.files.flush(handle, for: tree.caller) }
        tree.files.release(handle)
        #expect(try documents.contents(of: .preferences, of: session, patience)?.bytes == Array("{}".utf8))
    }

    @Test func `R6 documents that cannot be read are an error, and the history is there`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("documents.db")
        try #require(try Run.shell("head -c 8192 /dev/urandom > '\(path)'").status == 0)
        let tree = try Self.tree(in: directory, Self.documents(in: directory))
        let folder = try tree.files.lookup(
            FileName("ses_1"), in: try tree.find("app").node, for: tree.caller
        ).node
        #expect(throws: Errno.inputOutput) { try tree.files.lookup(.preferences, in: folder, for: tree.caller) }
        #expect(throws: Errno.inputOutput) { try tree.list(folder) }
        #expect(tree.notes.errors.allSatisfy { $0.contains("documents.db") } && !tree.notes.errors.isEmpty)
        #expect(try !tree.read(tree.files.lookup(.sessionFile, in: folder, for: tree.caller).node).isEmpty)
    }
}
