internal import CMariaDB
private import Glibc
internal import Timing

/// Waits for the socket of a connection in the place of libmariadb, which would know neither a deadline of less than a
/// second nor that somebody has given up.
///
/// The library calls back (MARIADB_OPT_IO_WAIT) on the thread that works, whenever the socket is not ready: while it
/// connects, while it shakes hands for TLS, while a statement runs. It says which socket and nothing else, so that the wait
/// is kept with the thread for as long as a call of the library lasts.
@safe
final class MySQLWait {
    /// Why a wait ended before the server answered.
    enum Ending {
        case expired
        case cancelled
        /// The server was silent for longer than the settings allow.
        case silent(Duration)
    }

    var patience: Patience
    /// How long the server may be silent: see ``MySQLSettings/readTimeout``.
    var readLimit: Duration?
    var writeLimit: Duration?
    /// Set by a wait that gave up; the connection is of no more use then.
    private(set) var ending: Ending?

    init(_ patience: Patience) {
        self.patience = patience
    }

    /// Runs a call of the library, whose waits are this object's meanwhile.
    func during<Result>(_ call: () -> Result) -> Result {
        let former = unsafe pthread_getspecific(Self.key)
        unsafe pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        defer { unsafe _ = pthread_setspecific(Self.key, former) }
        return call()
    }

    /// Whose waits those of this thread are.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // Where there is no key left (of 1024), every wait is a plain one.
        unsafe _ = pthread_key_create(&key, nil)
        return key
    }()

    /// What libmariadb calls; 1 when the socket is ready, 0 and ETIMEDOUT when the wait is over, -1 and an errno.
    static let callback: @convention(c) (my_socket, my_bool, CInt) -> CInt = { socket, isRead, timeout in
        guard let current = unsafe pthread_getspecific(MySQLWait.key) else {
            // Nobody's call: the connection is being closed.
            return MySQLWait.poll(socket, isRead != 0, milliseconds: 100)
        }
        return unsafe Unmanaged<MySQLWait>.fromOpaque(current).takeUnretainedValue().wait(socket, isRead != 0)
    }

    private func wait(_ socket: CInt, _ isRead: Bool) -> CInt {
        Self.neverBlock(socket)
        let limit = isRead ? readLimit : writeLimit
        let end = limit.map { ContinuousClock.now + $0 }
        while true {
            let now = ContinuousClock.now
            if let verdict = patience.verdict {
                ending = verdict == .cancelled ? .cancelled : .expired
            } else if let end, let limit, now >= end {
                ending = .silent(limit)
            } else {
                let left = min(patience.deadline, end ?? patience.deadline) - now
                // Short, since only asking tells that a program was interrupted; up, or the last wait would be none.
                let slice = min(50, max(1, Int((left / .milliseconds(1)).rounded(.up))))
                let answer = Self.poll(socket, isRead, milliseconds: CInt(slice))
                if answer != 0 { return answer }
                continue
            }
            errno = ETIMEDOUT
            return 0
        }
    }

    /// For TLS the library reads and writes a socket that blocks, in a call that nothing would end; of one that does not block
    /// it comes to ask us.
    static func neverBlock(_ socket: CInt) {
        let flags = fcntl(socket, F_GETFL)
        if flags >= 0, flags & O_NONBLOCK == 0 { _ = fcntl(socket, F_SETFL, flags | O_NONBLOCK) }
    }

    private static func poll(_ socket: CInt, _ isRead: Bool, milliseconds: CInt) -> CInt {
        var descriptor = pollfd(fd: socket, events: CShort(isRead ? POLLIN : POLLOUT), revents: 0)
        let answer = unsafe Glibc.poll(&descriptor, 1, milliseconds)
        if answer == -1, errno == EINTR { return 0 }
        if answer == 0 { errno = ETIMEDOUT }
        return answer
    }
}
