internal import Fuse
private import Glibc

/// Takes mounts away.
enum UmountCommand: Command {
    static let name = "umount"
    static let summary = "take a mount away"
    static let usage = ["[--lazy] MOUNTPOINT...", "--all"]
    static let all = CommandOption("all", "a", help: "every mount of opencodefs")
    static let lazy = CommandOption("lazy", "l", help: "at once; programs that use it may finish")
    static let options = [all, lazy]
    static let examples = [
        ("opencodefs umount ~/history", "unmounts it, or says which programs still use it"),
        ("opencodefs umount --all", "unmounts every history"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        if arguments.has(all) { try arguments.expectOperands(atMost: 0, Self.self) }
        let mountpoints = arguments.has(all) ? MountTable.ours().map(\.mountpoint) : arguments.operands
        guard !mountpoints.isEmpty else {
            if arguments.has(all) { return .success }
            throw CommandFailure(.usage, "umount: which? Mounted are: \(listed())")
        }
        var failures: [ExitStatus] = []
        for given in mountpoints {
            do throws(CommandFailure) {
                try unmount(given, lazily: arguments.has(lazy))
            } catch {
                Console.complain(error.message)
                failures.append(error.status)
            }
        }
        guard let first = failures.first else { return .success }
        guard failures.count == mountpoints.count else { return .partial }
        // A script tells a mount in use from one that is not there.
        return failures.allSatisfy { $0 == first } ? first : .failure
    }

    private static func unmount(_ given: String, lazily: Bool) throws(CommandFailure) {
        // A dead mount cannot be resolved; its path in the mount table can be compared as it is.
        let path = System.realPath(given) ?? System.path(given, below: System.workingDirectory)
        guard let mount = MountTable.mount(at: path), mount.type == MountTable.type else {
            throw CommandFailure(.notFound, "\(given) is no mount of opencodefs; mounted are: \(listed())")
        }
        let daemon = MountStatus.read(path).map { $0.number("pid") }
        switch Unmounting.run(path, lazily: lazily) {
        case .done: break
        case .busy:
            let users = Users.of(path).map { "\n  \($0)" }.joined()
            throw CommandFailure(.busy, "\(given) is in use; leave it, or use --lazy\(users)")
        case .failed(let code):
            throw CommandFailure(.failure, "cannot unmount \(given): \(ErrorNumber(code).text)")
        }
        // A lazy unmount lasts as long as somebody is in there.
        if let daemon, !lazily { waitForEnd(of: daemon) }
    }

    /// The daemon closes its database after the mount is gone, and SQLite moves the WAL into the file then; whoever
    /// copies or moves the file next expects that to be over.
    private static func waitForEnd(of process: Int64) {
        for _ in 0..<500 where System.isRunning(process) { usleep(20_000) }
    }

    private static func listed() -> String {
        let mounts = MountTable.ours().map(\.mountpoint)
        return mounts.isEmpty ? "none" : mounts.joined(separator: ", ")
    }
}

/// Programs that keep a mount busy, as /proc tells.
enum Users {
    /// `1234 bash (cwd)`
    static func of(_ mountpoint: String) -> [String] {
        var users: [String] = []
        for process in System.names(in: "/proc") ?? [] where Int(process) != nil {
            let base = "/proc/\(process)"
            var uses: [String] = []
            for link in ["cwd", "root"] where isInside(base + "/" + link, mountpoint) { uses.append(link) }
            if (System.names(in: base + "/fd") ?? []).contains(where: { isInside("\(base)/fd/\($0)", mountpoint) }) {
                uses.append("open file")
            }
            guard !uses.isEmpty else { continue }
            let name = System.contents(base + "/comm").map { String(decoding: $0.dropLast(), as: UTF8.self) } ?? "?"
            users.append("\(process) \(name) (\(uses.joined(separator: ", ")))")
        }
        return users
    }

    private static func isInside(_ link: String, _ directory: String) -> Bool {
        guard let target = System.linkTarget(link) else { return false }
        return target == directory || target.hasPrefix(directory + "/")
    }
}
