internal import SessionStore
internal import VFS

/// Why an operation fails: the errno for the program, a sentence and a remedy for whoever reads errors.jsonl.
///
/// Never holds text of a conversation.
struct Failure: Error {
    let errno: Errno
    let reason: String
    let remedy: String

    init(_ errno: Errno, _ reason: String, remedy: String = "") {
        self.errno = errno
        self.reason = reason
        self.remedy = remedy
    }

    init(_ error: StoreError) {
        errno = Errno(error)
        switch error {
        case .notFound: (reason, remedy) = ("no such entry", "")
        case .notEmpty: (reason, remedy) = ("the session still has messages", "use rm -r, or remove messages/* first")
        case .notAllowed(let why): (reason, remedy) = (why, "")
        case .readOnly(let why): (reason, remedy) = (why, "mount the database where it can be written, without -o ro")
        case .unsupportedSchema(let why):
            (reason, remedy) = (why, "see opencodefs status; a newer opencodefs may know it")
        case .busy:
            (reason, remedy) = (
                "another program kept the database locked for 5 s", "try again; find the other writer with fuser(1)"
            )
        case .full: (reason, remedy) = ("no space left for the database or the trash", "free space, then try again")
        case .tooLarge: (reason, remedy) = ("larger than the database takes", "")
        case .expired: (reason, remedy) = ("the database did not answer in time", "try again")
        case .cancelled: (reason, remedy) = ("the program was interrupted", "")
        case .unavailable(let why):
            (reason, remedy) = (why, "if it stays so, check the file with: sqlite3 FILE 'PRAGMA quick_check'")
        }
    }

    static let noEntry = Failure(.noEntry, "no such entry")
    static let stale = Failure(.stale, "changed since it was opened", remedy: "open it again")

    /// Whether it is an everyday answer, not worth a line (docs/tree.md, Errors).
    var isEveryday: Bool {
        switch errno {
        case .noEntry, .exists, .notEmpty, .isDirectory, .notDirectory, .noData, .stale: true
        default: false
        }
    }
}
