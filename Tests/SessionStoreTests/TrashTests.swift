import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

@Suite struct TrashTests {
    private func history(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory, messages: Int64 = 4)
        throws
        -> TestHistory
    {
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...messages {
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: number,
                parts: [(SQLValue("p\(number)"), SQLValue("{}"))])
        }
        return history
    }

    @Test(arguments: StoreUnderTest.all) func `D3 what one program removes in one go is one batch`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        for (message, process) in [("m1", 7), ("m2", 8), ("m3", 7), ("m4", 8)] as [(String, Int32)] {
            try history.store.removeMessage(.init(message), of: .init("s"), TestHistory.removal(by: process))
        }
        try history.store.removeSession(.init("s"), TestHistory.removal(by: 7))
        let batches = try history.trash.batches()
        #expect(
            batches.map { $0.items.map { $0.message?.description ?? "session" } } == [
                ["m1", "m3", "session"], ["m2", "m4"],
            ])
        #expect(batches.allSatisfy { $0.source == history.database.path })
        let items = batches.flatMap(\.items)
        #expect(items.allSatisfy { $0.session == .init("s") && $0.path == "/the/path" })
        #expect(items.allSatisfy { abs($0.removed - Timestamp.now.milliseconds) < 60_000 })
        #expect(Set(items.map(\.id)).count == 5)
    }

    @Test func `D3 a batch that is gone is not filled again`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        let first = try history.trash.batches()
        try history.trash.drop(first.flatMap(\.items))
        #expect(try history.trash.batches().isEmpty)
        try history.store.removeMessage(.init("m2"), of: .init("s"), TestHistory.removal())
        let second = try history.trash.batches()
        #expect(second.map { $0.items.map(\.message) } == [[.init("m2")]])
        #expect(second.first?.id != first.first?.id)
    }

    @Test func `D3 a new mount starts a new batch and sees the old`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        let again = try TestHistory.trash(for: history.database, in: directory)
        try TestHistory.open(history.database, again).removeMessage(.init("m2"), of: .init("s"), TestHistory.removal())
        #expect(try again.batches().map { $0.items.map(\.message) } == [[.init("m1")], [.init("m2")]])
        #expect(try history.trash.batches().count == 2)
    }

    @Test func `several mounts at once may make the trash`() async throws {
        let directory = try TemporaryDirectory()
        for round in 0..<20 {
            let path = directory.file("trash\(round).db")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let trash = try Trash(source: "/opencode.db") { (_) throws(SQLError) in
                            try SQLiteConnection(path: path, access: .create)
                        }
                        #expect(try trash.batches().isEmpty)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `D3 a trash shows what came from its own database`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        let path = directory.file("trash.db")
        let other = try Trash(source: "/another/opencode.db") { (_) throws(SQLError) in
            try SQLiteConnection(path: path, access: .create)
        }
        #expect(try other.batches().isEmpty)
        #expect(try history.trash.batches().count == 1)
    }

    @Test(arguments: [StoreUnderTest.v1, .both, .go])
    func `D3 a removal that the database forbids changes nothing, and leaves nothing in the trash`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let table = SQLIdentifier(store.messages)
        try history.database.run("CREATE TRIGGER stop BEFORE DELETE ON \(table) BEGIN SELECT RAISE(ABORT, 'no'); END")
        let before = try history.database.contents()
        let error = #expect(throws: StoreError.self) {
            try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        }
        #expect(error?.name == "notAllowed")
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: [StoreUnderTest.v1, .both, .go]) func `D3 what stands in both places comes back as never gone`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        // A database in which the rows are still there, as kill -9 between filing and deleting would leave it.
        let copy = directory.file("copy.db")
        try history.database.connect().run("VACUUM INTO \(copy)")
        let connection = try SQLiteConnection(path: copy, access: .readWrite)
        let counts = { (table: String) throws in
            try connection.integer("SELECT count(*) FROM \(SQLIdentifier(table))")
        }
        let tables = store.generation == .v1 ? ["message", "part"] : [store.messages]
        let before = try tables.map(counts)
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        let items = try history.trash.batches().flatMap(\.items)
        #expect(items.map(\.message) == [.init("m1")])
        let restoration = try history.trash.restore(items, into: connection, isRehearsal: false)
        #expect(restoration.rows == 0)
        #expect(restoration.present == (store.generation == .v1 ? 2 : 1))
        #expect(try tables.map(counts) == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test func `D3 what cannot be filed is not deleted`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        let path = directory.file("trash.db")
        try SQLiteConnection(path: path, access: .readWrite).run(
            "CREATE TRIGGER stop BEFORE INSERT ON field WHEN new.name = 'message_id' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        let before = try history.database.contents()
        #expect(throws: StoreError.self) {
            try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        }
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
        #expect(try SQLiteConnection(path: path, access: .readOnly).integer("SELECT count(*) FROM record") == 0)
    }

    @Test func `D3 the trash keeps days, not for ever`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal(by: 1))
        try history.store.removeMessage(.init("m2"), of: .init("s"), TestHistory.removal(by: 2))
        let connection = try SQLiteConnection(path: directory.file("trash.db"), access: .readWrite)
        try connection.run("UPDATE item SET removed = removed - \(Int64(7 * 86_400_000 + 60_000)) WHERE id = 1")
        try connection.run("UPDATE item SET removed = removed - \(Int64(7 * 86_400_000 - 60_000)) WHERE id = 2")
        for days in [.max, 8] {
            try history.trash.expire(olderThanDays: days)
            #expect(try history.trash.batches().count == 2)
        }
        try history.trash.expire(olderThanDays: 7)
        #expect(try history.trash.batches().map { $0.items.map(\.message) } == [[.init("m2")]])
        try history.trash.expire(olderThanDays: 6)
        for table in ["batch", "item", "record", "field"] {
            #expect(try connection.integer("SELECT count(*) FROM \(SQLIdentifier(table))") == 0)
        }
    }

    @Test func `a trash of a newer opencodefs is left alone`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("trash.db")
        try SQLiteConnection(path: path, access: .create).run("PRAGMA user_version = 6")
        let error = #expect(throws: SQLError.self) {
            try Trash(source: "x") { (_) throws(SQLError) in try SQLiteConnection(path: path, access: .create) }
        }
        #expect(error?.message.contains("newer") == true)
    }
}
