internal import SessionTree
internal import Timing
internal import VFS

/// A file that is being written: its bytes, until they are the database's (rule W1).
struct Draft {
    /// What it is a draft of.
    let place: Place
    /// How the program called it.
    let name: FileName
    /// The directory the program found it in.
    let parent: Place
    /// The process that opened it: others that close it are children, which share the descriptor.
    let opener: Int32
    /// What the text is compared with before it is overwritten.
    var base: Base
    var bytes: [UInt8]
    /// Whether the bytes are others than those that were committed, or read, last.
    var isDirty = false
    /// Whether anything was written since it was emptied: a shell empties a file and closes a descriptor of it before the
    /// first byte comes.
    var isWritten = false
    /// What utimens(2) asked for before there was a row to hold it.
    var modified: Timestamp?
    /// Why the bytes could not be committed, as long as they are the same.
    var failure: Failure?
    /// Moves with each change of the bytes.
    private(set) var revision = 0
    /// Whether the last descriptor is closed, and what is left is being committed.
    var isClosing = false
    /// How often it is open.
    var handles = 1
    /// Whether no row stands for it yet: it was created.
    var isNew = false
    /// Whether its name was taken away while it was open.
    var isUnlinked = false
    let created = Timestamp.now

    /// Whether its name leads to it. Not any more once the last descriptor is closed: what it came to is a row, or nothing,
    /// and whoever comes meanwhile must not be sent to a file that is being let go of.
    fileprivate var isNewborn: Bool { isNew && !isUnlinked && !isClosing }

    /// Bytes a draft may have: the largest text that SQLite takes as it is built by default.
    static let maximumSize: Int64 = 1_000_000_000

    mutating func write(_ new: [UInt8], at offset: Int64) throws(Failure) {
        try bytes.write(new, at: offset, limit: Self.maximumSize)
        isDirty = true
        isWritten = true
        revision += 1
        failure = nil
    }

    mutating func resize(to size: Int64) throws(Failure) {
        guard size != bytes.count else { return }
        try bytes.resize(to: size, limit: Self.maximumSize)
        isDirty = true
        isWritten = size > 0
        revision += 1
        failure = nil
    }
}

/// What a save is compared with (rule W3).
enum Base: Equatable {
    /// There was nothing.
    case absent
    /// The bytes this mount handed out last, or those that stood there when the file was opened.
    case content(UInt64)
    /// The same of a file that is too large to be held. There are few: the others take no room for it.
    indirect case version(FileVersion)
}

/// The files that are being written, by their nodes.
struct DraftTable {
    private var drafts: [NodeID: Draft] = [:]

    subscript(_ node: NodeID) -> Draft? {
        _read { yield drafts[node] }
        _modify { yield &drafts[node] }
    }

    var all: [(node: NodeID, draft: Draft)] { drafts.map { ($0.key, $0.value) } }

    /// Bytes of all of them together.
    var size: Int64 { drafts.values.reduce(0) { $0 + Int64($1.bytes.count) } }

    /// A file that was created and has no row yet.
    func newborn(_ name: FileName, in parent: Place) -> (node: NodeID, draft: Draft)? {
        drafts.first { $0.value.isNewborn && $0.value.parent == parent && $0.value.name == name }
            .map { ($0.key, $0.value) }
    }

    func newborn(_ place: Place) -> (node: NodeID, draft: Draft)? {
        drafts.first { $0.value.isNewborn && $0.value.place == place }
            .map { ($0.key, $0.value) }
    }

    /// Files in a directory that were created and have no row yet.
    func newborns(in parent: Place) -> [Draft] {
        drafts.values.filter { $0.isNewborn && $0.parent == parent }
    }
}

extension [UInt8] {
    /// Puts bytes at an offset, with zeros in a gap before them, as pwrite(2) does.
    mutating func write(_ new: [UInt8], at offset: Int64, limit: Int64) throws(Failure) {
        let (end, overflow) = offset.addingReportingOverflow(Int64(new.count))
        guard offset >= 0, !overflow, end <= limit else {
            throw Failure(.tooLarge, "a file of more than \(limit) bytes fits no row")
        }
        let start = Int(offset)
        if start == count {
            append(contentsOf: new)
            return
        }
        if count < Int(end) { append(contentsOf: [UInt8](repeating: 0, count: Int(end) - count)) }
        replaceSubrange(start..<Int(end), with: new)
    }

    mutating func resize(to size: Int64, limit: Int64) throws(Failure) {
        guard size >= 0, size <= limit else {
            throw Failure(.tooLarge, "a file of more than \(limit) bytes fits no row")
        }
        if size < count {
            removeLast(count - Int(size))
        } else {
            append(contentsOf: [UInt8](repeating: 0, count: Int(size) - count))
        }
    }

    /// Up to `count` bytes from an offset on, as pread(2) gives them.
    func read(at offset: Int64, count wanted: Int) -> [UInt8] {
        guard offset >= 0, offset < Int64(count), wanted > 0 else { return [] }
        let start = Int(offset)
        return Array(self[start..<Swift.min(count, start + Swift.min(wanted, count - start))])
    }
}
