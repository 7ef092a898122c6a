import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

extension TestHistory {
    /// Applies changes that do not depend on what is there.
    func apply(_ changes: Change...) throws(StoreError) {
        try store.apply(Self.removal()) { (_) throws(StoreError) in changes }
    }

    /// What a message of this family holds in a file.
    func content(_ text: String, parts: [(String, String)] = []) -> NewMessage.Content {
        switch generation {
        case .v1:
            .parted(
                info: Array(text.utf8),
                parts: parts.map { (id: Message.Part.ID($0.0), data: Array($0.1.utf8)) })
        case .v2: .typed(type: Array("user".utf8), data: Array(text.utf8))
        case .go: .row([Assignment("role", "user"), Assignment("parts", .text(Array(text.utf8)))])
        }
    }

    /// Another text for a message.
    func update(_ text: String) -> MessageUpdate {
        switch generation {
        case .v1: .parted(info: Array(text.utf8), updated: [], inserted: [], removed: [])
        case .v2: .typed(type: nil, data: Array(text.utf8))
        case .go: .row([Assignment("parts", .text(Array(text.utf8)))])
        }
    }

    func new(
        _ id: String, of session: String = "s", _ text: String = "{}", created: Int64? = nil, ordinal: Int64? = nil
    ) -> NewMessage {
        var message = NewMessage(id: .init(id), session: .init(session), content: content(text), created: created)
        message.ordinal = ordinal
        return message
    }

    /// The text of a message, as the table has it.
    func text(_ id: String) throws -> String? {
        let column = SQLIdentifier(generation == .go ? "parts" : "data")
        let table = SQLIdentifier(StoreUnderTest(family: database.family).messages)
        return try database.column("SELECT \(column) FROM \(table) WHERE id = \(id)").first
    }
}

extension Record.Field: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        self = .text(Array(text.utf8))
    }
}

@Suite struct ApplyTests {
    private func history(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory) throws -> TestHistory {
        let history = try TestHistory(store, in: directory)
        try history.crowd("other", both: store.family == .both)
        for session in ["s", "t"] { try history.addSession(SQLValue(session)) }
        for number in 1...3 as ClosedRange<Int64> {
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: number, data: SQLValue(#"{"n":\#(number)}"#),
                parts: [(SQLValue("p\(number)a"), SQLValue("{}")), (SQLValue("p\(number)b"), .blob([0, 0xff]))])
        }
        return history
    }

    @Test(arguments: StoreUnderTest.all) func `W4 a save changes the text and the time of one row, and no other byte`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents()
        try history.apply(.updateMessage(.init("m2"), of: .init("s"), history.update("new")))
        #expect(try history.text("m2") == "new")
        let (table, changed) = (SQLIdentifier(store.messages), SQLIdentifier(store.changed))
        let time = try history.database.connect().integer("SELECT \(changed) FROM \(table) WHERE id = 'm2'") ?? 0
        let now = Timestamp.now.milliseconds
        #expect(abs((store.family.isGo ? time * 1000 : time) - now) < 60_000)
        let column = SQLIdentifier(store.family.isGo ? "parts" : "data")
        for statement: SQLQuery in store.family.isGo ? ["DROP TRIGGER update_messages_updated_at"] : [] {
            try history.database.run(statement)
        }
        try history.database.run("UPDATE \(table) SET \(column) = \(#"{"n":2}"#), \(changed) = 6 WHERE id = 'm2'")
        #expect(try history.database.contents() == before)
    }

    @Test(arguments: StoreUnderTest.all) func `W4 the same bytes again are no change`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents()
        try history.apply(.updateMessage(.init("m2"), of: .init("s"), history.update(#"{"n":2}"#)))
        try history.apply()
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.all) func `W5 a new message stands behind the others`(store: StoreUnderTest) throws
    {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        var message = NewMessage(
            id: .init("m4"), session: .init("s"),
            content: history.content("text", parts: [("p4", "part")]), created: 1_700_000_000_123)
        message.modified = 1_700_000_005_000
        try history.apply(.insertMessage(message))
        #expect(try history.text("m4") == "text")
        let order = try history.read { (snapshot) throws(StoreError) in try snapshot.messageOrder(of: .init("s")) }
        #expect(order.map(\.id.description) == ["m1", "m2", "m3", "m4"])
        let columns: SQLQuery =
            switch store.generation {
            case .v1:
                "time_created || ' ' || time_updated || (SELECT ' ' || data || time_updated FROM part WHERE id = 'p4')"
            case .v2: "time_created || ' ' || time_updated || ' ' || seq"
            case .go:
                store.family == .team
                    ? "concat_ws(' ', created_at, updated_at, seq)" : "created_at || ' ' || updated_at || ' ' || seq"
            }
        let row = try history.database.column("SELECT \(columns) FROM \(SQLIdentifier(store.messages)) WHERE id = 'm4'")
        switch store.generation {
        case .v1: #expect(row == ["1700000000123 1700000005000 part1700000005000"])
        case .v2: #expect(row == ["1700000000123 1700000005000 4"])
        case .go:
            #expect(row == ["1700000000 1700000005 4"])
            #expect(try history.database.column("SELECT message_count FROM sessions WHERE id = 's'") == ["4"])
        }
        // Nothing was lost.
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.all) func `W5 an id that is taken is told, and by what it is not`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents()
        for session in ["s", "t"] {
            let error = #expect(throws: StoreError.self) {
                try history.apply(.insertMessage(history.new("m1", of: session)))
            }
            #expect(error?.name == "taken")
            #expect(error?.reason.contains("m1") == false)
        }
        #expect(try history.database.contents() == before)
        #expect(
            #expect(throws: StoreError.self) { try history.apply(.insertMessage(history.new("m", of: "nobody"))) }?.name
                == "notFound")
        #expect(
            #expect(throws: StoreError.self) {
                try history.apply(.updateMessage(.init("m1"), of: .init("t"), history.update("x")))
            }?.name == "notFound")
    }

    @Test(arguments: StoreUnderTest.all) func `W1 of several changes all happen or none, and the trash has nothing`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents()
        for last in [history.new("m1"), history.new("m9", of: "nobody")] {
            #expect(throws: StoreError.self) {
                try history.apply(
                    .updateMessage(.init("m2"), of: .init("s"), history.update("new")),
                    .insertMessage(history.new("m4")), .insertMessage(last))
            }
            #expect(try history.database.contents() == before)
            #expect(try history.trash.batches().isEmpty)
        }
    }
}
