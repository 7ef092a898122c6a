import DemoHistory
import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

@Suite struct RemovingTests {
    /// Adds what an OpenCode of the future may add.
    private func addUnknownTables(_ history: TestHistory) throws {
        // In the case that its author liked: SQLite finds it all the same.
        guard history.database.family.holdsAnything else {
            return try history.database.run(
                """
                CREATE TABLE future (number BIGINT PRIMARY KEY, owner VARCHAR(255), \
                a DOUBLE, b LONGBLOB, c VARBINARY(9), d LONGTEXT, \
                FOREIGN KEY (owner) REFERENCES sessions (id) ON DELETE CASCADE)
                """,
                """
                CREATE TABLE further (x BIGINT, y LONGBLOB, \
                FOREIGN KEY (x) REFERENCES future (number) ON DELETE CASCADE)
                """)
        }
        let sessions = SQLIdentifier(history.generation.sessions.uppercased())
        try history.database.run(
            "CREATE TABLE future (number PRIMARY KEY, owner REFERENCES \(sessions)(ID) ON DELETE CASCADE, a, b, c, d)",
            "CREATE TABLE further (x REFERENCES future ON DELETE CASCADE, y)")
    }

    @Test(arguments: StoreUnderTest.all) func `D1 a message is deleted with its parts and nothing else`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.crowd("stays")
        try history.addSession(SQLValue("s"))
        for number in 1...2 as ClosedRange<Int64> {
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: number,
                parts: [(SQLValue("a of m\(number)"), SQLValue("{}")), (SQLValue("b of m\(number)"), .blob([0]))])
        }
        // Go: a session counts its messages; GoTests look at that.
        let left: Set<String> = store.family.isGo ? ["sessions"] : []
        let before = try history.database.contents(without: left)
        try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        #expect(try history.database.contents(without: left) == before.without("m1"))
        let error = #expect(throws: StoreError.self) {
            try history.store.removeMessage(.init("m1"), of: .init("s"), TestHistory.removal())
        }
        #expect(error?.name == "notFound")
    }

    @Test(arguments: StoreUnderTest.all) func `D1 a message is deleted in its own session only`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addSession(SQLValue("t"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        let before = try history.database.contents()
        for (message, session) in [("m", "t"), ("m", "nobody"), ("nothing", "s")] {
            let error = #expect(throws: StoreError.self) {
                try history.store.removeMessage(.init(message), of: .init(session), TestHistory.removal())
            }
            #expect(error?.name == "notFound")
        }
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.all) func `D2 a session is deleted with all that names it`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.crowd("stays", both: store.family == .both)
        try history.crowd("goes", both: store.family == .both)
        let before = try history.database.contents()
        let tables: Set =
            switch store.family {
            case .v1: ["session", "session_share", "todo", "session_input", "session_context_epoch", "session_message"]
            case .v2:
                ["session_v2", "session_inbox", "session_pending", "instruction_entry", "instruction_state"]
            case .go, .team: ["sessions", "files", "flow_states", "session_recaps", "cron_jobs"]
            case .both:
                [
                    "session", "message", "part", "session_share", "todo", "session_v2", "session_inbox",
                    "session_pending", "instruction_entry", "instruction_state",
                ]
            }
        // The crowd is a crowd: each table has a row to lose.
        #expect(before.filled.isSuperset(of: store.family.isGo ? tables : tables.union(["event", "event_sequence"])))

        try history.store.removeSession(.init("goes"), TestHistory.removal())
        let after = try history.database.contents()
        #expect(after == before.without("goes"))
        #expect(after.filled == before.filled)
        let error = #expect(throws: StoreError.self) {
            try history.store.removeSession(.init("goes"), TestHistory.removal())
        }
        #expect(error?.name == "notFound")
    }

    /// Some versions of OpenCode made these tables without one.
    @Test(arguments: ["instruction_entry", "instruction_state", "session_pending"])
    func `D2 what names a session without a foreign key is deleted and brought back too`(name: String) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(StoreUnderTest.both, in: directory)
        let table = SQLIdentifier(name)
        try history.database.run(
            "DROP TABLE \(table)", "CREATE TABLE \(table) (session_id TEXT, value)",
            "INSERT INTO \(table) VALUES ('s', 1), ('s', 2), ('t', 3)")
        _ = try history.store.changeToken()
        for session in ["s", "t"] { try history.addSession(SQLValue(session)) }
        let before = try history.database.contents()
        try history.store.removeSession(.init("s"), TestHistory.removal())
        #expect(try history.database.column("SELECT value FROM \(table)") == ["3"])
        let items = try history.trash.batches().flatMap(\.items)
        _ = try history.trash.restore(items, into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.contents() == before)
    }

    @Test(arguments: StoreUnderTest.all) func `D2 a session that has messages is not deleted`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.crowd("s")
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        let before = try history.database.contents()
        let error = #expect(throws: StoreError.self) {
            try history.store.removeSession(.init("s"), TestHistory.removal())
        }
        #expect(error?.name == "notEmpty")
        #expect(try history.database.contents() == before)
    }

    @Test(arguments: StoreUnderTest.all) func `D2 tables that nobody knew are deleted and brought back too`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try addUnknownTables(history)
        _ = try history.store.changeToken()
        try history.addSession(SQLValue("s"))
        let values: [SQLValue] = [
            .real(0.1), .blob([0, 0xff]), .text([0xff, 0, 0x61]), .integer(.min), .null, SQLValue(""),
        ]
        for (index, value) in values.enumerated() {
            let (id, other) = (SQLValue.integer(Int64(index)), values[(index + 1) % values.count])
            // A server's column of numbers takes numbers.
            let number = store.family.holdsAnything || value.bytes == nil ? value : .null
            try history.database.run(
                "INSERT INTO future VALUES (\(id), 's', \(number), \(other), \(.blob([])), \(.text(Array("12".utf8))))",
                "INSERT INTO further VALUES (\(id), \(value)), (\(id), \(value))")
        }
        let before = try history.database.contents()
        try history.store.removeSession(.init("s"), TestHistory.removal())
        #expect(try history.database.contents().filled.isDisjoint(with: ["future", "further"]))
        let items = try history.trash.batches().flatMap(\.items)
        _ = try history.trash.restore(items, into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.contents() == before)
    }

    @Test(arguments: StoreUnderTest.typeScript) func `W9 what is bound to a workspace is not touched`(
        store: StoreUnderTest
    )
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("bound"), workspace: SQLValue("wrk_1"))
        try history.addSession(SQLValue("owned"))
        try history.database.run("INSERT INTO event_sequence (aggregate_id, seq, owner_id) VALUES ('owned', 1, 'x')")
        var sessions = ["bound", "owned"]
        if store.family == .both {
            try history.addSession(SQLValue("stale"))
            try history.addSession(SQLValue("stale"), workspace: SQLValue("wrk_1"), in: .v1)
            sessions.append("stale")
        }
        for session in sessions {
            try history.addMessage(SQLValue("m-\(session)"), of: SQLValue(session), number: 1)
        }
        let before = try history.database.contents()
        for session in sessions {
            let refusals = [
                #expect(throws: StoreError.self) {
                    try history.store.removeMessage(.init("m-\(session)"), of: .init(session), TestHistory.removal())
                },
                #expect(throws: StoreError.self) {
                    try history.store.removeSession(.init(session), TestHistory.removal())
                },
            ]
            #expect(refusals.allSatisfy { $0?.name == "notAllowed" && $0?.reason.contains("workspace") == true })
        }
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.all) func `W10 where nothing may be written, nothing is`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let writable = try TestHistory(store, in: directory)
        try writable.addSession(SQLValue("s"))
        try writable.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        let before = try writable.database.contents()
        let store = try TestHistory.open(writable.database, writable.trash, readOnly: "mounted with -o ro")
        let refusals = [
            #expect(throws: StoreError.self) {
                try store.removeMessage(.init("m"), of: .init("s"), TestHistory.removal())
            },
            #expect(throws: StoreError.self) { try store.removeSession(.init("s"), TestHistory.removal()) },
        ]
        #expect(refusals.allSatisfy { $0?.name == "readOnly" && $0?.reason == "mounted with -o ro" })
        #expect(try store.facts().readOnlyReason == "mounted with -o ro")
        #expect(
            try store.reading(.lasting(.seconds(5))) { (snapshot) throws(StoreError) in try snapshot.sessions() }.count
                == 1)
        #expect(try writable.database.contents() == before)
        #expect(try writable.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.all) func `who wants no trash deletes for good`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.crowd("goes")
        try history.crowd("stays")
        let before = try history.database.contents()
        try TestHistory.open(history.database, nil).removeSession(.init("goes"), TestHistory.removal())
        #expect(try history.database.contents() == before.without("goes"))
        #expect(try history.trash.batches().isEmpty)
    }
}
