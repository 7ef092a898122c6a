import Glibc

/// What the kernel keeps of files.
enum PageCache {
    /// Whether this process may empty it: root, and not in a container that shows the switch read-only.
    static let canBeDropped: Bool = {
        let file = open(switchPath, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        close(file)
        return true
    }()

    /// Writes back what is dirty and forgets all pages, names and attributes of every file.
    static func drop() throws {
        sync()
        let file = open(switchPath, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        guard write(file, "3\n", 2) == 2 else { throw BenchFailure("cannot write to \(switchPath)") }
    }

    /// Reads a file to its end, so that it is there.
    static func fill(with path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw BenchFailure("cannot read \(path)") }
        defer { close(file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while read(file, buffer.baseAddress, buffer.count) > 0 {}
    }

    private static let switchPath = "/proc/sys/vm/drop_caches"
}
