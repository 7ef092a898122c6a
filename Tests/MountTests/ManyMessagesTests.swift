import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// A session of 100,000 messages.
@Suite(.serialized, .timeLimit(.minutes(25))) struct ManyMessagesTests {
    private static let count = 100_000

    /// Message `n` has a text of so many bytes: each length from 0 to 996.
    private static let length: SQLQuery = "(n * 37) % 997"

    private static func fill(_ database: TestDatabase) throws {
        let rows = try Rows(database)
        try rows.project("shop")
        try rows.session("ses_1", title: "Many")
        let numbers: SQLQuery = """
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(Int64(count)))
            """
        let text: SQLQuery = "substr(hex(zeroblob(500)), 1, \(length))"
        try database.run(
            """
            \(numbers) INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data)
            SELECT printf('msg_%06d', n), 'ses_1', 'user', n, \(Rows.noon) + n, \(Rows.noon) + n,
                '{"text":"' || \(text) || '"}' FROM numbers
            """)
    }

    @Test func `R2 R6 a session of 100,000 messages is listed whole, in time and in little memory`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v2, at: sandbox.path + "/opencode.db")
        try Self.fill(database)
        let mounted = try MountedHistory(sandbox, database, [])
        let folder = mounted.path("shop/ses_1/messages")
        _ = try File.status(folder)
        let daemon = try Footprint(mounted.daemon)
        let idle = try daemon.peak()
        let names = try File.names(in: folder)
        // A request that takes longer than its deadline makes this an error, never a shorter list.
        #expect(names == (1...Self.count).map { String(format: "%06d.user~msg_%06d.json", $0, $0) })
        for number in stride(from: 1, through: Self.count, by: 4_999) {
            let path = folder + "/" + names[number - 1]
            let bytes = try File.contents(path)
            #expect(try File.status(path).st_size == bytes.count)
            #expect(try JSONValue(bytes)["text"]?.string?.utf8.count == number * 37 % 997)
        }
        // A name, what is known of the message and its node stay, for as long as the kernel refers to them.
        #expect(try File.names(in: folder).count == Self.count)
        let listed = try daemon.peak()
        #expect(listed - idle < Self.count + 40_000, "\(listed) after \(idle) kB")
        #expect(try File.names(in: folder).count == Self.count)
        let again = try daemon.peak()
        #expect(again - listed < 20_000, "\(again) after \(listed) kB")
    }
}
