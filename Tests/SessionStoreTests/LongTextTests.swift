import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

/// Texts that the trash keeps in pieces.
@Suite struct LongTextTests {
    @Test(arguments: [SessionRecord.Generation.v1, .v2])
    func `D3 long texts and blobs come back with their type and every byte`(generation: SessionRecord.Generation) throws
    {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(StoreUnderTest(family: generation == .v1 ? .v1 : .v2), in: directory)
        try history.addSession(SQLValue("s"))
        for (number, size) in [1 << 20, (1 << 20) + 1, 2_500_001].enumerated() {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 >> 7 ^ $0) | 1 }
            let values: [SQLValue] = [.text(bytes), .blob(bytes)]
            for (kind, value) in values.enumerated() {
                let id = SQLValue("m\(number)\(kind)")
                try history.addMessage(
                    id, of: SQLValue("s"), number: Int64(number * 2 + kind), data: value,
                    parts: [(SQLValue("p\(number)\(kind)"), value)])
            }
        }
        let before = try history.database.contents()
        for number in 0..<3 {
            for kind in 0..<2 {
                try history.store.removeMessage(.init("m\(number)\(kind)"), of: .init("s"), TestHistory.removal())
            }
        }
        let connection = try history.database.connect()
        connection.patience = .lasting(.seconds(60))
        let items = try history.trash.batches().flatMap(\.items)
        #expect(items.count == 6)
        _ = try history.trash.restore(items, into: connection, isRehearsal: false)
        #expect(try history.database.contents() == before)
        let trash = try SQLiteConnection(path: directory.file("trash.db"), access: .create)
        #expect(try trash.integer("SELECT count(*) FROM piece") == 0)
    }

    @Test(arguments: 1...4) func `a trash of an earlier version goes on being used`(version: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("trash.db")
        var history: TestHistory? = try TestHistory(.v1, in: directory)
        try history?.addSession(SQLValue("s"))
        let before = try history?.database.contents()
        try history?.store.removeSession(.init("s"), TestHistory.removal())
        history?.store.close()
        let database = try #require(history?.database)
        history = nil
        // As that version made it.
        let connection = try SQLiteConnection(path: path, access: .create)
        let steps: [[SQLQuery]] = [
            ["ALTER TABLE record DROP COLUMN kind", "PRAGMA user_version = 1"],
            ["DROP TABLE piece", "ALTER TABLE field DROP COLUMN pieces", "PRAGMA user_version = 2"],
            ["ALTER TABLE item DROP COLUMN project", "PRAGMA user_version = 3"],
            ["DROP TABLE ahead", "PRAGMA user_version = 4"],
        ]
        for step in steps[(version - 1)...].reversed() {
            for statement in step { try connection.run(statement) }
        }
        let trash = try TestHistory.trash(for: database, in: directory)
        let items = try trash.batches().flatMap(\.items)
        _ = try trash.restore(items, into: try database.connect(), isRehearsal: false)
        #expect(try database.contents() == before)
        #expect(try connection.integer("PRAGMA user_version") == 5)
    }
}
