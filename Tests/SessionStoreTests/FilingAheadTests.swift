import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing
import Timing

/// What is filed with the first of several removals (docs/decisions/0022-filing-ahead.md).
@Suite struct FilingAheadTests {
    private static let stores: [StoreUnderTest] = [.v1, .both]

    private func history(
        _ store: StoreUnderTest, in directory: borrowing TemporaryDirectory, messages: Int64 = 6
    ) throws -> TestHistory {
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...messages {
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: number,
                parts: [(SQLValue("p\(number)"), SQLValue(#"{"n":\#(number)}"#))])
        }
        return history
    }

    /// Removes a message, as a program does that goes on to others.
    private func remove(
        _ message: Int, _ history: TestHistory, thenUpTo last: Int = 6, by process: Int32 = 7, path: String? = nil
    ) throws {
        let writing = Writing(patience: .lasting(.seconds(10)), process: process, path: path ?? "/s/m\(message)") {
            (message + 1..<max(last, message) + 1).map {
                Writing.Successor(message: .init("m\($0)"), session: .init("s"), path: "/s/m\($0)")
            }
        }
        try history.store.removeMessage(.init("m\(message)"), of: .init("s"), writing)
    }

    private func items(_ history: TestHistory) throws -> [TrashBatch.Item] {
        try history.trash.batches().flatMap(\.items)
    }

    private func trash(_ directory: borrowing TemporaryDirectory) throws -> SQLiteConnection {
        try SQLiteConnection(path: directory.file("trash.db"), access: .readWrite)
    }

    @Test(arguments: stores) func `D3 what one commit has filed comes back bit by bit`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents(without: ["event"])
        let trash = try trash(directory)
        try remove(1, history)
        #expect(try trash.integer("SELECT count(*) FROM item") == 6)
        let counter = try trash.changeCounter()
        for message in 2...6 { try remove(message, history) }
        #expect(try trash.changeCounter() == counter, "nothing more was written")
        let items = try items(history)
        #expect(items.map(\.path) == (1...6).map { "/s/m\($0)" })
        #expect(try history.trash.batches().count == 1)
        let restoration = try history.store.restore(items, .lasting(.seconds(10)))
        #expect(restoration.present == 0)
        #expect(try history.database.contents(without: ["event"]) == before)
        #expect(try trash.integer("SELECT count(*) FROM ahead") == 0)
    }

    @Test(arguments: stores) func `D3 what was not removed after all is not in the trash`(store: StoreUnderTest) throws
    {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        for message in 1...3 { try remove(message, history) }
        #expect(try items(history).map(\.path) == ["/s/m1", "/s/m2", "/s/m3"])
        let trash = try trash(directory)
        #expect(try trash.integer("SELECT count(*) FROM item") == 3)
        // And what comes then is filed as ever.
        try remove(4, history, thenUpTo: 4)
        #expect(try items(history).count == 4)
    }

    @Test(arguments: stores) func `D3 a message that changed since it was filed is in the trash as it was removed`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        try remove(1, history)
        let table = SQLIdentifier(store.generation == .v1 ? "part" : store.messages)
        let owner = SQLIdentifier(store.generation == .v1 ? "message_id" : "id")
        try history.database.run(#"UPDATE \#(table) SET data = '{"new":1}' WHERE \#(owner) = 'm2'"#)
        let before = try history.database.contents(without: ["event"])
        try remove(2, history)
        try remove(3, history)
        let items = try items(history)
        #expect(Set(items.map(\.path)) == ["/s/m1", "/s/m2", "/s/m3"] && items.count == 3)
        _ = try history.store.restore(items.filter { $0.path != "/s/m1" }, .lasting(.seconds(10)))
        #expect(try history.database.contents(without: ["event"]) == before)
    }

    @Test func `D3 what was dropped from the trash in between is filed anew`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try remove(1, history)
        try trash(directory).run("DELETE FROM item")
        for message in 2...4 { try remove(message, history) }
        #expect(try items(history).map(\.path).sorted() == ["/s/m2", "/s/m3", "/s/m4"])
    }

    @Test func `D3 another program's removal, or another name, is filed as it is`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try remove(1, history)
        try remove(2, history, thenUpTo: 2, by: 8)
        try remove(3, history, thenUpTo: 3, path: "/s/other")
        let batches = try history.trash.batches()
        #expect(batches.map { $0.items.map(\.path) } == [["/s/m1", "/s/other"], ["/s/m2"]])
    }

    @Test(arguments: stores) func `D3 what a mount that died had only filed goes, what it had removed stays`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        for message in 1...3 { try remove(message, history) }
        // One is removed by OpenCode, one changed: then the trash alone has the former texts.
        let messages = SQLIdentifier(store.messages)
        try history.database.run("DELETE FROM \(messages) WHERE id = 'm4'")
        try history.database.run(#"UPDATE \#(messages) SET data = '{"role":"new"}' WHERE id = 'm5'"#)
        let next = try TestHistory.trash(for: history.database, in: directory)
        #expect(try next.batches().flatMap(\.items).count == 6, "nobody has looked yet")
        for _ in 0..<2 {
            try next.settle { () throws(SQLError) in
                try SQLiteConnection(path: history.database.path, access: .readWrite)
            }
            #expect(try next.batches().flatMap(\.items).map(\.path) == (1...5).map { "/s/m\($0)" })
        }
        #expect(try trash(directory).integer("SELECT count(*) FROM ahead") == 0)
        // The mount was not dead: it goes on, and nothing is lost.
        try remove(6, history)
        #expect(try next.batches().flatMap(\.items).map(\.path).contains("/s/m6"))
    }

    @Test func `D3 a trash with no room for what may follow has room for one`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try trash(directory).run(
            """
            CREATE TRIGGER stop BEFORE INSERT ON field WHEN new.name = 'id' AND new.value = 'm3' \
            BEGIN SELECT RAISE(ABORT, 'no'); END
            """)
        try remove(1, history)
        #expect(try items(history).map(\.path) == ["/s/m1"])
        #expect(throws: StoreError.self) { try remove(3, history) }
        #expect(
            try history.read { (snapshot) throws(StoreError) in try snapshot.message(.init("m3"), of: .init("s")) }
                != nil)
    }

    @Test func `D3 a message of the Go family is filed when it is removed`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.go, in: directory)
        try remove(1, history)
        #expect(try trash(directory).integer("SELECT count(*) FROM item") == 1)
    }

    @Test func `D3 a long text is not filed ahead`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        let long = String(repeating: "x", count: 3 << 20)
        try history.database.run("UPDATE part SET data = \(#"{"text":"\#(long)"}"#) WHERE id = 'p3'")
        try remove(1, history)
        #expect(try trash(directory).integer("SELECT count(*) FROM item") == 2)
        #expect(try trash(directory).integer("SELECT count(*) FROM piece") == 0)
        for message in 2...6 { try remove(message, history) }
        #expect(try items(history).count == 6)
    }
}
