import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// Messages of 64 MB, and with `make harsh` of 300 MB.
@Suite(.serialized, .timeLimit(.minutes(25))) struct LargeMessageTests {
    @Test(arguments: [TestFamily.v1, .v2])
    func `R2 a large message is listed unread, and read and removed in little memory`(
        family: TestFamily
    ) throws {
        try prove(family, bytes: 64 << 20)
    }

    @Test(
        .enabled(if: getenv("OPENCODEFS_HARSH") != nil, "make harsh has the minutes and the memory for it"),
        arguments: [TestFamily.v1, .v2])
    func `R2 so is one of 300 MB`(family: TestFamily) throws {
        try prove(family, bytes: 300 << 20)
    }

    private func prove(_ family: TestFamily, bytes: Int) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        let rows = try Rows(database)
        try rows.project("shop")
        try rows.session("ses_1", title: "Large")
        let text = SQLValue.text(
            Array("{\"text\":\"".utf8) + Array(repeating: 0x78, count: bytes) + Array(" omega\"}".utf8))
        if family == .v1 {
            try rows.message("msg_1", in: "ses_1", parts: [("prt_1", text)])
        } else {
            try rows.message("msg_1", in: "ses_1", text)
        }
        let before = try digest(database)
        let mounted = try MountedHistory(sandbox, database, [])
        let daemon = try Footprint(mounted.daemon)
        let (idle, start) = (try daemon.peak(), try daemon.read())
        let file = mounted.path("shop/ses_1/messages/msg_1.json")
        for line in ["ls -lR", "find . -size +1M", "stat shop/ses_1/messages/*", "getfattr -h -R -d .", "du -sh ."] {
            #expect(try mounted.shell(line).status == 0)
        }
        let listed = (memory: try daemon.peak(), read: try daemon.read())
        #expect(listed.read - start < 2 << 20, "listing read \(listed.read - start) bytes")
        #expect(listed.memory - idle < 10_000, "\(listed.memory) after \(idle) kB")
        #expect(
            try mounted.shell("cat shop/ses_1/messages/* | wc -c").text.contains("\(try File.status(file).st_size)"))
        #expect(try mounted.shell("grep -rl omega .").lines.count == 1)
        #expect(try mounted.shell("grep -r xyz .").status == 1)
        let read = try daemon.peak()
        #expect(read - idle < 60_000, "\(read) after \(idle) kB")
        #expect(File.failure { unlink(file) } == 0)
        let removed = try daemon.peak()
        #expect(removed - idle < 60_000, "\(removed) after \(idle) kB")
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(try digest(database) == before)
    }

    /// Type, length and ends of every long text.
    private func digest(_ database: TestDatabase) throws -> [String] {
        let table = database.family == .v1 ? SQLIdentifier("part") : SQLIdentifier("session_message")
        return try database.column(
            """
            SELECT id || typeof(data) || length(data) || substr(data, 1, 20) || substr(data, -20)
                || length(replace(data, 'x', '')) FROM \(table)
            """)
    }
}
