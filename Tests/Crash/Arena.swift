import Foundation
import Glibc
import TestSupport

/// A directory with a database, a state directory and a mount of them by the built program.
final class Arena {
    let mountpoint: String
    private let directory: TemporaryDirectory
    private let program: String
    private let disk: Disk
    private var daemon: pid_t = 0

    init(program: String, disk: Disk) throws {
        self.program = program
        self.disk = disk
        directory = try TemporaryDirectory()
        mountpoint = try directory.directory("mnt")
        for name in ["home", "disk"] { _ = try directory.directory(name) }
        for (name, value) in [
            ("HOME", directory.file("home")), ("XDG_STATE_HOME", directory.file("disk/state")),
            ("XDG_CONFIG_HOME", directory.file("home/config")), ("TZ", "UTC"), ("LC_ALL", "C.UTF-8"),
        ] {
            setenv(name, value, 1)
        }
        try disk.make(at: directory.file("disk"), image: directory.file("image"))
    }

    deinit {
        kill()
        try? disk.unmount(directory.file("disk"))
    }

    var database: String { directory.file("disk/opencode.db") }
    var trash: String { directory.file("disk/state/opencodefs/trash.db") }

    /// Makes another history, where there was one.
    func clear() throws {
        kill()
        for name in ["", "-wal", "-shm", "-journal"] { unlink(database + name) }
        try clearState()
    }

    /// Forgets what the program has put aside.
    func clearState() throws {
        let state = directory.file("disk/state")
        if Call.exists(state) { try FileManager.default.removeItem(atPath: state) }
    }

    /// What is on the disk is there for good.
    func sync() {
        if disk != .plain { Glibc.sync() }
    }

    // MARK: The program

    /// Mounts, and returns when the mount answers.
    func start() throws {
        let outside = Call.device(directory.path)
        let words = [
            "opencodefs", "mount", "--foreground", "--database", database, "-o", "names=id", mountpoint,
        ]
        var vector = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for descriptor: CInt in [1, 2] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, directory.file("output"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        guard posix_spawn(&daemon, program, &actions, nil, &vector, environ) == 0 else {
            throw TrialFailure("cannot start \(program)")
        }
        let end = ContinuousClock.now + .seconds(20)
        while true {
            if let inside = Call.device(mountpoint), inside != outside { return }
            var status: CInt = 0
            if waitpid(daemon, &status, WNOHANG) == daemon {
                daemon = 0
                throw TrialFailure("the mount ended: \(output)")
            }
            guard ContinuousClock.now < end else { throw TrialFailure("the mount does not answer: \(output)") }
            usleep(1000)
        }
    }

    private var output: String {
        (try? String(contentsOfFile: directory.file("output"), encoding: .utf8))?.suffix(500).description ?? ""
    }

    /// SIGKILL, and the dead mount goes.
    ///
    /// - Returns: false where the program did not end: it waits for an answer of its own, and with it everybody else.
    @discardableResult
    func kill() -> Bool {
        guard daemon > 0 else { return true }
        Glibc.kill(daemon, SIGKILL)
        var status: CInt = 0
        let end = ContinuousClock.now + .seconds(10)
        var hasEnded = false
        while !hasEnded, .now < end {
            hasEnded = waitpid(daemon, &status, WNOHANG) == daemon
            if !hasEnded { usleep(500) }
        }
        // The first ends the connection too, and whatever waits for it.
        if !hasEnded { umount2(mountpoint, CInt(MNT_FORCE)) }
        if umount2(mountpoint, CInt(MNT_DETACH)) != 0, hasEnded {
            _ = try? Run.program("fusermount3", ["-u", "-z", mountpoint])
        }
        if !hasEnded { waitpid(daemon, &status, 0) }
        daemon = 0
        return hasEnded
    }

    /// The death of a trial's kind: of the program, or of the whole machine.
    func die() throws {
        if disk != .plain { try disk.cutPower(directory.file("disk")) }
        if !kill() { throw TrialFailure("the program did not end after SIGKILL: it waits for an answer of its own") }
    }

    /// What is left can be looked at.
    func wakeUp() throws {
        if disk != .plain { try disk.restart(directory.file("disk"), image: directory.file("image")) }
    }

    func restore(_ ids: [String]) throws -> Run {
        try Run.program(program, ["restore", "--database", database] + ids)
    }

    /// Copies what is left to a place where somebody can look at it.
    func keepEvidence(at folder: String) throws {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try Run.program("cp", ["-a", directory.file("disk") + "/.", folder])
    }
}
