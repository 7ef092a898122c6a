import Foundation
import SQL
import TestSupport
import Testing

/// A team's database on a server of the tests' own, in a sandbox to mount it in.
struct TeamHistory: ~Copyable {
    let sandbox: Sandbox
    let database: MariaDBDatabase
    let mountpoint: String

    /// - Parameters:
    ///   - grants: of the database's user.
    ///   - isEmpty: whether there are no tables.
    init(grants: String = "ALL PRIVILEGES", isEmpty: Bool = false) throws {
        try self.init(on: try MariaDBServer.shared().database(), grants: grants, isEmpty: isEmpty)
    }

    /// - Parameter database: without tables.
    init(on database: MariaDBDatabase, grants: String = "ALL PRIVILEGES", isEmpty: Bool = false) throws {
        let sandbox = try Sandbox()
        let mountpoint = try sandbox.directory.directory("mnt")
        if !isEmpty {
            let dsn = Self.dsn(database)
            let made = try sandbox.opencodefs(
                ["init"], environment: ["OPENCODE_SESSION_PROVIDER_TYPE": "mysql", "OPENCODE_MYSQL_DSN": dsn])
            try #require(made.status == 0, "\(made.errors)")
            try Self.fill(database)
        }
        if grants != "ALL PRIVILEGES" {
            try database.server.run(
                "REVOKE ALL PRIVILEGES ON \(database.name).* FROM \(database.user)@'%'",
                "GRANT \(grants) ON \(database.name).* TO \(database.user)@'%'")
        }
        self.sandbox = sandbox
        self.database = database
        self.mountpoint = mountpoint
    }

    private static func fill(_ database: MariaDBDatabase) throws {
        for project in ["shop", "other"] {
            try database.run(
                """
                INSERT INTO sessions (id, title, project_id, updated_at, created_at) \
                VALUES ('ses_\(project)', 'A \(project)', '\(project)', 1763700000, 1763700000)
                """,
                """
                INSERT INTO messages (id, session_id, role, parts, created_at, updated_at, seq) VALUES \
                ('msg_\(project)', 'ses_\(project)', 'user', '[{"type":"text","data":{"text":"of \(project)"}}]', \
                1763700000, 1763700000, 1)
                """)
        }
    }

    private static func dsn(_ database: MariaDBDatabase) -> String {
        "\(database.user):\(database.password)@tcp(127.0.0.1:\(database.server.port))/\(database.name)?parseTime=true"
    }

    /// The address as a DSN has it.
    var address: String { "tcp(127.0.0.1:\(database.server.port))" }
    var name: String { "mysql://127.0.0.1:\(database.server.port)/\(database.name)" }
    var dsn: String { Self.dsn(database) }
    var url: String { "mysql://\(database.user)@127.0.0.1:\(database.server.port)/\(database.name)" }

    /// What OpenCode is set up with.
    func variables(_ dsn: String? = nil) -> [String: String] {
        ["OPENCODE_SESSION_PROVIDER_TYPE": "mysql", "OPENCODE_MYSQL_DSN": dsn ?? self.dsn]
    }

    func mount(_ arguments: [String] = [], environment: [String: String]? = nil) throws -> Run {
        // The sandbox has the password of all databases; here each test says which is to be known.
        try sandbox.opencodefs(
            ["mount"] + arguments + [mountpoint],
            environment: ["OPENCODEFS_PASSWORD": ""].merging(environment ?? variables()) { $1 })
    }

    func status() throws -> JSONValue {
        try JSONValue(File.contents(mountpoint + "/.opencodefs/status.json"))
    }

    func shell(_ line: String) throws -> Run {
        try Run.program("/bin/bash", ["-o", "pipefail", "-c", line], in: mountpoint, environment: sandbox.environment)
    }

    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let path = sandbox.path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }
}
