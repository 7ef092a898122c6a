import DemoHistory
import Foundation
import Glibc
import SQL
import Synchronization
import TestSupport
import Testing

/// transcript.md, on real mounts.
@Suite(.serialized, .timeLimit(.minutes(25))) struct TranscriptTests {
    /// A message of every family that says a number, in one transaction.
    private static func say(_ number: Int, _ rows: Rows, filling: Int = 0) throws {
        let time = Rows.noon + Int64(number) * 1000
        let words = "number \(number)" + String(repeating: " and so on", count: filling)
        let isAnswer = number % 2 == 1
        try rows.connection.writing { () throws(SQLError) in
            do {
                let id = SQLValue("msg_\(String(format: "%06d", number))")
                switch rows.generation {
                case .v1:
                    let role = isAnswer ? "assistant" : "user"
                    let end = isAnswer ? ",\"completed\":\(time + 10)" : ""
                    try rows.message(
                        id, in: "ses_1", "{\"role\":\"\(role)\",\"time\":{\"created\":\(time)\(end)}}", created: time,
                        parts: [("prt_\(number)", "{\"type\":\"text\",\"text\":\"\(words)\"}")])
                case .v2:
                    let content = "\"content\":[{\"type\":\"text\",\"text\":\"\(words)\"}]"
                    try rows.message(
                        id, in: "ses_1",
                        isAnswer
                            ? "{\"time\":{\"created\":\(time),\"completed\":\(time)},\(content)}"
                            : "{\"time\":{\"created\":\(time)},\"text\":\"\(words)\"}", created: time,
                        type: isAnswer ? "assistant" : "user")
                case .go:
                    try rows.message(
                        id, in: "ses_1",
                        "[{\"type\":\"text\",\"data\":{\"text\":\"\(words)\"}},{\"type\":\"finish\",\"data\":{\"reason\":\"stop\",\"time\":0}}]",
                        created: time, type: isAnswer ? "assistant" : "user", sequence: Int64(number))
                }
            } catch let error as SQLError {
                throw error
            } catch {
                throw SQLError(.misuse, message: "\(error)")
            }
        }
    }

    /// What readers and the writer tell each other.
    private final class Meeting: Sendable {
        struct State {
            var isOver = false
            var faults: [String] = []
            /// How many messages conversation.json had.
            var counts: Set<Int> = []
        }

        let state = Mutex(State())
        let finished = DispatchSemaphore(value: 0)
    }

    private static func mount(_ family: TestFamily, messages: Int = 2) throws -> MountedHistory {
        try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "First title")
            for number in 0..<messages { try say(number, rows) }
        }
    }

    @Test(arguments: TestFamily.plain, [["-f"], ["-f", "---disable-inotify"], ["-F"]])
    func `R4 tail follows a transcript while OpenCode writes`(family: TestFamily, options: [String]) throws {
        let mounted = try Self.mount(family)
        let path = try mounted.session("ses_1") + "/transcript.md"
        let before = try File.status(path).st_ino
        let out = mounted.sandbox.path + "/followed"
        #expect(FileManager.default.createFile(atPath: out, contents: nil))
        let tail = Process()
        tail.executableURL = URL(fileURLWithPath: "/usr/bin/tail")
        tail.arguments = ["-n", "+1", "-s", "0.1"] + options + [path]
        tail.standardOutput = FileHandle(forWritingAtPath: out)
        tail.standardError = FileHandle.nullDevice
        try tail.run()
        defer {
            // It inherits from the thread that the gentler signals are blocked.
            kill(tail.processIdentifier, SIGKILL)
            tail.waitUntilExit()
        }
        let rows = try Rows(mounted.database)
        for number in 2..<8 {
            try Self.say(number, rows)
            let isSeen = Sandbox.waits(seconds: 5) { (try? File.text(out))?.contains("number \(number)\n") == true }
            #expect(isSeen, "tail \(options) has not seen message \(number)")
        }
        #expect(try File.text(out) == File.text(path), "what tail saw is what stands there")
        #expect(try File.status(path).st_ino == before, "it is the same file, grown")
    }

    @Test(arguments: TestFamily.plain)
    func `R4 another title makes another file, which tail -F follows`(family: TestFamily) throws {
        let mounted = try Self.mount(family)
        let path = mounted.path(".opencodefs/sessions/ses_1/transcript.md")
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let old = try File.text(path)
        let inode = try File.status(path).st_ino
        let out = mounted.sandbox.path + "/followed"
        #expect(FileManager.default.createFile(atPath: out, contents: nil))
        let tail = Process()
        tail.executableURL = URL(fileURLWithPath: "/usr/bin/tail")
        tail.arguments = ["-n", "+1", "-s", "0.1", "-F", path]
        tail.standardOutput = FileHandle(forWritingAtPath: out)
        tail.standardError = FileHandle.nullDevice
        try tail.run()
        defer {
            // It inherits from the thread that the gentler signals are blocked.
            kill(tail.processIdentifier, SIGKILL)
            tail.waitUntilExit()
        }
        #expect(Sandbox.waits { (try? File.text(out)) == old })
        let rows = try Rows(mounted.database)
        try rows.setTitle("Second title", of: "ses_1")
        #expect(Sandbox.waits { (try? File.text(path))?.hasPrefix("# Second title") == true })
        #expect(try File.status(path).st_ino != inode)
        try Self.say(2, rows)
        #expect(Sandbox.waits { (try? File.text(out))?.contains("number 2") == true }, "tail -F has not moved on")
        // Who has the old one open reads it to its end.
        #expect(try String(decoding: File.rest(of: descriptor), as: UTF8.self) == old)
    }

    @Test func `R4 a change that shows nowhere leaves the file as it is`() throws {
        let mounted = try Self.mount(.v1)
        let path = try mounted.session("ses_1") + "/transcript.md"
        let old = try File.text(path)
        let inode = try File.status(path).st_ino
        // What OpenCode 1 does to a prompt when it has answered it.
        try mounted.database.run(
            """
            UPDATE message SET data = json_set(data, '$.summary', json('{"diffs":[]}')), time_updated = time_updated + 5
            WHERE id = 'msg_000000'
            """)
        try Self.say(2, try Rows(mounted.database))
        #expect(Sandbox.waits { (try? File.text(path))?.contains("number 2") == true })
        #expect(try File.text(path).hasPrefix(old))
        #expect(try File.status(path).st_ino == inode)
    }

    @Test func `listing a session reads none of its texts`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            let text = String(repeating: "x", count: 1 << 18)
            for number in 0..<30 {
                try rows.message(
                    "msg_\(number)", in: "ses_1",
                    parts: [("prt_\(number)", SQLValue("{\"type\":\"text\",\"text\":\"\(text)\"}"))])
            }
        }
        let session = try mounted.session("ses_1")
        let footprint = try Footprint(mounted.daemon)
        let before = try footprint.read()
        let listing = try mounted.shell(
            "ls -la '\(session)' && find '\(session)' -maxdepth 1 && ls .opencodefs/sessions/ses_1")
        #expect(listing.status == 0, "\(listing.errors)")
        for name in ["transcript.md", "conversation.json", "metadata.json", "context.json"] {
            #expect(listing.lines.filter { $0.contains(name) }.count == 3, "\(name)")
        }
        #expect(try footprint.read() - before < 1 << 20)
        #expect(try File.contents(session + "/transcript.md").count > 30 << 18)
        #expect(try footprint.read() - before > 30 << 18, "the measure measures")
    }

    @Test(arguments: TestFamily.plain)
    func `R4 what is read of a view is one version, whole, while a writer appends`(
        family: TestFamily
    ) throws {
        let mounted = try Self.mount(family, messages: 4)
        let session = try mounted.session("ses_1")
        let meeting = Meeting()
        @Sendable func note(_ fault: String) { meeting.state.withLock { $0.faults.append(fault) } }
        @Sendable func check(_ name: String) {
            let bytes: [UInt8]
            do throws(SystemError) { bytes = try File.contents(session + "/" + name) } catch {
                if error != SystemError(ESTALE) { note("\(name): \(error)") }
                return
            }
            if name == "conversation.json" {
                guard let file = try? JSONValue(bytes), let messages = file["messages"]?.array else {
                    return note("conversation.json is no JSON")
                }
                let words = messages.compactMap { $0["content"]?.string }
                if words.enumerated().contains(where: { !$0.element.hasPrefix("number \($0.offset)") }) {
                    note("conversation.json: not in order")
                }
                if file["total_messages"]?.number != Double(messages.count) { note("conversation.json: another count") }
                meeting.state.withLock { _ = $0.counts.insert(messages.count) }
            } else {
                let text = String(decoding: bytes, as: UTF8.self)
                let turns = text.components(separatedBy: "\n## ").dropFirst()
                for (number, turn) in turns.enumerated() {
                    let whole = "number \(number)" + String(repeating: " and so on", count: number < 4 ? 0 : 300)
                    if !turn.contains(whole + "\n") { note("transcript.md: turn \(number) of \(turns.count) is torn") }
                }
            }
        }
        for name in ["conversation.json", "transcript.md", "transcript.md"] {
            Thread {
                while !meeting.state.withLock({ $0.isOver }) { check(name) }
                meeting.finished.signal()
            }.start()
        }
        let rows = try Rows(mounted.database)
        var number = 4
        let end = ContinuousClock.now + .seconds(4)
        while ContinuousClock.now < end {
            try Self.say(number, rows, filling: 300)
            number += 1
            usleep(30_000)
            if number % 10 == 0 {
                // With -L, what is still a link leads nowhere.
                let dangling = try mounted.shell("find -L . -type l")
                #expect(dangling.status == 0 && dangling.text == "", "\(dangling.text)\(dangling.errors)")
            }
        }
        meeting.state.withLock { $0.isOver = true }
        for _ in 0..<3 { #expect(meeting.finished.wait(timeout: .now() + 20) == .success) }
        #expect(meeting.state.withLock { Array($0.faults.prefix(5)) } == [])
        #expect(meeting.state.withLock { $0.counts.count } > 5)
    }

    @Test(arguments: TestFamily.plain)
    func `R4 a transcript stays one file, whoever looks at it and at others`(family: TestFamily) throws {
        let others = 100
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "First title")
            for number in 0..<2 { try Self.say(number, rows) }
            for number in 0..<others { try rows.session("ses_o\(number)") }
        }
        let views = mounted.path(".opencodefs/sessions")
        let path = views + "/ses_1/transcript.md"
        let inode = try File.status(path).st_ino
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let meeting = Meeting()
        @Sendable func loop(_ body: @escaping @Sendable () throws -> Void) {
            Thread {
                while !meeting.state.withLock({ $0.isOver }) {
                    do { try body() } catch { meeting.state.withLock { $0.faults.append("\(error)") } }
                }
                meeting.finished.signal()
            }.start()
        }
        for _ in 0..<2 { loop { _ = try File.status(path) } }
        // What lookup has told of can be opened, also when a writer is quick.
        loop { _ = try File.contents(views + "/ses_1/conversation.json") }
        let seen = Mutex<[UInt8]>([])
        loop {
            let more = try File.rest(of: descriptor)
            seen.withLock { $0 += more }
        }
        let rows = try Rows(mounted.database)
        for number in 2..<400 {
            try Self.say(number, rows, filling: 20)
            // More views than are kept.
            if number % 4 == 0 { _ = try File.contents(views + "/ses_o\(number / 4 - 1)/transcript.md") }
            if number % 4 == 1 { _ = try File.contents(views + "/ses_o\(number / 4)/conversation.json") }
        }
        #expect(Sandbox.waits { (try? File.text(path))?.contains("number 399") == true })
        meeting.state.withLock { $0.isOver = true }
        for _ in 0..<4 { #expect(meeting.finished.wait(timeout: .now() + 20) == .success) }
        #expect(meeting.state.withLock { Array($0.faults.prefix(5)) } == [])
        #expect(try File.status(path).st_ino == inode, "another file has taken its place")
        let whole = try File.contents(path)
        let followed = try seen.withLock { $0 } + File.rest(of: descriptor)
        #expect(followed.count == whole.count && followed == whole, "\(followed.count) of \(whole.count) bytes")
    }
}
