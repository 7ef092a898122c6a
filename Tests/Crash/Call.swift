import Glibc

/// A system call that failed.
struct CallError: Error, CustomStringConvertible {
    let call: String
    let path: String
    let code: CInt

    init(_ call: String, _ path: String, _ code: CInt = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// Whether nobody serves the mount any more.
    var isDeath: Bool { [ENOTCONN, ECONNABORTED].contains(code) }
    var description: String { "\(call) \(path): \(String(cString: strerror(code)))" }
}

/// System calls, as programs make them.
enum Call {
    static func open(_ path: String, _ flags: CInt) throws -> CInt {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CallError("open", path) }
        return descriptor
    }

    static func write(_ descriptor: CInt, _ bytes: ArraySlice<UInt8>, _ path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw CallError("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    static func sync(_ descriptor: CInt, _ path: String) throws {
        guard fsync(descriptor) == 0 else { throw CallError("fsync", path) }
    }

    static func close(_ descriptor: CInt, _ path: String) throws {
        guard Glibc.close(descriptor) == 0 else { throw CallError("close", path) }
    }

    static func rename(_ path: String, to other: String) throws {
        guard Glibc.rename(path, other) == 0 else { throw CallError("rename", "\(path) to \(other)") }
    }

    static func unlink(_ path: String) throws {
        guard Glibc.unlink(path) == 0 else { throw CallError("unlink", path) }
    }

    static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 else { throw CallError("mkdir", path) }
    }

    static func removeDirectory(_ path: String) throws {
        guard rmdir(path) == 0 else { throw CallError("rmdir", path) }
    }

    static func contents(_ path: String) throws -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { _ = Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw CallError("read", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func names(in path: String) throws -> [String] {
        guard let stream = opendir(path) else { throw CallError("opendir", path) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw CallError("readdir", path) }
        return names.sorted()
    }

    static func exists(_ path: String) -> Bool {
        var status = Glibc.stat()
        return lstat(path, &status) == 0
    }

    /// The device that a path is on.
    static func device(_ path: String) -> UInt? {
        var status = Glibc.stat()
        return stat(path, &status) == 0 ? UInt(status.st_dev) : nil
    }
}
