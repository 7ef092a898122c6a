import SQL
import SessionModel
import TestSupport
import Testing
import VFS

@testable import SessionFileSystem

@Suite struct ReadingTests {
    @Test func `R2 a part larger than a window is read as it stands`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        var random = SeededGenerator(seed: 3)
        // Not the same anywhere, and larger than the 8 MiB that are held at once.
        let line = random.bytes(4099...4099, of: Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8))
        var text = Array("{\"text\":\"".utf8)
        for number in 0..<2400 { text += Array("\(number)".utf8) + line }
        text += "\"}".utf8
        try tree.addMessage(SQLValue("m"), of: SQLValue("s"), at: 1, parts: [.text(text), SQLValue("{}")])
        let entry = try tree.find("app", "~s", "messages", "m")
        let prefix = Array(
            "{\"info\":{\"id\":\"m\",\"sessionID\":\"s\",\"role\":\"user\"},\n\"parts\":[\n{\"id\":\"p0-1\",\"sessionID\":\"s\",\"messageID\":\"m\","
                .utf8)
        let whole =
            prefix + text.dropFirst() + Array(",\n{\"id\":\"p1-1\",\"sessionID\":\"s\",\"messageID\":\"m\"}\n]}\n".utf8)
        #expect(whole.count > SessionFileSystem.windowSize + 1_000_000)
        #expect(Int(entry.attributes.size) == whole.count)
        #expect(try tree.read(entry.node, count: 128 << 10) == whole)
        let handle = try tree.files.opened(entry.node, .reading, for: tree.caller)
        for _ in 0..<12 {
            let offset = Int.random(in: 0..<whole.count, using: &random)
            let count = Int.random(in: 1...200_000, using: &random)
            let bytes = try tree.files.read(handle, at: Int64(offset), count: count, for: tree.caller)
            #expect(bytes == Array(whole.dropFirst(offset).prefix(count)))
        }
        // The kernel asks for less, but nothing says it must.
        #expect(try tree.files.read(handle, at: 1, count: .max, for: tree.caller) == Array(whole.dropFirst()))
        // Another version in the middle of the reading is not mixed in.
        try tree.database.run("UPDATE part SET time_updated = 5 WHERE id = 'p0-1'")
        #expect(throws: Errno.stale) {
            for offset in stride(from: Int64(0), to: Int64(whole.count), by: 1 << 20) {
                _ = try tree.files.read(handle, at: offset, count: 1 << 20, for: tree.caller)
            }
        }
    }

    @Test(arguments: [1, 7, 4096]) func `any piece of a file is that piece of the whole`(count: Int) throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"), title: "A \"title\"")
        try tree.addMessage(
            SQLValue("m"), of: SQLValue("s"), at: 1, parts: [SQLValue("{\"a\":1}"), .text([0xff, 0]), SQLValue("")])
        for path in [["app", "project.json"], ["app", "~s", "session.json"], ["app", "~s", "messages", "m"]] {
            let entry =
                path.count == 2
                ? try tree.find(path[0], path[1])
                : path.count == 3
                    ? try tree.find(path[0], path[1], path[2]) : try tree.find(path[0], path[1], path[2], path[3])
            let whole = try tree.read(entry.node)
            #expect(whole.count == Int(entry.attributes.size) && !whole.isEmpty)
            #expect(try tree.read(entry.node, count: count) == whole)
            let handle = try tree.files.opened(entry.node, .reading, for: tree.caller)
            let size = Int64(whole.count)
            for offset in [size, size + 1, .max, -1, .min] {
                #expect(try tree.files.read(handle, at: offset, count: 10, for: tree.caller).isEmpty)
            }
            #expect(try tree.files.read(handle, at: 0, count: 0, for: tree.caller).isEmpty)
            #expect(try tree.files.read(handle, at: size - 2, count: .max, for: tree.caller) == Array(whole.suffix(2)))
            tree.files.release(handle)
            #expect(throws: Errno.badHandle) { try tree.files.read(handle, at: 0, count: 1, for: tree.caller) }
        }
    }

    @Test func `R6 text that is no JSON is served, and an attribute says where it breaks`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        try tree.addMessage(SQLValue("good"), of: SQLValue("s"), at: 1, parts: [SQLValue("{}")])
        try tree.addMessage(SQLValue("bad"), of: SQLValue("s"), at: 2, data: SQLValue("no JSON"))
        let malformed = Array("user.opencode.malformed".utf8)
        let good = try tree.find("app", "~s", "messages", "~good").node
        let bad = try tree.find("app", "~s", "messages", "~bad").node
        let text = String(decoding: try tree.read(bad), as: UTF8.self)
        #expect(text == "{\"info\":{\"id\":\"bad\",\"sessionID\":\"s\",no JSON,\n\"parts\":[\n\n]}\n")
        #expect(try !tree.files.extendedAttributeNames(of: good, for: tree.caller).contains(malformed))
        #expect(try tree.files.extendedAttributeNames(of: bad, for: tree.caller).last == malformed)
        // The n of "no" could begin null: the next byte cannot.
        let offset = try #require(text.utf8.firstRange(of: "o JSON".utf8)).lowerBound.utf16Offset(in: text)
        #expect(try tree.files.extendedAttribute(malformed, of: bad, for: tree.caller) == Array("\(offset)".utf8))
        #expect(throws: Errno.noData) { try tree.files.extendedAttribute(malformed, of: good, for: tree.caller) }
        #expect(throws: Errno.noData) { try tree.files.extendedAttribute(malformed, of: .root, for: tree.caller) }
    }

    @Test(arguments: ["security.capability", "system.posix_acl_access", "user.x", "user.opencode", "trusted.a", ""])
    func `R7 an unknown attribute is no data`(name: String) throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        for node in [NodeID.root, try tree.find("app").node, try tree.find("app", "project.json").node] {
            #expect(throws: Errno.noData) {
                try tree.files.extendedAttribute(Array(name.utf8), of: node, for: tree.caller)
            }
            #expect(try tree.files.extendedAttributeNames(of: node, for: tree.caller).isEmpty)
        }
        #expect(tree.notes.errors.isEmpty)
    }

    @Test func `opening a directory or, to write, a file of the control directory is refused`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        let file = try tree.find(".opencodefs", "status.json").node
        #expect(throws: Errno.notPermitted) { try tree.files.opened(file, .writing, for: tree.caller) }
        #expect(tree.notes.errors.count == 1)
        let project = try tree.find("app").node
        #expect(throws: Errno.isDirectory) { try tree.files.opened(project, .reading, for: tree.caller) }
        #expect(throws: Errno.stale) { try tree.files.opened(NodeID(rawValue: 99), .reading, for: tree.caller) }
    }

    @Test func `R8 statfs tells the volume and counts the rows`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        try tree.addSession(SQLValue("s"))
        try tree.addMessage(SQLValue("m"), of: SQLValue("s"), at: 1, parts: [SQLValue("{}"), SQLValue("{}")])
        let statistics = try tree.files.statistics(for: tree.caller)
        #expect(statistics.usedBytes == 4096 && statistics.freeBytes == 8192)
        #expect(statistics.usedNodes == 5)
    }

    @Test func `the control directory is reachable and not listed`() throws {
        let directory = try TemporaryDirectory()
        let tree = try TestTree(in: directory)
        #expect(try tree.list(.root).map(\.name.description) == ["app~p", "README.md"])
        let control = try tree.files.lookup(.control, in: .root, for: tree.caller).node
        #expect(
            try tree.list(control).map(\.name.description) == [
                "status.json", "errors.jsonl", "rejected", "conflicts", "trash", "sessions", "by", "storage", "search",
            ])
        let status = try tree.files.lookup(FileName("status.json"), in: control, for: tree.caller)
        let bytes = try tree.read(status.node)
        #expect(bytes.count == Int(status.attributes.size))
        let json = try JSON(parsing: bytes)
        #expect(json["Project"] == .string("all"))
        #expect(json["family"] == .array([.string("V1")]))
        #expect(json["counts"]?["projects"] == .number("1"))
        #expect(json["writable"] == .boolean(true))

        _ = tree.files.refuse("mkdir", FileName("x"), in: .root, for: tree.caller)
        let errors = try tree.files.lookup(FileName("errors.jsonl"), in: control, for: tree.caller)
        let line = try JSON(parsing: try tree.read(errors.node))
        #expect(line["path"] == .string("/x") && line["errno"] == .string("EPERM") && line["pid"] == .number("7"))
    }
}
