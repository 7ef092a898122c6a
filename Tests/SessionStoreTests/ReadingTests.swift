import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing

@Suite struct ReadingTests {
    @Test(arguments: StoreUnderTest.typeScript) func `projects are those with a row and those that sessions name`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        let connection = try history.database.connect()
        try connection.run("PRAGMA foreign_keys=OFF")
        let table = SQLIdentifier(store.sessions)
        try connection.run("UPDATE \(table) SET project_id = 'gone'")
        let projects = try history.read { (snapshot) throws(StoreError) in try snapshot.projects() }
        #expect(projects.map(\.id.description) == ["p", "gone"])
        #expect(projects.map(\.worktree) == [Array("/w".utf8), nil])
        #expect(projects.map(\.updated) == [2, 0])
    }

    @Test(arguments: StoreUnderTest.all) func `sessions are as their rows say`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        let title = store.family.held([0xff, 0x0a])
        let other = store.family.holdsAnything ? Session.ID(bytes: [0x61], isBlob: true) : Session.ID("d")
        try history.addSession(SQLValue("a"), title: .text(title))
        try history.addSession(
            store.family.holdsAnything ? .blob([0x61]) : SQLValue("d"), parent: SQLValue("a"), archived: .integer(5))
        try history.addSession(SQLValue("c"), parent: SQLValue(""), archived: .integer(0))
        let sessions = try history.read { (snapshot) throws(StoreError) in try snapshot.sessions() }
            .sorted { $0.id < $1.id }
        #expect(sessions.map(\.id) == [.init("a"), .init("c"), other])
        #expect(sessions.map(\.parent) == [nil, nil, .init("a")])
        #expect(sessions.map(\.isArchived) == (store.family.isGo ? [false, false, false] : [false, true, true]))
        #expect(sessions[0].title == title)
        #expect(sessions.allSatisfy { $0.created == 1000 && $0.updated == 2000 && $0.project == .init("p") })
    }

    /// In a file: sessions of a server come in the order in which they changed.
    @Test(arguments: StoreUnderTest.files) func `sessions that have changed are told from those that have not`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        for id in ["a", "b", "c"] { try history.addSession(SQLValue(id), title: SQLValue("title of \(id)")) }
        try history.addSession(SQLValue("d"), title: .text(store.family.held([0xff])), parent: SQLValue("a"))
        if store.family == .both {
            // What both generations have is shown from the newer one.
            for id in ["b", "f"] { try history.addSession(SQLValue(id), in: .v1) }
        }
        let read = { try history.read { (snapshot) throws(StoreError) in try snapshot.sessions() } }
        func changes(since known: [Session]) throws -> [Int: Session]? {
            try history.read { (snapshot) throws(StoreError) in try snapshot.changedSessions(since: known) }
        }
        let known = try read()
        #expect(try changes(since: known)?.isEmpty == true)
        let table = SQLIdentifier(store.sessions)
        let changed = SQLIdentifier(store.changed)
        // As long as it was, with no new time: rows are compared, not their times.
        try history.database.run("UPDATE \(table) SET title = 'title of B' WHERE id = 'b'")
        try history.database.run("UPDATE \(table) SET \(changed) = \(changed) + 1000 WHERE id = 'c'")
        let now = try read()
        let found = try changes(since: known)
        #expect(found?.count == 2)
        for (position, session) in found ?? [:] { #expect(now[position] == session && known[position] != session) }
        #expect(Set((found ?? [:]).values.map(\.id)) == [.init("b"), .init("c")])
        // One that has come, and one that has gone; also both at once.
        try history.addSession(SQLValue("e"))
        #expect(try changes(since: now) == nil)
        try history.database.run("DELETE FROM \(table) WHERE id = 'b'")
        #expect(try changes(since: now) == nil)
        #expect(try changes(since: read())?.isEmpty == true)
        #expect(try changes(since: []) == nil)
    }

    @Test(arguments: StoreUnderTest.all) func `messages come in OpenCode's own order`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addSession(SQLValue("t"))
        for (id, number) in [("m3", 30), ("m9", 10), ("m1", 20), ("M2", 25)] as [(String, Int64)] {
            try history.addMessage(SQLValue(id), of: SQLValue("s"), number: number)
        }
        if store.generation == .v1 {
            // Equal times: by id, byte by byte.
            try history.addMessage(SQLValue("m2"), of: SQLValue("s"), number: 20)
            try history.addMessage(SQLValue("L"), of: SQLValue("s"), number: 20)
        }
        let expected = store.generation == .v1 ? ["m9", "L", "m1", "m2", "M2", "m3"] : ["m9", "m1", "M2", "m3"]
        try history.read { (snapshot) throws(StoreError) in
            let order = try snapshot.messageOrder(of: .init("s"))
            #expect(order.map(\.id.description) == expected)
            var seen: [Message] = []
            try snapshot.messages(of: .init("s")) { (message) throws(StoreError) in seen.append(message) }
            #expect(seen.map(\.id.description) == expected)
            #expect(try snapshot.newestMessage(of: .init("s"))?.id.description == expected.last)
            let ranks = Array(repeating: -1 as Int64, count: expected.count)
            let stored = order.map { if case .stored(let number) = $0.order { number } else { -1 as Int64 } }
            #expect(stored == (store.generation == .v2 ? [10, 20, 25, 30] : ranks))
            for other in ["t", "nobody"] {
                #expect(try snapshot.messageOrder(of: .init(other)).isEmpty)
                #expect(try snapshot.newestMessage(of: .init(other)) == nil)
                #expect(try snapshot.message(.init("m1"), of: .init(other)) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.all) func `R1 texts and their slices are the columns`(store: StoreUnderTest) throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        let texts: [[UInt8]] = [
            Array(#"{"role":"user"}"#.utf8), Array("{}".utf8), [], Array("é no JSON".utf8), [0xff, 0, 0x7b], [0x7b],
            [UInt8](repeating: 0x7b, count: 5_000_000),
        ].map(store.family.held)
        // Ids that are not in the order of insertion.
        for (index, text) in texts.enumerated() {
            let parts =
                store.generation == .v1
                ? texts.enumerated().map { (SQLValue("p\(index)-\(9 - $0)"), SQLValue.text($1)) } : []
            try history.addMessage(
                SQLValue("m\(index)"), of: SQLValue("s"), number: Int64(index), data: .text(text), parts: parts)
        }
        try history.read { (snapshot) throws(StoreError) in
            for (index, text) in texts.enumerated() {
                let message = try snapshot.message(.init("m\(index)"), of: .init("s"))
                guard let message else { Issue.record("m\(index) is missing"); continue }
                let expected = [text] + (store.generation == .v1 ? texts.reversed() : [])
                #expect(try snapshot.texts(of: message) == expected)
                #expect(message.texts.map(\.octets) == expected.map(\.count))
                // Of the Go family nothing depends on how a text begins.
                if !store.family.isGo { #expect(message.texts.map(\.opening) == expected.map(Self.opening)) }
                #expect(
                    message.texts.map(\.updated) == [store.family.isGo ? 6000 : 6]
                        + (store.generation == .v1 ? Array(repeating: 8, count: 7) : [])
                )
                for (number, text) in expected.enumerated() {
                    for range in [0..<text.count, 0..<min(1, text.count), text.count / 2..<text.count] {
                        #expect(try snapshot.text(number, of: message, range: range) == Array(text[range]))
                    }
                }
            }
        }
    }

    private static func opening(_ text: [UInt8]) -> StoredText.Opening {
        text == Array("{}".utf8) ? .emptyObject : text.first == 0x7b ? .object : .other
    }

    @Test(arguments: StoreUnderTest.files) func `identifiers and texts that are blobs are found`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(.blob([0xff, 0]))
        try history.addMessage(.blob([1]), of: .blob([0xff, 0]), number: 1, data: .blob(Array("{}".utf8)))
        let session = Session.ID(bytes: [0xff, 0], isBlob: true)
        try history.read { (snapshot) throws(StoreError) in
            let message = try snapshot.message(.init(bytes: [1], isBlob: true), of: session)
            if !store.family.isGo { #expect(message?.texts.map(\.opening) == [.emptyObject]) }
            #expect(
                try message.map { (message) throws(StoreError) in try snapshot.texts(of: message) } == [
                    Array("{}".utf8)
                ])
            #expect(try snapshot.message(.init(bytes: [1]), of: session) == nil)
            #expect(try snapshot.sessionRecord(session) != nil)
            #expect(try snapshot.sessionRecord(.init(bytes: [0xff, 0])) == nil)
        }
    }

    @Test(
        arguments: [
            (#"{"role":"user"}"#, "user"),
            (#"{"x":"\#(String(repeating: "y", count: 2000))","role":"assistant"}"#, "assistant"),
            (#"{"x":"\#(String(repeating: "y", count: 70_000))","role":"late"}"#, nil), ("{}", nil), ("", nil),
            ("no", nil),
            (#"{"role":5}"#, nil), (#"{"role":"cut"#, nil),
        ] as [(String, String?)])
    func `the role of V1 is found at the beginning of the text`(data: String, expected: String?) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1, data: SQLValue(data))
        let role = try history.read { (snapshot) throws(StoreError) -> [UInt8]? in
            try snapshot.newestMessage(of: .init("s")).flatMap { (message) throws(StoreError) in
                try snapshot.role(of: message)
            }
        }
        #expect(role == expected.map { Array($0.utf8) })
    }

    @Test func `the role of V2 is the type`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1, data: SQLValue(#"{"role":"other"}"#))
        let role = try history.read { (snapshot) throws(StoreError) -> [UInt8]? in
            try snapshot.newestMessage(of: .init("s")).flatMap { (message) throws(StoreError) in
                try snapshot.role(of: message)
            }
        }
        #expect(role == Array("user".utf8))
    }

    @Test func `N7 a session of both generations is shown once, from V2`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        for (id, generation) in [("twice", .v1), ("twice", .v2), ("old", .v1), ("new", .v2)]
            as [(String, SessionRecord.Generation)]
        {
            try history.addSession(SQLValue(id), title: SQLValue(generation.rawValue), in: generation)
            try history.addMessage(
                SQLValue("m-\(id)"), of: SQLValue(id), number: 1, data: SQLValue(generation.rawValue), in: generation)
        }
        try history.read { (snapshot) throws(StoreError) in
            let sessions = try snapshot.sessions()
            #expect(sessions.map(\.id.description).sorted() == ["new", "old", "twice"])
            for session in sessions {
                let expected = session.id == .init("old") ? "v1" : "v2"
                #expect(session.title == Array(expected.utf8))
                #expect(try snapshot.sessionRecord(session.id)?.generation.rawValue == expected)
                guard let message = try snapshot.newestMessage(of: session.id) else { throw .notFound }
                #expect(try snapshot.texts(of: message) == [Array(expected.utf8)])
            }
            #expect(try snapshot.counts().sessions == 3)
        }
    }
}
