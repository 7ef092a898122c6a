import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// Saves that cannot be: full disks, locks that stay, a disk that has turned read-only. The program hears of it from fsync
/// and from close, the row is untouched, its text is kept, and the mount lives on.
@Suite(.timeLimit(.minutes(25))) struct HarshSavingTests {
    private static let families = [TestFamily.v1, .v2, .go]

    private static func fill(_ rows: Rows) throws {
        try rows.project("shop")
        try rows.session("ses_1", title: "One")
        for number in 1...2 {
            let id = SQLValue("msg_\(number)")
            switch rows.generation {
            case .v1:
                try rows.message(
                    id, in: "ses_1",
                    #"{"role":"user","time":{"created":1},"agent":"build","model":{"providerID":"p","modelID":"m"}}"#,
                    parts: [(SQLValue("prt_\(number)"), #"{"type":"text","text":"words"}"#)])
            case .v2: try rows.message(id, in: "ses_1", #"{"time":{"created":1},"text":"words"}"#)
            case .go: try rows.message(id, in: "ses_1", #"[{"type":"text","data":{"text":"words"}}]"#)
            }
        }
    }

    private func file(_ number: Int) -> String { "shop/ses_1/messages/msg_\(number).json" }

    /// What a file says, with a longer text.
    private func longer(_ path: String, by count: Int = 200_000) throws -> [UInt8] {
        Array(try File.text(path).replacing("words", with: String(repeating: "more ", count: count / 5)).utf8)
    }

    /// Writes a file whole.
    ///
    /// - Returns: the errno of fsync, if it is made, and of close; 0 where they went well.
    private func save(_ bytes: [UInt8], to path: String, syncing: Bool = true) throws -> [CInt] {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0, "\(path): \(SystemError())")
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
        return (syncing ? [File.failure { fsync(descriptor) }] : []) + [File.failure { close(descriptor) }]
    }

    /// What was kept of saves that failed.
    private func kept(_ mounted: borrowing MountedHistory) throws -> [[UInt8]] {
        let folder = mounted.path(".opencodefs/rejected")
        return try File.names(in: folder).filter { !$0.hasSuffix(".reason") }.map {
            try File.contents(folder + "/" + $0)
        }
    }

    private func lastError(_ mounted: borrowing MountedHistory) throws -> String {
        try File.text(mounted.path(".opencodefs/errors.jsonl")).split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Fails to save in each way, then again when what hindered it is gone.
    private func check(
        _ mounted: borrowing MountedHistory, _ code: CInt, _ symbol: String, isKept: Bool,
        thereafter repair: () throws -> Void
    ) throws {
        let (first, second) = (mounted.path(file(1)), mounted.path(file(2)))
        let before = try mounted.database.dump()
        let (shown, text) = (try File.contents(first), try longer(first))
        #expect(try save(text, to: first) == [code, code])
        let other = try longer(second)
        #expect(try save(other, to: second, syncing: false) == [code])
        let error = try lastError(mounted)
        #expect(error.contains("\"\(symbol)\""), "\(error)")
        #expect(error.contains(isKept ? "/rejected/" : "could not be kept"), "\(error)")
        #expect(try kept(mounted) == (isKept ? [text, other] : []))
        // By way of a temporary file, which stays.
        let temporary = first + ".tmp"
        #expect(try save(text, to: temporary) == [0, 0])
        #expect(File.failure { rename(temporary, first) } == code)
        #expect(try File.contents(temporary) == text)
        #expect(File.failure { unlink(temporary) } == 0)

        #expect(try mounted.database.dump() == before)
        if mounted.database.server == nil {
            #expect(try mounted.database.column("PRAGMA integrity_check") == ["ok"])
        }
        #expect(try File.contents(first) == shown)
        try repair()
        #expect(try save(try longer(first, by: 40), to: first) == [0, 0])
        #expect(try File.text(first).contains("more more"))
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk takes mount(2)"), arguments: families)
    func `W1 a full disk of the database is ENOSPC from fsync, close and rename`(family: TestFamily) throws {
        let sandbox = try Sandbox()
        let disk = try SmallDisk(sandbox.path + "/disk")
        let database = try TestDatabase(family, at: disk.path + "/opencode.db")
        try Self.fill(try Rows(database))
        let mounted = try MountedHistory(sandbox, database, ["-o", "names=id"])
        try disk.fill(leaving: 8192)
        try check(mounted, ENOSPC, "ENOSPC", isKept: true) { try disk.empty() }
        try mounted.unmount()
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk takes mount(2)"), arguments: families)
    func `W1 a full disk of the state directory is ENOSPC, and says that nothing is kept`(
        family: TestFamily
    ) throws {
        let sandbox = try Sandbox()
        let disk = try SmallDisk(sandbox.path + "/state")
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        try Self.fill(try Rows(database))
        let mounted = try MountedHistory(sandbox, database, ["-o", "names=id"])
        try disk.fill(leaving: 0)
        try check(mounted, ENOSPC, "ENOSPC", isKept: false) { try disk.empty() }
        try mounted.unmount()
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk takes mount(2)"), arguments: families)
    func `W1 a full disk of both is ENOSPC, and the row is untouched`(family: TestFamily) throws {
        let sandbox = try Sandbox()
        let disk = try SmallDisk(sandbox.path + "/state")
        let database = try TestDatabase(family, at: disk.path + "/opencode.db")
        try Self.fill(try Rows(database))
        let mounted = try MountedHistory(sandbox, database, ["-o", "names=id"])
        try disk.fill(leaving: 0)
        try check(mounted, ENOSPC, "ENOSPC", isKept: false) { try disk.empty() }
        try mounted.unmount()
    }

    @Test(arguments: families + [.team])
    func `W1 a lock that stays is EBUSY from fsync, close and rename`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, ["-o", "names=id"]) { rows in try Self.fill(rows) }
        let writer = try mounted.database.locked()
        let start = ContinuousClock.now
        try check(mounted, EBUSY, "EBUSY", isKept: true) { writer.rollback() }
        // fsync waits; close has the answer already; the second close and the rename wait again.
        #expect(start.duration(to: .now) < .seconds(25))
    }

    @Test(.enabled(if: geteuid() == 0, "a failing disk takes mount(2)"), arguments: families)
    func `W1 a disk that turned read-only is EROFS from fsync, close and rename`(family: TestFamily) throws {
        let sandbox = try Sandbox()
        let disk = try FailingDisk(sandbox.path + "/disk")
        let database = try TestDatabase(family, at: disk.path + "/opencode.db")
        try Self.fill(try Rows(database))
        let mounted = try MountedHistory(sandbox, database, ["-o", "names=id"])
        let (first, second) = (mounted.path(file(1)), mounted.path(file(2)))
        let (shown, text, other) = (try File.contents(first), try longer(first), try longer(second))
        try disk.fail()
        #expect(try save(text, to: first) == [EROFS, EROFS])
        #expect(try save(other, to: second, syncing: false) == [EROFS])
        let error = try lastError(mounted)
        #expect(error.contains("/rejected/"), "\(error)")
        #expect(try kept(mounted) == [text, other])
        #expect(File.failure { unlink(first) } == EROFS)
        #expect(try File.contents(first) == shown)
        #expect(try File.names(in: mounted.path("shop/ses_1/messages")).count == 2)
        try mounted.unmount()
    }
}
