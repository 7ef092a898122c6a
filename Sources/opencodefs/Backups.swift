internal import SQL
internal import SQLiteDriver
internal import SessionStore
internal import SessionTree
internal import Timing

/// Copies of databases as they were before a migration: `$XDG_STATE_HOME/opencodefs/backups`.
enum Backups {
    /// How long a copy is kept.
    static let days: Int64 = 7
    /// For the journal of the copy, and what else grows meanwhile.
    private static let margin: Int64 = 1 << 20

    private static var directory: String { StateDirectory.path + "/backups" }

    /// Copies what is committed, while the caller's connection holds the write lock.
    ///
    /// The connection that reads is another one: that of the caller cannot be copied from while it is in a transaction that
    /// writes.
    ///
    /// - Parameter progress: gets what is going on, for people.
    /// - Returns: where the copy lies.
    static func add(
        _ database: String, _ patience: Patience, progress: (String) -> Void
    ) throws(MigrationError) -> String {
        if let error = System.makeDirectory(directory) {
            throw .noBackup(reason: "cannot make \(directory) for the backup: \(error.text); set XDG_STATE_HOME")
        }
        guard let directory = System.realPath(directory) else {
            throw .noBackup(reason: "cannot use \(directory) for the backup: \(ErrorNumber().text)")
        }
        let path = directory + "/" + name(of: database, at: .now)
        do throws(SQLError) {
            let reader = try SQLiteConnection(path: database, access: .readOnly)
            reader.patience = patience
            let (size, free) = (try reader.backupSize(), System.freeSpace(directory))
            guard size < free - min(free, margin) else { throw SQLError(.full, message: shortage(size, free)) }
            try reader.backUp(to: path) { done, total in
                progress(
                    done < total
                        ? "backup: \(Human.size(size / Int64(max(1, total)) * Int64(done))) of \(Human.size(size))"
                        : "backup: checking \(Human.size(size))")
            }
        } catch {
            let reason = error.kind == .full ? "no space left for the backup in \(directory)" : "no backup"
            throw .noBackup(
                reason: "\(reason): \(error.message)"
                    + (error.kind == .full ? "; make room, or set XDG_STATE_HOME" : ""))
        }
        return path
    }

    /// Takes back a copy of what did not change after all.
    static func remove(_ path: String) {
        System.remove(path)
    }

    /// Removes what is older than a week, and copies that were cut short.
    static func expire(now: Timestamp = .now) {
        for name in System.names(in: directory) ?? [] {
            let path = directory + "/" + name
            guard let change = System.lastChange(ofFile: path) else { continue }
            let isWhole = name.hasSuffix(".db")
            guard isWhole || name.contains(".db.partial") else { continue }
            // A copy takes an hour at most.
            if change < now.seconds - (isWhole ? days : 1) * 86_400 { System.remove(path) }
        }
    }

    private static func shortage(_ size: Int64, _ free: Int64) -> String {
        "\(Human.size(free)) are free, \(Human.size(size + margin)) needed"
    }

    /// `app.5f3a9c1e.2026-11-21T13-54-26.123Z.db`: the directory that the data directory is in, a hash of the whole path, and
    /// when.
    private static func name(of database: String, at moment: Timestamp) -> String {
        let home = database.split(separator: "/").dropLast(2).last ?? "root"
        let safe = home.utf8.prefix(60).map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) || byte == UInt8(ascii: "-")
            return isPlain ? byte : UInt8(ascii: "_")
        }
        var hash = IdentityHash()
        hash.add(0, Array(database.utf8))
        let digits = String(UInt32(truncatingIfNeeded: hash.value), radix: 16)
        let padded = String(repeating: "0", count: 8 - digits.utf8.count) + digits
        let time = moment.rfc3339.utf8.map { $0 == UInt8(ascii: ":") ? UInt8(ascii: "-") : $0 }
        return "\(String(decoding: safe, as: UTF8.self)).\(padded).\(String(decoding: time, as: UTF8.self)).db"
    }
}
