import Glibc

/// The errno of a system call that failed.
struct SystemError: Error, Equatable, CustomStringConvertible {
    let code: CInt

    init(_ code: CInt = errno) {
        self.code = code
    }

    var description: String { String(cString: strerror(code)) }
}

/// System calls on files, as a program would make them.
enum File {
    /// What lstat(2) says.
    static func status(_ path: String) throws(SystemError) -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SystemError() }
        return status
    }

    static func exists(_ path: String) -> Bool {
        (try? status(path)) != nil
    }

    /// The names in a directory without `.` and `..`, with the inode numbers that the directory tells.
    static func entries(in path: String) throws(SystemError) -> [(name: String, inode: UInt64)] {
        guard let stream = opendir(path) else { throw SystemError() }
        defer { closedir(stream) }
        var entries: [(String, UInt64)] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { entries.append((name, UInt64(entry.pointee.d_ino))) }
        }
        guard errno == 0 else { throw SystemError() }
        return entries
    }

    static func names(in path: String) throws(SystemError) -> [String] {
        try entries(in: path).map(\.name).sorted()
    }

    /// The names in the root of a mount but for that of the README, which is there without any history.
    static func projects(in mountpoint: String) throws(SystemError) -> [String] {
        try names(in: mountpoint).filter { $0 != "README.md" }
    }

    /// A file from its first byte to its last, and the size that fstat(2) told of the same descriptor before.
    static func read(_ path: String) throws(SystemError) -> (bytes: [UInt8], size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError() }
        return (try rest(of: descriptor), Int(status.st_size))
    }

    /// Reads on to the end.
    static func rest(of descriptor: CInt) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 131_072)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw SystemError() }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func contents(_ path: String) throws(SystemError) -> [UInt8] {
        try read(path).bytes
    }

    static func text(_ path: String) throws(SystemError) -> String {
        String(decoding: try contents(path), as: UTF8.self)
    }

    /// The errno of a call that is expected to fail; 0 when it does not.
    static func failure(_ call: () -> CInt) -> CInt {
        call() < 0 ? errno : 0
    }
}

extension stat {
    /// Milliseconds since 1970.
    var milliseconds: Int64 { Int64(st_mtim.tv_sec) * 1000 + Int64(st_mtim.tv_nsec) / 1_000_000 }
    var nanoseconds: Int64 { Int64(st_mtim.tv_sec) * 1_000_000_000 + Int64(st_mtim.tv_nsec) }
    var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }
    var permissions: mode_t { st_mode & 0o7777 }
}
