import Foundation
import MySQLDriver
import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// A server that is started anew, dies, or goes silent: what is known stays, nothing is ever shorter than it is, nobody
/// waits longer than they may, and two seconds after its return all is well.
@Suite(.serialized) struct TeamOutageTests {
    private let server: MariaDBServer
    private let team: TeamDatabase
    private let store: TeamStore
    private let session = Session.ID(TeamDatabase.session(1))
    private let other = Session.ID(TeamDatabase.session(2))

    init() throws {
        server = try MariaDBServer()
        team = try TeamDatabase(server)
        try team.fill(sessions: 3, messages: 10)
        store = try TeamStoreTests.store(team)
    }

    private func order(of session: Session.ID) throws(StoreError) -> [Message.ID] {
        _ = try store.changeToken(TeamStoreTests.patience)
        return try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
            try snapshot.messageOrder(of: session).map(\.id)
        }
    }

    private func text(_ number: Int, of session: Session.ID) throws(StoreError) -> Int {
        _ = try store.changeToken(TeamStoreTests.patience)
        return try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
            let id = Message.ID(TeamDatabase.message(number, of: session.description))
            guard let message = try snapshot.message(id, of: session) else { throw .notFound }
            return try snapshot.texts(of: message)[0].count
        }
    }

    /// How long it took, and what was thrown.
    private func measured(_ body: () throws -> Void) -> (time: Duration, error: (any Error)?) {
        let start = ContinuousClock.now
        do { try body() } catch { return (.now - start, error) }
        return (.now - start, nil)
    }

    /// How long the messages of a session take to be told, all of them.
    private func listing(_ session: Session.ID) throws -> Duration {
        let start = ContinuousClock.now
        let count = try order(of: session).count
        #expect(count == 10)
        return .now - start
    }

    private func isOfTheServer(_ error: (any Error)?) -> Bool {
        (error as? StoreError).map { ["unavailable", "expired"].contains($0.name) } ?? false
    }

    /// How long until everything works again.
    private func recovery() throws -> Duration {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(10) {
            let works =
                (try? order(of: session).count) == 10 && (try? text(5, of: other)) == 200
                && (try? text(6, of: session)) == 200
            if works { break }
            usleep(50_000)
        }
        return .now - start
    }

    @Test func `a server that is started anew within a second is waited for, and nobody sees an error`() throws {
        #expect(try order(of: session).count == 10)
        server.kill()
        Thread.detachNewThread { [server] in
            usleep(800_000)
            try? server.start()
        }
        for number in 1...10 { #expect(try text(number, of: other) == 200) }
        #expect(store.condition.retries > 0)
        #expect(try order(of: other).count == 10)
    }

    @Test func `while the server is dead what is known is told at once, and the rest is an error`() throws {
        #expect(try order(of: session).count == 10)
        let token = try store.changeToken()
        server.kill()
        usleep(1_100_000)
        // The first to come finds out.
        #expect(try listing(session) < .seconds(4))
        for _ in 0..<20 {
            let known = ContinuousClock.now
            #expect(try store.changeToken() == token)
            #expect(try order(of: session).count == 10)
            let sessions = try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
                try snapshot.sessions()
            }
            #expect(sessions.count == 3)
            #expect(ContinuousClock.now - known < .milliseconds(300))
        }
        let first = measured { _ = try order(of: other) }
        #expect(first.time < .seconds(6) && isOfTheServer(first.error))
        let start = ContinuousClock.now
        for _ in 0..<50 { #expect(isOfTheServer(measured { _ = try text(1, of: session) }.error)) }
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(store.condition.awaySince != nil)
        #expect(store.condition.lastError?.contains("canary") == false)
        try server.start()
        #expect(try recovery() < .seconds(2))
        #expect(store.condition.awaySince == nil && store.condition.returned != nil)
    }

    @Test func `a server that goes silent for two seconds is waited for`() throws {
        #expect(try order(of: session).count == 10)
        server.pause()
        Thread.detachNewThread { [server] in
            usleep(2_000_000)
            server.resume()
        }
        usleep(1_100_000)
        #expect(try order(of: other).count == 10)
        #expect(try text(1, of: other) == 200)
    }

    @Test func `a server that stays silent costs nobody more than their patience`() throws {
        #expect(try order(of: session).count == 10)
        server.pause()
        defer { server.resume() }
        usleep(1_100_000)
        #expect(try listing(session) < .milliseconds(3500))
        // Others go on at once; now and then one finds out that it still is silent.
        let times = try (0..<40).map { _ in
            usleep(50_000)
            return try listing(session)
        }
        #expect(times.filter { $0 > .milliseconds(100) }.count <= 2)
        let waited = measured { _ = try order(of: other) }
        #expect(waited.time < .milliseconds(5500) && isOfTheServer(waited.error))
        server.resume()
        #expect(try recovery() < .seconds(2))
    }

    @Test func `connections that the server ends are made anew without a word`() throws {
        for _ in 0..<5 {
            try server.run("SET GLOBAL wait_timeout = 1")
            #expect(try text(1, of: session) == 200)
            usleep(1_300_000)
        }
        #expect(try order(of: other).count == 10)
        #expect(store.condition.awaySince == nil)
    }

    @Test func `a cut connection in the middle of a search is no error`() throws {
        let proxy = try TCPProxy(to: server.port)
        let store = try TeamStoreTests.store(MySQLConnection.opener(team.database.settings(port: proxy.port)))
        try team.fill(sessions: 20, messages: 100, time: 1_740_000_000, from: 100)
        Thread.detachNewThread {
            for _ in 0..<10 {
                usleep(60_000)
                proxy.cut()
            }
        }
        proxy.delay(.milliseconds(5))
        let found = try TeamStoreTests.search(store)
        #expect(found.messages == 2030 && found.octets == 2030 * 200)
    }

    @Test func `columns that an upgrade adds or takes away are met without an error`() throws {
        let store = try TeamStoreTests.store(team, interval: .milliseconds(100))
        _ = try TeamStoreTests.search(store)
        try team.run("ALTER TABLE messages DROP COLUMN synthetic")
        usleep(200_000)
        #expect(try TeamStoreTests.search(store).messages == 30)
        try team.run("ALTER TABLE sessions DROP COLUMN user_set_title")
        usleep(200_000)
        let columns = try store.reading(TeamStoreTests.patience) { (snapshot) throws(StoreError) in
            try snapshot.sessionRecord(session)?.row.columns
        }
        #expect(columns?.contains("user_set_title") == false && columns?.contains("title") == true)
    }
}
