internal import Fuse
internal import SessionModel

/// What mounts say of themselves.
enum StatusCommand: Command {
    static let name = "status"
    static let summary = "say what a mount shows and how it is"
    static let usage = ["[--json] [MOUNTPOINT]"]
    static let options: [CommandOption] = [.json]
    static let details = "Without a directory: every mount. --json prints .opencodefs/status.json."
    static let examples = [
        ("opencodefs status ~/history", "database, family, counts, whether rm works"),
        ("opencodefs status --json ~/history", "the same for scripts"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        try arguments.expectOperands(atMost: 1, Self.self)
        let mounts = MountTable.ours()
        var mountpoints = mounts.map(\.mountpoint)
        if let given = arguments.operands.first {
            let path = System.realPath(given) ?? given
            guard mountpoints.contains(path) else {
                throw CommandFailure(.notFound, "\(given) is no mount of opencodefs; see: opencodefs mount")
            }
            mountpoints = [path]
        }
        guard !mountpoints.isEmpty else {
            throw CommandFailure(.notFound, "nothing is mounted; begin with: opencodefs mount DIRECTORY")
        }
        for mountpoint in mountpoints {
            if arguments.has(.json) {
                guard let bytes = System.contents(mountpoint + "/.opencodefs/status.json") else {
                    throw CommandFailure(
                        .failure, "\(mountpoint) does not answer; repair it with: opencodefs mount \(mountpoint)")
                }
                Console.print(bytes: bytes)
            } else {
                try show(mountpoint)
            }
        }
        return .success
    }

    private static func show(_ mountpoint: String) throws(CommandFailure) {
        guard let status = MountStatus.read(mountpoint) else {
            throw CommandFailure(
                .failure, "\(mountpoint) does not answer; repair it with: opencodefs mount \(mountpoint)")
        }
        let isRemote = status.text("Provider") == "remote"
        let isWritable = status.text("writable") == "yes"
        var lines = [
            ("Mounted at", mountpoint),
            ("Database", status.text("database")),
            ("Project", status.text("Project")),
            ("Provider", status.text("Provider")),
            ("History", status.summary),
            ("Removing", isWritable ? "yes" : "no: \(status.text("readOnlyReason"))"),
            (
                "Trash",
                status.text("trashDays") == "0"
                    ? "off" : "keeps \(status.text("trashDays")) days; see: opencodefs trash"
            ),
            ("Serving", "since \(status.text("started")), process \(status.text("pid"))"),
        ]
        switch status.text("search", "index") {
        case "building":
            lines.append(
                (
                    "Search",
                    "indexing, \(status.number("search", "sessions")) of \(status.number("search", "of")) sessions"
                ))
        case "ready": lines.append(("Search", "indexed; see: opencodefs search --help"))
        default: break
        }
        if !status.text("search", "failure").isEmpty {
            lines.append(("Search", "reads the texts: \(status.text("search", "failure"))"))
        }
        if isRemote { lines.insert(contentsOf: server(status), at: 4) }
        if !status.text("schema", "missing").isEmpty { lines.append(("Missing", status.text("schema", "missing"))) }
        if !status.text("schema", "reason").isEmpty { lines.append(("Unreadable", status.text("schema", "reason"))) }
        for (label, text) in lines {
            Console.print(label + String(repeating: " ", count: max(1, 12 - label.count)) + text)
        }
    }

    /// What there is to say of a server.
    private static func server(_ status: MountStatus) -> [(String, String)] {
        let reach =
            status.text("reachable") == "no"
            ? "out of reach: \(status.text("lastError"))" : "asked at most every \(status.text("pollSeconds")) s"
        let durability =
            status.text("durable") == "no"
            ? ", which may forget saves when its power fails (innodb_flush_log_at_trx_commit, sync_binlog)" : ""
        return [
            ("Server", "\(status.text("server")), as \(status.text("user")), tls=\(status.text("tls"))\(durability)"),
            ("Polling", reach),
        ]
    }
}
