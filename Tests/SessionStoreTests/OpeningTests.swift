import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Testing
import Timing

@testable import DemoHistory

@Suite struct OpeningTests {
    @Test func `an upgrade of OpenCode while the store opens is noticed`() throws {
        let directory = try TemporaryDirectory()
        let database = try TestDatabase(.v1, at: directory.file("opencode.db"))
        let upgrade = Once {
            let connection = try SQLiteConnection(path: database.path, access: .readWrite)
            try connection.run("PRAGMA foreign_keys=OFF")
            try connection.writing { () throws(SQLError) in
                for statement in V2Upgrade.statements { try connection.run(SQLQuery(stringLiteral: statement)) }
            }
        }
        let store = try TypeScriptStore(
            open: { (_) throws(SQLError) in
                WatchedConnection(try SQLiteConnection(path: database.path, access: .readWrite)) { upgrade.run() }
            }, trash: nil, readOnlyReason: nil)
        #expect(upgrade.error == nil)
        _ = try store.changeToken()
        #expect(try store.facts().families == ["V1", "V2"])
    }
}

/// Something that happens the first time and not again.
private final class Once: Sendable {
    private let body: @Sendable () throws -> Void
    private let state = Mutex<(isDone: Bool, error: (any Error)?)>((false, nil))

    init(_ body: @escaping @Sendable () throws -> Void) {
        self.body = body
    }

    var error: (any Error)? { state.withLock { $0.error } }

    func run() {
        state.withLock { state in
            guard !state.isDone else { return }
            state.isDone = true
            do { try body() } catch { state.error = error }
        }
    }
}

/// A connection at which somebody else gets in between when the tables have been read.
private final class WatchedConnection: PassingConnection, @unchecked Sendable {
    private let afterSchema: @Sendable () -> Void

    init(_ connection: any SQLConnection, afterSchema: @escaping @Sendable () -> Void) {
        self.afterSchema = afterSchema
        super.init(connection)
    }

    override func schema() throws(SQLError) -> SQLSchema {
        let schema = try super.schema()
        afterSchema()
        return schema
    }
}
