import SessionModel
import SessionTree
import Synchronization
import TestSupport
import Testing
import Timing
import VFS

@testable import SessionFileSystem

@Suite struct SalvageTests {
    private static let name = FileName("m1.json")

    @Test func `W2 refused and conflicting bytes are shown in directories that are always there`() throws {
        let directory = try TemporaryDirectory()
        let salvage = SalvageInMemory()
        let tree = try TestTree(in: directory, salvage: salvage)
        for kind in SalvageKind.allCases {
            let folder = try tree.find(".opencodefs", "\(kind.directory)")
            #expect(folder.attributes.kind == .directory)
            #expect(try tree.list(folder.node).isEmpty)
            let kept = try salvage.keep(Array("{half".utf8), as: kind, of: Self.name, reason: "EINVAL")
            #expect(try tree.list(folder.node).map(\.name) == [kept])
            let file = try tree.files.lookup(kept, in: folder.node, for: tree.caller)
            #expect(file.attributes.size == 5)
            #expect(try tree.read(file.node) == Array("{half".utf8))
            #expect(throws: Errno.noEntry) { try tree.files.lookup(Self.name, in: folder.node, for: tree.caller) }
        }
    }

    @Test func `W2 without a place for them the directories are empty`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        let folder = try tree.find(".opencodefs", "rejected")
        #expect(try tree.list(folder.node).isEmpty)
        #expect(throws: Errno.noEntry) { try tree.files.lookup(Self.name, in: folder.node, for: tree.caller) }
        #expect(throws: Errno.noEntry) { try tree.files.unlink(Self.name, in: folder.node, for: tree.caller) }
    }

    @Test func `W2 what is kept can be removed and nothing else can be done to it`() throws {
        let directory = try TemporaryDirectory()
        let salvage = SalvageInMemory()
        let tree = try TestTree(in: directory, salvage: salvage)
        let folder = try tree.find(".opencodefs", "conflicts").node
        let kept = try salvage.keep([1, 2], as: .conflict, of: Self.name, reason: "ESTALE")
        let file = try tree.files.lookup(kept, in: folder, for: tree.caller)
        #expect(throws: Errno.notPermitted) { try tree.files.opened(file.node, .writing, for: tree.caller) }
        #expect(throws: Errno.notDirectory) { try tree.files.removeDirectory(kept, in: folder, for: tree.caller) }
        let control = try tree.files.lookup(.control, in: .root, for: tree.caller).node
        for kind in SalvageKind.allCases {
            #expect(throws: Errno.notPermitted) {
                try tree.files.removeDirectory(kind.directory, in: control, for: tree.caller)
            }
            #expect(throws: Errno.isDirectory) {
                try tree.files.unlink(kind.directory, in: control, for: tree.caller)
            }
        }
        // Who has it open reads on.
        let handle = try tree.files.opened(file.node, .reading, for: tree.caller)
        try tree.files.unlink(kept, in: folder, for: tree.caller)
        #expect(try tree.read(handle) == [1, 2])
        tree.files.release(handle)
        #expect(try tree.list(folder).isEmpty)
        #expect(throws: Errno.noEntry) { try tree.files.lookup(kept, in: folder, for: tree.caller) }
        #expect(throws: Errno.noEntry) { try tree.files.unlink(kept, in: folder, for: tree.caller) }
    }

    @Test func `W2 they are there while the database is not`() throws {
        let directory = try TemporaryDirectory()
        let salvage = SalvageInMemory()
        let trouble = FailingStore.Trouble()
        let database = try TestDatabase(.v1, at: directory.file("opencode.db"))
        let tree = try TestTree(database, in: directory, salvage: salvage) { FailingStore($0, trouble) }
        let kept = try salvage.keep([7], as: .rejected, of: Self.name, reason: "EIO")
        trouble.arise(after: 0, .unavailable(reason: "gone"))
        let file = try tree.find(".opencodefs", "rejected", "\(kept)")
        #expect(try tree.read(file.node) == [7])
        try tree.files.unlink(kept, in: tree.find(".opencodefs", "rejected").node, for: tree.caller)
    }

    @Test func `W2 a failure says where the bytes are, or that they are nowhere`() throws {
        let directory = try TemporaryDirectory()
        let salvage = SalvageInMemory()
        let tree = try TestTree(in: directory, salvage: salvage)
        let refusal = Failure(.invalid, "no JSON at byte 7", remedy: "mend it")
        let failure = tree.files.keeping([1], as: .rejected, of: Self.name, at: "/app/s/messages/m1.json", refusal)
        let kept = try #require(salvage.list(.rejected).first).name
        #expect(failure.errno == .invalid && failure.reason == refusal.reason)
        #expect(failure.remedy == "mend it; your bytes are in .opencodefs/rejected/\(kept)")
        #expect(salvage.reasons == ["EINVAL: no JSON at byte 7; /app/s/messages/m1.json"])
        salvage.fails(.full)
        let lost = tree.files.keeping([2], as: .rejected, of: Self.name, at: "/x", refusal)
        #expect(lost.errno == .invalid && lost.reason.contains("the bytes are kept nowhere: no space left"))
        let none = try TestTree(tree.database, in: directory)
        #expect(none.files.keeping([3], as: .conflict, of: Self.name, at: "/x", refusal).remedy == "mend it")
    }
}

/// Keeps bytes as long as it lives.
final class SalvageInMemory: Salvage {
    private struct Contents {
        var files: [SalvageKind: [(file: SalvagedFile, bytes: [UInt8])]] = [:]
        var reasons: [String] = []
        var error: SalvageError?
    }

    private let contents = Mutex(Contents())

    var reasons: [String] { contents.withLock { $0.reasons } }

    /// Fails from now on.
    func fails(_ error: SalvageError) { contents.withLock { $0.error = error } }

    func keep(
        _ bytes: [UInt8], as kind: SalvageKind, of name: FileName, reason: String
    ) throws(SalvageError) -> FileName {
        let result = contents.withLock { contents -> Result<FileName, SalvageError> in
            if let error = contents.error { return .failure(error) }
            let kept = FileName(bytes: Array("\(contents.reasons.count)-".utf8) + name.bytes) ?? name
            contents.reasons.append(reason)
            let file = SalvagedFile(name: kept, size: bytes.count, modified: Timestamp(milliseconds: 5))
            contents.files[kind, default: []].append((file, bytes))
            return .success(kept)
        }
        return try result.get()
    }

    func list(_ kind: SalvageKind) -> [SalvagedFile] {
        contents.withLock { $0.files[kind, default: []].map(\.file) }
    }

    func find(_ name: FileName, in kind: SalvageKind) throws(SalvageError) -> SalvagedFile {
        guard let file = list(kind).first(where: { $0.name == name }) else { throw .notFound }
        return file
    }

    func read(_ name: FileName, in kind: SalvageKind) throws(SalvageError) -> [UInt8] {
        let found = contents.withLock { $0.files[kind]?.first { $0.file.name == name }?.bytes }
        guard let found else { throw .notFound }
        return found
    }

    func remove(_ name: FileName, in kind: SalvageKind) throws(SalvageError) {
        _ = try find(name, in: kind)
        contents.withLock { $0.files[kind]?.removeAll { $0.file.name == name } }
    }
}
