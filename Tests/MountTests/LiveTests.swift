import DemoHistory
import Foundation
import Glibc
import SQL
import Synchronization
import TestSupport
import Testing

/// OpenCode goes on writing while programs read.
@Suite(.serialized, .timeLimit(.minutes(25))) struct LiveTests {
    /// A text that says its number at both ends and in between, and whose length and letters depend on it.
    private static func text(_ number: Int) -> String {
        let filling = String(repeating: String(number % 10), count: 1_000 + (number * 7_919) % 90_000)
        return #"{"role":"user","first":\#(number),"filling":"\#(filling)","last":\#(number)}"#
    }

    /// What a message in version `number` must look like to its last byte.
    private static func file(_ id: String, _ number: Int, _ generation: Rows.Generation) -> String {
        let rest = text(number).dropFirst()
        switch generation {
        case .v1:
            let part = { (part: String) in #"{"id":"\#(part)_\#(id)","sessionID":"ses_1","messageID":"\#(id)",\#(rest)"#
            }
            return """
                {"info":{"id":"\(id)","sessionID":"ses_1",\(rest),
                "parts":[
                \(part("prt_1")),
                \(part("prt_2"))
                ]}

                """
        case .go: return #"{"id":"\#(id)","session_id":"ses_1","role":"user","parts":\#(text(number)),"model":null,"#
        case .v2: return #"{"id":"\#(id)","type":"user",\#(rest)"# + "\n"
        }
    }

    /// Whether a text is a message in version `number`. The times of the Go family are the database's to choose.
    private static func isWhole(_ shown: String, _ id: String, _ number: Int, _ generation: Rows.Generation) -> Bool {
        let expected = file(id, number, generation)
        guard generation == .go else { return shown == expected }
        let times = /"created_at":\d+,"updated_at":\d+,"finished_at":null,"seq":null,"synthetic":0}\n/
        return shown.hasPrefix(expected)
            && String(decoding: shown.utf8.dropFirst(expected.utf8.count), as: UTF8.self).wholeMatch(of: times) != nil
    }

    /// Writes as OpenCode does: one transaction for a message and its parts.
    private static func write(_ id: String, _ number: Int, isNew: Bool, _ rows: Rows) throws {
        let (data, time) = (SQLValue(text(number)), Rows.noon + Int64(number))
        try rows.connection.writing { () throws(SQLError) in
            do {
                guard isNew else {
                    guard rows.generation != .go else {
                        try rows.connection.run("UPDATE messages SET parts = \(data) WHERE id = \(id)")
                        return
                    }
                    try rows.connection.run(
                        "UPDATE \(rows.messages) SET data = \(data), time_updated = \(time) WHERE id = \(id)")
                    if rows.generation == .v1 {
                        try rows.connection.run(
                            "UPDATE part SET data = \(data), time_updated = \(time) WHERE message_id = \(id)")
                    }
                    return
                }
                try rows.message(
                    SQLValue(id), in: "ses_1", data, created: time,
                    parts: ["prt_1", "prt_2"].map { ("\($0)_\(id)", data) })
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
            var reads = 0
            var versions: Set<Int> = []
            var stale = 0
            var vanished = 0
            var faults: [String] = []
        }

        let state = Mutex(State())
        let finished = DispatchSemaphore(value: 0)

        var isOver: Bool { state.withLock { $0.isOver } }
    }

    /// Lists and reads until it is over; keeps what it finds wrong.
    private static func readOn(_ folder: String, _ generation: Rows.Generation, _ meeting: Meeting) {
        while !meeting.isOver {
            let names: [String]
            do throws(SystemError) { names = try File.names(in: folder) } catch {
                meeting.state.withLock { $0.faults.append("readdir: \(error)") }
                continue
            }
            for name in names {
                do throws(SystemError) {
                    let (bytes, size) = try File.read(folder + "/" + name)
                    let text = String(decoding: bytes, as: UTF8.self)
                    let id = String(name.dropLast(5).split(separator: "~").last ?? "")
                    let number = text.firstMatch(of: /"first":(\d+)/).flatMap { Int($0.1) } ?? -1
                    let isWhole = number >= 0 && isWhole(text, id, number, generation)
                    meeting.state.withLock { state in
                        state.reads += 1
                        state.versions.insert(number)
                        if size != bytes.count { state.faults.append("\(name): fstat \(size), read \(bytes.count)") }
                        if !isWhole { state.faults.append("\(name): torn, begins with version \(number)") }
                    }
                } catch {
                    meeting.state.withLock { state in
                        // Only a message that has been deleted may be missing; ESTALE is for a descriptor whose version
                        // went before it was read.
                        if error == SystemError(ENOENT) {
                            state.vanished += 1
                        } else if error == SystemError(ESTALE) {
                            state.stale += 1
                        } else {
                            state.faults.append("\(name): \(error)")
                        }
                    }
                }
            }
        }
        meeting.finished.signal()
    }

    @Test(arguments: [TestFamily.v1, .v2, .go])
    func `R4 readers get whole versions while a writer inserts, updates and deletes`(
        family: TestFamily
    ) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            for id in 0..<6 { try Self.write("msg_\(id)", id, isNew: true, rows) }
        }
        let folder = try mounted.session("ses_1") + "/messages"
        let meeting = Meeting()
        for _ in 0..<3 {
            Thread { Self.readOn(folder, family.generation, meeting) }.start()
        }
        // As OpenCode: a connection that waits its turn, and never for long.
        let rows = try Rows(mounted.database)
        rows.connection.patience = .lasting(.seconds(5))
        var slowest = Duration.zero
        let end = ContinuousClock.now + .seconds(4)
        var number = 6
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            switch number % 5 {
            case 0: try rows.delete("msg_\(number % 6)")
            case 1:
                let isThere = try rows.connection.exists(
                    "SELECT 1 FROM \(rows.messages) WHERE id = \("msg_\(number % 6)")")
                try Self.write("msg_\(number % 6)", number, isNew: !isThere, rows)
            default: try Self.write("msg_\(number % 6)", number, isNew: false, rows)
            }
            slowest = max(slowest, ContinuousClock.now - start)
            number += 1
            usleep(3_000)
        }
        meeting.state.withLock { $0.isOver = true }
        for _ in 0..<3 { #expect(meeting.finished.wait(timeout: .now() + 20) == .success) }
        let state = meeting.state.withLock { $0 }
        #expect(state.faults.prefix(5) == [])
        #expect(state.reads > 100)
        #expect(state.versions.count > 20)
        #expect(state.stale <= state.reads / 10, "\(state.stale) of \(state.reads) reads were stale")
        #expect(slowest < .seconds(2), "the writer waited \(slowest)")
    }

    @Test(arguments: [TestFamily.v1, .v2])
    func `R5 a change is seen within 0.2 s by who has read the file before`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try Self.write("msg_0", 0, isNew: true, rows)
        }
        let path = try mounted.message("msg_0", of: "ses_1")
        let folder = try mounted.session("ses_1") + "/messages"
        let rows = try Rows(mounted.database)
        var delays: [Duration] = []
        for number in 1...15 {
            try Self.write("msg_0", number, isNew: false, rows)
            let start = ContinuousClock.now
            let expected = Array(Self.file("msg_0", number, family.generation).utf8)
            #expect(Sandbox.waits(seconds: 2) { (try? File.contents(path)) == expected })
            #expect(try Int(File.status(path).st_size) == expected.count)
            delays.append(ContinuousClock.now - start)
            // A name that was asked for in vain, and one that goes.
            let other = folder + "/msg_new_\(number).json"
            #expect(!File.exists(other))
            try Self.write("msg_new_\(number)", number, isNew: true, rows)
            let inserted = ContinuousClock.now
            #expect(Sandbox.waits(seconds: 2) { File.exists(other) })
            delays.append(ContinuousClock.now - inserted)
            try rows.delete("msg_new_\(number)")
            let deleted = ContinuousClock.now
            #expect(Sandbox.waits(seconds: 2) { !File.exists(other) })
            delays.append(ContinuousClock.now - deleted)
        }
        // 0.2 s is promised; the rest is for a machine that does other things too.
        #expect(delays.count == 45)
        #expect(delays.sorted()[40] < .milliseconds(250), "\(delays)")
        #expect(delays.max() ?? .zero < .milliseconds(600), "\(delays)")
    }

    @Test func `a table that OpenCode's upgrade adds is seen while mounted`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "Old")
            try rows.message("msg_1", in: "ses_1")
        }
        #expect(try File.names(in: mounted.path("shop~shop")).contains("2026-11-18.Old~ses_1"))
        let upgraded = mounted.sandbox.path + "/upgraded.db"
        let statements = try TestDatabase(.both, at: upgraded).column(
            """
            SELECT sql FROM sqlite_schema WHERE sql NOT NULL AND type = 'table'
            AND name IN ('session_v2', 'session_message')
            """)
        #expect(statements.count == 2)
        let connection = try mounted.database.connect()
        try connection.writing { () throws(SQLError) in
            try connection.run("DROP TABLE session_message")
            for statement in statements { try connection.run(SQLQuery(stringLiteral: statement)) }
        }
        let rows = Rows(connection: connection, generation: .v2)
        try rows.session("ses_1", title: "New")
        try rows.message("msg_1", in: "ses_1", #"{"text":"copied"}"#)
        let folder = mounted.path("shop~shop")
        #expect(Sandbox.waits(seconds: 1) { (try? File.names(in: folder))?.contains("2026-11-18.New~ses_1") == true })
        #expect(try File.text(folder + "/ses_1/messages/msg_1.json").contains("copied"))
        let file = mounted.path(".opencodefs/status.json")
        #expect(
            Sandbox.waits(seconds: 0.5) {
                (try? JSONValue(File.contents(file)))?["family"]?.array?.compactMap(\.string) == ["V1", "V2"]
            })
    }
}
