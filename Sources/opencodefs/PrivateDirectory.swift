private import Glibc

/// A directory that nobody else can look into, in memory where there is some. It goes, with all that is in it, when this does; where
/// this process is killed, when the next one makes such a directory.
final class PrivateDirectory {
    private let path: String
    /// The directory, locked for as long as somebody uses it.
    private let lock: CInt

    private static let prefix = "opencodefs-grep."
    /// Where such directories are made: where somebody wants them; in memory, the user's own or what all share; what is left.
    private static var places: [String] {
        [System.environment("TMPDIR"), System.environment("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp"].compactMap { $0 }
    }

    init() throws(CommandFailure) {
        for place in Self.places {
            Self.removeAbandoned(in: place)
            // Somebody who looks for abandoned ones may come in before it is locked.
            for _ in 0..<3 {
                var template = Array((place + "/\(Self.prefix)XXXXXX").utf8CString)
                guard unsafe mkdtemp(&template) != nil else { break }
                let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                guard let lock = Self.lock(made) else { continue }
                (path, self.lock) = (made, lock)
                return
            }
        }
        throw CommandFailure(.failure, "no directory for temporary files: \(ErrorNumber().text); set TMPDIR")
    }

    deinit {
        close()
        Glibc.close(lock)
    }

    /// A descriptor of a directory that is there and that nobody else has locked; nil where there is none.
    private static func lock(_ path: String) -> CInt? {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var (opened, named) = (stat(), stat())
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe fstat(descriptor, &opened) == 0,
            unsafe lstat(path, &named) == 0, opened.st_ino == named.st_ino, opened.st_uid == geteuid()
        else {
            Glibc.close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Takes away what is left of processes that were killed.
    private static func removeAbandoned(in place: String) {
        for name in System.names(in: place) ?? [] where name.hasPrefix(prefix) {
            guard let lock = lock(place + "/" + name) else { continue }
            removeAll(place + "/" + name)
            Glibc.close(lock)
        }
    }

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
        private let descriptor: CInt
        /// Bytes that it has.
        private(set) var count = 0

        fileprivate init(descriptor: CInt) {
            self.descriptor = descriptor
        }

        mutating func append(_ bytes: [UInt8]) throws(CommandFailure) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw CommandFailure(.failure, "cannot write a temporary file: \(ErrorNumber().text); set TMPDIR")
                }
                rest = rest.dropFirst(count)
                self.count += count
            }
        }

        deinit { Glibc.close(descriptor) }
    }

    /// Makes a file, or empties the one that is there.
    func makeFile(_ name: String) throws(CommandFailure) -> File {
        let descriptor = unsafe open(place(of: name), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(name) }
        return File(descriptor: descriptor)
    }

    func makeDirectory(_ name: String) throws(CommandFailure) {
        guard unsafe mkdir(place(of: name), 0o700) == 0 else { throw failure(name) }
    }

    func move(_ name: String, to other: String) throws(CommandFailure) {
        do throws(ErrorNumber) { try System.move(place(of: name), to: place(of: other)) } catch {
            throw failure(name)
        }
    }

    private func failure(_ name: String) -> CommandFailure {
        CommandFailure(.failure, "cannot make a temporary file for \(name): \(ErrorNumber().text)")
    }

    /// Where something in it lies.
    func place(of name: String) -> String { path + "/" + name }
}
