import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import SessionTree
import Synchronization
import TestSupport
import Testing
import Timing
import VFS

@testable import SessionFileSystem

/// A file system over a real database, asked as the kernel would ask.
struct TestTree {
    let database: TestDatabase
    let trash: Trash
    let store: any SessionStore
    let files: SessionFileSystem
    let notes = Notes()
    var caller: Caller { Caller(process: 7, patience: .lasting(.seconds(30))) }

    /// A history of V1 with the project `p`.
    init(in directory: borrowing TemporaryDirectory, salvage: (any Salvage)? = nil) throws {
        let database = try TestDatabase(.v1, at: directory.file("opencode.db"))
        try database.run(
            "INSERT INTO project (id, worktree, sandboxes, time_created, time_updated) VALUES ('p', '/w/app', '[]', 1, 2)"
        )
        try self.init(database, in: directory, salvage: salvage)
    }

    /// - Parameters:
    ///   - wrapping: puts something between the store and the file system.
    init(
        _ database: TestDatabase, in directory: borrowing TemporaryDirectory, style: Naming.Style = .labels,
        readOnly: String? = nil, salvage: (any Salvage)? = nil, documents: Documents? = nil,
        wrapping: (any SessionStore) -> any SessionStore = { $0 }
    ) throws {
        self.database = database
        let (path, trashPath) = (database.path, directory.file("trash.db"))
        trash = try Trash(source: path) { (_) throws(SQLError) in try SQLiteConnection(path: trashPath, access: .create)
        }
        store = wrapping(
            try TypeScriptStore(
                open: { (_) throws(SQLError) in try SQLiteConnection(path: path, access: .readWrite) }, trash: trash,
                readOnlyReason: readOnly))
        var settings = Settings(
            owner: 1000, group: 100, description: JSONObject(), volume: { (used: 4096, free: 8192) },
            onError: { [notes] in notes.add($0) })
        settings.style = style
        settings.salvage = salvage
        settings.documents = documents
        files = SessionFileSystem(store: store, settings: settings)
    }

    func addSession(_ id: SQLValue, title: String = "Title", parent: SQLValue = .null, archived: SQLValue = .null)
        throws
    {
        try database.run(
            """
            INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, time_created, time_updated, \
            time_archived) VALUES (\(id), 'p', \(parent), 'slug', '/w', \(title), '1', 1794996000000, 1794996000000, \
            \(archived))
            """)
    }

    func addMessage(
        _ id: SQLValue, of session: SQLValue, at time: Int64, data: SQLValue = SQLValue(#"{"role":"user"}"#),
        parts: [SQLValue] = []
    ) throws {
        try database.run(
            """
            INSERT INTO message (id, session_id, time_created, time_updated, data) \
            VALUES (\(id), \(session), \(time), \(time), \(data))
            """)
        for (index, part) in parts.enumerated() {
            try database.run(
                """
                INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) \
                VALUES (\("p\(index)-\(time)"), \(id), \(session), \(time), \(time), \(part))
                """)
        }
    }

    /// Looks a path up from the root, by the beginnings of names or whole ones.
    func find(_ path: String...) throws -> Entry {
        var entry = try files.lookup(.control, in: .root, for: caller)
        var node = NodeID.root
        for wanted in path {
            // Reachable, and not listed.
            let names = wanted == "\(FileName.control)" ? [.control] : try list(node).map(\.name)
            let name = names.first { $0.description == wanted } ?? names.first { $0.description.contains(wanted) }
            entry = try files.lookup(#require(name, "\(wanted) in \(names)"), in: node, for: caller)
            node = entry.node
        }
        return entry
    }

    /// The links in a session's directory.
    static let views = ["transcript.md", "conversation.json", "metadata.json", "context.json", "attachments"]

    /// The listing of a directory, without `.` and `..`; counts no lookups.
    func list(_ node: NodeID) throws -> [DirectoryEntry] {
        let handle = try files.openDirectory(node, for: caller)
        defer { files.releaseDirectory(handle) }
        var entries: [DirectoryEntry] = []
        try files.readDirectory(handle, from: 0, for: caller) { entry, found in
            // The first two, of themselves and what they are in, are of no interest.
            if entry.name != .current, entry.name != .parent { entries.append(entry) }
            if let found { files.forget(found.node, count: 1) }
            return true
        }
        return entries
    }

    /// The bytes of a file, read piece by piece.
    func read(_ node: NodeID, count: Int = 1 << 20) throws -> [UInt8] {
        let handle = try files.opened(node, .reading, for: caller)
        defer { files.release(handle) }
        return try read(handle, count: count)
    }

    func read(_ handle: HandleID, count: Int = 1 << 20) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try files.read(handle, at: Int64(bytes.count), count: count, for: caller)
            bytes += piece
            if piece.count < count { return bytes }
        }
    }

    /// How many nodes are kept.
    var nodes: Int { files.state.withLock { $0.nodes.count } }
}

/// What the file system wrote down.
final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    var errors: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

extension SessionFileSystem {
    /// Opens a file, for a kernel that takes no pages with it.
    func opened(_ node: NodeID, _ mode: OpenMode, for caller: Caller) throws(Errno) -> HandleID {
        let file = try open(node, mode, for: caller)
        if file.contents != nil { setStored(file.handle, isTaken: false) }
        return file.handle
    }
}
