internal import SessionStore
internal import Timing

/// The `storage/` of an OpenCode up to 1.1 on a disk.
struct LegacyDirectory: LegacyFiles {
    /// Without links.
    let path: String

    /// Whether a path is such a directory, by what is in it.
    static func isOne(_ path: String) -> Bool {
        guard case .success(.directory) = System.kind(path) else { return false }
        return ["session", "project"].contains { name in
            if case .success(.directory) = System.kind(path + "/" + name) { true } else { false }
        }
    }

    func names(in directory: String) throws(LegacyFilesError) -> [String] {
        let path = path + "/" + directory
        if let names = System.names(in: path) { return names }
        let error = ErrorNumber()
        if error.isAbsence { return [] }
        throw LegacyFilesError(reason: "\(path): \(error.text)")
    }

    func stamp(of file: String) -> LegacyStamp? {
        guard let (size, modified) = System.file(path + "/" + file) else { return nil }
        return LegacyStamp(size: size, modified: modified)
    }

    func modified(directory: String) -> Timestamp? {
        System.modified(directory: path + "/" + directory)
    }

    func contents(of file: String) throws(LegacyFilesError) -> [UInt8]? {
        let path = path + "/" + file
        if let bytes = System.contents(path, limit: 2 << 30) { return bytes }
        let error = ErrorNumber()
        if error.isAbsence { return nil }
        throw LegacyFilesError(reason: "\(path): \(error.text)")
    }
}
