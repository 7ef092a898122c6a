internal import Client
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing
internal import VFS

/// Which messages may hold what is looked for, asked of the database in one go. Everything else there is in the tree is small
/// or cannot be told, and is always looked at.
///
/// Files are known by their inodes, which come from what they are (rule R3): two that had one by chance would both be looked at.
struct GrepSieve {
    /// `messages/` of every session.
    private var directories: Set<UInt64> = []
    /// Of these, those with something in them to look at.
    private var fertile: Set<UInt64> = []
    private var files: Set<UInt64> = []

    /// - Throws: what the database says, or `.cancelled`.
    init?(_ words: [SoughtWord], _ store: any SessionStore, _ patience: Patience) throws(StoreError) {
        let found = try store.reading(patience) { (snapshot) throws(StoreError) in
            (try snapshot.messages(thatMayHold: words), try snapshot.sessions())
        }
        guard let messages = found.0 else { return nil }
        let sessions = found.1
        for session in sessions { directories.insert(Place.messages(session.id).inode) }
        for (id, session) in messages {
            fertile.insert(Place.messages(session).inode)
            files.insert(Place.message(id, of: session).inode)
        }
    }

    /// Whether any file of a directory has to be looked at.
    func admits(directory: HeldNode) -> Bool {
        let inode = directory.attributes.inode
        return !directories.contains(inode) || fertile.contains(inode)
    }

    /// Whether a file has to be looked at.
    func admits(_ entry: ListedEntry, in directory: HeldNode) -> Bool {
        !directories.contains(directory.attributes.inode) || files.contains(entry.inode)
    }
}
