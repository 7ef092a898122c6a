import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

@Suite struct RestoreTests {
    /// Values that a column of any type may hold.
    private static let values: [SQLValue] = [
        .text([]), .text([0xff, 0, 0x22]), .blob([]), .blob(Array(0...255)), SQLValue("12"), SQLValue("é😀"),
        .integer(.max),
        .real(0.1), .text([UInt8](repeating: 0x78, count: 1_000_000)),
    ]

    private func history(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory) throws -> TestHistory {
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        for (index, value) in Self.values.enumerated() {
            try history.addMessage(
                SQLValue("m\(index)"), of: SQLValue("s"), number: Int64(index), data: value,
                parts: Self.values.enumerated().map {
                    (SQLValue("p\(index)-\($0)"), $1 == Self.values[8] ? SQLValue("{}") : $1)
                })
        }
        return history
    }

    private func restore(_ history: TestHistory, _ items: [TrashBatch.Item], isRehearsal: Bool = false) throws
        -> Restoration
    {
        try history.trash.restore(items, into: history.database.connect(), isRehearsal: isRehearsal)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 everything comes back bit by bit`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        try history.crowd("other", both: store.family == .both)
        let before = try history.database.contents(without: ["event"])
        for index in Self.values.indices {
            try history.store.removeMessage(.init("m\(index)"), of: .init("s"), TestHistory.removal())
        }
        for session in ["s", "other"] { try history.store.removeSession(.init(session), TestHistory.removal()) }
        let batches = try history.trash.batches()
        #expect(batches.count == 1)

        // A rehearsal finds out everything and changes nothing.
        let empty = try history.database.contents()
        let rehearsal = try restore(history, batches[0].items, isRehearsal: true)
        #expect(try history.database.contents() == empty)
        #expect(try history.trash.batches().map(\.items.count) == [Self.values.count + 2])

        // Messages come before their sessions in a batch: that is no hindrance.
        let restoration = try restore(history, batches[0].items)
        #expect(restoration.rows == rehearsal.rows && restoration.present == 0)
        #expect(restoration.restored.count == Self.values.count + 2)
        #expect(try history.database.contents(without: ["event"]) == before)
        if !store.family.isGo {
            // The log of events is not kept: it can be a hundred times the messages.
            #expect(try history.database.column("SELECT id FROM event").isEmpty)
        }
        #expect(try history.trash.batches().isEmpty)
        guard store.family.holdsAnything else { return }
        #expect(try !history.database.connect().exists("PRAGMA foreign_key_check"))
        #expect(try history.database.column("PRAGMA integrity_check") == ["ok"])
    }

    @Test(arguments: StoreUnderTest.all) func `D3 one message of several comes back alone`(store: StoreUnderTest) throws
    {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents()
        for message in ["m1", "m2"] {
            try history.store.removeMessage(.init(message), of: .init("s"), TestHistory.removal())
        }
        let items = try history.trash.batches().flatMap(\.items)
        _ = try restore(history, items.filter { $0.message == .init("m2") })
        let left = try history.database.contents()
        #expect(try history.trash.batches().flatMap(\.items).map(\.message) == [.init("m1")])
        #expect(left != before)
        _ = try restore(history, items.filter { $0.message == .init("m1") })
        #expect(try history.database.contents() == before)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 what has another content by now is not overwritten`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        for message in ["m0", "m1"] {
            try history.store.removeMessage(.init(message), of: .init("s"), TestHistory.removal())
        }
        try history.addMessage(SQLValue("m1"), of: SQLValue("s"), number: 1, data: SQLValue("new"))
        let before = try history.database.contents()
        let items = try history.trash.batches().flatMap(\.items)
        let refusal = #expect(throws: RestoreError.self) { try restore(history, items) }
        guard case .taken(let item, let table) = refusal else { Issue.record("\(String(describing: refusal))"); return }
        #expect(item.message == .init("m1"))
        #expect(table == (store.messages))
        // All or none: m0 did not come back either.
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().flatMap(\.items).count == 2)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 what belongs to something that is gone stays in the trash`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        try history.store.removeMessage(.init("m0"), of: .init("s"), TestHistory.removal())
        let table = SQLIdentifier(store.sessions)
        try history.database.run("DELETE FROM \(table)")
        let items = try history.trash.batches().flatMap(\.items)
        let refusal = #expect(throws: RestoreError.self) { try restore(history, items) }
        guard case .homeless(let item) = refusal else { Issue.record("\(String(describing: refusal))"); return }
        #expect(item.message == .init("m0"))
        #expect(try history.trash.batches().flatMap(\.items).count == 1)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 a schema that lost a column is told by the column`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        try history.store.removeMessage(.init("m0"), of: .init("s"), TestHistory.removal())
        let name = store.messages
        try history.database.run(
            "ALTER TABLE \(SQLIdentifier(name)) RENAME COLUMN \(SQLIdentifier(store.changed)) TO other")
        let before = try history.database.contents()
        let items = try history.trash.batches().flatMap(\.items)
        let refusal = #expect(throws: RestoreError.self) { try restore(history, items) }
        guard case .otherSchema(_, let missing) = refusal else {
            Issue.record("\(String(describing: refusal))"); return
        }
        #expect(missing == "\(name).\(store.changed)")
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().flatMap(\.items).count == 1)
    }

    @Test func `D3 a column that came since takes its default`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try history.store.removeMessage(.init("m0"), of: .init("s"), TestHistory.removal())
        try history.database.run("ALTER TABLE message ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'")
        _ = try restore(history, history.trash.batches().flatMap(\.items))
        #expect(try history.database.column("SELECT mood FROM message WHERE id = 'm0'") == ["fine"])
    }

    @Test func `a sequence that went on meanwhile stays where it is`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        try history.addSession(SQLValue("s"))
        try history.database.run("INSERT INTO event_sequence (aggregate_id, seq) VALUES ('s', 4)")
        try history.store.removeSession(.init("s"), TestHistory.removal())
        try history.database.run("INSERT INTO event_sequence (aggregate_id, seq) VALUES ('s', 9)")
        let restoration = try restore(history, history.trash.batches().flatMap(\.items))
        #expect(restoration.rows == 1 && restoration.present == 1)
        #expect(try history.database.column("SELECT seq FROM event_sequence") == ["9"])
    }

    @Test func `D3 a database that is locked keeps the trash full`() throws {
        let directory = try TemporaryDirectory()
        let history = try history(.v1, in: directory)
        try history.store.removeMessage(.init("m0"), of: .init("s"), TestHistory.removal())
        let items = try history.trash.batches().flatMap(\.items)
        let other = try history.database.connect()
        try other.beginWriting()
        let connection = try history.database.connect()
        connection.patience = .lasting(.milliseconds(100))
        let refusal = #expect(throws: RestoreError.self) {
            try history.trash.restore(items, into: connection, isRehearsal: false)
        }
        guard case .store(let error) = refusal else { Issue.record("\(String(describing: refusal))"); return }
        #expect(error.name == "busy")
        other.rollback()
        #expect(try history.trash.batches().flatMap(\.items).count == 1)
    }
}
