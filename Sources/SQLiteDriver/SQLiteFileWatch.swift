internal import CSQLite
private import Glibc

/// Notices that somebody has written over the database file, past SQLite: `cp other.db opencode.db`.
///
/// SQLite would not: with a write-ahead log it trusts the log's index, and goes on mixing pages it keeps with those of the
/// new contents. The file itself is only written by a checkpoint, and the index tells of each. So when the file's time has
/// moved, its bytes are others and the index tells of no checkpoint, the contents are not SQLite's.
///
/// Nothing is opened for this: SQLite's own descriptor and mapping are asked.
@safe
final class SQLiteFileWatch {
    private let database: OpaquePointer
    private let claim: SQLiteClaim
    private var last: (look: SQLiteClaim.Look, state: State)?

    private struct State {
        /// Bytes from all over the file, its header among them.
        let sample: [UInt8]
        let log: LogIndex
    }

    /// What the log's index tells of checkpoints. The offsets are those of SQLite's WalIndexHdr and WalCkptInfo, part of
    /// the file format (sqlite.org/walformat.html).
    private struct LogIndex: Equatable {
        private let salt: UInt32
        private let otherSalt: UInt32
        let attempted: UInt32
        /// Behind `attempted` while a checkpoint runs.
        let done: UInt32

        init(_ index: UnsafeRawPointer) {
            func word(_ offset: Int) -> UInt32 { unsafe index.load(fromByteOffset: offset, as: UInt32.self) }
            (salt, otherSalt, done, attempted) = (word(32), word(36), word(96), word(128))
        }

        func tellsOfSameCheckpoints(as other: LogIndex) -> Bool {
            salt == other.salt && otherSalt == other.otherSalt && attempted == other.attempted
        }
    }

    /// Which version of the database the log's index shows: another one after each commit.
    struct IndexHeader: Equatable {
        private let words: InlineArray<6, UInt64>

        /// - Returns: nil while somebody writes it: it stands there twice.
        fileprivate init?(_ index: UnsafeRawPointer) {
            func word(_ number: Int) -> UInt64 { unsafe index.load(fromByteOffset: number * 8, as: UInt64.self) }
            words = InlineArray { word($0) }
            for number in 0..<6 where word(number + 6) != words[number] { return nil }
        }

        static func == (left: Self, right: Self) -> Bool {
            for number in 0..<6 where left.words[number] != right.words[number] { return false }
            return true
        }
    }

    /// Nil where it cannot be told.
    var indexHeader: IndexHeader? {
        guard let file = unsafe file, let index = unsafe index(of: file) else { return nil }
        return unsafe IndexHeader(index)
    }

    init(database: OpaquePointer, claim: SQLiteClaim) {
        unsafe self.database = database
        self.claim = claim
    }

    /// - Parameter look: what stat(2) says of the file now.
    func isOverwritten(_ look: SQLiteClaim.Look) -> Bool {
        guard let file = unsafe file, let index = unsafe index(of: file) else { return false }
        // A checkpoint may leave the time as it is, which moves every few milliseconds only; and the first write into a
        // log gives it new salts without a checkpoint.
        if let last, last.look == look, unsafe last.state.log == LogIndex(index) { return false }
        // Twice, with a look in between: while a checkpoint runs nothing can be told.
        let before = unsafe LogIndex(index)
        guard before.done == before.attempted, let look = claim.look else { return false }
        let state = unsafe State(sample: sample(of: file, size: look.size), log: LogIndex(index))
        guard state.log == before else { return false }
        defer { last = (look, state) }
        guard let last, last.look != look else { return false }
        return state.log.tellsOfSameCheckpoints(as: last.state.log) && state.sample != last.state.sample
    }

    /// Histories made by the same steps have the same header; what differs is in some page behind it.
    private func sample(of file: UnsafeMutablePointer<sqlite3_file>, size: Int64) -> [UInt8] {
        guard let read = unsafe file.pointee.pMethods.pointee.xRead else { return [] }
        let (places, length) = (Int64(64), 4096)
        var sample = [UInt8](repeating: 0, count: Int(places) * length)
        let step = max(Int64(length), size / places / Int64(length) * Int64(length))
        for place in 0..<places where place * step < size {
            let start = Int(place) * length
            _ = unsafe sample.withUnsafeMutableBytes { buffer in
                unsafe read(file, buffer.baseAddress?.advanced(by: start), CInt(length), place * step)
            }
        }
        return sample
    }

    /// SQLite's own handle of the file.
    private var file: UnsafeMutablePointer<sqlite3_file>? {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = unsafe withUnsafeMutablePointer(to: &file) { pointer in
            unsafe sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, pointer)
        }
        guard code == SQLITE_OK, let file = unsafe file, unsafe file.pointee.pMethods != nil else { return nil }
        return unsafe file
    }

    /// The beginning of the log's index, which is mapped since the connection has read.
    private func index(of file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeRawPointer? {
        guard let map = unsafe file.pointee.pMethods.pointee.xShmMap else { return nil }
        var index: UnsafeMutableRawPointer?
        let code = unsafe withUnsafeMutablePointer(to: &index) { pointer in
            unsafe pointer.withMemoryRebound(to: UnsafeMutableRawPointer?.self, capacity: 1) {
                unsafe map(file, 0, 32_768, 0, $0)
            }
        }
        guard code == SQLITE_OK, let index = unsafe index else { return nil }
        return UnsafeRawPointer(index)
    }
}
