private import Glibc

/// A directory that nobody else can look into, in memory where there is some. It goes, with all that is in it, when this does.
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
