import SQL
import SessionModel
import TestSupport
import Testing
import Timing

@testable import SessionStore

/// How far ahead a walk through the history is read.
@Suite struct WalkTests {
    static let schema = given(
        GoSchema(
            SQLSchema(
                tables: [
                    "sessions": [
                        "id", "parent_session_id", "title", "created_at", "updated_at", "message_count", "project_id",
                    ].map { .init(name: $0, isRequired: false) },
                    "messages": ["id", "session_id", "role", "parts", "created_at", "updated_at"].map {
                        .init(name: $0, isRequired: false)
                    },
                ], references: [])))

    static func table(
        _ sessions: [(id: String, parent: String?)], messages: Int64 = 100, updated: Int64 = 2
    ) -> SessionTable {
        SessionTable(
            columns: GoSessionColumns(schema),
            rows: sessions.map { id, parent in
                [
                    SQLValue(id), parent.map { SQLValue($0) } ?? .null, SQLValue(id), .integer(1), .integer(updated),
                    .integer(messages), SQLValue("p"),
                ]
            }, home: ProjectIdentity(.init("home")))
    }

    private func names(_ count: Int) -> [(id: String, parent: String?)] {
        (0..<count).map { ("s" + String("000\($0)".suffix(4)), nil) }
    }

    @Test func `a walk takes in more sessions each time, and one look around takes one`() {
        let table = Self.table(names(200), messages: 10)
        var walk = SessionWalk()
        var known: Set<Session.ID> = []
        var sizes: [Int] = []
        let now = ContinuousClock.now
        for session in table.walk where !known.contains(session) {
            let chosen = walk.sessions(from: session, in: table, now: now) { !known.contains($0) }
            #expect(chosen.first == session)
            known.formUnion(chosen)
            sizes.append(chosen.count)
        }
        #expect(sizes == [1, 4, 16, 64, 115])
        #expect(known.count == 200)
        #expect(walk.sessions(from: table.walk[7], in: table, now: now + .seconds(6)) { _ in true }.count == 1)
    }

    @Test func `no more messages are described together than fit`() {
        let table = Self.table(names(200), messages: 1000)
        var walk = SessionWalk()
        for session in table.walk.prefix(5) {
            #expect(walk.sessions(from: session, in: table, now: .now) { _ in true }.count <= 5)
        }
    }

    @Test func `whoever walks backwards or at random is served as well`() {
        let table = Self.table(names(100), messages: 10)
        for order in [
            Array(table.walk.reversed()), table.walk.enumerated().sorted { $0.0 * 37 % 101 < $1.0 * 37 % 101 }.map(\.1),
        ] {
            var walk = SessionWalk()
            var known: Set<Session.ID> = []
            var asked = 0
            for session in order where !known.contains(session) {
                asked += 1
                known.formUnion(walk.sessions(from: session, in: table, now: .now) { !known.contains($0) })
            }
            #expect(asked <= 6)
        }
    }

    @Test func `sessions stand in the order in which a search comes to them`() {
        let table = Self.table([("b", nil), ("c", "a"), ("a", nil), ("d", "c"), ("x", "y"), ("y", "x"), ("e", "gone")])
        #expect(table.walk.map(\.description) == ["a", "c", "d", "b", "e", "x", "y"])
        #expect(Set(table.sessions.map(\.id)).count == 7)
    }

    /// Reads texts one after the other as a program does, and counts the questions.
    private func questions(
        _ lengths: [[Int]], order: [(Int, Int)]? = nil
    ) -> (count: Int, largest: Int, octets: Int) {
        var walk = TextWalk()
        var known: Set<String> = []
        var (count, largest, octets) = (0, 0, 0)
        func id(_ session: Int) -> Session.ID { Session.ID("\(session)") }
        func length(_ session: Session.ID, _ position: Int) -> Int? {
            let session = given(Int(session.description))
            return lengths.indices.contains(session) && lengths[session].indices.contains(position)
                ? lengths[session][position] : nil
        }
        let order = order ?? lengths.indices.flatMap { session in lengths[session].indices.map { (session, $0) } }
        let follows = { (session: Session.ID) in id(given(Int(session.description)) + 1) }
        for (session, position) in order {
            let reader = walk.note(position, in: id(session), follows: follows, now: .now)
            guard known.remove("\(id(session)) \(position)") == nil else { continue }
            let runs = walk.runs(
                for: reader, at: position, in: id(session), follows: follows, length: length,
                isWanted: { !known.contains("\($0) \($1)") })
            let read = runs.flatMap { run in run.positions.map { (run.session, $0) } }
            #expect(read.first.map { $0.0 == id(session) && $0.1 == position } == true)
            count += 1
            largest = max(largest, read.count)
            octets = max(octets, read.reduce(0) { $0 + (length($1.0, $1.1) ?? 0) })
            for (session, position) in read { known.insert("\(session) \(position)") }
            known.remove("\(id(session)) \(position)")
        }
        return (count, largest, octets)
    }

    @Test func `texts that are read in order are asked for by hundreds, also across sessions`() {
        let found = questions([[Int]](repeating: [Int](repeating: 200, count: 100), count: 100))
        #expect(found.count < 20 && found.largest == TextWalk.limit)
    }

    @Test func `no more is read ahead than a few megabytes, and large texts never`() {
        let found = questions([[Int]](repeating: [Int](repeating: 200_000, count: 100), count: 3))
        #expect(found.octets <= TextWalk.octets && found.count < 30)
        let large = questions([[100, 2 << 20, 100, 300 << 20, 100, 100]])
        #expect(large.octets <= 300 << 20 && large.count >= 3)
    }

    @Test func `texts at random are read one by one`() {
        let lengths = [[Int](repeating: 200, count: 5000)]
        let order = (0..<50).map { (0, ($0 * 1733) % 5000) }
        #expect(questions(lengths, order: order).largest == 1)
    }

    @Test func `the last text read is not the end of a walk without messages`() {
        #expect(questions([[], [1, 2], [], [3], []]).count <= 4)
    }
}

/// What a test has made itself and is there.
func given<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("the test did not make it") }
    return value
}
