internal import Fuse
private import Glibc

/// A directory to mount at, found fit for it.
struct Mountpoint {
    /// Without links.
    let path: String

    /// Looks at everything that can be wrong before anything is mounted; a dead mount of ours is taken away first.
    ///
    init(_ given: String, for provider: Provider) throws(CommandFailure) {
        try Self.repair(given)
        let path: String
        do throws(CommandFailure) {
            path = try Self.resolve(given)
        } catch {
            // A daemon that was killed just now takes a moment to be gone.
            guard Self.isDead(given) else { throw error }
            try Self.repair(given)
            path = try Self.resolve(given)
        }
        if case .file(let database) = provider, System.isInside(database, path) {
            throw CommandFailure(
                .failure,
                "\(given) holds the database itself, which OpenCode would no longer find; mount somewhere else")
        }
        // The trash is opened, and backups are made, when the mount is there and does not answer yet: it would wait for itself.
        if let state = StateDirectory.place, System.isInside(state, path) {
            throw CommandFailure(.failure, "\(given) holds the trash (\(StateDirectory.path)); mount somewhere else")
        }
        try Self.awaitDeath(at: path)
        if let mount = MountTable.mount(at: path) {
            let remedy = mount.type == MountTable.type ? "; unmount it first: opencodefs umount \(given)" : ""
            throw CommandFailure(.failure, "\(given) has \(mount.source) mounted on it already\(remedy)")
        }
        guard let names = System.names(in: path) else {
            throw CommandFailure(.failure, "cannot look into \(given): \(ErrorNumber().text)")
        }
        guard names.isEmpty else {
            throw CommandFailure(
                .failure, "\(given) is not empty, and a mount would hide what is in it; use an empty directory")
        }
        self.path = path
    }

    private static func resolve(_ given: String) throws(CommandFailure) -> String {
        switch System.kind(given) {
        case .success(.directory): break
        case .success:
            throw CommandFailure(.failure, "\(given) is no directory; a file system is mounted on an empty directory")
        case .failure(let error) where error.code == ENOENT:
            throw CommandFailure(.failure, "\(given) does not exist; make it first: mkdir -p \(given)")
        case .failure(let error):
            throw CommandFailure(.failure, "cannot use \(given): \(error.text)")
        }
        guard let path = System.realPath(given) else {
            throw CommandFailure(.failure, "cannot use \(given): \(ErrorNumber().text)")
        }
        return path
    }

    /// A daemon that was killed just now may still answer: a mount of ours is given half a second to turn out dead.
    private static func awaitDeath(at path: String) throws(CommandFailure) {
        guard MountTable.mount(at: path)?.type == MountTable.type else { return }
        for _ in 0..<10 {
            if isDead(path) { return try repair(path) }
            usleep(50_000)
        }
    }

    private static func isDead(_ path: String) -> Bool {
        if case .failure(let error) = System.kind(path) { return error.code == ENOTCONN }
        // For a moment the kernel still answers stat(2) by itself; opendir(3) it never does.
        return System.names(in: path) == nil && errno == ENOTCONN
    }

    /// Killed with SIGKILL, a daemon leaves its mount behind: every call on it fails with ENOTCONN until it is unmounted.
    private static func repair(_ given: String) throws(CommandFailure) {
        guard isDead(given) else { return }
        // The path cannot be resolved through a dead mount, but what is above it can.
        let absolute = System.path(given, below: System.workingDirectory)
        let trimmed = absolute.count > 1 && absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute
        let parts = trimmed.split(separator: "/", omittingEmptySubsequences: true)
        let above = System.realPath("/" + parts.dropLast().joined(separator: "/")) ?? ""
        let path = (above == "/" ? "" : above) + "/" + (parts.last ?? "")
        guard let mount = MountTable.mount(at: path), mount.type == MountTable.type else {
            throw CommandFailure(
                .failure, "\(given) is a dead mount of another file system; unmount it first: umount -l \(given)")
        }
        guard case .done = Unmounting.run(path, lazily: true) else {
            throw CommandFailure(
                .failure, "\(given) is a dead mount that cannot be taken away; try: fusermount3 -uz \(given)")
        }
        Console.note("\(given) was left by an opencodefs that was killed; it has been repaired.")
    }
}
