import CLinux
import Glibc

/// A program that runs, started without a shell: a pass over files takes 20 ms to 3 s, and a shell's own time would show.
struct Child {
    let name: String
    let process: pid_t

    /// - Parameters:
    ///   - words: a program, found in PATH, and its arguments.
    ///   - input: what it reads; nothing when there is none.
    ///   - output: where it writes; nowhere when there is none.
    ///   - log: a file for what it says on standard error, which is ours otherwise.
    ///   - alone: in a group of its own, which Ctrl-C at the terminal does not reach.
    init(
        _ words: [String], in folder: String? = nil, input: CInt? = nil, output: CInt? = nil, log: String? = nil,
        alone: Bool = false
    ) throws {
        guard let name = words.first else { throw BenchFailure("no program to start") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        if let log {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        // We ignore these and so would it: a server of a mount must end when it is told to.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (usual, blocked) = (sigset_t(), sigset_t())
        sigemptyset(&usual)
        sigemptyset(&blocked)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (alone ? POSIX_SPAWN_SETPGROUP : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var vector = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, name, &actions, &attributes, &vector, environ)
        guard code == 0 else { throw BenchFailure("cannot start \(name): \(String(cString: strerror(code)))") }
        self.name = name
        self.process = process
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status; 128 and the signal, where a signal ended it.
    func wait() -> CInt {
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
    }

    /// Whether it ends within a time.
    func ends(within duration: Duration) -> Bool {
        let end = ContinuousClock.now + duration
        var status: CInt = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            guard .now < end else { return false }
            usleep(500)
        }
        return true
    }
}
