import MySQLDriver
import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// What a store over a real server promises: few round trips, live, and calm when the server is away.
@Suite(.serialized) struct TeamStoreTests {
    static let limits = ConnectionPool.Limits(
        connections: 4, idle: 4, lifetime: .seconds(300), unprovenAfter: .seconds(30))

    static func store(
        _ opener: @escaping SQLOpener, interval: Duration = .seconds(1), trash: Trash? = nil
    ) throws -> TeamStore {
        try TeamStore(
            open: opener, limits: limits, trash: trash, readOnlyReason: nil, home: ProjectIdentity(.init("home")),
            interval: interval)
    }

    static func store(_ team: TeamDatabase, interval: Duration = .seconds(1)) throws -> TeamStore {
        try store(team.database.opener, interval: interval)
    }

    /// What `ls -lR` asks: every session, its record, and what its messages are.
    @discardableResult
    static func list(_ store: TeamStore) throws -> Int {
        var count = 0
        let sessions = try store.reading(patience) { (snapshot) throws(StoreError) in try snapshot.sessions() }
        for session in sessions {
            _ = try store.changeToken(patience)
            try store.reading(patience) { (snapshot) throws(StoreError) in
                _ = try snapshot.sessionRecord(session.id)
                _ = try snapshot.lastChange(of: session.id)
            }
            _ = try store.changeToken(patience)
            count += try store.reading(patience) { (snapshot) throws(StoreError) in
                var count = 0
                try snapshot.messages(of: session.id) { _ in count += 1 }
                return count
            }
        }
        return count
    }

    /// What `grep -r` asks: all that, and every text, one request after the other.
    static func search(_ store: TeamStore) throws -> (messages: Int, octets: Int) {
        var found = (messages: 0, octets: 0)
        let sessions = try store.reading(patience) { (snapshot) throws(StoreError) in try snapshot.sessions() }
        for session in sessions {
            let ids = try store.reading(patience) { (snapshot) throws(StoreError) in
                var ids: [Message.ID] = []
                try snapshot.messages(of: session.id) { ids.append($0.id) }
                return ids
            }
            for id in ids {
                _ = try store.changeToken(patience)
                let octets = try store.reading(patience) { (snapshot) throws(StoreError) -> Int in
                    guard let message = try snapshot.message(id, of: session.id) else { throw .notFound }
                    let text = try snapshot.texts(of: message)[0]
                    #expect(text.count == message.texts[0].octets)
                    return text.count
                }
                found.messages += 1
                found.octets += octets
            }
        }
        return found
    }

    static var patience: Patience { .lasting(.seconds(5)) }

    @Test func `listing and reading 10,000 messages costs one SELECT for 100 messages at most`() throws {
        // Of its own: it counts what everybody asks.
        let server = try MariaDBServer()
        let team = try TeamDatabase(server)
        try team.fill(sessions: 100, messages: 100)
        let store = try Self.store(team)
        var before = try server.status("Com_select")
        #expect(try Self.list(store) == 10_000)
        let listing = try server.status("Com_select") - before
        #expect(listing <= 100)
        let fresh = try Self.store(team)
        before = try server.status("Com_select")
        let found = try Self.search(fresh)
        let searching = try server.status("Com_select") - before
        #expect(found.messages == 10_000 && found.octets == 10_000 * 200)
        #expect(searching <= 100)
        #expect(fresh.held.messages == 10_000 && fresh.held.octets <= 8 << 20)
    }

    @Test func `20 ms to the server cost a search of 10,000 messages three seconds, a listing 1.5 s`() throws {
        let server = try MariaDBServer.shared()
        let team = try TeamDatabase(server)
        try team.fill(sessions: 100, messages: 100)
        let clock = ContinuousClock()
        let proxy = try TCPProxy(to: server.port)
        let opener = MySQLConnection.opener(team.database.settings(port: proxy.port))
        let near = try clock.measure { _ = try Self.search(try Self.store(opener)) }
        proxy.delay(.milliseconds(10))
        let far = try clock.measure { _ = try Self.search(try Self.store(opener)) }
        let listing = try clock.measure { try Self.list(try Self.store(opener)) }
        // Beside what the kernel and the program need for as many files, which is more.
        #expect(far - near < .seconds(3), "near \(near), far \(far)")
        #expect(listing < .milliseconds(1500))
    }
}
