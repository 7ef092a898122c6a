private import Glibc

/// A program, run as a process of its own for what it says.
///
/// It is started before SQLite has a database open and before there are threads, for the same reason as fusermount3
/// (docs/decisions/0002).
struct Program {
    /// Its name or path, and its words; no shell reads them.
    let words: [String]
    /// Each `NAME=VALUE`.
    var environment = System.variables
    /// Whether it may talk to the person at the terminal: to ask, and to complain.
    var isInteractive = false
    let patience: Duration

    enum Failure: Error {
        case notStarted(ErrorNumber)
        case tooSlow
        /// As wait(2) has it.
        case failed(status: CInt)
    }

    /// What it writes to standard output. It is found in PATH.
    func output() throws(Failure) -> [UInt8] {
        guard let ends = System.makePipe() else { throw .notStarted(ErrorNumber()) }
        defer { close(ends.read) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends.write, STDOUT_FILENO)
        if !isInteractive {
            unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        // Somebody waits for the daemon's to end.
        unsafe posix_spawn_file_actions_addclose(&actions, Daemon.descriptor)
        var vector = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe variables.indices { unsafe free(variables[index]) } }
        var child = pid_t()
        let code = unsafe posix_spawnp(&child, words[0], &actions, nil, &vector, &variables)
        close(ends.write)
        guard code == 0 else { throw .notStarted(ErrorNumber(code)) }
        let bytes = Self.read(ends.read, until: .now + patience)
        if bytes == nil { kill(child, SIGKILL) }
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard let bytes else { throw .tooSlow }
        guard status == 0 else { throw .failed(status: status) }
        return bytes
    }

    /// Reads to the end; nil when it does not come in time.
    private static func read(_ descriptor: CInt, until end: ContinuousClock.Instant) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero, bytes.count < 1 << 20 else { return nil }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&request, 1, CInt(left / .milliseconds(1)) + 1) > 0 else { continue }
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
