private import Glibc

/// The program git, asked about directories.
///
/// It is run as a process of its own: before SQLite has a database open and before there are threads, for the same reason
/// as fusermount3 (docs/decisions/0002).
enum Git {
    /// How long git may take, where a directory is on a network that does not answer.
    private static let patience: Duration = .seconds(5)

    /// `remote.origin.url` of the repository that a directory is in, as it stands in git's configuration; nil where there is
    /// none, no repository, or no git.
    static func origin(of directory: String) -> [UInt8]? {
        // A mount of root's may be of another user's repository, which git would say nothing of; asked for one setting, it
        // runs nothing that stands there.
        output(["git", "-C", directory, "-c", "safe.directory=*", "config", "--get", "remote.origin.url"])
    }

    /// What stays of git's variables. The others may name a repository or settings for somebody else's sake: a hook that
    /// mounts has them.
    private static let keptVariables: Set<String> = [
        "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
    ]

    /// Runs a program found in PATH to its end; nil unless it succeeds in time.
    private static func output(_ words: [String]) -> [UInt8]? {
        guard let ends = System.makePipe() else { return nil }
        defer { close(ends.read) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends.write, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // Somebody waits for the daemon's to end.
        unsafe posix_spawn_file_actions_addclose(&actions, Daemon.descriptor)
        var vector = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var variables = unsafe System.variables.filter(isKept).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe variables.indices { unsafe free(variables[index]) } }
        var child = pid_t()
        let code = unsafe posix_spawnp(&child, words[0], &actions, nil, &vector, &variables)
        close(ends.write)
        guard code == 0 else { return nil }
        let bytes = read(ends.read, until: .now + patience)
        if bytes == nil { kill(child, SIGKILL) }
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0 ? bytes : nil
    }

    private static func isKept(_ variable: String) -> Bool {
        guard variable.hasPrefix("GIT_") else { return true }
        return keptVariables.contains(String(variable.prefix { $0 != "=" }))
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
