import Foundation
import TestSupport
import Testing

/// A history that is used by commands, without a mount of their own.
extension MountedHistory {
    /// Runs a line of shell in an empty directory, outside of the mount; `$DB` is the database.
    func command(_ line: String) throws -> Run {
        let program = URL(fileURLWithPath: Run.opencodefsPath).deletingLastPathComponent().path
        let path = program + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        return try Run.program(
            "/bin/bash", ["-o", "pipefail", "-c", line], in: sandbox.path + "/work",
            environment: sandbox.environment.merging(["DB": database.path, "PATH": path]) { $1 })
    }

    /// What stands below the mountpoint, as commands name it.
    func relative(_ path: String) -> String {
        String(path.dropFirst(mountpoint.count + 1))
    }
}
