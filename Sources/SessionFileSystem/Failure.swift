internal import SessionStore
internal import SessionTree
internal import VFS

/// Why an operation fails: the errno for the program, a sentence and a remedy for whoever reads errors.jsonl.
///
/// Never holds text of a conversation.
struct Failure: Error {
    let errno: Errno
    let reason: String
    let remedy: String
    /// Whether it is worth a line although its errno mostly is not.
    let isNotable: Bool
    /// Whether it has its line already.
    private(set) var isTold = false

    init(_ errno: Errno, _ reason: String, remedy: String = "", isNotable: Bool = false) {
        self.errno = errno
        self.reason = reason
        self.remedy = remedy
        self.isNotable = isNotable
    }

    init(_ error: EditError) {
        self.init(.invalid, error.reason, remedy: error.remedy)
    }

    init(_ error: StoreError) {
        errno = Errno(error)
        isNotable = if case .taken = error { true } else { false }
        switch error {
        case .notFound: (reason, remedy) = ("no such entry", "")
        case .notEmpty: (reason, remedy) = ("the session still has messages", "use rm -r, or remove messages/* first")
        case .taken(let why): (reason, remedy) = (why, "an id is used once in a database; give the copy another")
        case .notAllowed(let why): (reason, remedy) = (why, "")
        case .readOnly(let why): (reason, remedy) = (why, "mount the database where it can be written, without -o ro")
        case .unsupportedSchema(let why):
            (reason, remedy) = (why, "see opencodefs status; a newer opencodefs may know it")
        case .denied(let why):
            (reason, remedy) = (why, "ask whoever runs the database for the rights, or mount with -o ro")
        case .busy:
            (reason, remedy) = (
                "another program kept the database locked for 5 s", "try again; find the other writer with fuser(1)"
            )
        case .full: (reason, remedy) = ("no space left for the database or the trash", "free space, then try again")
        case .tooLarge(let why): (reason, remedy) = ("larger than the database takes: \(why)", "")
        case .expired(let why): (reason, remedy) = (why, "try again")
        case .cancelled: (reason, remedy) = ("the program was interrupted", "")
        case .unavailable(let why):
            (reason, remedy) = (why, "if it stays so, check the file with: sqlite3 FILE 'PRAGMA quick_check'")
        }
    }

    /// The same, once more: fsync(2) and close(2) fail with one reason.
    var told: Failure {
        var failure = self
        failure.isTold = true
        return failure
    }

    static let noEntry = Failure(.noEntry, "no such entry")
    static let stale = Failure(.stale, "changed since it was opened", remedy: "open it again")

    /// Whether it is an everyday answer, not worth a line (docs/tree.md, Errors).
    var isEveryday: Bool {
        if isNotable { return false }
        return switch errno {
        case .noEntry, .exists, .notEmpty, .isDirectory, .notDirectory, .noData, .stale: true
        default: false
        }
    }
}
