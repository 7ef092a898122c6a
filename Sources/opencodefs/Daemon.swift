private import Glibc

/// Runs this program once more, as a daemon: without a terminal, and with a pipe by which it says that it is ready.
///
/// A new program rather than a fork: a fork copies one thread of several, and must never meet an open SQLite database.
enum Daemon {
    /// Where the daemon finds the pipe.
    static let descriptor: CInt = 3

    /// Where it finds what it is told in confidence, if anything.
    private static let confidenceDescriptor: CInt = 4

    /// Starts the daemon and waits until it is ready.
    ///
    /// - Parameter confidence: what nobody else may see; the daemon takes it with ``takeConfidence()``.
    /// - Returns: how it ended, when it was never ready. It has said why on standard error.
    static func start(_ words: [String], confidence: [UInt8]?) throws(CommandFailure) -> ExitStatus? {
        guard let ends = System.makePipe() else {
            throw CommandFailure(.failure, "cannot make a pipe: \(ErrorNumber().text)")
        }
        let told = try confidence.map { bytes throws(CommandFailure) in try pipe(holding: bytes) }
        defer { if let told { close(told) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends.write, descriptor)
        if let told { unsafe posix_spawn_file_actions_adddup2(&actions, told, confidenceDescriptor) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var vector = unsafe (["opencodefs"] + words).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var child = pid_t()
        // By its own path, so that ps and top call it by its name.
        let program = System.linkTarget("/proc/self/exe") ?? "/proc/self/exe"
        let code = unsafe posix_spawn(&child, program, &actions, nil, &vector, environ)
        close(ends.write)
        defer { close(ends.read) }
        guard code == 0 else {
            throw CommandFailure(.failure, "cannot start the daemon: \(ErrorNumber(code).text)")
        }
        return waitUntilReady(child, ends.read)
    }

    /// The end of a pipe from which the bytes can be read.
    private static func pipe(holding bytes: [UInt8]) throws(CommandFailure) -> CInt {
        guard let ends = System.makePipe() else {
            throw CommandFailure(.failure, "cannot make a pipe: \(ErrorNumber().text)")
        }
        defer { close(ends.write) }
        // Nobody reads yet. A pipe takes 64 KiB (pipe(7)), of an unprivileged user's with many of them 4 KiB.
        _ = fcntl(ends.write, F_SETFL, O_NONBLOCK)
        guard unsafe write(ends.write, bytes, bytes.count) == bytes.count else {
            close(ends.read)
            throw CommandFailure(.failure, "the settings of the server are too long to be handed to the daemon")
        }
        return ends.read
    }

    /// In the daemon: what it was told in confidence, once.
    static func takeConfidence() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(confidenceDescriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        close(confidenceDescriptor)
        return bytes
    }

    /// One byte says ready; the end of the pipe, that the daemon has ended.
    private static func waitUntilReady(_ child: pid_t, _ pipe: CInt) -> ExitStatus? {
        var byte: UInt8 = 0
        while true {
            let count = unsafe read(pipe, &byte, 1)
            if count == 1 { return nil }
            if count < 0, errno == EINTR { continue }
            break
        }
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        // WEXITSTATUS(status), where it ended by itself.
        return status & 0x7f == 0 ? ExitStatus(rawValue: (status >> 8) & 0xff) ?? .failure : .failure
    }

    /// In the daemon, first of all: away from the terminal it was started at, and from whatever its caller had open. A
    /// pipe that somebody reads to its end, or a locked file, would stay open for as long as the mount.
    static func detach() {
        setsid()
        closefrom(descriptor + 1)
    }

    /// In the daemon, before it is ready: whether nobody waits for it any more.
    static var isAbandoned: Bool {
        var pipe = pollfd(fd: descriptor, events: 0, revents: 0)
        return unsafe poll(&pipe, 1, 0) > 0 && pipe.revents & Int16(POLLERR) != 0
    }

    /// In the daemon: all is well. From here on standard error leads nowhere.
    static func reportReady() {
        var byte: UInt8 = 1
        unsafe write(descriptor, &byte, 1)
        close(descriptor)
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        if null >= 0 {
            dup2(null, STDERR_FILENO)
            close(null)
        }
    }
}

/// SIGTERM, SIGINT and SIGHUP, as something to wait for.
enum Signals {
    /// Keeps them from ending the program. Call it before any thread starts: threads inherit it.
    static func hold() {
        var signals = set()
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Waits until one comes.
    static func wait() {
        var signals = set()
        var signal: CInt = 0
        unsafe sigwait(&signals, &signal)
    }

    /// Whether one has come that ``wait()`` has not taken yet.
    static var isPending: Bool {
        pending != nil
    }

    /// One that has come and that ``wait()`` has not taken yet.
    static var pending: CInt? {
        var pending = sigset_t()
        unsafe sigpending(&pending)
        return [SIGINT, SIGTERM, SIGHUP].first { unsafe sigismember(&pending, $0) == 1 }
    }

    /// What ends a program that writes where nobody reads any more.
    static let brokenPipe = SIGPIPE

    /// Ends this process as a signal would have ended it: the shell is to know.
    static func end(by number: CInt) -> Never {
        signal(number, SIG_DFL)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, number)
        kill(getpid(), number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        exit(128 + number)
    }

    /// Lets ``wait()`` return.
    static func wake() {
        kill(getpid(), SIGTERM)
    }

    private static func set() -> sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&signals, signal) }
        return signals
    }
}
