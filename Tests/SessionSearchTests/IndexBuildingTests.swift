import DemoHistory
import Foundation
import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import SessionTree
import Synchronization
import TestSupport
import Testing
import Timing

@testable import SessionSearch

/// How an index is made: in batches that one thread reads and another writes, into shards (rule Q6).
@Suite(.timeLimit(.minutes(25))) struct IndexBuildingTests {
    /// Some hundred kilobytes of text, in sessions that are larger than a batch and others that are smaller.
    private static func demo(_ family: TestFamily = .v1, in directory: borrowing TemporaryDirectory) throws
        -> SearchedHistory
    {
        try SearchedHistory(
            TestDatabase(demo: family, at: directory.file("opencode.db"), sessions: 12, messages: 400), in: directory)
    }

    private static func small(_ history: SearchedHistory) -> SearchIndexer {
        history.indexer(batchLimit: 20_000, shardLimit: 100_000)
    }

    @Test(arguments: TestFamily.plain)
    func `Q6 a search finds the same before a shard is full, when it has just been, and after`(
        family: TestFamily
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try Self.demo(family, in: directory)
        defer { history.close() }
        let queries = ["the -webhook", "retry*", "index OR cache"]
        let expected = try queries.map { try history.hits($0, indexed: false) }
        #expect(expected[0].count > 10)
        var shards: [Int64] = []
        var failures: [any Error] = []
        try Self.small(history).run(SearchedHistory.patience) { _ in
            guard history.index.exists else { return }
            do {
                shards.append(try history.integer("SELECT count(*) FROM shard"))
                // After the first batches, and whenever a shard has just been closed.
                guard shards.count < 4 || shards[shards.count - 2] < shards[shards.count - 1] else { return }
                for (query, expected) in zip(queries, expected) {
                    #expect(try history.hits(query, indexed: true) == expected, "\(query), batch \(shards.count)")
                }
            } catch {
                failures.append(error)
            }
        }
        #expect(failures.isEmpty, "\(failures)")
        #expect(shards.last! > 3, "\(shards)")
        #expect(try history.unknownSessions() == 0)
        #expect(try queries.map { try history.hits($0, indexed: true) } == expected)
        // Each is about as large as it may be, and only the last one still grows.
        #expect(try history.integer("SELECT count(*) FROM shard WHERE octets <= 100000") == 1)
        #expect(try history.integer("SELECT max(octets) FROM shard") < 1_000_000)
    }

    @Test(arguments: TestFamily.plain)
    func `Q6 a full shard that held what was removed is dropped, and its words are in the file no more`(
        family: TestFamily
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(TestDatabase(family, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        let rows = try ForeignRows(history.database)
        try rows.addSession("ses_1", title: "T")
        func add(_ numbers: Range<Int64>) throws {
            for number in numbers {
                let secret = number == 1 ? "kasecretq " : ""
                try rows.addMessage(
                    "msg_\(number)", of: "ses_1", number: number, role: "user",
                    text: "\(secret)word\(number) xyzzykept",
                    input: "a\(number)", output: String(repeating: "b\(number) ", count: 300))
            }
        }
        func bytes() throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: history.path)), as: UTF8.self)
        }
        try add(0..<200)
        try history.update(by: Self.small(history))
        #expect(try bytes().contains("secretq"))
        let shards = try history.integer("SELECT max(id) FROM shard")
        #expect(shards > 2)
        #expect(try history.integer("SELECT octets FROM shard WHERE id = 1") > 100_000)
        let before = try history.hits("xyzzykept", indexed: true)
        // The shard is emptied while others come to be full.
        try add(200..<300)
        try rows.remove(message: "msg_1")
        try history.update(by: Self.small(history))
        #expect(try history.integer("SELECT count(*) FROM shard WHERE id = 1") == 0)
        #expect(
            try history.integer(
                "SELECT count(*) FROM sqlite_master WHERE name LIKE 'words1%' AND name NOT LIKE 'words1_'") == 0)
        #expect(try history.integer("SELECT max(id) FROM shard") > shards)
        #expect(try !bytes().contains("secretq"))
        #expect(try history.unknownSessions() == 0)
        let after = try history.hits("xyzzykept", indexed: true)
        #expect(after.count == 299 && before.count == 200)
        #expect(after == (try history.hits("xyzzykept", indexed: false)))
    }

    @Test func `Q6 an index that is cut off goes on where it was`() throws {
        let directory = try TemporaryDirectory()
        let history = try Self.demo(in: directory)
        defer { history.close() }
        let expected = try history.hits("the -webhook", indexed: false)
        var known: [Int] = []
        for _ in 1...4 {
            // It stops when some batches have been written, with others read or being read.
            let batches = Mutex(0)
            let patience = Patience(until: .now + .seconds(600)) { batches.withLock { $0 >= 6 } }
            #expect(throws: StoreError.self) {
                try Self.small(history).run(patience) { _ in batches.withLock { $0 += 1 } }
            }
            known.append(Int(try history.integer("SELECT count(*) FROM document")))
            #expect(try history.hits("the -webhook", indexed: true) == expected)
        }
        // What one has done the next need not do again.
        #expect(zip(known, known.dropFirst()).allSatisfy { $0 < $1 } && known[0] > 0 && known[3] < 400, "\(known)")
        try history.update()
        #expect(try history.unknownSessions() == 0)
        #expect(try history.integer("SELECT count(*) FROM document") == 400)
        #expect(try history.hits("the -webhook", indexed: true) == expected)
    }

    @Test func `Q6 a history that cannot be read any more ends the index, and what was read is kept`() throws {
        let directory = try TemporaryDirectory()
        let history = try Self.demo(in: directory)
        defer { history.close() }
        let expected = try history.hits("the -webhook", indexed: false)
        var reports = 0
        #expect(throws: StoreError.self) {
            try Self.small(history).run(SearchedHistory.patience) { _ in
                reports += 1
                if reports == 3 { try? history.database.run("ALTER TABLE part RENAME TO taken_away") }
            }
        }
        let written = try history.integer("SELECT count(*) FROM document")
        #expect(written > 0 && written < 400)
        try history.database.run("ALTER TABLE taken_away RENAME TO part")
        #expect(try history.hits("the -webhook", indexed: true) == expected)
        try history.update()
        #expect(try history.unknownSessions() == 0)
        #expect(try history.hits("the -webhook", indexed: true) == expected)
    }

    @Test func `Q6 an index that cannot be written ends the reading of the history`() throws {
        let directory = try TemporaryDirectory()
        let history = try Self.demo(in: directory)
        defer { history.close() }
        let path = history.path
        let full = SearchIndex(
            isThere: { FileManager.default.fileExists(atPath: path) }, discard: {},
            open: { (_) throws(SQLError) in
                let connection = try SQLiteConnection(path: path, access: .create)
                try connection.run("PRAGMA max_page_count=60")
                return connection
            })
        defer { full.close() }
        let running = Mutex(0)
        let indexer = SearchIndexer(
            store: history.store, index: full,
            startThread: { body in
                running.withLock { $0 += 1 }
                Thread.detachNewThread {
                    body()
                    running.withLock { $0 -= 1 }
                }
                return true
            },
            batchLimit: 20_000)
        #expect {
            try indexer.run(SearchedHistory.patience)
        } throws: { error in
            if case StoreError.full = error { true } else { false }
        }
        #expect(indexer.progress.failure != nil)
        // Nothing reads on: the thread has nothing left to do but to end.
        while running.withLock({ $0 }) > 0 { usleep(1000) }
        #expect(try history.integer("SELECT count(*) FROM document") < 400)
        #expect(try history.hits("the", indexed: true) == (try history.hits("the", indexed: false)))
        try history.update()
        #expect(try history.unknownSessions() == 0)
    }

    @Test func `Q6 a search without a thread to read for its index reads the texts`() throws {
        let directory = try TemporaryDirectory()
        let history = try Self.demo(in: directory)
        defer { history.close() }
        let indexer = SearchIndexer(store: history.store, index: history.index, startThread: { _ in false })
        #expect(throws: StoreError.self) { try indexer.run(SearchedHistory.patience) }
        #expect(indexer.progress.failure?.contains("thread") == true)
        #expect(try history.hits("the", indexed: true) == (try history.hits("the", indexed: false)))
    }

    @Test func `Q6 a session of which the index has lost a part while it was made is not believed`() throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(TestDatabase(.v1, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        let rows = try ForeignRows(history.database)
        try rows.addSession("ses_1", title: "T")
        for number in 0..<100 {
            try rows.addMessage(
                "msg_\(number)", of: "ses_1", number: Int64(number), role: "user", text: "a needle",
                input: "", output: String(repeating: "b\(number) ", count: 300))
        }
        _ = try history.store.changeToken(SearchedHistory.patience)
        // Somebody empties the cache when the first messages of the session are in it.
        var reports = 0
        try Self.small(history).run(SearchedHistory.patience) { _ in
            reports += 1
            if reports == 4 { try? FileManager.default.removeItem(atPath: history.path) }
        }
        #expect(reports > 5)
        #expect(try history.integer("SELECT count(*) FROM document") < 100)
        #expect(try history.hits("needle", indexed: true).count == 100)
        try history.update()
        #expect(try history.integer("SELECT count(*) FROM document") == 100)
        #expect(try history.unknownSessions() == 0)
    }
}

/// One thread leaves, another takes.
@Suite(.timeLimit(.minutes(25))) struct HandOverTests {
    /// Leaves numbers in a thread of its own, and then ends.
    private static func maker(_ numbers: Range<Int>, _ ending: StoreError? = nil) -> HandOver<Int> {
        let handOver = HandOver<Int>()
        Thread.detachNewThread {
            let patience = SearchedHistory.patience.unless { handOver.isRefused }
            handOver.end(
                Result { () throws(StoreError) in
                    for number in numbers { try handOver.leave(number, patience) }
                    if let ending { throw ending }
                })
        }
        return handOver
    }

    @Test func `Q6 all that is left is taken, in its order`() throws {
        let handOver = Self.maker(0..<300)
        var taken: [Int] = []
        while let number = try handOver.take(SearchedHistory.patience) { taken.append(number) }
        #expect(taken == Array(0..<300))
        #expect(try handOver.take(SearchedHistory.patience) == nil)
        handOver.refuse()
    }

    @Test func `Q6 what the maker threw comes after what it left`() throws {
        let handOver = Self.maker(0..<5, .full)
        for number in 0..<5 { #expect(try handOver.take(SearchedHistory.patience) == number) }
        #expect {
            try handOver.take(SearchedHistory.patience)
        } throws: { error in
            if case StoreError.full = error { true } else { false }
        }
        handOver.refuse()
    }

    @Test func `Q6 a taker that takes nothing more lets the maker end`() throws {
        let handOver = Self.maker(0..<Int.max)
        for number in 0..<5 { #expect(try handOver.take(SearchedHistory.patience) == number) }
        // It waits for the maker, which would leave numbers for ever.
        handOver.refuse()
    }

    @Test func `Q6 patience ends both sides`() throws {
        let handOver = HandOver<Int>()
        #expect(throws: StoreError.self) { try handOver.take(Patience(until: .now + .seconds(600)) { true }) }
        try handOver.leave(1, SearchedHistory.patience)
        #expect(throws: StoreError.self) { try handOver.leave(2, .lasting(.zero)) }
        #expect(try handOver.take(SearchedHistory.patience) == 1)
    }
}
