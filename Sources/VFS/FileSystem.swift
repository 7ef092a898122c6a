package import Timing

/// Who asks, and how long they wait.
package struct Caller: Sendable {
    /// The thread that made the system call; 0 for the kernel itself or another PID namespace.
    package let process: Int32
    package let patience: Patience

    package init(process: Int32, patience: Patience) {
        self.process = process
        self.patience = patience
    }
}

/// A file system, as the kernel sees one: the operations of the FUSE protocol in Swift's words.
///
/// Calls come from several threads at once, block until they know the answer, and throw the errno that the program
/// gets. Whatever is not offered here is refused by the front end with EPERM.
package protocol FileSystem: Sendable {
    /// The node a name leads to. Adds one to the node's lookup count.
    func lookup(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry

    /// The kernel drops `count` of its references to a node. After the last, the number is never sent again.
    func forget(_ node: NodeID, count: UInt64)

    func attributes(of node: NodeID, for caller: Caller) throws(Errno) -> (Attributes, validity: Double)

    /// Opens a file. What its node showed so far may stay in the kernel's page cache: a node is one version of a file.
    func open(_ node: NodeID, forWriting: Bool, for caller: Caller) throws(Errno) -> HandleID

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

    func unlink(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno)

    func removeDirectory(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno)

    /// The value of an extended attribute; `.noData` where there is none of that name.
    func extendedAttribute(_ name: [UInt8], of node: NodeID, for caller: Caller) throws(Errno) -> [UInt8]

    func extendedAttributeNames(of node: NodeID, for caller: Caller) throws(Errno) -> [[UInt8]]

    func statistics(for caller: Caller) throws(Errno) -> Statistics

    /// Something was asked that this file system does not offer: the place to write it down.
    func refuse(_ operation: StaticString, _ name: FileName?, in node: NodeID, for caller: Caller) -> Errno
}
