import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing

@Suite struct RecordTests {
    @Test(arguments: StoreUnderTest.all) func `R10 a record has every column that is not NULL`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"), title: store.family.held(.blob([0xff])))
        try history.read { (snapshot) throws(StoreError) in
            let record = try snapshot.sessionRecord(.init("s"))
            #expect(record?.generation == store.generation)
            #expect(record?.row["title"] == .text(store.family.held([0xff])))
            #expect(record?.row[store.changed] == .integer(store.family.isGo ? 2 : 2000))
            #expect(record?.updated == 2000)
            #expect(record?.row["cost"] == .real(0))
            #expect(record?.row["parent_id"] == nil && record?.row["parent_session_id"] == nil)
            #expect(try snapshot.sessionRecord(.init("nobody")) == nil)
            guard !store.family.isGo else { return }
            #expect(try snapshot.projectRecord(.init("p"))?["worktree"] == .text(Array("/w".utf8)))
            #expect(try snapshot.projectRecord(.init("q")) == nil)
        }
    }

    @Test(arguments: [StoreUnderTest.v1, .both]) func `todos come by position`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"), in: .v1)
        for (position, content) in [(2, "c"), (0, "a"), (1, "b")] as [(Int64, String)] {
            try history.database.run(
                """
                INSERT INTO todo (session_id, position, content, status, priority, time_created, time_updated) \
                VALUES ('s', \(position), \(content), 'open', 'high', 1, \(position))
                """)
        }
        try history.read { (snapshot) throws(StoreError) in
            let todos = try snapshot.todos(of: .init("s"))
            #expect(todos.map(\.content) == ["a", "b", "c"].map { Array($0.utf8) })
            #expect(todos.map(\.updated) == [0, 1, 2])
            #expect(try snapshot.todos(of: .init("nobody")).isEmpty)
        }
    }

    @Test(arguments: StoreUnderTest.all) func `counts are those of the rows shown`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(demo: store.family, at: directory.file("demo.db"), sessions: 6, messages: 40)
        let opened = try TestHistory.open(database, nil)
        let counts = try opened.reading(.lasting(.seconds(10))) { (snapshot) throws(StoreError) in try snapshot.counts()
        }
        let connection = try database.connect()
        #expect(counts.projects == 4)
        #expect(counts.sessions == 6)
        // A session that both generations have is shown, and counted, from V2.
        let shown: (messages: SQLQuery, parts: SQLQuery) =
            switch store.family {
            case .v1: ("SELECT count(*) FROM message", "SELECT count(*) FROM part")
            case .v2: ("SELECT count(*) FROM session_message", "SELECT 0")
            case .go, .team: ("SELECT count(*) FROM messages", "SELECT 0")
            case .both:
                (
                    """
                    SELECT (SELECT count(*) FROM session_message) + (SELECT count(*) FROM message m
                    LEFT JOIN session_v2 s ON s.id = m.session_id WHERE s.id IS NULL)
                    """,
                    """
                    SELECT count(*) FROM part p JOIN message m ON m.id = p.message_id
                    LEFT JOIN session_v2 s ON s.id = m.session_id WHERE s.id IS NULL
                    """
                )
            }
        #expect(counts.messages == Int(try connection.integer(shown.messages) ?? -1))
        #expect(counts.parts == Int(try connection.integer(shown.parts) ?? -1))
        #expect(counts.messages >= 40)
    }

    @Test(arguments: StoreUnderTest.all) func `a demo history is read whole`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(demo: store.family, at: directory.file("demo.db"), sessions: 6, messages: 60)
        let opened = try TestHistory.open(database, nil)
        var messages = 0
        try opened.reading(.lasting(.seconds(10))) { (snapshot) throws(StoreError) in
            for session in try snapshot.sessions() {
                var found: [Message] = []
                try snapshot.messages(of: session.id) { (message) throws(StoreError) in found.append(message) }
                #expect(found.map(\.id) == (try snapshot.messageOrder(of: session.id)).map(\.id))
                for message in found {
                    let texts = try snapshot.texts(of: message)
                    #expect(texts.map(\.count) == message.texts.map(\.octets))
                    #expect(texts.allSatisfy { JSONText.fault(in: $0) == nil })
                    #expect(try snapshot.role(of: message) != nil)
                }
                messages += found.count
            }
        }
        #expect(messages >= 60)
    }

    @Test(arguments: StoreUnderTest.all) func `what the reader throws ends the reading`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        for number in 1...3 as ClosedRange<Int64> {
            try history.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), number: number)
        }
        var seen = 0
        let error = #expect(throws: StoreError.self) {
            try history.read { (snapshot) throws(StoreError) in
                try snapshot.messages(of: .init("s")) { (_) throws(StoreError) in
                    seen += 1
                    if seen == 2 { throw .full }
                }
            }
        }
        #expect(error?.name == "full" && seen == 2)
        // The connection is fit for the next reader.
        #expect(
            try history.read { (snapshot) throws(StoreError) in try snapshot.messageOrder(of: .init("s")).count } == 3)
    }
}
