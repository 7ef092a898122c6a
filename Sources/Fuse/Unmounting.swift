internal import CFuse
private import Glibc

/// Taking a mount away: root by itself, everybody else through fusermount3.
package enum Unmounting {
    package enum Outcome: Sendable {
        case done
        /// A program has something open there, or stands there.
        case busy
        /// Not mounted, not ours to unmount, or fusermount3 is missing.
        case failed(errno: CInt)
    }

    /// - Parameter lazily: whether to take the mount out of the tree at once and let open files end by themselves.
    package static func run(_ mountpoint: String, lazily: Bool) -> Outcome {
        if geteuid() == 0 {
            let flags = (lazily ? CInt(MNT_DETACH) : 0) | CInt(UMOUNT_NOFOLLOW)
            if unsafe umount2(mountpoint, flags) == 0 { return .done }
            return errno == EBUSY ? .busy : .failed(errno: errno)
        }
        let status = spawn(["fusermount3", "-u", "-q"] + (lazily ? ["-z"] : []) + ["--", mountpoint])
        switch status {
        case 0: return .done
        case nil: return .failed(errno: ENOENT)
        default: return lazily ? .failed(errno: EPERM) : .busy
        }
    }

    /// Runs a program to its end; nil when it could not be started.
    private static func spawn(_ arguments: [String]) -> CInt? {
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var child = pid_t()
        guard unsafe posix_spawnp(&child, arguments[0], nil, nil, &vector, environ) == 0 else { return nil }
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
