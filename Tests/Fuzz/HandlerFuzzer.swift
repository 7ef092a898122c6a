import DemoHistory
import Glibc
import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import Synchronization
import TestSupport
import Timing
import VFS

@testable import SessionFileSystem

/// Requests in any order, with any names, offsets, nodes and handles, on a small history.
enum HandlerFuzzer {
    private struct Tree {
        let files: SessionFileSystem
        let store: TypeScriptStore
        var requests = 0
    }

    private static let tree = Mutex<Tree?>(nil)
    private static let folder: String = {
        var template = Array("/dev/shm/opencodefs-fuzz.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("no directory for the database") }
        atexit { HandlerFuzzer.clean() }
        return String(cString: made)
    }()

    private static func clean() {
        tree.withLock { $0 = nil }
        for name in ["a.db", "a.db-wal", "a.db-shm", "trash.db", "trash.db-journal"] { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    static func run(_ input: inout FuzzInput) {
        tree.withLock { kept in
            do {
                // A tree of its own now and then: rows that are gone come back, and what is kept is let go of.
                var tree = if let kept, kept.requests < 20_000 { kept } else { try make(replacing: kept) }
                defer { kept = tree }
                for _ in 0..<24 where !input.isEmpty {
                    request(&input, tree.files)
                    tree.requests += 1
                }
            } catch {
                fatalError("\(error)")
            }
        }
    }

    private static func make(replacing former: Tree?) throws -> Tree {
        former?.store.close()
        let path = folder + "/a.db"
        for name in ["a.db", "a.db-wal", "a.db-shm", "trash.db"] { unlink(folder + "/" + name) }
        let database = try TestDatabase(demo: .both, at: path, sessions: 3, messages: 12)
        let names = [".", "..", "a/b", "%41", "~", "", "\n", String(repeating: "l", count: 300), "msg_1", "%empty"]
        for name in names {
            try database.run(
                """
                INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) \
                VALUES (\(name), \(name), '[]', 1, 2)
                """,
                """
                INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, \
                time_updated) VALUES (\(name), \(name), \(name), 's', '/', \(name), '1', 1, 2)
                """,
                """
                INSERT INTO message (id, session_id, time_created, time_updated, data) \
                VALUES (\(name), \(name), 1, 2, \(name))
                """)
        }
        let trash = try Trash(source: path) { (_) throws(SQLError) in
            try SQLiteConnection(path: folder + "/trash.db", access: .create)
        }
        let store = try TypeScriptStore(
            open: { (_) throws(SQLError) in
                let connection = try SQLiteConnection(path: path, access: .readWrite)
                try connection.run("PRAGMA synchronous=OFF")
                return connection
            }, trash: trash, readOnlyReason: nil)
        let settings = Settings(
            owner: 1, group: 1, description: JSONObject(), volume: { (1, 1) }, onError: { _ in })
        return Tree(files: SessionFileSystem(store: store, settings: settings), store: store)
    }

    private static func request(_ input: inout FuzzInput, _ files: SessionFileSystem) {
        let caller = Caller(process: 1, patience: .lasting(.seconds(20)))
        let (choice, small) = (input.byte(), input.byte())
        // Mostly numbers that were given out, now and then any.
        let number = small == 255 ? input.number() : UInt64(small % 64)
        let (node, handle) = (NodeID(rawValue: number), HandleID(rawValue: number))
        do throws(Errno) {
            switch choice % 24 {
            case 0, 1, 2:
                let name = FileName(bytes: input.bytes()) ?? .control
                _ = try files.lookup(name, in: node, for: caller)
            case 3, 4, 5: try walk(node, &input, files, caller)
            case 6: _ = try files.attributes(of: node, for: caller)
            case 7: _ = try files.opened(node, small & 1 == 1 ? .writing : .reading, for: caller)
            case 8, 9:
                let offset = Int64(bitPattern: choice & 16 == 0 ? UInt64(input.byte()) : input.number())
                _ = try files.read(
                    handle, at: offset, count: Int(truncatingIfNeeded: input.number() >> 40), for: caller)
            case 10: files.release(handle)
            case 11: files.releaseDirectory(handle)
            case 12: try files.unlink(FileName(bytes: input.bytes()) ?? .control, in: node, for: caller)
            case 13: try files.removeDirectory(FileName(bytes: input.bytes()) ?? .control, in: node, for: caller)
            case 14:
                _ = try files.extendedAttributeNames(of: node, for: caller)
                _ = try files.extendedAttribute(input.bytes(), of: node, for: caller)
            case 15: files.forget(node, count: choice & 16 == 0 ? 1 : input.number())
            case 16: _ = try files.create(FileName(bytes: input.bytes()) ?? .control, in: node, for: caller)
            case 17, 18:
                let offset = Int64(bitPattern: choice & 16 == 0 ? UInt64(input.byte()) : input.number())
                try files.write(text(&input), to: handle, at: offset, for: caller)
            case 19: try files.flush(handle, for: caller)
            case 20: try files.synchronize(handle, for: caller)
            case 21: _ = try files.makeDirectory(FileName(bytes: input.bytes()) ?? .control, in: node, for: caller)
            case 22:
                let names = (FileName(bytes: input.bytes()) ?? .sessionFile, FileName(bytes: input.bytes()) ?? .todos)
                let other = NodeID(rawValue: UInt64(input.byte() % 64))
                try files.rename(names.0, in: node, to: names.1, in: other, .replacing, for: caller)
            default:
                let changes = AttributeChanges(
                    size: choice & 16 == 0 ? Int64(input.byte()) : nil,
                    modified: Timestamp(milliseconds: Int64(bitPattern: input.number())))
                _ = try files.setAttributes(of: node, changes, for: caller)
            }
        } catch {
            // The history is whole and nobody else has it: what fails does so for a reason of the request's.
            expect(error != .inputOutput && error != .timedOut && error != .busy, "no request makes the database fail")
        }
    }

    /// Any bytes, or a text that is nearly a message.
    private static func text(_ input: inout FuzzInput) -> [UInt8] {
        guard input.byte() & 1 == 0 else { return input.bytes() }
        let info =
            #"{"info":{"role":"user","time":{"created":1},"agent":"a","model":{"providerID":"p","modelID":"m"}},"#
        return Array((info + #""parts":[{"id":"prt_1","type":"text","text":""#).utf8) + input.bytes()
            + Array(#""}]}"#.utf8)
    }

    /// Lists a directory, looks one of its names up, and now and then removes it.
    private static func walk(
        _ node: NodeID, _ input: inout FuzzInput, _ files: SessionFileSystem, _ caller: Caller
    ) throws(Errno) {
        let handle = try files.openDirectory(node, for: caller)
        var names: [FileName] = []
        let position = input.byte() == 0 ? Int(truncatingIfNeeded: input.number() >> 1) : 0
        try files.readDirectory(handle, from: position, for: caller) { entry, _ in
            names.append(entry.name)
            return names.count < 40
        }
        let listed = names.filter { $0 != .current && $0 != .parent }
        guard !listed.isEmpty else { return }
        let name = listed[Int(input.byte()) % listed.count]
        let entry = try files.lookup(name, in: node, for: caller)
        switch input.byte() {
        case 0..<8: try files.unlink(name, in: node, for: caller)
        case 8..<16: try files.removeDirectory(name, in: node, for: caller)
        case 16..<128:
            let opened = try files.opened(entry.node, .reading, for: caller)
            let size = entry.attributes.size
            let bytes = try files.read(opened, at: 0, count: Int(size) + 10, for: caller)
            expect(Int64(bytes.count) == size, "a file has the size that was told")
        default: break
        }
    }
}

extension SessionFileSystem {
    /// Opens a file, for a kernel that takes no pages with it.
    func opened(_ node: NodeID, _ mode: OpenMode, for caller: Caller) throws(Errno) -> HandleID {
        let file = try open(node, mode, for: caller)
        if file.contents != nil { setStored(file.handle, isTaken: false) }
        return file.handle
    }
}
