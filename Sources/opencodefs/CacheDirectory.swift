/// Where opencodefs keeps what can be made again: the index of searches.
enum CacheDirectory {
    static var path: String {
        // A relative path is invalid and to be ignored (XDG Base Directory Specification); the daemon works in `/`.
        let base = System.environment("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (base ?? System.home + "/.cache") + "/opencodefs"
    }

    /// Makes the directory where there is none.
    ///
    /// - Returns: its path without links, as SQLite wants it; nil where it cannot be made.
    static func make() -> String? {
        _ = System.makeDirectory(path)
        return System.realPath(path)
    }
}
