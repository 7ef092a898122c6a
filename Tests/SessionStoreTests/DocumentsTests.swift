import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing
import Timing

@Suite struct DocumentsTests {
    private let patience = Patience.lasting(.seconds(30))
    private let session = Session.ID("ses_1")

    /// - Parameter opened: counts connections.
    private func documents(
        _ directory: borrowing TemporaryDirectory, source: String = "/opencode.db", opened: Counter = Counter()
    ) -> Documents {
        let path = directory.file("documents.db")
        return Documents(source: source, isThere: { Self.exists(path) }) { (_) throws(SQLError) in
            opened.add()
            return try SQLiteConnection(path: path, access: .create)
        }
    }

    private static func exists(_ path: String) -> Bool {
        (try? Run.program("test", ["-e", path]))?.status == 0
    }

    private func save(
        _ text: String, over former: String?, in documents: Documents, _ name: DocumentName = .preferences,
        of session: Session.ID? = nil, modified: Int64? = nil
    ) throws -> DocumentSave.Outcome {
        try documents.save(
            DocumentSave(
                bytes: Array(text.utf8), digest: Self.digest(text), expected: former.map(Self.digest),
                modified: modified), as: name, of: session ?? self.session, patience)
    }

    private static func digest(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private func text(
        _ documents: Documents, _ name: DocumentName = .preferences, of session: Session.ID? = nil
    ) throws -> String? {
        try documents.contents(of: name, of: session ?? self.session, patience)
            .map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func `W12 looking makes no file and opens none`() throws {
        let directory = try TemporaryDirectory()
        let opened = Counter()
        let documents = documents(directory, opened: opened)
        #expect(try documents.documents(of: session, patience).isEmpty)
        #expect(try text(documents) == nil)
        #expect(throws: StoreError.self) {
            try documents.remove(.preferences, of: session, isForGood: false, patience)
        }
        #expect(try documents.unmark(session, since: 0, patience).isEmpty)
        try documents.sweep(keeping: [], days: 0, patience)
        #expect(opened.value == 0)
        #expect(!Self.exists(directory.file("documents.db")))
    }

    @Test func `W12 a document is what was saved last, and of one session of one database`() throws {
        let directory = try TemporaryDirectory()
        let (documents, others) = (documents(directory), documents(directory, source: "/other.db"))
        let blob = Session.ID(bytes: session.bytes, isBlob: true)
        #expect(try save("{}", over: nil, in: documents, modified: 1_234_567) == .saved)
        #expect(try save("[1]", over: nil, in: documents, of: blob) == .saved)
        #expect(try save("[2]", over: nil, in: others) == .saved)
        #expect(try save("{\"a\":1}", over: "{}", in: documents, modified: 1_234_568) == .saved)
        #expect(try text(documents) == "{\"a\":1}")
        #expect(try text(documents, of: blob) == "[1]")
        #expect(try text(others) == "[2]")
        #expect(try text(documents, .cache) == nil)
        let listed = try documents.documents(of: session, patience)
        #expect(
            listed == [
                Document(name: .preferences, size: 7, modified: 1_234_568, digest: Self.digest("{\"a\":1}"))
            ])
        #expect(try documents.contents(of: .preferences, of: session, patience)?.document == listed.first)
    }

    @Test func `W3 a document that is another than expected stays, and the same bytes are no change`() throws {
        let directory = try TemporaryDirectory()
        let documents = documents(directory)
        #expect(try save("[]", over: "{}", in: documents) == .conflict)
        #expect(try save("[]", over: nil, in: documents, modified: 5) == .saved)
        #expect(try save("{}", over: nil, in: documents) == .conflict)
        #expect(try save("{}", over: "[1]", in: documents) == .conflict)
        #expect(try text(documents) == "[]")
        // Whatever they are thought to replace.
        #expect(try save("[]", over: "[1]", in: documents) == .unchanged)
        #expect(try documents.documents(of: session, patience).map(\.modified) == [5])
        #expect(try save("[]", over: nil, in: documents, modified: 6) == .unchanged)
        #expect(try documents.documents(of: session, patience).map(\.modified) == [6])
        try documents.touch(.preferences, of: session, milliseconds: 7, patience)
        #expect(try documents.documents(of: session, patience).map(\.modified) == [7])
        #expect(throws: StoreError.self) { try documents.touch(.cache, of: session, milliseconds: 7, patience) }
    }

    @Test func `W12 another process sees a document at once, and one that takes the place of the file`() throws {
        let directory = try TemporaryDirectory()
        let (one, other) = (documents(directory), documents(directory))
        for number in 1...20 {
            let (writer, reader) = number.isMultiple(of: 2) ? (one, other) : (other, one)
            _ = try save(
                "[\(number)]", over: number == 1 ? nil : "[\(number - 1)]", in: writer, modified: Int64(number))
            #expect(try reader.documents(of: session, patience).map(\.modified) == [Int64(number)])
            #expect(try writer.documents(of: session, patience).map(\.modified) == [Int64(number)])
        }
        let path = directory.file("documents.db")
        try #require(try Run.program("mv", [path, path + ".away"]).status == 0)
        #expect(try one.documents(of: session, patience).isEmpty)
        #expect(try text(other) == nil)
        #expect(try save("{}", over: nil, in: other) == .saved)
        #expect(try text(one) == "{}")
        try #require(try Run.program("mv", [path + ".away", path]).status == 0)
        #expect(try one.documents(of: session, patience).map(\.modified) == [20])
        #expect(try save("[21]", over: "[20]", in: other) == .saved)
        #expect(try text(one) == "[21]")
    }

    @Test func `D3 what was removed goes with its session, if that goes soon`() throws {
        let directory = try TemporaryDirectory()
        let documents = documents(directory)
        _ = try save("{}", over: nil, in: documents)
        _ = try save("[]", over: nil, in: documents, .cache)
        try documents.remove(.preferences, of: session, isForGood: false, patience)
        try documents.remove(.cache, of: session, isForGood: true, patience)
        #expect(try documents.documents(of: session, patience).isEmpty)
        #expect(try text(documents) == nil)
        #expect(throws: StoreError.self) {
            try documents.remove(.preferences, of: session, isForGood: false, patience)
        }
        let now = Timestamp.now.milliseconds
        #expect(try documents.unmark(session, since: now + 1000, patience).isEmpty)
        #expect(try documents.unmark(.init("ses_2"), since: 0, patience).isEmpty)
        #expect(try documents.unmark(session, since: now - 60_000, patience) == [.preferences])
        #expect(try text(documents) == "{}")
        // What is written anew takes the place of what was removed.
        try documents.remove(.preferences, of: session, isForGood: false, patience)
        #expect(try save("[3]", over: "{}", in: documents) == .conflict)
        #expect(try save("[3]", over: nil, in: documents) == .saved)
        #expect(try documents.unmark(session, since: 0, patience).isEmpty)
        #expect(try text(documents) == "[3]")
    }

    @Test func `W12 what nobody has any more is dropped when the trash would drop it`() throws {
        let directory = try TemporaryDirectory()
        let (documents, others) = (documents(directory), documents(directory, source: "/other.db"))
        let (gone, back) = (Session.ID("ses_gone"), Session.ID("ses_back"))
        for session in [session, gone, back] { _ = try save("{}", over: nil, in: documents, of: session) }
        _ = try save("[]", over: nil, in: documents, .cache)
        _ = try save("[]", over: nil, in: others, of: gone)
        try documents.remove(.cache, of: session, isForGood: false, patience)
        func age(_ column: String, days: Int64) throws {
            let connection = try SQLiteConnection(path: directory.file("documents.db"), access: .readWrite)
            let name = SQLIdentifier(column)
            try connection.run("UPDATE document SET \(name) = \(name) - \(days * 86_400_000)")
        }
        // Nobody has had them for a moment.
        try documents.sweep(keeping: [session], days: 7, patience)
        for session in [session, gone, back] { #expect(try text(documents, of: session) == "{}") }
        try age("missed", days: 6)
        try age("removed", days: 6)
        try documents.sweep(keeping: [session, back], days: 7, patience)
        #expect(try documents.unmark(session, since: 0, patience) == [.cache])
        try documents.remove(.cache, of: session, isForGood: false, patience)
        try age("missed", days: 2)
        try age("removed", days: 8)
        try documents.sweep(keeping: [session], days: 7, patience)
        #expect(try text(documents, of: session) == "{}")
        #expect(try documents.unmark(session, since: 0, patience).isEmpty)
        #expect(try text(documents, of: gone) == nil)
        #expect(try text(documents, of: back) == "{}")
        #expect(try text(others, of: gone) == "[]")
    }

    @Test func `several mounts at once may make the first document`() async throws {
        let directory = try TemporaryDirectory()
        let all = (0..<4).map { _ in documents(directory) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, documents) in all.enumerated() {
                group.addTask { _ = try save("{}", over: nil, in: documents, of: .init("ses_\(number)")) }
            }
            try await group.waitForAll()
        }
        for (number, documents) in all.enumerated() {
            #expect(try text(documents, of: .init("ses_\(3 - number)")) == "{}")
        }
    }

    @Test func `documents of a newer opencodefs are left alone`() throws {
        let directory = try TemporaryDirectory()
        let documents = documents(directory)
        _ = try save("{}", over: nil, in: documents)
        try SQLiteConnection(path: directory.file("documents.db"), access: .readWrite).run("PRAGMA user_version = 2")
        #expect(throws: StoreError.self) { try text(documents) }
        #expect(throws: StoreError.self) { try save("[]", over: "{}", in: documents) }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}
