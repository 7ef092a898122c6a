import DemoHistory
import Foundation
import SQL
import SessionModel
import SessionSearch
import SessionStore
import SessionTree
import Synchronization
import TestSupport
import Testing
import Timing

/// What an index promises: that it is never noticed but by the clock (rules Q4 and Q6).
@Suite(.timeLimit(.minutes(25))) struct SearchIndexTests {
    /// Queries over the words below.
    private static func query(_ random: inout SeededGenerator, depth: Int = 0) -> String {
        func word() -> String { words[Int.random(in: words.indices, using: &random)] }
        switch Int.random(in: 0...(depth > 2 ? 5 : 10), using: &random) {
        case 0...2: return word()
        case 3: return "\"\(word()) \(word())\""
        case 4: return String(word().prefix(2)) + "*"
        case 5:
            let filters = ["role:user", "role:assistant", "project:p", "model:x", "since:2026-11-19", "until:2026-11"]
            return filters[Int.random(in: filters.indices, using: &random)]
        case 6, 7: return query(&random, depth: depth + 1) + " " + query(&random, depth: depth + 1)
        case 8: return "(" + query(&random, depth: depth + 1) + " OR " + query(&random, depth: depth + 1) + ")"
        case 9: return "NOT " + query(&random, depth: depth + 1)
        default: return "(" + query(&random, depth: depth + 1) + ")"
        }
    }

    private static let words = [
        "alpha", "beta", "gamma", "delta", "getUserName", "user", "name", "max_retries", "retries", "größe", "検索",
        "索", "rate", "limit",
    ]

    private static func text(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...8, using: &random)).map { _ in words[Int.random(in: words.indices, using: &random)] }
            .joined(separator: [" ", "\n", ", "][Int.random(in: 0...2, using: &random)])
    }

    private static func add(_ number: Int64, to rows: ForeignRows, _ random: inout SeededGenerator) throws {
        try rows.addMessage(
            "msg_\(number)", of: "ses_\(number % 5)", number: number, role: number % 2 == 0 ? "user" : "assistant",
            text: text(&random), input: text(&random), output: text(&random))
    }

    @Test(arguments: TestFamily.allCases, UInt64(1)...2)
    func `Q4 an index finds what reading every text finds, whatever was written since`(
        family: TestFamily, seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(TestDatabase(family, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        let rows = try ForeignRows(history.database)
        for session in 0..<5 { try rows.addSession("ses_\(session)", title: Self.text(&random)) }
        for number in 0..<40 { try Self.add(Int64(number), to: rows, &random) }
        func compare(_ when: String) throws {
            for _ in 0..<12 {
                let query = Self.query(&random)
                let found = try history.hits(query, indexed: true)
                let expected = try history.hits(query, indexed: false)
                #expect(found == expected, "\(when): \(query)")
            }
        }
        try compare("no index")
        try history.update()
        #expect(try history.unknownSessions() == 0)
        try compare("an index of now")
        // What another program does is seen by the next search, before any index knows of it.
        for number in [41, 42, 43] { try Self.add(Int64(number), to: rows, &random) }
        for number in [3, 17] { try rows.remove(message: "msg_\(number)") }
        for number in 4..<10 { try rows.replace("alpha", by: "gamma delta", in: "msg_\(number)") }
        try rows.remove(session: "ses_4")
        try compare("an index of before")
        try history.update()
        #expect(try history.unknownSessions() == 0)
        try compare("an index brought up to date")
    }

    @Test(arguments: TestFamily.allCases)
    func `Q4 demo histories answer alike with an index and without`(family: TestFamily) throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(demo: family, at: directory.file("opencode.db"))
        let history = try SearchedHistory(database, in: directory)
        defer { history.close() }
        try history.update()
        #expect(try history.unknownSessions() == 0)
        for query in [
            "webhook", "retry*", "\"rate limit\"", "role:user the", "NOT the", "index OR cache", "the -webhook",
            "\"of the\" model:claude", "until:2030 pagination",
        ] {
            let found = try history.hits(query, indexed: true)
            #expect(found == (try history.hits(query, indexed: false)), "\(query)")
        }
        #expect(try history.hits("the", indexed: true).count > 10)
    }

    @Test(arguments: TestFamily.plain)
    func `Q4 a message that is inserted, changed or removed is so for the next search`(family: TestFamily) throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(TestDatabase(family, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        let rows = try ForeignRows(history.database)
        try rows.addSession("ses_1", title: "T")
        func found(_ query: String) throws -> [String] {
            try history.hits(query, indexed: true).map { "\($0.message ?? .init("title"))" }
        }
        for isIndexed in [false, true] {
            try rows.addMessage(
                "msg_1", of: "ses_1", number: 1, role: "assistant", text: "a needle", input: "", output: "")
            if isIndexed { try history.update() }
            #expect(try found("needle") == ["msg_1"])
            try rows.replace("needle", by: "haystack", in: "msg_1")
            #expect(try found("needle") == [])
            #expect(try found("haystack") == ["msg_1"])
            try rows.remove(message: "msg_1")
            #expect(try found("haystack") == [])
        }
    }

    @Test(arguments: TestFamily.plain)
    func `Q6 words of what was removed or changed are in the index no more`(family: TestFamily) throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(family, at: directory.file("opencode.db"))
        let history = try SearchedHistory(database, in: directory)
        defer { history.close() }
        let rows = try ForeignRows(database)
        for session in ["ses_1", "ses_2"] { try rows.addSession(session, title: "T") }
        let secrets = ["removedq", "changedq", "sessionq"]
        for (number, secret) in secrets.enumerated() {
            try rows.addMessage(
                "msg_\(number)", of: number == 2 ? "ses_2" : "ses_1", number: Int64(number), role: "assistant",
                text: "ka\(secret) stays", input: "le\(secret)", output: "mi\(secret)")
        }
        for number in 10..<200 {
            try rows.addMessage(
                "msg_\(number)", of: "ses_1", number: Int64(number), role: "user", text: "word\(number) xyzzykept",
                input: "a\(number)", output: "b\(number)")
        }
        try history.update()
        func bytes() throws -> String {
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasPrefix("search.db") }
            return try files.map {
                String(decoding: try Data(contentsOf: URL(fileURLWithPath: directory.file($0))), as: UTF8.self)
            }
            .joined()
        }
        for secret in secrets { #expect(try bytes().contains(secret)) }
        try rows.remove(message: "msg_0")
        try rows.replace("changedq", by: "harmless", in: "msg_1")
        try rows.remove(session: "ses_2")
        try history.update()
        for secret in secrets { #expect(try !bytes().contains(secret)) }
        #expect(try bytes().contains("kept"))
        #expect(try history.hits("xyzzykept", indexed: true).count == 190)
        #expect(try history.hits("kaharmless stays", indexed: true).map { "\($0.message!)" } == ["msg_1"])
    }

    @Test func `Q4 a message that is too large to index is found all the same`() throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(TestDatabase(.v2, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        let rows = try ForeignRows(history.database)
        try rows.addSession("ses_1", title: "T")
        let text = String(repeating: "-", count: 9 << 20) + " the needle"
        try rows.addMessage("msg_1", of: "ses_1", number: 1, role: "user", text: text, input: "", output: "")
        try rows.addMessage("msg_2", of: "ses_1", number: 2, role: "user", text: "hay", input: "", output: "")
        try history.update()
        #expect(try history.unknownSessions() == 0)
        #expect(try history.hits("needle", indexed: true).map { "\($0.message!)" } == ["msg_1"])
        #expect(try history.hits("\"the needle\" NOT hay", indexed: true).count == 1)
        #expect(try history.hits("needle hay", indexed: true).isEmpty)
        for filter in ["role:user", "since:2026", "until:2027 since:2026-11", "NOT role:assistant"] {
            #expect(try history.hits("needle \(filter)", indexed: true).count == 1, "\(filter)")
        }
        #expect(try history.hits("needle role:assistant", indexed: true).isEmpty)
    }

    @Test(arguments: TestFamily.plain)
    func `Q4 a text that is a little shorter a few seconds later is another text`(family: TestFamily) throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(TestDatabase(family, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        let rows = try ForeignRows(history.database)
        try rows.addSession("ses_1", title: "T")
        try rows.addMessage(
            "msg_1", of: "ses_1", number: 1, role: "user", text: "needle \(String(repeating: "x", count: 31))",
            input: "",
            output: "")
        try history.update()
        // Both differences times a small factor are the same number.
        let (table, texts, time): (SQLIdentifier, SQLIdentifier, SQLIdentifier) =
            switch family {
            case .v1: (SQLIdentifier("part"), SQLIdentifier("data"), SQLIdentifier("time_updated"))
            case .v2, .both:
                (SQLIdentifier("session_message"), SQLIdentifier("data"), SQLIdentifier("time_updated"))
            case .go, .team: (SQLIdentifier("messages"), SQLIdentifier("parts"), SQLIdentifier("updated_at"))
            }
        let long = "needle \(String(repeating: "x", count: 31))"
        try history.database.run(
            "UPDATE \(table) SET \(texts) = replace(\(texts), \(long), 'thread '), \(time) = \(time) + 7919")
        #expect(try history.hits("needle", indexed: true).isEmpty)
        #expect(try history.hits("thread", indexed: true).count == 1)
    }

    @Test func `Q6 what one has read too early does not stand for what another has read since`() throws {
        for moment in stride(from: 1, to: 50, by: 6) {
            let directory = try TemporaryDirectory()
            let database = try TestDatabase(.v2, at: directory.file("opencode.db"))
            let history = try SearchedHistory(database, in: directory)
            defer { history.close() }
            let rows = try ForeignRows(database)
            try rows.addSession("ses_1", title: "T")
            for number in 1...12 {
                try rows.addMessage(
                    "msg_\(number)", of: "ses_1", number: Int64(number), role: "user",
                    text: "needle \(String(repeating: "hay\(number) ", count: 30))", input: "", output: "")
            }
            // The first has words that go, so that its shard is emptied too.
            try history.update()
            try rows.remove(message: "msg_12")
            for number in 6...11 { try rows.replace("hay", by: "straw", in: "msg_\(number)") }
            // While one works, somebody changes the history and another brings the index up to date; then the first is killed.
            let questions = Mutex(0)
            let patience = Patience(until: .now + .seconds(600)) {
                let asked = questions.withLock { number in
                    number += 1
                    return number
                }
                if asked == moment {
                    for number in 1...11 { try? rows.replace("needle", by: "red thread", in: "msg_\(number)") }
                    try? rows.remove(message: "msg_10")
                    _ = try? history.indexer().run(.lasting(.milliseconds(300)))
                }
                return asked > moment + 8
            }
            _ = try? history.indexer(batchLimit: 600).run(patience)
            for query in ["needle", "thread", "straw*", "thread NOT hay9"] {
                let found = try history.hits(query, indexed: true)
                #expect(found == (try history.hits(query, indexed: false)), "\(moment): \(query)")
            }
        }
    }

    @Test func `Q6 a damaged index is made anew, and nobody notices`() throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(
            TestDatabase(demo: .v2, at: directory.file("opencode.db")), in: directory)
        defer { history.close() }
        try history.update()
        let expected = try history.hits("the", indexed: false)
        for damage in [Data(repeating: 0x41, count: 50_000), Data()] {
            try damage.write(to: URL(fileURLWithPath: history.path))
            #expect(try history.hits("the", indexed: true) == expected)
            try history.update()
            #expect(try history.unknownSessions() == 0)
            #expect(try history.hits("the", indexed: true) == expected)
        }
        try FileManager.default.removeItem(atPath: history.path)
        #expect(try history.hits("the", indexed: true) == expected)
        #expect(!history.index.exists)
    }

    @Test func `Q6 the index of one database does not answer for another`() throws {
        let directory = try TemporaryDirectory()
        let first = try TestDatabase(.v1, at: directory.file("one.db"))
        let second = try TestDatabase(.v1, at: directory.file("two.db"))
        for (database, word) in [(first, "apple"), (second, "banana")] {
            let rows = try ForeignRows(database)
            try rows.addSession("ses_1", title: "T")
            try rows.addMessage(
                "msg_1", of: "ses_1", number: 1, role: "user", text: "the \(word)", input: "", output: "")
        }
        // Both with the same path of the index, as if one had taken the other's place.
        let before = try SearchedHistory(first, in: directory)
        try before.update()
        #expect(try before.hits("apple", indexed: true).count == 1)
        before.close()
        let after = try SearchedHistory(second, in: directory)
        defer { after.close() }
        #expect(try after.hits("apple", indexed: true).isEmpty)
        #expect(try after.hits("banana", indexed: true).count == 1)
        try after.update()
        #expect(try after.unknownSessions() == 0)
        #expect(try after.hits("apple", indexed: true).isEmpty)
    }

    @Test func `Q6 several may write one index at once`() async throws {
        let directory = try TemporaryDirectory()
        let history = try SearchedHistory(
            TestDatabase(demo: .v1, at: directory.file("opencode.db"), sessions: 20, messages: 300), in: directory)
        defer { history.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try history.indexer().run(SearchedHistory.patience) } }
            try await group.waitForAll()
        }
        try history.update()
        #expect(try history.unknownSessions() == 0)
        #expect(try history.hits("the", indexed: true) == (try history.hits("the", indexed: false)))
        #expect(try history.integer("SELECT count(*) FROM document") == 300)
    }

    @Test func `Q6 an index takes less than half of the text`() throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(
            demo: .v1, at: directory.file("opencode.db"), sessions: 12, messages: 400)
        let history = try SearchedHistory(database, in: directory)
        defer { history.close() }
        try history.update()
        let size = try #require(FileManager.default.attributesOfItem(atPath: history.path)[.size] as? Int)
        let text = try #require(try database.connect().integer("SELECT sum(length(CAST(data AS BLOB))) FROM part"))
        #expect(size * 2 < text)
    }
}
