package import Timing

/// Who asks, and how long they wait.
package struct Caller: Sendable {
    /// The thread that made the system call; 0 for the kernel itself or another PID namespace.
    package let process: Int32
    /// The process that thread belongs to, asked for when it matters; 0 where it cannot be told.
    package let threadGroup: @Sendable () -> Int32
    package let patience: Patience

    package init(process: Int32, patience: Patience, threadGroup: @escaping @Sendable () -> Int32 = { 0 }) {
        self.process = process
        self.threadGroup = threadGroup
        self.patience = patience
    }
}

/// A file system, as the kernel sees one: the operations of the FUSE protocol in Swift's words.
///
/// Calls come from several threads at once, block until they know the answer, and throw the errno that the program
/// gets. Whatever is not offered here is refused by the front end with EPERM.
package protocol FileSystem: Sendable {
    /// Whether the kernel may believe that there is no such name, until it makes such a file itself.
    func isNeverMade(_ name: FileName, in parent: NodeID) -> Bool

    /// The node a name leads to. Adds one to the node's lookup count.
    func lookup(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry

    /// The kernel drops `count` of its references to a node. After the last, the number is never sent again.
    func forget(_ node: NodeID, count: UInt64)

    func attributes(of node: NodeID, for caller: Caller) throws(Errno) -> (Attributes, validity: Double)

    /// Changes what stat(2) tells, as far as there is a place for it (chmod, chown, truncate, utimensat).
    func setAttributes(
        of node: NodeID, _ changes: AttributeChanges, for caller: Caller
    ) throws(Errno) -> (Attributes, validity: Double)

    /// Opens a file. What its node showed so far may stay in the kernel's page cache: a node is one version of a file.
    func open(_ node: NodeID, _ mode: OpenMode, for caller: Caller) throws(Errno) -> OpenedFile

    /// What ``OpenedFile/contents`` held is in the kernel's page cache, or the kernel did not take it.
    func setStored(_ handle: HandleID, isTaken: Bool)

    /// Makes a file and opens it for writing. Adds one to the node's lookup count.
    func create(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> (Entry, HandleID)

    /// Puts bytes into an open file. Nobody else sees them before ``flush(_:for:)`` or ``synchronize(_:for:)``.
    func write(_ bytes: [UInt8], to handle: HandleID, at offset: Int64, for caller: Caller) throws(Errno)

    /// A descriptor of the open file is being closed: the last call whose error a program sees.
    func flush(_ handle: HandleID, for caller: Caller) throws(Errno)

    /// What was written is durable when this returns (fsync, fdatasync).
    func synchronize(_ handle: HandleID, for caller: Caller) throws(Errno)

    /// Up to `count` bytes, fewer only at the end of the file.
    func read(_ handle: HandleID, at offset: Int64, count: Int, for caller: Caller) throws(Errno) -> [UInt8]

    func release(_ handle: HandleID)

    /// Opens a directory and takes its listing, all of one moment.
    func openDirectory(_ node: NodeID, for caller: Caller) throws(Errno) -> HandleID

    /// Hands out the listing from `position` on until `body` wants no more. Each entry that `body` takes with a node
    /// counts as a lookup. The position behind an entry is one more than its own.
    func readDirectory(
        _ handle: HandleID, from position: Int, for caller: Caller, _ body: (DirectoryEntry, Entry?) -> Bool
    ) throws(Errno)

    func releaseDirectory(_ handle: HandleID)

    /// Adds one to the node's lookup count.
    func makeDirectory(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry

    /// Makes a symbolic link. Where it leads is not for the caller to say: links are views of ours.
    func makeLink(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry

    /// Where a symbolic link leads.
    func readLink(_ node: NodeID, for caller: Caller) throws(Errno) -> [UInt8]

    func rename(
        _ name: FileName, in parent: NodeID, to newName: FileName, in newParent: NodeID, _ mode: RenameMode,
        for caller: Caller
    ) throws(Errno)

    func unlink(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno)

    func removeDirectory(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno)

    /// The value of an extended attribute; `.noData` where there is none of that name, `.notImplemented` where there never is
    /// any: the kernel then asks no more.
    func extendedAttribute(_ name: [UInt8], of node: NodeID, for caller: Caller) throws(Errno) -> [UInt8]

    func extendedAttributeNames(of node: NodeID, for caller: Caller) throws(Errno) -> [[UInt8]]

    func statistics(for caller: Caller) throws(Errno) -> Statistics

    /// Something was asked that this file system does not offer: the place to write it down.
    func refuse(_ operation: StaticString, _ name: FileName?, in node: NodeID, for caller: Caller) -> Errno
}

/// What open(2) is asked for.
package enum OpenMode: Sendable {
    case reading
    /// O_WRONLY: what the program knows of the file it has read before.
    case writing
    /// O_RDWR: what the program knows of the file it may read now.
    case updating
    /// O_TRUNC: what the file held is not wanted.
    case replacing
}

/// A file that was opened.
package struct OpenedFile: Sendable {
    package let handle: HandleID
    package let caching: PageCaching
    /// The whole file, where the kernel may be given it at once: it then need not ask for it. Nobody else has the file open
    /// before ``FileSystem/setStored(_:isTaken:)`` is called.
    package let contents: [UInt8]?

    package init(_ handle: HandleID, _ caching: PageCaching, contents: [UInt8]? = nil) {
        self.handle = handle
        self.caching = caching
        self.contents = contents
    }
}

/// What the kernel may do with pages of a file.
package enum PageCaching: Sendable {
    /// Pages from before are right (FOPEN_KEEP_CACHE).
    case kept
    /// Pages are right from now on.
    case anew
    /// None: each read(2) asks (FOPEN_DIRECT_IO).
    case never
}

/// What renameat2(2) is asked for.
package enum RenameMode: Sendable {
    case replacing
    /// RENAME_NOREPLACE: EEXIST where something has the new name.
    case keeping
}

/// What a program wants stat(2) to tell from now on; what is nil stays. Modes and owners are not among it: nothing here
/// could hold them.
package struct AttributeChanges: Sendable {
    /// Bytes.
    package var size: Int64?
    package var modified: Timestamp?

    package init(size: Int64? = nil, modified: Timestamp? = nil) {
        self.size = size
        self.modified = modified
    }
}
