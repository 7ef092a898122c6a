import SQL
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing

/// A message is described alone, with its session, and with its texts: each time the same.
@Suite struct DescriptionTests {
    /// What a description says; a message itself cannot be compared.
    private struct Description: Equatable {
        let id: Message.ID
        let texts: [StoredText]
        let parts: [String]

        init(_ message: Message) {
            id = message.id
            texts = message.texts
            parts =
                if case .parted(_, let parts) = message.shape {
                    parts.map { "\($0.id.bytes) \($0.id.isBlob) \($0.session.bytes) \($0.session.isBlob)" }
                } else {
                    []
                }
        }
    }

    /// Rows as no OpenCode writes them, beside some as it does.
    private func fill(_ history: TestHistory, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sessions: [SQLValue] = [SQLValue("s"), SQLValue("t"), .blob([0x73])]
        for session in sessions { try history.addSession(session) }
        let texts: [SQLValue] = [
            SQLValue(#"{"role":"user"}"#), SQLValue("{}"), SQLValue(""), SQLValue("{"), SQLValue("{x"), SQLValue("x}"),
            .blob([0x7b, 0x7d]), .blob([]), .text([0xff, 0]), .text([0]),
            .text(Array(repeating: 0x7b, count: 9000)),
            SQLValue("{\"a\":\"" + String(repeating: "é", count: 3000) + "\",\"role\":\"late\"}"),
        ]
        let connection = try history.database.connect()
        try connection.run("PRAGMA foreign_keys=OFF")
        for number in 0..<30 {
            let id: SQLValue =
                switch number % 10 {
                case 0: .blob([UInt8(number), 0xff])
                case 1: .null
                default: SQLValue("m\(random.next() % 1000)-\(number)")
                }
            try history.addMessage(
                id, of: sessions[number % 3],
                number: history.generation == .v1 ? Int64(random.next() % 7) : Int64(number),
                data: texts[number % texts.count])
            guard history.generation == .v1 else { continue }
            for part in 0..<Int(random.next() % 5) {
                let partID: SQLValue =
                    switch random.next() % 8 {
                    case 0: .null
                    case 1: .blob([UInt8(number), UInt8(part)])
                    default: SQLValue("p\(random.next() % 1000)-\(number)-\(part)")
                    }
                // Of a message that there is not, of no message in fact, and with a session that is not the message's.
                let owner = part == 3 ? SQLValue("nobody") : id == .null ? SQLValue("null") : id
                try connection.run(
                    """
                    INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES \
                    (\(partID), \(owner), \(sessions[Int(random.next() % 3)]), 7, \(Int64(random.next() % 100)), \
                    \(texts[Int(random.next() % UInt64(texts.count))]))
                    """)
            }
        }
    }

    @Test(arguments: [TestFamily.v1, .v2], [1, 2, 3] as [UInt64])
    func `messages are described alike, one by one and all at once`(family: TestFamily, seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(StoreUnderTest(family: family), in: directory)
        try fill(history, seed: seed)
        let ids = [Session.ID("s"), .init("t"), .init(bytes: [0x73], isBlob: true)]
        try history.read { (snapshot) throws(StoreError) in
            for session in ids {
                var all: [Message] = []
                try snapshot.messages(of: session) { (message) throws(StoreError) in all.append(message) }
                #expect(all.count > 5)
                #expect(try snapshot.messageOrder(of: session).map(\.id) == all.map(\.id))
                let speakers = try snapshot.speakers(of: session)
                #expect(speakers.map(\.id) == all.map(\.id))
                let roles = try all.map { (message) throws(StoreError) in try snapshot.role(of: message) }
                #expect(speakers.map(\.role) == roles)
                #expect(speakers.map { "\($0.order)" } == all.map { "\($0.order)" })
                for message in all {
                    let one = try snapshot.message(message.id, of: session)
                    #expect(one.map { Description($0) } == Description(message))
                    #expect(
                        try one.map { (one) throws(StoreError) in try snapshot.role(of: one) }
                            == snapshot.role(of: message))
                    let contents = try snapshot.contents(of: message.id, in: session, upTo: 1 << 20)
                    #expect(contents.map { Description($0.message) } == Description(message))
                    #expect(contents?.texts == (try snapshot.texts(of: message)))
                    #expect(contents?.texts?.map(\.count) == message.texts.map(\.octets))
                }
                let newest = try snapshot.newestMessage(of: session)
                #expect(try snapshot.lastChange(of: session) == newest?.texts.map(\.updated).max())
            }
        }
    }

    @Test(arguments: StoreUnderTest.all) func `texts above a limit are not read`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        let text = SQLValue("{\"role\":\"user\",\"text\":\"\(String(repeating: "x", count: 1000))\"}")
        let parts = store.generation == .v1 ? (0..<3).map { (SQLValue("p\($0)"), text) } : []
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1, data: text, parts: parts)
        try history.read { (snapshot) throws(StoreError) in
            let message = try snapshot.message(.init("m"), of: .init("s"))
            guard let message else { Issue.record("there is no message"); return }
            let size = message.texts.reduce(0) { $0 + $1.octets }
            for (limit, isRead) in [(size, true), (size - 1, false), (size / 2, false), (10, false), (0, false)] {
                let contents = try snapshot.contents(of: .init("m"), in: .init("s"), upTo: limit)
                #expect(contents.map { Description($0.message) } == Description(message))
                #expect(contents?.texts == (isRead ? try snapshot.texts(of: message) : nil))
            }
            #expect(try snapshot.contents(of: .init("m"), in: .init("t"), upTo: size) == nil)
            #expect(try snapshot.contents(of: .init("n"), in: .init("s"), upTo: size) == nil)
        }
    }

    @Test(arguments: [TestFamily.v1, .v2, .go], [3, 30])
    func `a session is described in three statements, however many messages it has`(
        family: TestFamily, count: Int
    ) throws {
        let directory = try TemporaryDirectory()
        let filled = try TestHistory(StoreUnderTest(family: family), in: directory)
        try filled.addSession(SQLValue("s"))
        for number in 0..<count {
            let parts = family == .v1 ? [(id: SQLValue("p\(number)"), data: SQLValue("{}"))] : []
            try filled.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), number: Int64(number), parts: parts)
        }
        let counter = StatementCounter()
        let open = filled.database.opener(isReadOnly: false)
        let store = try TestHistory.open(filled.database, nil) { (patience) throws(SQLError) in
            CountingConnection(try open(patience), counter)
        }
        var found = 0
        try store.reading(.lasting(.seconds(10))) { (snapshot) throws(StoreError) in
            counter.reset()
            try snapshot.messages(of: .init("s")) { (message) throws(StoreError) in
                found += 1
                _ = try snapshot.role(of: message)
            }
        }
        #expect(found == count)
        #expect(counter.count <= 3)
    }
}

private final class StatementCounter: Sendable {
    private let statements = Mutex(0)

    var count: Int { statements.withLock { $0 } }
    func reset() { statements.withLock { $0 = 0 } }
    func note() { statements.withLock { $0 += 1 } }
}

private final class CountingConnection: PassingConnection, @unchecked Sendable {
    private let counter: StatementCounter

    init(_ connection: any SQLConnection, _ counter: StatementCounter) {
        self.counter = counter
        super.init(connection)
    }

    override func rows(_ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void) throws(SQLError) {
        counter.note()
        try super.rows(query, body)
    }
}
