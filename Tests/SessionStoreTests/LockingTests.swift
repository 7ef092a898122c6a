import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

@Suite struct LockingTests {
    @Test(arguments: StoreUnderTest.all) func `a removal waits for another writer as long as it may`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        let other = try history.database.locked()
        // A server counts in seconds when it waits for a row.
        let patience = store.family.holdsAnything ? Duration.milliseconds(300) : .milliseconds(1300)
        var error: StoreError?
        let waited = ContinuousClock().measure {
            error = #expect(throws: StoreError.self) {
                try history.store.removeSession(.init("s"), TestHistory.removal(.lasting(patience)))
            }
        }
        #expect(error?.name == "busy")
        #expect(
            waited >= (store.family.holdsAnything ? patience : .seconds(1)) && waited < patience + .seconds(2.7),
            "\(waited)")
        // Who was interrupted while waiting is told so.
        let start = ContinuousClock.now
        let interrupted = #expect(throws: StoreError.self) {
            try history.store.removeSession(
                .init("s"),
                TestHistory.removal(
                    Patience(until: .now + .seconds(60)) { ContinuousClock.now > start + .milliseconds(50) }))
        }
        #expect(interrupted?.name == "cancelled")
        #expect(try history.trash.batches().isEmpty)
        other.rollback()
        try history.store.removeSession(.init("s"), TestHistory.removal())
    }

    @Test(arguments: StoreUnderTest.all) func `readers see one version while another program writes`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m1"), of: SQLValue("s"), number: 1)
        let other = try history.database.connect()
        try other.beginWriting()
        #expect(
            try history.read { (snapshot) throws(StoreError) in try snapshot.messageOrder(of: .init("s")).count } == 1)
        other.rollback()
        try history.read { (snapshot) throws(StoreError) in
            #expect(try snapshot.messageOrder(of: .init("s")).count == 1)
            do { try history.addMessage(SQLValue("m2"), of: SQLValue("s"), number: 2) } catch {
                throw .unavailable(reason: "\(error)")
            }
            #expect(try snapshot.messageOrder(of: .init("s")).count == 1)
            #expect(try snapshot.message(.init("m2"), of: .init("s")) == nil)
        }
        #expect(
            try history.read { (snapshot) throws(StoreError) in try snapshot.messageOrder(of: .init("s")).count } == 2)
    }

    @Test(arguments: StoreUnderTest.files) func `W9 no reading keeps the log from being reset`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1, parts: [(SQLValue("p"), SQLValue("{}"))])
        try history.read { (snapshot) throws(StoreError) in
            guard let message = try snapshot.newestMessage(of: .init("s")) else { throw .notFound }
            _ = try snapshot.texts(of: message)
            _ = try snapshot.text(0, of: message, range: 0..<1)
        }
        _ = try history.store.changeToken()
        let other = try history.database.connect()
        other.patience = .lasting(.milliseconds(200))
        #expect(try other.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0)
    }

    @Test(arguments: StoreUnderTest.all) func `the token moves for every commit and for nothing else`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        let first = try history.store.changeToken()
        _ = try history.read { (snapshot) throws(StoreError) in try snapshot.sessions() }
        #expect(try history.store.changeToken() == first)
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        let second = try history.store.changeToken()
        // Our own commits count as anybody's.
        try history.store.removeMessage(.init("m"), of: .init("s"), TestHistory.removal())
        let third = try history.store.changeToken()
        #expect(Set([first, second, third]).count == 3)
        #expect(!third.hasOtherTables(than: first))
        #expect(try history.store.changeToken() == third)
    }

    @Test(arguments: StoreUnderTest.all) func `a closed store refuses`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        history.store.close()
        let refusals = [
            #expect(throws: StoreError.self) { try history.store.changeToken() },
            #expect(throws: StoreError.self) { try history.store.facts() },
            #expect(throws: StoreError.self) {
                try history.read { (snapshot) throws(StoreError) in try snapshot.sessions() }
            },
            #expect(throws: StoreError.self) { try history.store.removeSession(.init("s"), TestHistory.removal()) },
        ]
        #expect(refusals.allSatisfy { $0?.name == "unavailable" })
    }
}
