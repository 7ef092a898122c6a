import CLinux
import Glibc

/// A pipe that programs write to, and that swallows what comes: never /dev/null itself, at which grep stops with its first
/// hit and tar reads no file at all.
struct Drain: ~Copyable {
    let entry: CInt
    private let exit: CInt
    private let null: CInt
    private var isOpen = true

    init() throws {
        (exit, entry) = try Self.pipe()
        // The most that a user may ask for; where that is refused the usual 64 KiB do.
        _ = fcntl(entry, CInt(OPENCODEFS_SETPIPE_SZ), 1 << 20)
        null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    }

    deinit {
        if isOpen { close(entry) }
        close(exit)
        close(null)
    }

    /// Swallows until nobody holds the other end. Pages are moved, not copied: it costs the readers next to nothing.
    mutating func run() {
        close(entry)
        isOpen = false
        while true {
            let count = splice(exit, nil, null, nil, 1 << 20, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
        }
    }

    /// A pipe that programs do not inherit unless they are given an end.
    static func pipe() throws -> (exit: CInt, entry: CInt) {
        var ends: [CInt] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw BenchFailure("cannot make a pipe") }
        return (ends[0], ends[1])
    }
}
