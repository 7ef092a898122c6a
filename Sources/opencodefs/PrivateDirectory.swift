private import CSpawn
private import Glibc

/// A directory that nobody else can look into, in memory where there is some, with programs that run in it. It goes, with all that
/// is in it, when this does.
final class PrivateDirectory {
    private let path: String

    /// Where such directories are made: where somebody wants them; in memory, the user's own or what all share; what is left.
    private static var places: [String] {
        [System.environment("TMPDIR"), System.environment("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp"].compactMap { $0 }
    }

    init() throws(CommandFailure) {
        for place in Self.places {
            var template = Array((place + "/opencodefs.XXXXXX").utf8CString)
            guard unsafe mkdtemp(&template) != nil else { continue }
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return
        }
        throw CommandFailure(.failure, "no directory for temporary files: \(ErrorNumber().text); set TMPDIR")
    }

    deinit { close() }

    /// Takes it away.
    func close() { Self.removeAll(path) }

    private static func removeAll(_ path: String) {
        for name in System.names(in: path) ?? [] {
            let path = path + "/" + name
            if unsafe unlink(path) != 0 { removeAll(path) }
        }
        _ = unsafe rmdir(path)
    }

    // MARK: Files

    /// A file that is being written.
    struct File: ~Copyable {
        fileprivate let descriptor: CInt

        func append(_ bytes: [UInt8]) throws(CommandFailure) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw CommandFailure(.failure, "cannot write a temporary file: \(ErrorNumber().text); set TMPDIR")
                }
                rest = rest.dropFirst(count)
            }
        }

        deinit { Glibc.close(descriptor) }
    }

    /// Makes a file, and the directories that it lies in.
    ///
    /// - Parameter made: the directories that are there.
    func makeFile(_ name: String, _ made: inout Set<[UInt8]>) throws(CommandFailure) -> File {
        if let above = Self.directory(of: name) { try makeDirectory(above, &made) }
        let descriptor = unsafe open(
            path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(name) }
        return File(descriptor: descriptor)
    }

    func makeDirectory(_ name: String, _ made: inout Set<[UInt8]>) throws(CommandFailure) {
        // By bytes: to Swift two spellings of é are one string.
        guard !made.contains(Array(name.utf8)) else { return }
        if let above = Self.directory(of: name) { try makeDirectory(above, &made) }
        guard unsafe mkdir(path + "/" + name, 0o700) == 0 || errno == EEXIST else { throw failure(name) }
        made.insert(Array(name.utf8))
    }

    private static func directory(of name: String) -> String? {
        name.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(name[..<$0]) }
    }

    func remove(_ name: String) { System.remove(path + "/" + name) }

    func move(_ name: String, to other: String) throws(CommandFailure) {
        do throws(ErrorNumber) { try System.move(path + "/" + name, to: path + "/" + other) } catch {
            throw failure(name)
        }
    }

    private func failure(_ name: String) -> CommandFailure {
        CommandFailure(.failure, "cannot make a temporary file for \(name): \(ErrorNumber().text)")
    }

    // MARK: Programs

    /// Where a program's standard output goes.
    enum Output {
        case nowhere
        /// To where ours goes.
        case ours
        /// Into a file of the directory, anew each time.
        case file
    }

    /// How a program ended.
    enum Ending {
        case exited(Int32)
        /// By a signal.
        case killed(Int32)
    }

    private var output: String { path + "/output" }
    private var complaints: String { path + "/errors" }

    /// Runs a program to its end.
    ///
    /// The database may be open meanwhile. This is no fork that goes on in our code: the child has descriptors of its own,
    /// which are closed when the program begins, and locks of SQLite are those of this process (docs/decisions/0025).
    ///
    /// - Parameter folder: of this directory, to run it in.
    func run(_ words: [String], folder: String, output: Output) throws(CommandFailure) -> (Ending, errors: [UInt8]) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe opencodefs_spawn_in(&actions, path + "/" + folder)
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, complaints, flags, 0o600)
        switch output {
        case .ours: break
        case .nowhere: unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        case .file: unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, self.output, flags, 0o600)
        }
        // We hold signals, and ignore one; it does neither.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, pipe) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigemptyset(&pipe)
        unsafe sigaddset(&pipe, SIGPIPE)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &pipe)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var vector = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var child = pid_t()
        let code = unsafe posix_spawnp(&child, words[0], &actions, &attributes, &vector, environ)
        guard code == 0 else {
            throw CommandFailure(.failure, "cannot run \(words[0]): \(ErrorNumber(code).text); is it installed?")
        }
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        let errors = System.contents(complaints) ?? []
        return (status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .killed(status & 0x7f), errors)
    }

    /// Bytes that a program has put into the file for its output.
    var outputSize: Int { Int(System.size(output)) }

    /// The first line of that.
    var firstLine: String? {
        System.contents(output).flatMap { bytes in
            bytes.firstIndex(of: UInt8(ascii: "\n")).map { String(decoding: bytes[..<$0], as: UTF8.self) }
        }
    }

    /// Prints what a program has put into the file for its output, from a place on.
    func printOutput(from start: Int) throws(CommandFailure) {
        let descriptor = unsafe open(output, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("output") }
        defer { Glibc.close(descriptor) }
        var offset = start
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe pread(descriptor, &buffer, buffer.count, off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count > 0, Console.print(bytes: Array(buffer[..<count])) else { return }
            offset += count
        }
    }
}
