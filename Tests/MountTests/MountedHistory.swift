import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// A database in a sandbox, and a mount of it by the program as it was built.
struct MountedHistory: ~Copyable {
    let sandbox: Sandbox
    let database: TestDatabase
    let mountpoint: String

    /// The links to views that the directory of a session lists; `files` in the Go family alone.
    static let views = ["attachments", "context.json", "conversation.json", "files", "metadata.json", "transcript.md"]

    /// What the directory of a session with nothing special to it lists.
    static func sessionNames(_ family: TestFamily) -> [String] {
        (views.filter { $0 != "files" || family.isGo } + ["messages", "session.json"]).sorted()
    }

    /// Mounts an invented history.
    init(
        demo family: TestFamily, sessions: Int = 6, messages: Int = 60, _ arguments: [String] = []
    ) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(
            demo: family, at: sandbox.path + "/opencode.db", sessions: sessions, messages: messages)
        let mountpoint = try sandbox.directory.directory("mnt")
        try sandbox.mount(database, at: mountpoint, arguments)
        self.init(sandbox, database, mountpoint)
    }

    /// Mounts what `fill` writes into empty tables.
    init(_ family: TestFamily, _ arguments: [String] = [], fill: (Rows) throws -> Void) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        try fill(try Rows(database))
        let mountpoint = try sandbox.directory.directory("mnt")
        try sandbox.mount(database, at: mountpoint, arguments)
        self.init(sandbox, database, mountpoint)
    }

    /// Mounts a database that was made in the sandbox.
    init(_ sandbox: consuming Sandbox, _ database: TestDatabase, _ arguments: [String]) throws {
        let mountpoint = try sandbox.directory.directory("mnt")
        try sandbox.mount(database, at: mountpoint, arguments)
        self.init(sandbox, database, mountpoint)
    }

    private init(_ sandbox: consuming Sandbox, _ database: TestDatabase, _ mountpoint: String) {
        self.sandbox = sandbox
        self.database = database
        self.mountpoint = mountpoint
    }

    /// Mounts once more.
    func mount(_ arguments: [String] = []) throws {
        try sandbox.mount(database, at: mountpoint, arguments)
    }

    /// Unmounts and waits until the daemon has ended.
    func unmount() throws {
        let run = try sandbox.opencodefs(["umount", mountpoint])
        try #require(run.status == 0, "\(run.errors)")
        let path = sandbox.path
        try #require(Sandbox.waits { Sandbox.daemons(below: path).isEmpty })
    }

    /// The process that serves the mount.
    var daemon: pid_t {
        get throws {
            let daemons = sandbox.daemons
            try #require(daemons.count == 1)
            return daemons[0]
        }
    }

    /// Runs a line of shell at the mountpoint.
    func shell(_ line: String) throws -> Run {
        try Run.program("/bin/bash", ["-o", "pipefail", "-c", line], in: mountpoint, environment: sandbox.environment)
    }

    func path(_ relative: String) -> String {
        mountpoint + "/" + relative
    }

    /// Runs opencodefs on the database.
    func opencodefs(_ command: String, _ arguments: String...) throws -> Run {
        try sandbox.opencodefs([command, "--database", database.path] + arguments)
    }

    /// Where a session stands, found by reading the directories.
    func session(_ id: String) throws -> String {
        try #require(try find(id, in: mountpoint, depth: 8), "no session \(id) in the tree")
    }

    /// Where a message stands.
    func message(_ id: String, of session: String) throws -> String {
        let folder = try self.session(session) + "/messages"
        let name = try File.names(in: folder).first { $0 == id + ".json" || $0.hasSuffix("~\(id).json") }
        return folder + "/" + (try #require(name, "no message \(id) in \(folder)"))
    }

    private func find(_ id: String, in folder: String, depth: Int) throws -> String? {
        guard depth > 0 else { return nil }
        for name in try File.names(in: folder) where name != "messages" {
            let path = folder + "/" + name
            guard try File.status(path).isDirectory else { continue }
            if depth < 8, name == id || name.hasSuffix("~" + id) { return path }
            if let found = try find(id, in: path, depth: depth - 1) { return found }
        }
        return nil
    }
}
