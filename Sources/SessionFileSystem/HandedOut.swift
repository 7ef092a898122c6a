internal import VFS

/// What programs have been given to read of each file: what a save is compared with (rule W3).
///
/// Of the program that saves it counts what that program itself has opened. Many do not: `jq . f > t && mv t f` reads in one
/// process and renames in another. Then it is what this mount handed out last, to whomever.
///
/// The oldest entries go when there are many. Whoever saves after that has seen the text that stands there.
struct HandedOut {
    private struct Reader: Hashable {
        let process: Int32
        let inode: UInt64
    }

    private var files = Recent<UInt64, Base>()
    private var readers = Recent<Reader, Base>()

    /// A program has opened a file to read it, or has written it.
    mutating func note(_ base: Base, _ inode: UInt64, process: Int32) {
        files[inode] = base
        if process > 0 { readers[Reader(process: process, inode: inode)] = base }
    }

    mutating func forget(_ inode: UInt64) {
        files[inode] = nil
    }

    /// - Parameter process: that saves.
    func base(_ inode: UInt64, process: Int32) -> Base? {
        readers[Reader(process: process, inode: inode)] ?? files[inode]
    }
}

/// A dictionary that drops its older half when it is full.
private struct Recent<Key: Hashable, Value> {
    private var new: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// A file that is listed takes about a hundred bytes here.
    private var capacity: Int { 200_000 }

    subscript(_ key: Key) -> Value? {
        get { new[key] ?? old[key] }
        set {
            new[key] = newValue
            if newValue == nil { old[key] = nil }
            guard new.count >= capacity else { return }
            old = new
            new = [:]
        }
    }
}

extension Caller {
    /// The program that asks, whichever of its threads does: an editor reads in one and saves in another.
    var program: Int32 {
        let group = threadGroup()
        return group > 0 ? group : process
    }
}
