import Foundation
import Glibc
import TestSupport
import Testing

/// Where a test runs opencodefs: a directory with a home of its own. What is mounted in it must be gone, and every
/// daemon of it must have ended, when the test is over.
struct Sandbox: ~Copyable {
    let directory: TemporaryDirectory

    init() throws {
        let directory = try TemporaryDirectory()
        for name in ["home", "work"] { _ = try directory.directory(name) }
        self.directory = directory
    }

    deinit {
        for mount in Self.mounts(below: directory.path) {
            _ = try? Run.opencodefs(["umount", mount], environment: Self.environment(directory.path))
        }
        if !Self.waits(until: { Self.mounts(below: directory.path).isEmpty }) {
            Issue.record("a mount survived the test: \(Self.mounts(below: directory.path))")
            for mount in Self.mounts(below: directory.path).reversed() { umount2(mount, CInt(MNT_DETACH)) }
        }
        if !Self.waits(until: { Self.daemons(below: directory.path).isEmpty }) {
            Issue.record("a daemon survived its mount: \(Self.daemons(below: directory.path))")
            for daemon in Self.daemons(below: directory.path) { kill(daemon, SIGKILL) }
        }
    }

    var path: String { directory.path }
    var environment: [String: String] { Self.environment(path) }

    /// Runs opencodefs with nobody's home but the sandbox's.
    func opencodefs(
        _ arguments: [String], in directory: String? = nil, environment: [String: String] = [:]
    ) throws -> Run {
        try Run.opencodefs(
            arguments, in: directory ?? path + "/work", environment: self.environment.merging(environment) { $1 })
    }

    /// Mounts; the tree answers when this returns.
    func mount(
        _ database: TestDatabase, at mountpoint: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws {
        let words =
            ["mount", "--database", database.path] + (database.server == nil ? [] : ["-o", "poll=0.1"]) + arguments
            + [mountpoint]
        let run = try opencodefs(words, environment: environment)
        try #require(run.status == 0, "\(run.errors)")
        try #require(mounts == [mountpoint])
    }

    /// Mounts of opencodefs in the sandbox, as the kernel tells.
    var mounts: [String] { Self.mounts(below: path) }

    /// Daemons of the sandbox that run.
    var daemons: [pid_t] { Self.daemons(below: path) }

    /// Asks until something holds; false when it does not within five seconds.
    static func waits(seconds: Double = 5, until holds: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !holds() {
            guard ContinuousClock.now < end else { return false }
            usleep(5_000)
        }
        return true
    }

    private static func environment(_ path: String) -> [String: String] {
        [
            "HOME": path + "/home", "XDG_STATE_HOME": path + "/state", "XDG_CONFIG_HOME": path + "/config",
            "XDG_DATA_HOME": path + "/data", "OPENCODE_DB": "", "OPENCODEFS_PASSWORD": MariaDBServer.password,
            "TZ": "UTC", "LC_ALL": "C.UTF-8",
        ]
    }

    private static func mounts(below path: String) -> [String] {
        let table = (try? File.text("/proc/self/mountinfo")) ?? ""
        return table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard line.contains(" - fuse.opencodefs "), fields.count > 4, fields[4].hasPrefix(path + "/") else {
                return nil
            }
            return unescaped(fields[4])
        }
    }

    /// A blank stands as \040, a backslash as \134 (proc(5)).
    private static func unescaped(_ field: Substring) -> String {
        [(" ", "040"), ("\t", "011"), ("\n", "012"), ("\\", "134")].reduce(String(field)) { field, pair in
            field.replacingOccurrences(of: "\\" + pair.1, with: pair.0)
        }
    }

    static func daemons(below path: String) -> [pid_t] {
        let processes = (try? File.entries(in: "/proc")) ?? []
        return processes.compactMap { pid_t($0.name) }.filter { process in
            // Empty once it is a zombie that its parent has not taken notice of.
            guard let words = try? File.text("/proc/\(process)/cmdline") else { return false }
            return words.contains("opencodefs\0") && words.contains("\0--ready\0") && words.contains(path + "/")
        }
    }
}
