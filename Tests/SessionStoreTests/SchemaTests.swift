import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

@testable import DemoHistory

@Suite struct SchemaTests {
    private static func names(_ family: TestFamily) -> [String] {
        switch family {
        case .v1: ["V1"]
        case .v2: ["V2"]
        case .both: ["V1", "V2"]
        case .go, .team: ["Go"]
        }
    }

    @Test(arguments: StoreUnderTest.all) func `W10 a family is known by its tables`(store: StoreUnderTest) throws {
        let directory = try TemporaryDirectory()
        let facts = try TestHistory(store, in: directory).store.facts()
        #expect(facts.families == Self.names(store.family))
        #expect(facts.missing.isEmpty)
        #expect(facts.provider == (store.family == .team ? "MySQL" : "SQLite"))
        #expect(facts.readOnlyReason == nil)
    }

    @Test(arguments: StoreUnderTest.typeScript) func `W10 columns that reading does not need may be missing`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"), parent: SQLValue("t"), archived: .integer(1))
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 1)
        let name = store.sessions
        try history.database.run(
            SQLQuery(stringLiteral: "DROP INDEX \(name)_parent_idx"),
            SQLQuery(stringLiteral: "DROP INDEX \(name)_workspace_idx"))
        for column in ["time_archived", "parent_id", "workspace_id", "cost", "share_url"] {
            try history.database.run("ALTER TABLE \(SQLIdentifier(name)) DROP COLUMN \(SQLIdentifier(column))")
        }
        try history.database.run("DROP TABLE permission", "DROP TABLE event", "DROP TABLE event_sequence")
        if store.family != .v2 { try history.database.run("DROP TABLE todo") }
        let reopened = try TestHistory.open(history.database, history.trash)
        try reopened.reading(.lasting(.seconds(5))) { (snapshot) throws(StoreError) in
            let session = try snapshot.sessions().first
            #expect(session?.parent == nil && session?.isArchived == false)
            #expect(try snapshot.sessionRecord(.init("s"))?.row["title"] == .text(Array("Title".utf8)))
            #expect(try snapshot.todos(of: .init("s")).isEmpty)
            #expect(try snapshot.messageOrder(of: .init("s")).count == 1)
        }
        try reopened.removeMessage(.init("m"), of: .init("s"), TestHistory.removal())
        try reopened.removeSession(.init("s"), TestHistory.removal())
    }

    @Test(arguments: [
        (StoreUnderTest.v1, "message", "data"), (.v1, "part", "message_id"), (.v1, "session", "title"),
        (.both, "message", "data"), (.both, "session_message", "type"),
    ])
    func `W10 a generation that lacks what reading needs is refused with the column's name`(
        store: StoreUnderTest, table: String, column: String
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.database.run("ALTER TABLE \(SQLIdentifier(table)) RENAME COLUMN \(SQLIdentifier(column)) TO other")
        guard store.family == .both else {
            let error = #expect(throws: StoreError.self) { try TestHistory.open(history.database, nil) }
            #expect(error?.name == "unsupportedSchema")
            #expect(error?.reason.contains("\(table).\(column)") == true)
            return
        }
        let facts = try TestHistory.open(history.database, nil).facts()
        #expect(facts.missing == ["\(table).\(column)"])
        #expect(facts.families == [table == "message" ? "V2" : "V1"])
    }

    @Test(arguments: [
        ([], "no tables"),
        (
            ["CREATE TABLE sessions (id)", "CREATE TABLE messages (id)"],
            "Go OpenCode, but lacks sessions.parent_session_id"
        ),
        (["CREATE TABLE bookmarks (id)"], "no OpenCode database"),
    ])
    func `W10 a database of something else is refused`(statements: [String], reason: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.db")
        let connection = try SQLiteConnection(path: path, access: .create)
        for statement in statements { try connection.run(SQLQuery(stringLiteral: statement)) }
        let error = #expect(throws: StoreError.self) {
            let open = { @Sendable (_: Patience) throws(SQLError) -> any SQLConnection in
                try SQLiteConnection(path: path, access: .readWrite)
            }
            return try SchemaFamily.recognised(open) { (family) throws(StoreError) -> any SessionStore in
                switch family {
                case .typeScript: try TypeScriptStore(open: open, trash: nil, readOnlyReason: nil)
                case .go: try GoStore(open: open, trash: nil, readOnlyReason: nil, home: ProjectIdentity(.init("home")))
                }
            }
        }
        #expect(error?.name == "unsupportedSchema")
        #expect(error?.reason.contains(reason) == true)
    }

    @Test func `an upgrade of OpenCode under an open store is noticed`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        try history.addSession(SQLValue("s"), title: SQLValue("old"))
        let before = try history.store.changeToken()
        let connection = try history.database.connect()
        try connection.run("PRAGMA foreign_keys=OFF")
        try connection.writing { () throws(SQLError) in
            for statement in V2Upgrade.statements { try connection.run(SQLQuery(stringLiteral: statement)) }
        }
        try history.addSession(SQLValue("s"), title: SQLValue("new"), in: .v2)
        try history.addMessage(SQLValue("m"), of: SQLValue("s"), number: 4, in: .v2)
        let after = try history.store.changeToken()
        #expect(after.hasOtherTables(than: before))
        #expect(try history.store.facts().families == ["V1", "V2"])
        try history.read { (snapshot) throws(StoreError) in
            #expect(try snapshot.sessions().map(\.title) == [Array("new".utf8)])
            #expect(try snapshot.messageOrder(of: .init("s")).map(\.id) == [.init("m")])
        }
        try history.store.removeMessage(.init("m"), of: .init("s"), TestHistory.removal())
        try history.store.removeSession(.init("s"), TestHistory.removal())
        #expect(try history.read { (snapshot) throws(StoreError) in try snapshot.sessions() }.isEmpty)
    }

    @Test func `tables that go away under an open store are told, and found when they come back`() throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(.v1, in: directory)
        try history.database.run("ALTER TABLE part RENAME TO elsewhere")
        _ = try history.store.changeToken()
        let error = #expect(throws: StoreError.self) { try history.store.facts() }
        #expect(error?.name == "unsupportedSchema")
        try history.database.run("ALTER TABLE elsewhere RENAME TO part")
        _ = try history.store.changeToken()
        #expect(try history.store.facts().families == ["V1"])
    }
}
