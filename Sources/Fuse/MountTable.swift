private import Glibc

/// A line of the kernel's mount table.
package struct MountedFileSystem: Sendable {
    package let mountpoint: String
    /// `fuse.opencodefs`
    package let type: String
    /// What was mounted: for opencodefs, the database.
    package let source: String
    package let isReadOnly: Bool
    /// `0:98`: no two mounts have the same while both are there, be it out of sight (umount -l).
    package let device: String
}

/// What is mounted, as /proc/self/mountinfo tells (proc(5)). Asks no file system, so a dead one cannot block it.
package enum MountTable {
    package static let type = "fuse.opencodefs"

    /// Everything that is mounted, in the order of mounting.
    package static func read() -> [MountedFileSystem] {
        guard let file = unsafe fopen("/proc/self/mountinfo", "re") else { return [] }
        defer { unsafe fclose(file) }
        var mounts: [MountedFileSystem] = []
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { unsafe free(line) }
        while unsafe getline(&line, &room, file) > 0, let line = unsafe line {
            if let mount = MountedFileSystem(line: unsafe String(cString: line)) { mounts.append(mount) }
        }
        return mounts
    }

    /// The mounts of opencodefs.
    package static func ours() -> [MountedFileSystem] {
        read().filter { $0.type == type }
    }

    /// What is mounted at a path, the topmost if several are.
    package static func mount(at path: String) -> MountedFileSystem? {
        read().last { $0.mountpoint == path }
    }
}

extension MountedFileSystem {
    /// `36 35 98:0 / /mnt rw,noatime shared:1 - fuse.opencodefs /path rw,user_id=0`
    init?(line: String) {
        let fields = line.split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 2, dash > 5 else { return nil }
        mountpoint = Self.unescaped(fields[4])
        type = Self.unescaped(fields[dash + 1])
        source = Self.unescaped(fields[dash + 2])
        device = String(fields[2])
        isReadOnly = fields[5].split(separator: ",").contains("ro")
    }

    /// Blanks and backslashes stand as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
