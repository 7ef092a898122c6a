private import Glibc
internal import SessionFileSystem
private import Synchronization

/// Keeps views in files without a name: nobody else finds them, and they are gone with the process.
struct ViewSpool: Spool {
    /// TMPDIR, or /var/tmp, which is on a disk where /tmp may be memory.
    private static var directory: String { System.environment("TMPDIR") ?? "/var/tmp" }

    /// O_TMPFILE (open(2)), which Swift does not import.
    private static let unnamed: CInt = 0o20_000_000 | O_DIRECTORY

    func makeFile() throws(SpoolError) -> any SpoolFile {
        let descriptor = unsafe open(Self.directory, Self.unnamed | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .failed(
                reason: "\(Self.directory): \(ErrorNumber().text); set TMPDIR to a directory that can be written")
        }
        return ViewSpoolFile(descriptor)
    }
}

extension ViewSpool {
    /// A file for reading at any place; what is no regular file (a pipe) is copied into one without a name.
    static func fileToRead(at path: String) throws(SpoolError) -> any SpoolFile {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed(reason: ErrorNumber().text) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFREG else {
            return ViewSpoolFile(descriptor, size: Int(status.st_size))
        }
        defer { close(descriptor) }
        let copy = try ViewSpool().makeFile()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failed(reason: ErrorNumber().text) }
            if count == 0 { return copy }
            try copy.append(buffer[..<count])
        }
    }
}

private final class ViewSpoolFile: SpoolFile {
    private let descriptor: CInt
    private let length = Atomic(0)

    init(_ descriptor: CInt, size: Int = 0) {
        self.descriptor = descriptor
        length.store(size, ordering: .releasing)
    }

    deinit {
        close(descriptor)
    }

    var size: Int { length.load(ordering: .acquiring) }

    func append(_ bytes: ArraySlice<UInt8>) throws(SpoolError) {
        var written = 0
        while written < bytes.count {
            let offset = size
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written, off_t(offset))
            }
            guard count > 0 else {
                let error = ErrorNumber()
                if error.code == EINTR { continue }
                throw error.code == ENOSPC || error.code == EDQUOT ? .full : .failed(reason: error.text)
            }
            written += count
            length.store(offset + count, ordering: .releasing)
        }
    }

    func read(_ range: Range<Int>) throws(SpoolError) -> [UInt8] {
        let range = range.clamped(to: 0..<size)
        var failure: ErrorNumber?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while filled < range.count {
                let count = unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), range.count - filled,
                    off_t(range.lowerBound + filled))
                if count > 0 {
                    filled += count
                } else if count == 0 || errno != EINTR {
                    if count < 0 { failure = ErrorNumber() }
                    return
                }
            }
        }
        if let failure { throw .failed(reason: failure.text) }
        return bytes
    }
}
