import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// What happens when the database is moved, deleted, replaced or overwritten while it is mounted.
@Suite(.serialized, .timeLimit(.minutes(25))) struct ReplacedDatabaseTests {
    /// Two histories whose messages say `old` and `new`, under the same names; the first is mounted.
    private func mounted(_ family: TestFamily) throws -> MountedHistory {
        let mounted = try MountedHistory(family) { rows in try Self.fill(rows, "old", messages: 3) }
        let other = try TestDatabase(family, at: mounted.sandbox.path + "/new.db")
        try Self.fill(try Rows(other), "new", messages: 5)
        return mounted
    }

    private static func fill(_ rows: Rows, _ text: String, messages: Int) throws {
        try rows.project("shop")
        try rows.session("ses_1", title: "One")
        for number in 1...messages {
            try rows.message("msg_\(number)", in: "ses_1", "{\"text\":\"\(text)\"}")
        }
    }

    /// What every message says, read to its end.
    private func texts(_ mountpoint: String) -> [String] {
        let folder = mountpoint + "/shop/ses_1/messages"
        guard let names = try? File.names(in: folder) else { return ["error"] }
        return names.map { name in
            guard let text = try? File.text(folder + "/" + name) else { return "error" }
            return text.contains("\"old\"") ? "old" : text.contains("\"new\"") ? "new" : "neither"
        }
    }

    private func shows(_ mountpoint: String, _ text: String, count: Int) -> Bool {
        let end = ContinuousClock.now + .seconds(1)
        repeat {
            if texts(mountpoint) == Array(repeating: text, count: count) { return true }
            usleep(20_000)
        } while ContinuousClock.now < end
        return false
    }

    private func errors(_ mountpoint: String) throws -> String {
        try File.text(mountpoint + "/.opencodefs/errors.jsonl")
    }

    @Test(arguments: TestFamily.files)
    func `a database that is moved away is EIO, with a sentence, and comes back`(family: TestFamily) throws {
        let mounted = try mounted(family)
        let path = mounted.database.path
        #expect(shows(mounted.mountpoint, "old", count: 3))
        let message = try mounted.message("msg_1", of: "ses_1")
        #expect(rename(path, path + ".away") == 0)
        usleep(300_000)
        for folder in [mounted.mountpoint, mounted.path("shop"), mounted.path("shop/ses_1/messages")] {
            #expect(throws: SystemError(EIO)) { try File.names(in: folder) }
        }
        #expect(File.failure { unlink(message) } == EIO)
        #expect(throws: SystemError(EIO)) { try File.status(mounted.path("none")) }
        #expect(try mounted.shell("df .").status != 0)
        #expect(try errors(mounted.mountpoint).contains("there is no database at \(path): it was moved or deleted"))
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["schema"]?["readable"]?.boolean == false)
        #expect(status["schema"]?["reason"]?.string?.contains("moved or deleted") == true)
        #expect(!File.exists(path))
        #expect(rename(path + ".away", path) == 0)
        #expect(shows(mounted.mountpoint, "old", count: 3))
        #expect(File.failure { unlink(message) } == 0)
        #expect(shows(mounted.mountpoint, "old", count: 2))
    }

    @Test(arguments: TestFamily.files, ["mv", "rm and cp", "cp"])
    func `another database at the path is shown without a remount`(family: TestFamily, way: String) throws {
        let mounted = try mounted(family)
        let (path, new) = (mounted.database.path, mounted.sandbox.path + "/new.db")
        #expect(shows(mounted.mountpoint, "old", count: 3))
        let line =
            switch way {
            case "mv": "mv \(new) \(path)"
            case "cp": "cp \(new) \(path)"
            default: "rm \(path) && cp \(new) \(path)"
            }
        #expect(try Run.shell(line).status == 0)
        #expect(shows(mounted.mountpoint, "new", count: 5))
        // What is removed now is removed there, and comes back there.
        #expect(File.failure { unlink(mounted.path("shop/ses_1/messages/msg_5.json")) } == 0)
        #expect(shows(mounted.mountpoint, "new", count: 4))
        #expect(try mounted.database.column("PRAGMA integrity_check") == ["ok"])
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(shows(mounted.mountpoint, "new", count: 5))
    }

    @Test(arguments: TestFamily.files, ["mv", "cp"])
    func `a log that the former database left is never applied to the new one`(
        family: TestFamily, way: String
    ) throws {
        let mounted = try mounted(family)
        let (path, new) = (mounted.database.path, mounted.sandbox.path + "/new.db")
        // In the log, and not yet in the file.
        #expect(File.failure { unlink(mounted.path("shop/ses_1/messages/msg_1.json")) } == 0)
        #expect(shows(mounted.mountpoint, "old", count: 2))
        let bytes = try File.contents(new)
        #expect(try Run.shell("\(way) \(new) \(path)").status == 0)
        usleep(300_000)
        #expect(throws: SystemError(EIO)) { try File.names(in: mounted.path("shop/ses_1/messages")) }
        #expect(
            try errors(mounted.mountpoint).contains(
                "\(path)-wal beside it is the log of the file that was there before"))
        #expect(try File.contents(path) == bytes)
        #expect(try Run.shell("rm \(path)-wal \(path)-shm").status == 0)
        #expect(shows(mounted.mountpoint, "new", count: 5))
        try mounted.unmount()
        #expect(try mounted.database.column("PRAGMA integrity_check") == ["ok"])
    }

    @Test func `something else at the path is an error, never an empty history`() throws {
        let mounted = try mounted(.v1)
        let path = mounted.database.path
        for contents in ["", "this is no database, but it is long enough for a header of one, or nearly so"] {
            try Data(contents.utf8).write(to: URL(fileURLWithPath: path + ".new"))
            #expect(rename(path + ".new", path) == 0)
            usleep(300_000)
            #expect(throws: SystemError(EIO)) { try File.names(in: mounted.mountpoint) }
            #expect(try File.contents(path) == Array(contents.utf8))
        }
        #expect(try errors(mounted.mountpoint).contains("no tables"))
        #expect(try errors(mounted.mountpoint).contains("not a database"))
        #expect(rename(mounted.sandbox.path + "/new.db", path) == 0)
        #expect(shows(mounted.mountpoint, "new", count: 5))
    }

    @Test(arguments: TestFamily.files)
    func `readers in a loop see one history or the other, and go on`(family: TestFamily) throws {
        let mounted = try mounted(family)
        let (path, folder) = (mounted.database.path, mounted.sandbox.path)
        let script = """
            cp \(folder)/new.db \(folder)/b; cp \(path) \(folder)/a
            (for i in $(seq 30); do
                cp \(folder)/a \(folder)/x; mv \(folder)/x \(path); sleep 0.04
                cp \(folder)/b \(folder)/x; mv \(folder)/x \(path); sleep 0.04
            done; touch \(folder)/done) &
            for reader in 1 2 3; do
                (until [ -e \(folder)/done ]; do
                    cat shop/ses_1/messages/* 2>/dev/null | sed 's/.*"text":"\\([a-z]*\\)".*/\\1/' | sort | uniq -c | tr -d '\\n'
                    echo
                done) > \(folder)/reader.$reader &
            done
            wait
            cat \(folder)/reader.*
            """
        let run = try mounted.shell(script)
        #expect(run.lines.count > 50)
        #expect(run.text.contains("3 old") && run.text.contains("5 new"), "\(run.text.prefix(400))")
        #expect(shows(mounted.mountpoint, "new", count: 5))
        // Nobody was told of another error than that the file was being replaced.
        for line in try errors(mounted.mountpoint).split(separator: "\n") {
            #expect(line.contains("replaced") || line.contains("moved"), "\(line)")
        }
    }
}
