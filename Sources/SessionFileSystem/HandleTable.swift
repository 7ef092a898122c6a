internal import SessionStore
internal import SessionTree
internal import VFS

/// What programs have open.
struct HandleTable {
    struct File {
        let node: NodeID
        let place: Place
        let version: FileVersion
        /// Bytes at hand, from an offset on: the whole file, or the part of a large one that is being read.
        var window: (offset: Int, bytes: [UInt8])?
        /// The view, where it is one that was made piece by piece.
        var view: RenderedViews.View?
        /// Bytes handed out so far.
        var served = 0
    }

    struct Directory {
        let node: NodeID
        let place: Place
        var lines: [Line]
        /// Whether somebody has read from it: the next read from its start wants a new listing.
        var isRead = false
    }

    /// One line of a listing, with what is needed to answer a lookup of it.
    struct Line {
        let name: FileName
        let place: Place
        /// Nil where they cost much and a listing does not need them: the kernel looks the name up when somebody asks.
        let facts: Facts?
        let token: ChangeToken

        /// The same without what it is.
        var named: Line { Line(name: name, place: place, facts: nil, token: .none) }
    }

    /// A file that was opened to be written, or one that only this mount knows: its bytes are a draft's or a scratch
    /// file's.
    struct Writer {
        let node: NodeID
        let place: Place
    }

    private var files: [HandleID: File] = [:]
    private var writers: [HandleID: Writer] = [:]
    private var directories: [HandleID: Directory] = [:]
    private var next: UInt64 = 1

    mutating func add(_ file: File) -> HandleID {
        files[take()] = file
        return HandleID(rawValue: next - 1)
    }

    mutating func add(_ directory: Directory) -> HandleID {
        directories[take()] = directory
        return HandleID(rawValue: next - 1)
    }

    mutating func add(_ writer: Writer) -> HandleID {
        writers[take()] = writer
        return HandleID(rawValue: next - 1)
    }

    func writer(_ handle: HandleID) -> Writer? {
        writers[handle]
    }

    /// Whether somebody has a node open to read it.
    func isRead(_ node: NodeID) -> Bool {
        files.values.contains { $0.node == node }
    }

    /// Epochs of the views that somebody has open.
    var viewsInUse: Set<UInt64> {
        Set(files.values.compactMap { $0.view?.epoch })
    }

    mutating func remove(writer handle: HandleID) {
        writers[handle] = nil
    }

    func file(_ handle: HandleID) -> File? {
        files[handle]
    }

    func directory(_ handle: HandleID) -> Directory? {
        directories[handle]
    }

    mutating func setWindow(_ handle: HandleID, _ window: (offset: Int, bytes: [UInt8])?) {
        files[handle]?.window = window
    }

    /// Counts bytes that are handed out, and says how many there were in all.
    mutating func serve(_ count: Int, of handle: HandleID) -> Int {
        files[handle]?.served += count
        return files[handle]?.served ?? 0
    }

    mutating func setLines(_ handle: HandleID, _ lines: [Line]) {
        directories[handle]?.lines = lines
    }

    mutating func setRead(_ handle: HandleID) {
        directories[handle]?.isRead = true
    }

    mutating func remove(file handle: HandleID) {
        files[handle] = nil
    }

    mutating func remove(directory handle: HandleID) {
        directories[handle] = nil
    }

    private mutating func take() -> HandleID {
        next += 1
        return HandleID(rawValue: next - 1)
    }
}
