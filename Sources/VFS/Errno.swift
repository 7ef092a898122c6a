private import Glibc

/// What a program is told when a call fails (errno(3)).
package struct Errno: Error, Hashable, Sendable {
    package let rawValue: CInt

    package init(rawValue: CInt) {
        self.rawValue = rawValue
    }

    /// EPERM: not allowed here, whoever asks.
    package static let notPermitted = Errno(rawValue: EPERM)
    /// ENOENT
    package static let noEntry = Errno(rawValue: ENOENT)
    /// EINTR: the program was interrupted by a signal while it waited.
    package static let interrupted = Errno(rawValue: EINTR)
    /// EIO: the database is damaged or out of reach.
    package static let inputOutput = Errno(rawValue: EIO)
    /// EBADF
    package static let badHandle = Errno(rawValue: EBADF)
    /// EACCES
    package static let accessDenied = Errno(rawValue: EACCES)
    /// EBUSY: somebody else writes, and we have waited.
    package static let busy = Errno(rawValue: EBUSY)
    /// EEXIST
    package static let exists = Errno(rawValue: EEXIST)
    /// ENOTDIR
    package static let notDirectory = Errno(rawValue: ENOTDIR)
    /// EISDIR
    package static let isDirectory = Errno(rawValue: EISDIR)
    /// EINVAL
    package static let invalid = Errno(rawValue: EINVAL)
    /// EFBIG: larger than the database takes.
    package static let tooLarge = Errno(rawValue: EFBIG)
    /// ENOSPC
    package static let noSpace = Errno(rawValue: ENOSPC)
    /// This operation need not be asked for.
    package static let notImplemented = Errno(rawValue: ENOSYS)
    /// EROFS
    package static let readOnly = Errno(rawValue: EROFS)
    /// ENAMETOOLONG
    package static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    /// ENOTEMPTY
    package static let notEmpty = Errno(rawValue: ENOTEMPTY)
    /// ENODATA: there is no such extended attribute.
    package static let noData = Errno(rawValue: ENODATA)
    /// ERANGE
    package static let outOfRange = Errno(rawValue: ERANGE)
    /// ETIMEDOUT: no answer within the request's deadline.
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    /// ESTALE: what was opened has changed since. The kernel repeats a path once with fresh look-ups.
    package static let stale = Errno(rawValue: ESTALE)

    /// The symbol, "ENOENT", for logs; a number where this table has no symbol.
    package var symbol: String {
        switch self {
        case .notPermitted: "EPERM"
        case .noEntry: "ENOENT"
        case .interrupted: "EINTR"
        case .inputOutput: "EIO"
        case .badHandle: "EBADF"
        case .accessDenied: "EACCES"
        case .busy: "EBUSY"
        case .exists: "EEXIST"
        case .notDirectory: "ENOTDIR"
        case .isDirectory: "EISDIR"
        case .invalid: "EINVAL"
        case .tooLarge: "EFBIG"
        case .noSpace: "ENOSPC"
        case .readOnly: "EROFS"
        case .nameTooLong: "ENAMETOOLONG"
        case .notEmpty: "ENOTEMPTY"
        case .noData: "ENODATA"
        case .outOfRange: "ERANGE"
        case .timedOut: "ETIMEDOUT"
        case .stale: "ESTALE"
        default: "errno \(rawValue)"
        }
    }
}
