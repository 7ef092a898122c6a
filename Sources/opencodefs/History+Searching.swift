internal import SQL
internal import SQLiteDriver
internal import SessionSearch
internal import SessionTree

/// The index of a database's words.
extension History {
    /// - Parameter name: of the database, as ``Provider/name`` has it.
    static func searchIndex(for name: String) -> SearchIndex {
        // A name is as long as a path may be, and has slashes. The number is that of the tables in it (`IndexTables.version`).
        let hash = String(ContentHash.value(of: Array(name.utf8)), radix: 16)
        let file = "search-2-" + String(repeating: "0", count: max(0, 16 - hash.utf8.count)) + hash + ".db"
        let path = CacheDirectory.path + "/" + file
        return SearchIndex(
            isThere: { System.file(path) != nil },
            discard: { for suffix in ["", "-journal"] { System.remove(path + suffix) } },
            open: { (_) throws(SQLError) in
                guard let directory = CacheDirectory.make() else {
                    throw SQLError(
                        .unavailable, message: "cannot make \(CacheDirectory.path) for the index; set XDG_CACHE_HOME")
                }
                let connection = try SQLiteConnection(path: directory + "/" + file, access: .create)
                // What is removed from a history is not to be read here.
                try connection.run("PRAGMA secure_delete=ON")
                // A batch stays in memory until its commit: to write it earlier would keep readers out.
                try connection.run("PRAGMA cache_size=-8000")
                try connection.run("PRAGMA cache_spill=OFF")
                return connection
            })
    }
}
