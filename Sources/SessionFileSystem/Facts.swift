internal import SessionTree
internal import Timing

/// What a place is at the moment, as far as stat(2) asks.
enum Facts {
    case directory(modified: Timestamp)
    case file(FileVersion)
    /// A file that is made anew for each lookup.
    case made(FileVersion, bytes: [UInt8])
    /// A symbolic link.
    case link(target: [UInt8], modified: Timestamp)
    /// A view that grows while it is the same file: `epoch` is other when what was there has changed.
    case growing(epoch: UInt64, size: Int, modified: Timestamp)
    /// A file that no row holds: one that only this mount knows, or whose first save is under way.
    case unsaved(size: Int, modified: Timestamp)

    var version: FileVersion? {
        switch self {
        case .directory, .unsaved, .link, .growing: nil
        case .file(let version), .made(let version, _): version
        }
    }
}
