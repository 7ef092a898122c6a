import SQL
import SessionModel
import TestSupport
import Testing
import VFS

@Suite struct ConcurrencyTests {
    private struct Torn: Error {
        let text: String
    }

    /// Each version of the message is of one letter, and each has another length.
    @Test func `R4 readers on several threads see whole versions while another program writes`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        try tree.addMessage(SQLValue("m"), of: SQLValue("s"), at: 1, parts: [SQLValue("{\"t\":\"aaaa\"}")])
        let messages = try tree.find("app", "~s", "messages").node
        let outcome = Crew.working(3) { _ in
            do {
                let entry = try tree.files.lookup(FileName("m.json"), in: messages, for: tree.caller)
                defer { tree.files.forget(entry.node, count: 1) }
                let bytes = try tree.read(entry.node, count: 700)
                let text = String(decoding: bytes, as: UTF8.self)
                let letters = text.split(separator: "\"t\":\"").last?.prefix { $0 != "\"" } ?? ""
                if bytes.count != Int(entry.attributes.size) || Set(letters).count != 1 { throw Torn(text: text) }
            } catch let error as Errno where error == .stale {
                // What was opened has changed since: look it up again, as the kernel does.
            }
        } during: {
            let connection = try tree.database.connect()
            for number in 0..<150 {
                let letter = String(UnicodeScalar(UInt8(0x61 + number % 26)))
                let text = "{\"t\":\"\(String(repeating: letter, count: 4 + number * 37 % 5000))\"}"
                try connection.run("UPDATE part SET data = \(text), time_updated = \(Int64(number + 2))")
            }
        }
        #expect(outcome.problems == [])
        #expect(outcome.rounds >= 3)
        // The last version is what everybody reads now.
        let last = try tree.find("app", "~s", "messages", "m")
        #expect(try tree.read(last.node).count == Int(last.attributes.size))
        #expect(last.attributes.modified.milliseconds == 151)
    }

    /// As rsync works, with a process that makes and another that looks.
    @Test func `W5 what mkdir has made is there, whoever looks at the tree meanwhile`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        for number in 0..<300 { try tree.addSession(SQLValue("s\(number)")) }
        let project = try #require(tree.list(.root).map(\.name).first { $0.description.contains("app") })
        let node = try tree.find("app").node
        let outcome = Crew.working(4) { _ in
            _ = try tree.files.lookup(project, in: .root, for: tree.caller)
        } during: {
            for number in 0..<100 {
                // Everybody has to look anew.
                try tree.database.run("UPDATE session SET time_updated = time_updated + 1 WHERE id = 's0'")
                let name = try #require(FileName(bytes: Array("ses_made\(number)".utf8)))
                _ = try tree.files.makeDirectory(name, in: node, for: tree.caller)
                for _ in 0..<5 { _ = try tree.files.lookup(name, in: node, for: tree.caller) }
            }
        }
        #expect(outcome.problems == [])
    }

    @Test func `threads that look up, list, remove and forget leave no node behind`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        for number in 0..<30 as Range<Int64> {
            try tree.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), at: number)
        }
        let messages = try tree.find("app", "~s", "messages").node
        let before = tree.nodes
        let names = (0..<30).compactMap { FileName(bytes: Array("m\($0).json".utf8)) }
        let outcome = Crew.working(3) { worker in
            do {
                switch worker {
                case 0:
                    let handle = try tree.files.openDirectory(messages, for: tree.caller)
                    defer { tree.files.releaseDirectory(handle) }
                    try tree.files.readDirectory(handle, from: 0, for: tree.caller) { _, entry in
                        if let entry { tree.files.forget(entry.node, count: 1) }
                        return true
                    }
                default:
                    for name in names {
                        let entry = try tree.files.lookup(name, in: messages, for: tree.caller)
                        tree.files.forget(entry.node, count: 1)
                    }
                }
            } catch let error as Errno where error == .noEntry {
                // Somebody was quicker.
            }
        } during: {
            for name in names.dropLast(10) { try tree.files.unlink(name, in: messages, for: tree.caller) }
        }
        #expect(outcome.problems == [])
        #expect(tree.nodes == before)
        #expect(try tree.database.column("SELECT count(*) FROM message") == ["10"])
        #expect(try tree.list(messages).count == 10)
        #expect(try tree.trash.batches().flatMap(\.items).count == 20)
    }
}
