import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// What the trash says of messages and sessions, and the verb that brings them back.
@Suite struct TrashContentsTests {
    /// Begins when it is asked for: one that is shared would end while other tests run.
    private static var patience: Patience { .lasting(.seconds(10)) }

    private static let texts: [SQLValue] = [
        SQLValue("{}"), SQLValue(#"{"role":"user"}"#), .text([]), .text([0xff, 0]), .blob(Array("{}".utf8)), .blob([]),
        SQLValue("12"), .integer(.max), .text([UInt8](repeating: 0x7b, count: 5000)),
        .text((0..<2_500_001).map { UInt8(truncatingIfNeeded: $0 >> 7 ^ $0) | 1 }),
    ]

    private func filled(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory) throws -> TestHistory {
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"), title: SQLValue("Title"))
        for (index, text) in Self.texts.enumerated() {
            // Parts in another order than their ids have.
            let parts = Self.texts.indices.reversed().map { (SQLValue("p\(index)-\($0)"), Self.texts[$0 % 9]) }
            try history.addMessage(
                SQLValue("m\(index)"), of: SQLValue("s"), number: Int64(index), data: text, parts: parts)
        }
        return history
    }

    private func items(_ history: TestHistory) throws -> [TrashBatch.Item] {
        try history.trash.batches().flatMap(\.items)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 a removed message is described as it was`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try filled(store, in: directory)
        for index in Self.texts.indices {
            let id = Message.ID("m\(index)")
            let before = try #require(
                try history.read { (snapshot) throws(StoreError) in
                    try snapshot.message(id, of: .init("s"))
                })
            let texts = try history.read { (snapshot) throws(StoreError) in try snapshot.texts(of: before) }
            try history.store.removeMessage(id, of: .init("s"), TestHistory.removal())
            let item = try #require(try items(history).last)
            let trashed = try #require(try history.trash.message(item, Self.patience))
            #expect("\(trashed.message)" == "\(before)")
            #expect(trashed.message.texts == before.texts)
            for (number, text) in texts.enumerated() {
                for range in [0..<text.count, text.count / 3..<text.count / 2, text.count / 2..<text.count] {
                    let bytes = try history.trash.text(number, of: trashed, range: range, Self.patience)
                    #expect(bytes == Array(text[range]))
                }
            }
            #expect(throws: StoreError.self) {
                try history.trash.text(texts.count, of: trashed, range: 0..<1, Self.patience)
            }
        }
    }

    @Test(arguments: StoreUnderTest.all) func `D3 a removed session is described by its row`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        let title = String(repeating: "long ", count: store.family.holdsAnything ? 300_000 : 100)
        try history.addSession(SQLValue("s"), title: SQLValue(title), project: "p")
        if store.family == .both { try history.addSession(SQLValue("s"), title: SQLValue("stale"), in: .v1) }
        let before = try #require(
            try history.read { (snapshot) throws(StoreError) in try snapshot.sessionRecord(.init("s")) })
        try history.store.removeSession(.init("s"), TestHistory.removal())
        let item = try #require(try items(history).first)
        let after = try #require(try history.trash.session(item, Self.patience))
        #expect(after.generation == before.generation && after.updated == before.updated)
        #expect(after.row.columns == before.row.columns)
        for column in before.row.columns { #expect(after.row[column] == before.row[column], "\(column)") }
        #expect(try history.trash.message(item, Self.patience) == nil)
    }

    @Test func `the trash has another version after every change`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        var versions = [try history.trash.version(Self.patience)]
        for id in ["a", "b"] {
            try history.addSession(SQLValue("\(id)"))
            try history.store.removeSession(.init(id), TestHistory.removal())
            versions.append(try history.trash.version(Self.patience))
        }
        try history.trash.drop([try #require(try items(history).last)])
        versions.append(try history.trash.version(Self.patience))
        try history.addSession(SQLValue("c"))
        try history.store.removeSession(.init("c"), TestHistory.removal())
        versions.append(try history.trash.version(Self.patience))
        #expect(Set(versions).count == versions.count)
        #expect(try history.trash.version(Self.patience) == versions.last)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 a store puts back what it removed`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try filled(store, in: directory)
        let before = try history.database.contents(without: ["event"])
        for index in Self.texts.indices {
            try history.store.removeMessage(.init("m\(index)"), of: .init("s"), TestHistory.removal())
        }
        try history.store.removeSession(.init("s"), TestHistory.removal())
        let token = try history.store.changeToken()
        let restoration = try history.store.restore(try items(history), Self.patience)
        #expect(restoration.restored.count == Self.texts.count + 1)
        #expect(try history.database.contents(without: ["event"]) == before)
        #expect(try history.store.changeToken() != token)
        #expect(try items(history).isEmpty)
    }

    @Test func `a store that may not write puts nothing back`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        try history.addSession(SQLValue("s"))
        try history.store.removeSession(.init("s"), TestHistory.removal())
        let items = try items(history)
        for store in [
            try TestHistory.open(history.database, history.trash, readOnly: "-o ro"),
            try TestHistory.open(history.database, nil),
        ] {
            #expect(throws: RestoreError.self) { try store.restore(items, Self.patience) }
        }
        #expect(try history.database.column("SELECT id FROM session") == [])
    }
}
