private import CSpawn
private import Glibc

/// A program that runs beside this one: what it prints is read as it comes, what it complains of when it has ended.
///
/// The database may be open meanwhile. This is no fork that goes on in our code: the child has descriptors of its own, which are
/// closed when the program begins, and locks of SQLite are those of this process (docs/decisions/0025).
final class ChildProgram {
    /// How it ended.
    enum Ending {
        case exited(Int32)
        /// By a signal.
        case killed(Int32)
    }

    private let process: pid_t
    /// The end of the pipe that it prints into; nil once nobody reads it any more.
    private var output: CInt?
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// - Parameters:
    ///   - words: its name, looked for as a shell does, and what it is told.
    ///   - folder: where it runs.
    ///   - complaints: a file for what it says on standard error, made anew.
    init(_ words: [String], in folder: String, complaints: String) throws(CommandFailure) {
        guard let pipe = System.makePipe() else {
            throw CommandFailure(.failure, "cannot run \(words[0]): \(ErrorNumber().text)")
        }
        defer { close(pipe.write) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe opencodefs_spawn_in(&actions, folder)
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, STDERR_FILENO, complaints, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, pipe.write, STDOUT_FILENO)
        // We hold signals, and ignore one; it does neither.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, broken) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigemptyset(&broken)
        unsafe sigaddset(&broken, SIGPIPE)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &broken)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var vector = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var child = pid_t()
        let code = unsafe posix_spawnp(&child, words[0], &actions, &attributes, &vector, environ)
        guard code == 0 else {
            close(pipe.read)
            throw CommandFailure(.failure, "cannot run \(words[0]): \(ErrorNumber(code).text); is it installed?")
        }
        process = child
        output = pipe.read
    }

    deinit { closeOutput() }

    /// What it has printed since it was asked last.
    ///
    /// - Parameter patience: milliseconds to wait for something, if there is nothing.
    /// - Returns: nothing where there was nothing in time; nil when nothing more will come.
    func printed(patience: Int32) -> [UInt8]? {
        guard let output else { return nil }
        var question = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&question, 1, patience) > 0 else { return [] }
        let count = unsafe Glibc.read(output, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        guard count > 0 else {
            closeOutput()
            return nil
        }
        return Array(buffer[..<count])
    }

    /// Nobody wants more of it.
    func stop() {
        closeOutput()
        kill(process, SIGTERM)
    }

    private func closeOutput() {
        if let output { close(output) }
        output = nil
    }

    /// Waits for its end. To be called once.
    func end() -> Ending {
        var status: CInt = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .killed(status & 0x7f)
    }
}
