internal import SessionTree
internal import Timing
internal import VFS

/// A file that only this mount knows (rule W6).
struct ScratchFile {
    var directory: Place
    var name: FileName
    fileprivate(set) var bytes: [UInt8]
    var modified = Timestamp.now
    /// Whether a program has set that time.
    var isTimed = false
    /// Whether its bytes are a file of the history now: what is written after that would reach nobody.
    fileprivate(set) var isSaved = false
    /// The file that was renamed to this, as long as nothing has come in its place: its row is still there.
    fileprivate(set) var standsFor: Place?
    /// What the renamed file was when it was renamed.
    var base = Base.absent
    /// Whether its bytes are those of the file that was renamed to it.
    fileprivate(set) var isAsRenamed = false
    fileprivate(set) var handles = 0
    /// Whether a name leads to it; one that is still open lives on without.
    fileprivate(set) var isLinked = true
}

/// Every file whose name is none of a message's: editors' backups and swap files, temporary files of copies.
///
/// They live in memory and end with the mount; none of them ever reaches the database.
struct ScratchTable {
    private var files: [UInt64: ScratchFile] = [:]
    private var names: [Place: [FileName: UInt64]] = [:]
    /// Files that were renamed to a scratch name, and that one's number.
    private var displaced: [Place: UInt64] = [:]
    /// Files that have their names back, since what was to take their place was refused, and what they were renamed to.
    private var returned: [Place: UInt64] = [:]
    private var used = 0
    private var next: UInt64 = 1

    /// Bytes of all of them together.
    static let capacity = 64 << 20

    subscript(_ number: UInt64) -> ScratchFile? {
        files[number]
    }

    /// Whether no name leads to any.
    var isEmpty: Bool { names.isEmpty }

    func number(_ name: FileName, in directory: Place) -> UInt64? {
        names[directory]?[name]
    }

    func files(in directory: Place) -> [(name: FileName, number: UInt64)] {
        (names[directory] ?? [:]).map { ($0.key, $0.value) }
    }

    /// The scratch file that a file was renamed to, if nothing has taken its place since.
    func number(displacing place: Place) -> UInt64? {
        displaced[place]
    }

    /// - Parameters:
    ///   - bytes: of the file that is renamed to this.
    ///   - place: which that is.
    mutating func add(
        _ name: FileName, in directory: Place, bytes: [UInt8] = [], standingFor place: Place? = nil,
        base: Base = .absent
    ) throws(Failure) -> UInt64 {
        try reserve(bytes.count)
        let number = next
        next += 1
        files[number] = ScratchFile(directory: directory, name: name, bytes: bytes, standsFor: place, base: base)
        names[directory, default: [:]][name] = number
        if let place {
            displaced[place] = number
            files[number]?.isAsRenamed = true
        }
        return number
    }

    mutating func write(_ new: [UInt8], to number: UInt64, at offset: Int64) throws(Failure) {
        // Nothing may hold the bytes but the table, or each write copies all of them.
        guard let count = files[number].flatMap({ $0.isSaved ? nil : $0.bytes.count }) else {
            throw Failure(.stale, "the file was saved while it was open", remedy: "open it again", isNotable: true)
        }
        let end = Int(clamping: offset.addingReportingOverflow(Int64(new.count)).partialValue)
        try reserve(max(0, end - count))
        try files[number]?.bytes.write(new, at: offset, limit: Int64(Self.capacity))
        files[number]?.isAsRenamed = false
        files[number]?.modified = .now
    }

    mutating func resize(_ number: UInt64, to size: Int64) throws(Failure) {
        guard let file = files[number] else { throw .stale }
        let growth = Int(clamping: size) - file.bytes.count
        if growth > 0 { try reserve(growth) } else { used += growth }
        try files[number]?.bytes.resize(to: size, limit: Int64(Self.capacity))
        files[number]?.isAsRenamed = false
        files[number]?.modified = .now
    }

    mutating func setModified(_ number: UInt64, _ modified: Timestamp) {
        files[number]?.modified = modified
        files[number]?.isTimed = true
    }

    /// Its bytes are a file of the history.
    mutating func setSaved(_ number: UInt64) {
        files[number]?.isSaved = true
        unlink(number)
    }

    mutating func open(_ number: UInt64) {
        files[number]?.handles += 1
    }

    mutating func close(_ number: UInt64) {
        files[number]?.handles -= 1
        dropIfUnused(number)
    }

    /// Takes the name away, and with it the file unless somebody has it open.
    mutating func unlink(_ number: UInt64) {
        guard let file = files[number], file.isLinked else { return }
        names[file.directory]?[file.name] = nil
        if names[file.directory]?.isEmpty == true { names[file.directory] = nil }
        files[number]?.isLinked = false
        uncover(number)
        dropIfUnused(number)
    }

    mutating func rename(_ number: UInt64, to name: FileName, in directory: Place) {
        guard let file = files[number] else { return }
        if let other = names[directory]?[name], other != number { unlink(other) }
        names[file.directory]?[file.name] = nil
        files[number]?.directory = directory
        files[number]?.name = name
        names[directory, default: [:]][name] = number
    }

    /// Something stands in the place of the file that was renamed to this: now this is a file of its own.
    mutating func uncover(_ number: UInt64) {
        guard let place = files[number]?.standsFor else { return }
        files[number]?.standsFor = nil
        if displaced[place] == number { displaced[place] = nil }
    }

    mutating func uncover(_ place: Place) {
        returned[place] = nil
        if let number = displaced[place] { uncover(number) }
    }

    /// What was to take the place of a file that was renamed is refused: the file is there under its own name again, and to
    /// remove its backup does not remove it.
    mutating func giveBack(_ place: Place) {
        guard let number = displaced[place] else { return }
        uncover(number)
        if files[number]?.isAsRenamed == true { returned[place] = number }
    }

    /// A file that was given back is to be removed while its backup is there: editors do that to make room for it. The backup
    /// stands for the file again, and nothing is lost.
    ///
    /// - Returns: false where there is no such backup.
    mutating func standAside(_ place: Place) -> Bool {
        guard let number = returned.removeValue(forKey: place), let file = files[number], file.isLinked,
            file.isAsRenamed
        else { return false }
        files[number]?.standsFor = place
        displaced[place] = number
        return true
    }

    /// Drops all files in directories that are gone.
    mutating func removeAll(in directory: Place) {
        for (_, number) in files(in: directory) { unlink(number) }
    }

    private mutating func dropIfUnused(_ number: UInt64) {
        guard let file = files[number], !file.isLinked, file.handles <= 0 else { return }
        used -= file.bytes.count
        files[number] = nil
    }

    private mutating func reserve(_ count: Int) throws(Failure) {
        guard count <= Self.capacity - used else {
            throw Failure(
                .noSpace, "temporary files of this mount take more than \(Self.capacity >> 20) MiB",
                remedy: "remove backups and temporary files in it, or write the new file outside and copy it in")
        }
        used += count
    }
}
