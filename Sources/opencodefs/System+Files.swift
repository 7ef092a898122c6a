private import Glibc
internal import Timing

extension System {
    /// Makes a file of one's own where there is nothing yet, and waits until the disk has it. A part of it is not left.
    static func create(_ path: String, _ bytes: [UInt8]) throws(ErrorNumber) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ErrorNumber() }
        defer { close(descriptor) }
        do throws(ErrorNumber) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw ErrorNumber() }
                rest = rest.dropFirst(count)
            }
            guard fsync(descriptor) == 0 else { throw ErrorNumber() }
        } catch {
            remove(path)
            throw error
        }
    }

    /// Waits until the disk has the names of a directory.
    static func synchronise(directory: String) throws(ErrorNumber) {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ErrorNumber() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw ErrorNumber() }
    }

    static func move(_ path: String, to other: String) throws(ErrorNumber) {
        guard unsafe rename(path, other) == 0 else { throw ErrorNumber() }
    }

    /// Removes a file that is there.
    static func removeExisting(_ path: String) throws(ErrorNumber) {
        guard unsafe Glibc.unlink(path) == 0 else { throw ErrorNumber() }
    }

    /// Sets the time of a file to now, if it is there.
    static func touch(_ path: String) {
        _ = unsafe utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW)
    }

    /// When a directory changed; nil where there is none.
    static func modified(directory path: String) -> Timestamp? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return Timestamp(seconds: Int64(status.st_mtim.tv_sec), fraction: Int64(status.st_mtim.tv_nsec))
    }

    /// Length and time of a file; nil where there is none, or a link, a pipe, a directory.
    static func file(_ path: String) -> (size: Int, modified: Timestamp)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let seconds = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1000).0)
        return (Int(status.st_size), seconds.advanced(byNanoseconds: Int64(status.st_mtim.tv_nsec)))
    }

    /// Whether a process runs. One that has ended and that nobody has waited for yet, a zombie, does not.
    static func isRunning(_ process: Int64) -> Bool {
        // Its other files in /proc are root's alone where it keeps a password.
        guard let bytes = contents("/proc/\(process)/stat", limit: 1 << 16),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return false }
        return ![UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(bytes.dropFirst(end + 2).first)
    }
}
