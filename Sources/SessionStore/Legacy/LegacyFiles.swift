package import Timing

/// The directory in which OpenCode up to 1.1 keeps its history, `storage/`, as far as reading it takes. Paths are below it.
///
/// Calls come from several threads.
package protocol LegacyFiles: Sendable {
    /// The names in a directory; none where there is no such directory.
    func names(in directory: String) throws(LegacyFilesError) -> [String]

    /// What identifies the contents of a file; nil where there is none.
    func stamp(of path: String) -> LegacyStamp?

    /// When something came into a directory, or went, last; nil where there is no such directory.
    func modified(directory: String) -> Timestamp?

    /// A file as a whole; nil where there is none.
    func contents(of path: String) throws(LegacyFilesError) -> [UInt8]?
}

/// Of two looks at a file with equal stamps, the second need not read it.
package struct LegacyStamp: Hashable, Sendable {
    /// Bytes.
    package let size: Int
    package let modified: Timestamp

    package init(size: Int, modified: Timestamp) {
        self.size = size
        self.modified = modified
    }
}

/// The directory cannot be read; the reason is for people.
package struct LegacyFilesError: Error {
    package let reason: String

    package init(reason: String) {
        self.reason = reason
    }
}
