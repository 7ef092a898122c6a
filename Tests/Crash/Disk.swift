import Foundation
import Glibc
import TestSupport

/// Where a trial keeps the database and the state directory.
enum Disk: String {
    /// A directory: the program dies, the machine lives on.
    case plain
    /// File systems of their own, in a file, whose power can be cut.
    case ext4, xfs

    /// Makes the file system, in a file of this name, and mounts it.
    func make(at folder: String, image: String) throws {
        guard self != .plain else { return }
        let format = self == .ext4 ? "mkfs.ext4 -q -F" : "mkfs.xfs -q -f"
        try Self.shell("truncate -s 320M \(image) && \(format) \(image)")
        try mount(folder, image)
    }

    private func mount(_ folder: String, _ image: String) throws {
        // Without lazy initialisation nothing but the trial writes to it.
        let options = self == .ext4 ? "loop,barrier=1,noinit_itable" : "loop,nouuid"
        try Self.shell("mount -t \(rawValue) -o \(options) \(image) \(folder)")
    }

    /// From now on nothing reaches the disk, and what was not synced is lost: what `xfs_io -x -c shutdown` does, at once.
    func cutPower(_ folder: String) throws {
        let descriptor = try Call.open(folder, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        // FS_IOC_SHUTDOWN, _IOR('X', 125, __u32), and FS_SHUTDOWN_FLAGS_NOLOGFLUSH.
        var flags: UInt32 = 2
        guard ioctl(descriptor, 0x8004_587d, &flags) == 0 else { throw CallError("shutdown", folder) }
    }

    /// Power is back: the journal is replayed.
    func restart(_ folder: String, image: String) throws {
        try unmount(folder)
        try mount(folder, image)
    }

    func unmount(_ folder: String) throws {
        guard self != .plain else { return }
        for _ in 0..<200 {
            if umount2(folder, 0) == 0 { return }
            usleep(10_000)
        }
        throw CallError("umount", folder)
    }

    private static func shell(_ line: String) throws {
        let run = try Run.shell(line)
        guard run.status == 0 else { throw TrialFailure("\(line): \(run.errors)") }
    }
}

/// Why a trial could not be made: nothing is proven.
struct TrialFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
