import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// What new rows hold, and which are refused.
@Suite struct InsertingTests {
    private func numbers(_ history: TestHistory, _ session: String = "s") throws -> [String] {
        try history.database.column(
            "SELECT id || ' ' || seq FROM session_message WHERE session_id = \(session) ORDER BY seq")
    }

    private func sequence(_ history: TestHistory) throws -> [String] {
        try history.database.column("SELECT seq FROM event_sequence WHERE aggregate_id = 's'")
    }

    @Test(arguments: StoreUnderTest.typeScript) func `W6 a message that was removed comes back with all its columns`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        let messages = SQLIdentifier(store.messages)
        try history.database.run("ALTER TABLE \(messages) ADD COLUMN mood REAL DEFAULT 1.5")
        if store.generation == .v1 { try history.database.run("ALTER TABLE part ADD COLUMN size INTEGER") }
        _ = try history.store.changeToken()
        try history.addSession(SQLValue("s"))
        for number in 1...3 as ClosedRange<Int64> {
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: number, data: SQLValue("text"),
                parts: [(SQLValue("p\(number)"), SQLValue("part"))])
        }
        try history.database.run(
            "UPDATE \(messages) SET mood = 0.1 WHERE id = 'm2'", "UPDATE \(messages) SET mood = NULL WHERE id = 'm3'")
        if store.generation == .v2 {
            try history.database.run("INSERT INTO event_sequence (aggregate_id, seq) VALUES ('s', 9)")
        }
        let before = try history.database.contents()
        for id in ["m2", "m3"] {
            let hidden = try history.read { (snapshot) throws(StoreError) in
                guard let message = try snapshot.message(.init(id), of: .init("s")) else { throw .notFound }
                return try snapshot.hiddenColumns(of: message)
            }
            #expect(
                hidden.message.map(\.column)
                    == (store.generation == .v1 ? [] : ["seq"]) + ["time_created", "time_updated", "mood"])
            #expect(hidden.parts.isEmpty == (store.generation == .v2))
            try history.store.removeMessage(.init(id), of: .init("s"), TestHistory.removal())
            var message = NewMessage(
                id: .init(id), session: .init("s"),
                content: history.content("text", parts: [("p" + id.dropFirst(), "part")]), created: 77)
            message.hidden = hidden
            message.ordinal = 50
            try history.apply(.insertMessage(message))
        }
        #expect(try history.database.contents() == before)

        // Who says when it changed is believed; a number that is taken is not.
        guard store.generation == .v2 else { return }
        var message = history.new("m4", created: 77)
        message.hidden = HiddenColumns(
            message: [Assignment("seq", .integer(2)), Assignment("time_updated", .integer(5))], parts: [:])
        message.modified = 99
        try history.apply(.insertMessage(message))
        #expect(
            try history.database.column("SELECT seq || ' ' || time_updated FROM session_message WHERE id = 'm4'") == [
                "10 99"
            ])
        #expect(try sequence(history) == ["10"])
    }

    @Test func `W5 a number in the name is kept if it is free, and OpenCode goes on behind it`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("a"), of: SQLValue("s"), number: 4)
        try history.apply(.insertMessage(history.new("b", ordinal: 2)))
        #expect(try sequence(history) == ["4"])
        try history.apply(.insertMessage(history.new("c", ordinal: 2)), .insertMessage(history.new("d", ordinal: 9)))
        #expect(try sequence(history) == ["9"])
        for ordinal in [-1, .max, nil] as [Int64?] {
            try history.apply(.insertMessage(history.new("e\(ordinal ?? 0)", ordinal: ordinal)))
        }
        #expect(
            try numbers(history) == ["b 2", "a 4", "c 5", "d 9", "e-1 10", "e\(Int64.max) 11", "e0 12"])
        // The owner of a sequence is not ours to say.
        try history.database.run("UPDATE event_sequence SET seq = \(Int64.max - 1)")
        let error = #expect(throws: StoreError.self) { try history.apply(.insertMessage(history.new("f"))) }
        #expect(error?.name == "notAllowed")
    }

    @Test func `W5 a session copied out of order stands in order, until somebody else writes to it`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        try history.apply(.insertSession(.init("s"), session()))
        for number in [5, 1, 9, 3, 7, 2, 8, 4, 6] as [Int64] {
            try history.apply(.insertMessage(history.new("m\(number)", created: number * 100)))
        }
        #expect(try numbers(history) == (1...9).map { "m\($0) \($0 - 1)" })
        #expect(try sequence(history) == ["8"])
        // OpenCode takes a number: from now on what comes is the newest.
        try history.database.run("UPDATE event_sequence SET seq = 20")
        try history.apply(.insertMessage(history.new("late", created: 150)))
        #expect(try numbers(history).last == "late 21")
        // A session that was there before is nobody's copy.
        try history.addSession(SQLValue("t"))
        for number in [2, 1] as [Int64] {
            try history.apply(.insertMessage(history.new("t\(number)", of: "t", created: number)))
        }
        #expect(try numbers(history, "t") == ["t2 0", "t1 1"])
    }

    /// What a new session needs.
    private func session(_ project: Record.Field? = "p", _ other: Assignment...) -> [Assignment] {
        [
            Assignment("project_id", project), Assignment("slug", "slug"), Assignment("directory", "/w"),
            Assignment("title", "T"), Assignment("version", "1"),
        ] + other
    }

    @Test(arguments: StoreUnderTest.typeScript) func `W5 a session comes after its project, in one transaction with it`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        let refusal = #expect(throws: StoreError.self) {
            try history.apply(.insertSession(.init("s"), session("q")))
        }
        #expect(refusal?.name == "notAllowed" && refusal?.reason.contains("project") == true)
        try history.apply(
            .insertProject(.init("q"), [Assignment("worktree", "/q"), Assignment("sandboxes", "[]")]),
            .insertSession(
                .init("s"), session("q", Assignment("time_created", .integer(7)), Assignment("unknown", nil))),
            .insertMessage(history.new("m")),
            .touchMessage(.init("m"), of: .init("s"), milliseconds: 12))
        let (sessions, messages) = (SQLIdentifier(store.sessions), SQLIdentifier(store.messages))
        #expect(try history.database.column("SELECT project_id || time_created FROM \(sessions)") == ["q7"])
        #expect(try history.database.column("SELECT time_updated FROM \(messages)") == ["12"])
        #expect(try history.trash.batches().isEmpty)
        for change: Change in [
            .insertSession(.init("s"), session()), .insertProject(.init("p"), []),
        ] {
            #expect(#expect(throws: StoreError.self) { try history.apply(change) }?.name == "taken")
        }
        for columns in [session("p", Assignment("mood", "fine")), [Assignment("project_id", "p")]] {
            let error = #expect(throws: StoreError.self) { try history.apply(.insertSession(.init("t"), columns)) }
            #expect(error?.name == "notAllowed")
            #expect(error?.reason.contains("fine") == false)
        }
    }

    /// Adds what every row needs: as a later OpenCode would, in a file with a table that is one column longer.
    private func addColumn(to name: String, of history: TestHistory) throws {
        let table = SQLIdentifier(name)
        guard history.database.family.holdsAnything else {
            return try history.database.run(
                "ALTER TABLE \(table) ADD COLUMN flavour VARCHAR(9)", "UPDATE \(table) SET flavour = 'sweet'",
                "ALTER TABLE \(table) MODIFY COLUMN flavour VARCHAR(9) NOT NULL")
        }
        let columns = try history.database.connect().schema().tables[name]?.map(\.name) ?? []
        let list = SQLQuery.joined(columns.map { "\(SQLIdentifier($0))" }, separator: ", ")
        let text = try #require(
            try history.database.column("SELECT sql FROM sqlite_schema WHERE name = \(name)").first)
        let end = try #require(text.lastIndex(of: ")"))
        // As a later OpenCode would make it: a table with one column more.
        let made = text[..<end].replacing("CREATE TABLE \(name)", with: "CREATE TABLE later")
            .replacing("CREATE TABLE \"\(name)\"", with: "CREATE TABLE later")
            .replacing("CREATE TABLE IF NOT EXISTS \(name)", with: "CREATE TABLE later")
        let index = made.range(of: "FOREIGN KEY")?.lowerBound ?? made.endIndex
        let column = "flavour TEXT NOT NULL"
        let statement =
            index == made.endIndex ? "\(made), \(column))" : "\(made[..<index]) \(column), \(made[index...]))"
        let connection = try history.database.connect()
        try connection.run("PRAGMA foreign_keys = OFF")
        try connection.run(SQLQuery(stringLiteral: statement))
        try connection.run("INSERT INTO later (\(list), flavour) SELECT \(list), 'sweet' FROM \(table)")
        try connection.run("DROP TABLE \(table)")
        try connection.run("ALTER TABLE later RENAME TO \(table)")
    }

    @Test(arguments: StoreUnderTest.all) func `W10 a column that nobody knows and every row needs is named`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1, parts: [(SQLValue("p"), SQLValue("{}"))])
        #expect(try history.store.facts().missing.isEmpty)
        let (table, name) = (SQLIdentifier(store.messages), store.messages)
        try addColumn(to: name, of: history)
        _ = try history.store.changeToken()
        // A store of a server looks at the tables once in a minute, or when a statement does not fit them.
        let informed = store.family.holdsAnything ? history.store : try TestHistory.open(history.database, nil)
        #expect(try informed.facts().missing == ["insert: \(name).flavour"])
        let error = #expect(throws: StoreError.self) { try history.apply(.insertMessage(history.new("m2"))) }
        #expect(error?.name == "readOnly" && error?.reason.contains("\(name).flavour") == true)
        // What is there can be changed all the same, and what brings the column is let in.
        try history.apply(.updateMessage(.init("m"), of: .init("s"), history.update("new")))
        #expect(try history.text("m") == "new")
        var message = history.new("m3")
        message.hidden = HiddenColumns(message: [Assignment("flavour", "sour")], parts: [:])
        if store.family.isGo {
            message = NewMessage(
                id: .init("m3"), session: .init("s"),
                content: .row([
                    Assignment("role", "user"), Assignment("parts", "[]"), Assignment("flavour", "sour"),
                ]), created: nil)
        }
        try history.apply(.insertMessage(message))
        #expect(try history.database.column("SELECT flavour FROM \(table) ORDER BY id") == ["sweet", "sour"])
    }

    @Test(arguments: StoreUnderTest.typeScript) func `W9 a session that is bound to a workspace is not changed`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("bound"), workspace: SQLValue("wrk_1"))
        try history.addSession(SQLValue("owned"))
        try history.database.run("INSERT INTO event_sequence (aggregate_id, seq, owner_id) VALUES ('owned', 1, 'x')")
        for session in ["bound", "owned"] {
            try history.addMessage(SQLValue("m-\(session)"), of: SQLValue(session), number: 1)
        }
        let before = try history.database.contents()
        for session in ["bound", "owned"] {
            let (id, message) = (Session.ID(session), Message.ID("m-\(session)"))
            for change: Change in [
                .insertMessage(history.new("new", of: session)), .updateMessage(message, of: id, history.update("x")),
                .touchMessage(message, of: id, milliseconds: 1), .updateSession(id, [Assignment("title", "x")]),
                .replaceTodos(id, []),
            ] {
                let error = #expect(throws: StoreError.self) { try history.apply(change) }
                #expect(error?.name == "notAllowed" && error?.reason.contains("workspace") == true)
            }
        }
        #expect(try history.database.contents() == before)
        #expect(try history.trash.batches().isEmpty)
    }

    @Test func `N7 a session of both generations is changed in both, as far as V1 shares it`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.both, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addSession(SQLValue("s"), in: .v1)
        try history.apply(
            .updateSession(
                .init("s"),
                [
                    Assignment("title", "new"), Assignment("time_archived", .integer(7)), Assignment("agent", "build"),
                ]))
        let columns: SQLQuery = "title || ' ' || time_archived || ' ' || coalesce(agent, '-')"
        #expect(try history.database.column("SELECT \(columns) FROM session_v2") == ["new 7 build"])
        #expect(try history.database.column("SELECT \(columns) FROM session") == ["new 7 -"])
        #expect(try history.database.column("SELECT time_updated FROM session") == ["2000"])
        #expect(try history.database.column("SELECT time_updated > 2000 FROM session_v2") == ["1"])
        try history.apply(.updateSession(.init("s"), [Assignment("title", nil)]))
        #expect(try history.database.column("SELECT title FROM session_v2") == ["NULL"])
        #expect(try history.database.column("SELECT title FROM session") == ["new"])
    }

    @Test func `W4 entries of a list that stay keep their times`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        try history.addSession(SQLValue("s"))
        for (position, content) in ["a", "b", "c"].enumerated() {
            try history.database.run(
                """
                INSERT INTO todo (session_id, position, content, status, priority, time_created, time_updated) \
                VALUES ('s', \(Int64(position)), \(content), 'open', 'low', \(Int64(position + 1)), \(Int64(position + 11)))
                """)
        }
        func todo(_ content: String, _ status: String = "open") -> Todo {
            Todo(content: Array(content.utf8), status: Array(status.utf8), priority: Array("low".utf8), updated: 0)
        }
        let before = try history.database.contents()
        try history.apply(.replaceTodos(.init("s"), [todo("a"), todo("b"), todo("c")]))
        #expect(try history.database.contents() == before)
        try history.apply(.replaceTodos(.init("s"), [todo("b"), todo("c", "done"), todo("d")]))
        let rows: SQLQuery =
            """
            SELECT position || content || status || ' ' || (time_created < 100) || ' ' || (time_updated < 100) \
            FROM todo ORDER BY position
            """
        #expect(try history.database.column(rows) == ["0bopen 1 1", "1cdone 1 0", "2dopen 0 0"])
        try history.apply(.replaceTodos(.init("s"), []))
        #expect(try history.database.column(rows).isEmpty)
        _ = try history.trash.restore(
            history.trash.batches().flatMap(\.items), into: history.database.connect(), isRehearsal: false)
        #expect(try history.database.contents() == before)
    }

    @Test(arguments: StoreUnderTest.all.filter(\.family.isGo))
    func `W8 a session that says when it changed is believed, and else its trigger is`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        func row(after columns: Assignment...) throws -> (title: String, updated: Int64) {
            try history.apply(.updateSession(.init("s"), columns))
            let connection = try history.database.connect()
            return (
                try history.database.column("SELECT title FROM sessions WHERE id = 's'")[0],
                try connection.integer("SELECT updated_at FROM sessions WHERE id = 's'") ?? 0
            )
        }
        #expect(try row(after: Assignment("updated_at", .integer(12_345))) == ("Title", 12_345))
        // Also where it stands there already.
        for title in ["one", "two"] as [Record.Field] {
            let both = try row(after: Assignment("title", title), Assignment("updated_at", .integer(12_345)))
            #expect(both.updated == 12_345 && .text(Array(both.title.utf8)) == title)
        }
        #expect(try row(after: Assignment("title", "three")).updated > 1_700_000_000)
    }

    @Test func `W7 a project whose password is not shown keeps it, and a title that somebody chose stays`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.go, in: directory)
        try history.addSession(SQLValue("s"), project: "https://u:secret@h.org/a")
        try history.apply(
            .updateSession(.init("s"), [Assignment("project_id", "https://h.org/a"), Assignment("title", "Title")]))
        let columns: SQLQuery = "SELECT project_id || ' ' || title || ' ' || user_set_title FROM sessions"
        #expect(try history.database.column(columns) == ["https://u:secret@h.org/a Title 0"])
        try history.apply(.updateSession(.init("s"), [Assignment("title", "mine")]))
        #expect(try history.database.column(columns) == ["https://u:secret@h.org/a mine 1"])
        for change: Change in [.replaceTodos(.init("s"), []), .insertProject(.init("p"), [])] {
            #expect(#expect(throws: StoreError.self) { try history.apply(change) }?.name == "notAllowed")
        }
        // What the schema forbids is said without what it was.
        let error = #expect(throws: StoreError.self) {
            try history.apply(.updateSession(.init("s"), [Assignment("message_count", .integer(-77))]))
        }
        #expect(error?.name == "notAllowed" && error?.reason.contains("77") == false)
    }
}
