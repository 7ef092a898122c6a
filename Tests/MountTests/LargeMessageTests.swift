import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// A message of 64 MB; docs/reliability.md has the figures of one of 300 MB.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LargeMessageTests {
    private static let size = 64 << 20

    /// What the daemon has read so far, and the most memory it had since the last question.
    private func figures(_ daemon: pid_t) throws -> (read: Int, kilobytes: Int) {
        func number(_ line: String, in file: String) throws -> Int {
            let text = try File.text("/proc/\(daemon)/\(file)")
            let found = try #require(text.split(separator: "\n").first { $0.hasPrefix(line) })
            return try #require(Int(found.filter(\.isNumber)))
        }
        defer { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(daemon)/clear_refs")) }
        return (try number("rchar", in: "io"), try number("VmHWM", in: "status"))
    }

    @Test(arguments: [DemoHistory.Family.v1, .v2])
    func `R2 a large message is listed unread, and read and removed in little memory`(
        family: DemoHistory.Family
    ) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        let rows = try Rows(database)
        try rows.project("shop")
        try rows.session("ses_1", title: "Large")
        let text = SQLValue.text(
            Array("{\"text\":\"".utf8) + Array(repeating: 0x78, count: Self.size) + Array("\"}".utf8))
        if family == .v1 {
            try rows.message("msg_1", in: "ses_1", parts: [("prt_1", text)])
        } else {
            try rows.message("msg_1", in: "ses_1", text)
        }
        let before = try digest(database)
        let mounted = try MountedHistory(sandbox, database, [])
        let daemon = try mounted.daemon
        let base = try figures(daemon)
        let file = mounted.path("shop/ses_1/messages/msg_1.json")
        for line in ["ls -lR", "find . -size +1M", "stat shop/ses_1/messages/*", "getfattr -R -d .", "du -sh ."] {
            #expect(try mounted.shell(line).status == 0)
        }
        let listed = try figures(daemon)
        #expect(listed.read - base.read < 2 << 20, "listing read \(listed.read - base.read) bytes")
        #expect(listed.kilobytes - base.kilobytes < 10_000)
        #expect(
            try mounted.shell("cat shop/ses_1/messages/* | wc -c").text.contains("\(try File.status(file).st_size)"))
        #expect(try mounted.shell("grep -r xyz .").status == 1)
        let read = try figures(daemon)
        #expect(read.kilobytes - base.kilobytes < 60_000, "\(read.kilobytes) after \(base.kilobytes) kB")
        #expect(File.failure { unlink(file) } == 0)
        let removed = try figures(daemon)
        #expect(removed.kilobytes - base.kilobytes < 60_000, "\(removed.kilobytes) after \(base.kilobytes) kB")
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
