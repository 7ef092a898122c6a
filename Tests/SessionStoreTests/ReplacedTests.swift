import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// What a save replaced comes back.
@Suite struct ReplacedTests {
    private func history(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory) throws -> TestHistory {
        let history = try TestHistory(store, in: directory)
        try history.crowd("other", both: store.family == .both)
        try history.addSession(SQLValue("s"))
        let long = SQLValue(String(repeating: "long ", count: 1000))
        for number in 1...3 as ClosedRange<Int64> {
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: number,
                data: number == 2 ? long : number == 3 ? .blob([0, 0xff, 0x22]) : .text([0xff, 0x7b]),
                parts: [(SQLValue("p\(number)a"), long), (SQLValue("p\(number)b"), .blob([0, 0xff]))])
        }
        return history
    }

    private func items(_ history: TestHistory) throws -> [TrashBatch.Item] {
        try history.trash.batches().flatMap(\.items)
    }

    @discardableResult
    private func restore(_ history: TestHistory, _ items: [TrashBatch.Item]) throws -> Restoration {
        try history.trash.restore(items, into: history.database.connect(), isRehearsal: false)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 a replaced message comes back bit by bit`(store: StoreUnderTest)
        throws
    {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let before = try history.database.contents()
        for id in ["m1", "m2", "m3"] {
            try history.apply(
                .updateMessage(.init(id), of: .init("s"), history.update(String(repeating: "new ", count: 200_000))))
        }
        let items = try items(history)
        #expect(items.map(\.kind) == [.replaced, .replaced, .replaced])
        #expect(items.map { $0.message?.description } == ["m1", "m2", "m3"])
        // The new text is not kept a second time.
        let trash = try SQLiteConnection(path: directory.file("trash.db"), access: .readOnly)
        #expect(try trash.integer("SELECT sum(length(CAST(value AS BLOB))) FROM field") ?? 0 < 100_000)
        let restoration = try restore(history, items)
        #expect(restoration.rows == 3 && restoration.present == 0 && restoration.restored.count == 3)
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.all) func `D3 several saves and a removal come back in one or newest first`(
        store: StoreUnderTest
    ) throws {
        for isOne in [true, false] {
            let directory = try TemporaryDirectory()
            let history = try history(store, in: directory)
            let before = try history.database.contents()
            let (m2, s) = (Message.ID("m2"), Session.ID("s"))
            if store.generation == .v1 {
                try history.apply(
                    .updateMessage(
                        m2, of: s,
                        .parted(
                            info: Array("1".utf8), updated: [(.init("p2a"), Array("1".utf8))],
                            inserted: [(.init("p2c"), Array("new".utf8))], removed: [.init("p2b")])))
                try history.apply(
                    .updateMessage(
                        m2, of: s,
                        .parted(
                            info: nil, updated: [(.init("p2c"), Array("newer".utf8))],
                            inserted: [(.init("p2b"), Array("again".utf8))], removed: [.init("p2a")])))
                try history.apply(
                    .updateMessage(
                        m2, of: s, .parted(info: nil, updated: [], inserted: [], removed: [.init("p2c")])))
            }
            for text in ["a", String(repeating: "b", count: 3_000_000), String(repeating: "c", count: 500)] {
                try history.apply(.updateMessage(m2, of: s, history.update(text)))
                try history.apply(.updateSession(s, [Assignment("title", .text(Array(text.utf8.prefix(99))))]))
            }
            try history.store.removeMessage(.init("m1"), of: s, TestHistory.removal())
            try history.apply(.updateSession(s, [Assignment("title", "after")]))
            try history.store.removeMessage(m2, of: s, TestHistory.removal())
            if isOne {
                try restore(history, items(history))
            } else {
                while let last = try items(history).last { try restore(history, [last]) }
            }
            #expect(try history.database.contents() == before)
            guard store.family.holdsAnything else { continue }
            #expect(try !history.database.connect().exists("PRAGMA foreign_key_check"))
        }
    }

    @Test(arguments: StoreUnderTest.all) func `D3 what somebody has changed since a save is not overwritten`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let (m2, s) = (Message.ID("m2"), Session.ID("s"))
        for text in ["one", "two"] { try history.apply(.updateMessage(m2, of: s, history.update(text))) }
        let filed = try items(history)
        // The first save alone: the second came after.
        let refusal = #expect(throws: RestoreError.self) { try restore(history, [filed[0]]) }
        guard case .taken(let item, let table) = refusal else { Issue.record("\(String(describing: refusal))"); return }
        #expect(item.id == filed[0].id && table == store.messages)
        let column = SQLIdentifier(store.family.isGo ? "parts" : "data")
        try history.database.run("UPDATE \(SQLIdentifier(store.messages)) SET \(column) = 'theirs' WHERE id = 'm2'")
        let before = try history.database.contents()
        #expect(throws: RestoreError.self) { try restore(history, filed) }
        try history.store.removeMessage(m2, of: s, TestHistory.removal())
        #expect(throws: RestoreError.self) { try restore(history, filed) }
        try restore(history, [items(history)[2]])
        #expect(try history.database.contents() == before)
        #expect(try items(history).count == 2)
    }

    @Test(arguments: StoreUnderTest.files) func `D3 a save that did not happen is found never to have gone`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        // A database in which nothing has changed, as kill -9 between filing and the commit would leave it.
        let copy = directory.file("copy.db")
        try history.database.connect().run("VACUUM INTO \(copy)")
        var update = history.update("new")
        if store.generation == .v1 {
            update = .parted(
                info: Array("new".utf8), updated: [(.init("p2a"), [0x31])], inserted: [(.init("p2c"), [0x32])],
                removed: [.init("p2b")])
        }
        try history.apply(.updateMessage(.init("m2"), of: .init("s"), update))
        let connection = try SQLiteConnection(path: copy, access: .readWrite)
        let restoration = try history.trash.restore(items(history), into: connection, isRehearsal: false)
        #expect(restoration.rows == 0)
        #expect(restoration.present == (store.generation == .v1 ? 3 : 1))
        #expect(try history.trash.batches().isEmpty)
    }

    @Test(arguments: StoreUnderTest.typeScript) func `D3 projects, sessions and lists come back too`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        if store.family == .both { try history.addSession(SQLValue("s"), title: SQLValue("Title"), in: .v1) }
        let before = try history.database.contents()
        let hasTodos = store.family != .v2
        try history.apply(
            .updateProject(.init("p"), [Assignment("name", "new")]),
            .updateSession(.init("s"), [Assignment("title", "new"), Assignment("time_archived", .integer(5))]))
        if hasTodos { try history.apply(.replaceTodos(.init("s"), todos("a", "b", "c"))) }
        if hasTodos { try history.apply(.replaceTodos(.init("s"), todos("b", "d"))) }
        let filed = try items(history)
        #expect(filed.map(\.project) == [.init("p"), nil] + (hasTodos ? [nil] : []))
        try restore(history, filed)
        if hasTodos {
            #expect(
                try history.database.column("SELECT content FROM todo WHERE session_id = 's' ORDER BY position") == [
                    "a", "b", "c",
                ])
            try history.database.run("DELETE FROM todo WHERE session_id = 's'")
        }
        #expect(try history.database.contents() == before)
    }

    private func todos(_ contents: String...) -> [Todo] {
        contents.map { Todo(content: Array($0.utf8), status: [0x73], priority: [0x70], updated: 0) }
    }

    @Test(arguments: StoreUnderTest.all) func `D3 who wants no trash saves all the same`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try history(store, in: directory)
        let store = try TestHistory.open(history.database, nil)
        try store.apply(TestHistory.removal()) { (_) throws(StoreError) in
            [.updateMessage(.init("m1"), of: .init("s"), history.update("new")), .insertMessage(history.new("m4"))]
        }
        #expect(try history.text("m1") == "new")
        #expect(try history.text("m4") == "{}")
        #expect(try history.trash.batches().isEmpty)
    }

    @Test func `D3 every version of the Go schema gets its replaced rows back`() throws {
        for steps in 1...GoHistory.versions.count {
            let directory = try TemporaryDirectory()
            let path = directory.file("opencode.db")
            let history = try GoHistory(steps: steps, at: path)
            let trash = try Trash(source: path) { (_) throws(SQLError) in
                try SQLiteConnection(path: directory.file("trash.db"), access: .create)
            }
            let store = try GoStore(
                open: { (_) throws(SQLError) in try SQLiteConnection(path: path, access: .readWrite) }, trash: trash,
                readOnlyReason: nil, home: ProjectIdentity(Project.ID("home")))
            let before = try history.dump()
            try store.apply(TestHistory.removal()) { (_) throws(StoreError) in
                [
                    .updateMessage(
                        .init("m2"), of: .init("s/1"), .row([Assignment("parts", "[1]"), Assignment("role", "x")])),
                    .updateMessage(.init("m3"), of: .init("s/1"), .row([Assignment("finished_at", .integer(9))])),
                    .updateSession(.init("s/1"), [Assignment("title", "new"), Assignment("cost", .integer(1))]),
                ]
            }
            #expect(try history.dump() != before)
            _ = try trash.restore(
                trash.batches().flatMap(\.items), into: history.connect(), isRehearsal: false)
            #expect(try history.dump() == before, "after \(steps) migrations")

            // A message without columns that the schema has since: a number where there is one, and the counter.
            var message = NewMessage(
                id: .init("new"), session: .init("s/1"),
                content: .row([Assignment("role", "user"), Assignment("parts", "[]"), Assignment("gone", nil)]),
                created: nil)
            message.modified = 5000
            try store.apply(TestHistory.removal()) { (_) throws(StoreError) in [.insertMessage(message)] }
            let connection = try history.connect()
            #expect(try connection.integer("SELECT updated_at FROM messages WHERE id = 'new'") == 5)
            let hasNumber = try connection.schema().has("seq", in: "messages")
            if hasNumber { #expect(try connection.integer("SELECT seq FROM messages WHERE id = 'new'") == 1) }
        }
    }
}
