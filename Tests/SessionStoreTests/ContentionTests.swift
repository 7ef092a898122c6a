import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// Others write at the same time.
@Suite struct ContentionTests {
    @Test func `W9 OpenCode never finds its next number taken`() async throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        try history.addSession(SQLValue("s"))
        let rounds: Int64 = 500
        let database = history.database
        let openCode = Task.detached {
            let connection = try database.connect()
            for round in 0..<rounds {
                try connection.writing { () throws(SQLError) in
                    let last = try connection.integer("SELECT seq FROM event_sequence WHERE aggregate_id = 's'") ?? -1
                    try connection.run(
                        """
                        INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data) \
                        VALUES (\("theirs\(round)"), 's', 'user', \(last + 1), 1, 1, '{}')
                        """)
                    try connection.run(
                        """
                        INSERT INTO event_sequence (aggregate_id, seq) VALUES ('s', \(last + 1)) \
                        ON CONFLICT (aggregate_id) DO UPDATE SET seq = excluded.seq
                        """)
                }
            }
        }
        for round in 0..<rounds {
            // Some under the number of a name, some of them ahead of the sequence.
            let ordinal: Int64? = round % 7 == 0 ? round * 3 : nil
            try history.apply(.insertMessage(history.new("ours\(round)", ordinal: ordinal)))
        }
        try await openCode.value
        #expect(try history.database.column("SELECT count(DISTINCT seq) FROM session_message") == ["\(2 * rounds)"])
        #expect(
            try history.database.column(
                "SELECT seq >= (SELECT max(seq) FROM session_message) FROM event_sequence WHERE aggregate_id = 's'")
                == ["1"])
    }

    @Test(arguments: StoreUnderTest.all) func `W3 who compares in the decision loses nothing`(store: StoreUnderTest)
        async throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1, data: SQLValue("0"))
        let rounds = 500
        // No trash: it would be the bottleneck, and has its own tests.
        let stores = try (0..<2).map { _ in try TestHistory.open(history.database, nil) }
        let update: @Sendable (Int) -> MessageUpdate = { [history] in history.update("\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores {
                group.addTask {
                    var done = 0
                    while done < rounds {
                        func value(_ snapshot: any HistorySnapshot) throws(StoreError) -> Int? {
                            guard let message = try snapshot.message(.init("m"), of: .init("s")) else { return nil }
                            return Int(String(decoding: try snapshot.texts(of: message)[0], as: UTF8.self))
                        }
                        let base = try store.reading(.lasting(.seconds(30)), value) ?? -1
                        do throws(StoreError) {
                            try store.apply(TestHistory.removal(.lasting(.seconds(30)))) {
                                (snapshot) throws(StoreError) in
                                guard try value(snapshot) == base else { throw .taken(reason: "changed") }
                                return [.updateMessage(.init("m"), of: .init("s"), update(base + 1))]
                            }
                            done += 1
                        } catch {
                            guard error.name == "taken" else { throw error }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try history.text("m") == "\(2 * rounds)")
    }

    @Test(arguments: StoreUnderTest.files) func `W3 the decision is made again when somebody was quicker`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        for limit in [1, 2, 3] {
            var asked = 0
            try history.store.apply(TestHistory.removal()) { (snapshot) throws(StoreError) in
                asked += 1
                // The fourth time nobody else can write.
                if asked <= limit {
                    do { try history.addSession(SQLValue("x\(limit)-\(asked)")) } catch {
                        throw .unavailable(reason: "\(error)")
                    }
                }
                let count = try snapshot.sessions().count
                return [.updateMessage(.init("m"), of: .init("s"), history.update("\(limit) \(count)"))]
            }
            #expect(asked == limit + 1)
            #expect(try history.text("m") == "\(limit) \(1 + limit * (limit + 1) / 2)")
            #expect(try history.trash.batches().flatMap(\.items).count == limit)
        }
    }

    @Test(arguments: StoreUnderTest.all) func `W3 what the decision throws is thrown, and nothing happens`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        let before = try history.database.contents()
        let error = #expect(throws: StoreError.self) {
            try history.store.apply(TestHistory.removal()) { (_) throws(StoreError) in throw .notEmpty }
        }
        #expect(error?.name == "notEmpty")
        #expect(try history.database.contents() == before)
        let readOnly = try TestHistory.open(history.database, history.trash, readOnly: "-o ro")
        let refusal = #expect(throws: StoreError.self) {
            try readOnly.apply(TestHistory.removal()) { (_) throws(StoreError) in [] }
        }
        #expect(refusal?.name == "readOnly" && refusal?.reason == "-o ro")
    }

    @Test(arguments: StoreUnderTest.all) func `W3 an unknown outcome of a commit is settled by reading again`(
        store: StoreUnderTest
    ) throws {
        for isDone in [true, false] {
            let directory = try TemporaryDirectory()
            let history = try TestHistory(store, in: directory)
            try history.addSession(SQLValue("s"))
            try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
            let connect = history.database.opener
            let uncertain = try TestHistory.open(history.database, history.trash) { (patience) throws(SQLError) in
                UncertainConnection(try connect(patience), isDone: isDone)
            }
            let save = {
                try uncertain.apply(TestHistory.removal()) { (_) throws(StoreError) in
                    [
                        .updateMessage(.init("m"), of: .init("s"), history.update("new")),
                        .insertMessage(history.new("m2")),
                    ]
                }
            }
            if isDone {
                try save()
            } else {
                #expect(#expect(throws: StoreError.self) { try save() }?.name == "unavailable")
            }
            #expect(try history.text("m2") == (isDone ? "{}" : nil))
            let restoration = try history.trash.restore(
                history.trash.batches().flatMap(\.items), into: history.database.connect(), isRehearsal: false)
            #expect(restoration.rows == (isDone ? 1 : 0) && restoration.present == (isDone ? 0 : 1))
            if isDone {
                try uncertain.removeMessage(.init("m2"), of: .init("s"), TestHistory.removal())
                #expect(try history.text("m2") == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.files) func `W1 a full disk leaves everything as it was`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        let path = history.database.path
        let open = { @Sendable (_: Patience) throws(SQLError) -> any SQLConnection in
            let connection = try SQLiteConnection(path: path, access: .readWrite)
            let pages = try connection.integer("PRAGMA page_count") ?? 0
            try connection.run(SQLQuery(stringLiteral: "PRAGMA max_page_count = \(pages + 2)"))
            return connection
        }
        let full: any SessionStore =
            store.family.isGo
            ? try GoStore(
                open: open, trash: history.trash, readOnlyReason: nil, home: ProjectIdentity(Project.ID("home")))
            : try TypeScriptStore(open: open, trash: history.trash, readOnlyReason: nil)
        let before = try history.database.contents()
        let error = #expect(throws: StoreError.self) {
            try full.apply(TestHistory.removal()) { (_) throws(StoreError) in
                [
                    .updateMessage(.init("m"), of: .init("s"), history.update("new")),
                    .insertMessage(history.new("m2", String(repeating: "x", count: 100_000))),
                ]
            }
        }
        #expect(error?.name == "full")
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }
}

/// A connection whose commits are answered with an error, done or not.
private final class UncertainConnection: PassingConnection, @unchecked Sendable {
    private let isDone: Bool

    init(_ connection: any SQLConnection, isDone: Bool) {
        self.isDone = isDone
        super.init(connection)
    }

    override func commit() throws(SQLError) {
        if isDone { try super.commit() }
        throw SQLError(.unavailable, message: "the answer was lost")
    }
}
