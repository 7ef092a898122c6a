import Foundation
import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// What others do to the rows of a server is seen within the interval, and what this store does at once.
@Suite(.serialized) struct TeamChangesTests {
    private let team: TeamDatabase
    private let store: TeamStore
    private let session = Session.ID(TeamDatabase.session(1))

    init() throws {
        team = try TeamDatabase(try MariaDBServer.shared())
        try team.fill(sessions: 3, messages: 10)
        store = try TeamStoreTests.store(team)
    }

    private func id(_ number: Int) -> Message.ID {
        Message.ID(TeamDatabase.message(number, of: session.description))
    }

    /// What the file of each message of the session would be made of.
    private func contents(_ numbers: ClosedRange<Int> = 1...12) throws -> [String?] {
        try numbers.map { number in
            _ = try store.changeToken(TeamStoreTests.patience)
            return try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
                guard let message = try snapshot.message(id(number), of: session) else { return nil }
                return String(decoding: try snapshot.texts(of: message)[0], as: UTF8.self)
            }
        }
    }

    private func record(_ column: String) throws -> String? {
        try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
            try snapshot.sessionRecord(session)?.row.text(column).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Waits until something is so, and says how long that took. Looks as the kernel does, ten times a second.
    private func wait(_ limit: Duration = .seconds(4), _ isSo: () throws -> Bool) throws -> Duration {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < limit {
            if try isSo() { return .now - start }
            usleep(100_000)
        }
        return .now - start
    }

    /// The interval, and what a machine under load adds.
    private static let soon = Duration.milliseconds(1600)

    @Test func `a message that another program inserts or deletes is seen within the interval`() throws {
        #expect(try contents(1...10).allSatisfy { $0 != nil })
        let before = try store.changeToken()
        try team.run(
            """
            INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq)
            VALUES (\("\(id(11))"), \("\(session)"), 'user', '[11]', unix_timestamp(), unix_timestamp(), 11)
            """)
        #expect(try wait { try contents(11...11) == ["[11]"] } < Self.soon)
        #expect(try store.changeToken() != before)
        try team.run("DELETE FROM messages WHERE id = \("\(id(3))")")
        #expect(try wait { try contents(3...3) == [nil] } < Self.soon)
        let order = try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
            try snapshot.messageOrder(of: session).map(\.id)
        }
        #expect(order == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11].map(id))
    }

    @Test func `a message and its successor within one second are both seen`() throws {
        _ = try contents(1...10)
        // The counter is the same as before, and the second may be.
        try team.run(
            "DELETE FROM messages WHERE id = \("\(id(10))")",
            """
            INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq)
            VALUES (\("\(id(11))"), \("\(session)"), 'user', '[11]', unix_timestamp(), unix_timestamp(), 11)
            """)
        #expect(try wait { try contents(10...11) == [nil, "[11]"] } < Self.soon)
        try team.run(
            "DELETE FROM messages WHERE id = \("\(id(11))")",
            """
            INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq)
            VALUES (\("\(id(12))"), \("\(session)"), 'user', '[12]', unix_timestamp(), unix_timestamp(), 11)
            """)
        #expect(try wait { try contents(11...12) == [nil, "[12]"] } < Self.soon)
    }

    @Test func `an answer that streams in is seen growing, each time as a whole`() throws {
        _ = try contents(1...10)
        for step in 1...25 {
            let parts = "[\(String(repeating: "a", count: step * 10))]"
            try team.run("UPDATE messages SET parts = \(parts), finished_at = NULL WHERE id = \("\(id(10))")")
            if step % 5 == 0 {
                #expect(try wait { try contents(10...10) == [parts] } < Self.soon)
            } else {
                // Whatever is seen is one of the versions: `contents` compares lengths with what was promised.
                let seen = try contents(10...10)[0] ?? ""
                #expect(seen.hasPrefix("["))
                usleep(20_000)
            }
        }
    }

    @Test func `an edit of a message that was finished long ago is seen within the interval`() throws {
        _ = try contents(1...10)
        usleep(2_500_000)
        _ = try contents(1...10)
        try team.run("UPDATE messages SET parts = '[\"edited\"]' WHERE id = \("\(id(2))")")
        #expect(try wait { try contents(2...2) == ["[\"edited\"]"] } < Self.soon)
    }

    @Test func `after a pause longer than a session is watched, everything is seen at once`() throws {
        _ = try contents(1...10)
        usleep(11_000_000)
        let before = try store.changeToken()
        try team.run("UPDATE messages SET parts = '[\"edited\"]' WHERE id = \("\(id(2))")")
        usleep(1_100_000)
        #expect(try contents(2...2) == ["[\"edited\"]"])
        #expect(try store.changeToken() != before)
    }

    @Test func `a session that is renamed, made or deleted is seen within the interval`() throws {
        #expect(try record("title") == "Session s0001")
        try team.run("UPDATE sessions SET title = 'Other' WHERE id = \("\(session)")")
        #expect(try wait { try record("title") == "Other" } < Self.soon)
        try team.run(
            """
            INSERT INTO sessions (id, title, project_id, created_at, updated_at)
            VALUES ('new', 'New', 'p', unix_timestamp(), unix_timestamp())
            """)
        let seen = try wait {
            try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
                try snapshot.sessions().contains { $0.id.description == "new" }
            }
        }
        #expect(seen < Self.soon)
        try team.run("DELETE FROM sessions WHERE id = \("\(session)")")
        #expect(try wait { try record("title") == nil } < Self.soon)
        #expect(try contents(1...1) == [nil])
    }

    @Test func `what is asked and not there is not asked of the server again`() throws {
        _ = try contents(1...10)
        let server = team.database.server
        let before = try server.status("Com_select")
        for _ in 0..<200 { #expect(try contents(12...12) == [nil]) }
        #expect(try server.status("Com_select") - before < 10)
    }

    @Test func `ids that a collation takes for equal are told apart`() throws {
        try team.run(
            "INSERT INTO sessions (id, title, created_at, updated_at) VALUES ('S0001-É', 'T', 1, 1)",
            """
            INSERT INTO messages (id, session_id, role, parts, created_at, updated_at)
            VALUES ('X', 'S0001-É', 'user', '[]', 1, 1)
            """)
        // The foreign key compares as the collation does, too.
        try team.run(
            """
            INSERT INTO messages (id, session_id, role, parts, created_at, updated_at)
            VALUES ('y', 's0001-e', 'user', '[]', 1, 1)
            """)
        try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
            #expect(try snapshot.messageOrder(of: .init("S0001-É")).map(\.id.description) == ["X"])
            #expect(try snapshot.message(.init("x"), of: .init("S0001-É")) == nil)
        }
    }

    @Test func `what this store has done it sees at once`() throws {
        _ = try contents(1...10)
        for number in [2, 4, 6] {
            try store.removeMessage(id(number), of: session, TestHistory.removal())
            #expect(try contents(number...number) == [nil])
        }
        let writing = TestHistory.removal()
        try store.apply(writing) { (_) throws(StoreError) in
            [.updateMessage(id(5), of: session, .row([Assignment("parts", .text(Array("[5]".utf8)))]))]
        }
        #expect(try contents(5...5) == ["[5]"])
        #expect(try record("message_count") == "7")
    }

    @Test func `own saves are seen at once beside threads that poll and read all the time`() throws {
        _ = try contents(1...10)
        let readers = DispatchGroup()
        for _ in 0..<3 {
            readers.enter()
            Thread.detachNewThread {
                let end = ContinuousClock.now + .seconds(4)
                while ContinuousClock.now < end { _ = try? contents(1...10) }
                readers.leave()
            }
        }
        defer { readers.wait() }
        for step in 0..<40 {
            let parts = "[\(step)]"
            try store.apply(TestHistory.removal()) { (_) throws(StoreError) in
                [.updateMessage(id(5), of: session, .row([Assignment("parts", .text(Array(parts.utf8)))]))]
            }
            #expect(try contents(5...5) == [parts])
        }
    }
}
