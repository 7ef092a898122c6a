import Foundation
import Glibc
import TestSupport
import Testing

/// A disk of one megabyte, gone with the test.
struct SmallDisk: ~Copyable {
    let path: String

    init(_ path: String) throws {
        self.path = path
        try #require(try Run.shell("mkdir -p \(path) && mount -t tmpfs -o size=1m tmpfs \(path)").status == 0)
    }

    func fill(leaving bytes: Int) throws {
        let free = try Run.shell("df --output=avail -B1 \(path) | tail -n 1").text
        let count = (Int(free.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) - bytes
        _ = try Run.shell("head -c \(max(0, count)) /dev/zero > \(path)/ballast")
    }

    func empty() throws {
        _ = try Run.shell("rm -f \(path)/ballast")
    }

    deinit {
        umount2(path, CInt(MNT_DETACH))
    }
}

/// A disk whose file system turns read-only when its kernel finds an error.
struct FailingDisk: ~Copyable {
    let path: String

    init(_ path: String) throws {
        self.path = path
        let line =
            "mkdir -p \(path) && truncate -s 32M \(path).image && mkfs.ext4 -q -F \(path).image "
            + "&& mount -o loop \(path).image \(path)"
        try #require(try Run.shell(line).status == 0)
    }

    /// What the kernel does by itself when the disk fails.
    func fail() throws {
        try #require(try Run.shell("mount -o remount,abort \(path)").status == 0)
    }

    deinit {
        umount2(path, CInt(MNT_DETACH))
    }
}
