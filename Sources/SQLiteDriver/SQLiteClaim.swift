internal import Glibc
internal import SQL
private import Synchronization

/// The right of one connection to the file at a path, as long as the path leads to that file.
///
/// SQLite finds the log (-wal) and its index (-shm) by the name of the database. If this process had two files open
/// under one name, they would share them: the second would read the log of the first as its own, and would cut an index
/// that the first has mapped, which ends the process with SIGBUS. So a path is given to another file only when every
/// connection to the former one is closed, and not while the log of the former one still lies there.
///
/// Files are looked at with stat(2) alone: to open and close one would drop the locks of this process
/// (sqlite.org/howtocorrupt.html, section 2.2).
final class SQLiteClaim: Sendable {
    /// Which file it is, as long as somebody holds it.
    struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    /// What stat(2) tells of a file's contents.
    struct Look: Hashable {
        let identity: Identity
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    private struct Entry {
        let identity: Identity
        var connections = 0
        /// The log that belongs to the file.
        var log: Identity?
        /// Somebody has written other contents over the file, past SQLite.
        var isOverwritten = false
    }

    /// A log that was left behind when the file it belongs to went away.
    private struct Stray {
        let log: Look
        /// Nil when that file does not exist any more: it was overwritten.
        let owner: Identity?
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        var strays: [String: Stray] = [:]
    }

    /// Guards what this process has open under which names.
    private static let table = Mutex(Table())

    let path: String
    let identity: Identity

    /// - Throws: `.replaced` while connections to another file of this name are open; `.unavailable` where there is no file,
    ///   or the log beside it is that of another.
    init(_ path: String) throws(SQLError) {
        self.path = path
        guard let identity = Self.look(path)?.identity else {
            throw SQLError(
                .unavailable, message: "there is no database at \(path): it was moved or deleted")
        }
        self.identity = identity
        try Self.table.withLock { (table) throws(SQLError) in
            if let entry = table.entries[path], entry.identity != identity || entry.isOverwritten {
                throw Self.replaced(path)
            }
            if let stray = table.strays[path] {
                if stray.owner != identity, Self.look(path + "-wal") == stray.log {
                    throw SQLError(
                        .unavailable,
                        message:
                            "\(path) was replaced, and \(path)-wal beside it is the log of the file that was there before: move \(path)-wal and \(path)-shm to that file, or remove them"
                    )
                }
                table.strays[path] = nil
            }
            table.entries[path, default: Entry(identity: identity)].connections += 1
        }
    }

    /// The last connection to a file leaves a note where it leaves a log.
    ///
    /// Call it when the connection is closed.
    func end() {
        Self.table.withLock { table in
            guard var entry = table.entries[path] else { return }
            entry.connections -= 1
            table.entries[path] = entry.connections > 0 ? entry : nil
            let isHere = Self.look(path)?.identity == identity && !entry.isOverwritten
            if isHere { return }
            if let log = Self.look(path + "-wal"), log.identity == entry.log, log.size > 0 {
                table.strays[path] = Stray(log: log, owner: entry.isOverwritten ? nil : identity)
            }
        }
    }

    /// Takes note of the log, which is there once the connection has read.
    func noteLog() {
        let log = Self.look(path + "-wal")?.identity
        Self.table.withLock { $0.entries[path]?.log = log }
    }

    /// What the path leads to now, if that is the file claimed; nil otherwise.
    var look: Look? {
        guard let look = Self.look(path), look.identity == identity, !isOverwritten else { return nil }
        return look
    }

    var isOverwritten: Bool {
        get { Self.table.withLock { $0.entries[path]?.isOverwritten ?? false } }
        set { Self.table.withLock { $0.entries[path]?.isOverwritten = newValue } }
    }

    static func replaced(_ path: String) -> SQLError {
        SQLError(.replaced, message: "the database \(path) was moved, deleted or replaced")
    }

    private static func look(_ path: String) -> Look? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return Look(
            identity: Identity(device: status.st_dev, inode: status.st_ino), size: Int64(status.st_size),
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
}
