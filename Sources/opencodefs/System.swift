private import Glibc

/// The operating system, asked in Swift's words.
enum System {
    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// The whole environment, each `NAME=VALUE`.
    static var variables: [String] {
        var variables: [String] = []
        var next = unsafe environ
        while let variable = unsafe next.pointee {
            unsafe variables.append(String(cString: variable))
            unsafe next += 1
        }
        return variables
    }

    /// Whether all that this program was told is UTF-8: of what is not, ``CommandLine`` has something else.
    static var hasReadableArguments: Bool {
        let words = unsafe CommandLine.unsafeArgv
        return (0..<Int(CommandLine.argc)).allSatisfy { index in
            unsafe words[index].map { unsafe String(validatingCString: $0) != nil } ?? true
        }
    }

    /// Whether texts are UTF-8, or ASCII, in the language of the environment (locale(7)).
    static var hasPlainCharacters: Bool {
        unsafe setlocale(LC_CTYPE, "")
        defer { unsafe setlocale(LC_CTYPE, "C") }
        guard let name = unsafe nl_langinfo(nl_item(CODESET)) else { return false }
        return unsafe ["UTF-8", "ANSI_X3.4-1968"].contains(String(cString: name))
    }

    /// The number of this process.
    static var processID: Int32 { getpid() }

    static var home: String {
        if let home = environment("HOME") { return home }
        guard let entry = unsafe getpwuid(getuid()), let directory = unsafe entry.pointee.pw_dir else { return "/" }
        return unsafe String(cString: directory)
    }

    static var workingDirectory: String {
        guard let path = unsafe getcwd(nil, 0) else { return "/" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// The same as the shell calls it, links included; Go's programs take that for its name.
    static var namedWorkingDirectory: String {
        guard let named = environment("PWD"), named.hasPrefix("/"), realPath(named) == workingDirectory else {
            return workingDirectory
        }
        return named
    }

    /// Goes to `/`, so that no directory of the user's is kept busy, least of all one on a mount of ours.
    static func leaveDirectory() {
        if unsafe chdir("/") != 0 { return }
    }

    /// The path without links, `.` and `..`; nil with errno set where it leads nowhere.
    static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// A path below a directory, unless it is absolute already.
    static func path(_ path: String, below directory: String) -> String {
        path.hasPrefix("/") ? path : directory + (directory.hasSuffix("/") ? "" : "/") + path
    }

    enum Kind {
        case directory
        case file
        case other
    }

    /// Whether a path is a directory or lies in it. Both without links; compared by bytes, as the kernel does.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        let directory = Array(directory.utf8)
        return path.utf8.elementsEqual(directory)
            || path.utf8.starts(with: directory.last == UInt8(ascii: "/") ? directory : directory + "/".utf8)
    }

    /// What stands at a path; the errno where nothing does.
    static func kind(_ path: String) -> Result<Kind, ErrorNumber> {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return .failure(ErrorNumber()) }
        return switch status.st_mode & S_IFMT {
        case S_IFDIR: .success(.directory)
        case S_IFREG: .success(.file)
        default: .success(.other)
        }
    }

    static func isFile(_ path: String) -> Bool {
        if case .success(.file) = kind(path) { true } else { false }
    }

    /// Names in a directory, without `.` and `..`; nil where it cannot be read.
    static func names(in directory: String) -> [String]? {
        guard let stream = unsafe opendir(directory) else { return nil }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Where a symbolic link leads.
    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// A pipe that programs do not inherit, with numbers out of the way of those they are given; nil with errno set.
    static func makePipe() -> (read: CInt, write: CInt)? {
        var ends: [CInt] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { return nil }
        defer { for end in ends { close(end) } }
        return (fcntl(ends[0], F_DUPFD_CLOEXEC, 10), fcntl(ends[1], F_DUPFD_CLOEXEC, 10))
    }

    /// Removes a file, if it is there.
    static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }

    /// A small file as a whole; nil where it cannot be read.
    static func contents(_ path: String, limit: Int = 16 << 20) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        return nil
    }

    /// Makes a directory of one's own, with the directories above it.
    static func makeDirectory(_ path: String) -> ErrorNumber? {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return nil }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            return ErrorNumber()
        }
        if let error = makeDirectory(String(path[..<slash])) { return error }
        return unsafe mkdir(path, 0o700) == 0 || errno == EEXIST ? nil : ErrorNumber()
    }

    static func isWritable(_ path: String) -> Bool {
        unsafe access(path, W_OK) == 0
    }

    /// Bytes a file has; 0 where there is none.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// When a file was last written, in seconds since 1970; nil where there is none.
    static func lastChange(ofFile path: String) -> Int64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_mtim.tv_sec)
    }

    /// Adds to a file of one's own, in one piece; makes it where there is none.
    static func append(_ bytes: [UInt8], to path: String) {
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = unsafe write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    /// Bytes that everybody may still use on the disk of a path.
    static func freeSpace(_ path: String) -> Int64 {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return 0 }
        // Some network file systems say "as much as you like": all ones.
        let (bytes, overflow) = Int64(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int64(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }
}

/// An errno, with the sentence the system has for it.
struct ErrorNumber: Error {
    let code: CInt

    init(_ code: CInt = errno) {
        self.code = code
    }

    var text: String {
        unsafe String(cString: strerror(code))
    }

    /// Whether it says that nobody reads any more.
    var isBrokenPipe: Bool { code == EPIPE }

    /// Whether it says that there is nothing at a path.
    var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
}
