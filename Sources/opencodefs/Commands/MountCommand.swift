internal import MySQLDriver
internal import SessionModel

/// Mounts a history, or lists what is mounted.
enum MountCommand: Command {
    static let name = "mount"
    static let summary = "show a history at a directory; without one, list what is mounted"
    static let usage = ["[OPTION...] MOUNTPOINT", "[--json]"]
    static let foreground = CommandOption("foreground", "f", help: "stay in the foreground; Ctrl-C unmounts")
    static let project = CommandOption(
        "project", "p", argument: "ID|.|all",
        help: "show one project; . is that of the working directory (default: all)")
    static let mountOptions = CommandOption("options", "o", argument: "LIST", help: "options, separated by commas")
    /// Of the daemon: somebody waits to hear that it is ready.
    static let ready = CommandOption("ready", hidden: true, help: "")
    /// Of the daemon: it is told about the server in confidence.
    static let told = CommandOption("told", hidden: true, help: "")
    static let options: [CommandOption] = [.database, .db, project, mountOptions, foreground, ready, told, .json]
    static let details = """
        The database is the first that exists of: --database, OPENCODE_DB, data.directory
        of .opencode.json, ./.opencode/opencode.db, ~/.opencode/opencode.db,
        $XDG_DATA_HOME/opencode/opencode.db. None is ever created. The storage directory of
        an OpenCode up to 1.1 may be named too; it is shown, and not changed.

        A team's database on a MySQL or MariaDB server is mounted where OpenCode is set up for
        it (OPENCODE_SESSION_PROVIDER_TYPE=mysql, or sessionProvider in .opencode.json), or by
        --database mysql://USER@HOST:PORT/NAME?tls=true; its password is never an argument.

        Options for -o:
          names=id          list ids alone, for rsync, diff -r and scripts
          layout=storage    show the files that OpenCode up to 1.1 kept its history in, for
                            programs that read these; changes nothing
          ro                change nothing
          noxattr           no extended attributes, which makes ls -l quicker
          nomigrate         leave the tables of a Go OpenCode as they are; otherwise a
                            mount brings them up to date, after a backup
          trash=DAYS        keep what rm takes for so long (default 7; 0: remove for good)
          allow_other       let other users in, as far as umask lets them
          uid=, gid=, umask=   whose the files are, and who may do what (default 077)
          poll=SECONDS      how often a server is asked what is new (default 1)
          project=ID        as --project
        and those of fstab(5), of which nosuid, nodev, noexec and noatime reach the kernel.
        """
    static let examples = [
        ("opencodefs mount ~/history", "shows all of your history, in the background"),
        ("opencodefs mount -o ro,names=id ~/history", "for backups and scripts"),
        ("opencodefs mount --database ./old.db --project . /mnt", "one project of another database"),
        ("opencodefs mount --database mysql://dana@db.example.com/opencode?tls=true ~/team", "a team's history"),
        ("opencodefs mount", "lists what is mounted"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard let given = arguments.operands.first else {
            guard [.database, .db, project, mountOptions, foreground].allSatisfy({ !arguments.has($0) }) else {
                throw CommandFailure(.usage, "mount: where? name an empty directory; see: opencodefs mount --help")
            }
            return MountList.show(asJSON: arguments.has(.json))
        }
        guard arguments.operands.count == 1 else {
            throw CommandFailure(.usage, "mount: one directory at a time; see: opencodefs mount --help")
        }
        let configuration = try UserConfiguration()
        var options = MountOptions()
        if let list = configuration.options { try options.add(list) }
        for list in arguments.all(mountOptions) { try options.add(list) }
        // Without a password: everybody sees the words that a daemon was started with.
        let project = ProjectIdentity.typed(arguments[project] ?? options.project ?? configuration.project ?? "all")
        if arguments.has(told) {
            return try serve(toldServer(), given, options, project, isDaemon: true)
        }
        let search = try DatabaseSearch(named: arguments.database)
        let chosen = try search.chosen()
        let provider = try chosen.provider(configuration)
        // Nobody writes the files of OpenCode 1.1 any more.
        if case .file(let path) = provider, LegacyDirectory.isOne(path) { options.isReadOnly = true }
        if arguments.has(foreground) {
            return try serve(provider, given, options, project, isDaemon: arguments.has(ready))
        }
        let mountpoint = try prepare(given, provider, options)
        var words = ["mount", "--foreground", "--ready", "--database", provider.name, "--project", project]
        var confidence: [UInt8]?
        if case .server(let server) = provider {
            confidence = Handover.text(server)
            words.append("--told")
        }
        for list in [configuration.options].compactMap({ $0 }) + arguments.all(mountOptions) { words += ["-o", list] }
        if let status = try Daemon.start(words + ["--", mountpoint.path], confidence: confidence) { return status }
        announce(provider, chosen, search, mountpoint, given)
        return .success
    }

    /// Looks at everything that can be wrong while there is somebody to tell.
    private static func prepare(
        _ given: String, _ provider: Provider, _ options: MountOptions
    ) throws(CommandFailure) -> Mountpoint {
        try checkDevice()
        if options.keepsTrash { _ = try StateDirectory.make() }
        return try Mountpoint(given, for: provider)
    }

    private static func serve(
        _ provider: Provider, _ given: String, _ options: MountOptions, _ project: String, isDaemon: Bool
    ) throws(CommandFailure) -> ExitStatus {
        let mountpoint = try prepare(given, provider, options)
        return try MountService(
            provider: provider, mountpoint: mountpoint, options: options, project: project, isDaemon: isDaemon
        ).run()
    }

    /// The server that whoever started this daemon has found.
    private static func toldServer() throws(CommandFailure) -> Provider {
        guard let server = Handover.server(Daemon.takeConfidence()) else {
            throw CommandFailure(.usage, "mount: --told is for the daemon alone")
        }
        if !server.settings.password.isEmpty { System.guardMemory() }
        return .server(server)
    }

    private static func checkDevice() throws(CommandFailure) {
        if case .failure(let error) = System.kind("/dev/fuse") {
            throw CommandFailure(
                .failure,
                "/dev/fuse: \(error.text); load the kernel module (modprobe fuse), or in a container start it with --device /dev/fuse --cap-add SYS_ADMIN"
            )
        }
    }

    /// Bytes of a database. To count what is in a larger one takes longer than to mount it: `opencodefs status` does.
    private static let largestCounted: Int64 = 512 << 20

    private static func announce(
        _ provider: Provider, _ chosen: DatabaseSearch.Candidate, _ search: DatabaseSearch, _ mountpoint: Mountpoint,
        _ given: String
    ) {
        var summary = ""
        if case .file(let path) = provider, System.size(path) > largestCounted {
            summary = " (\(Human.size(System.size(path))))"
        } else if let status = MountStatus.read(mountpoint.path) {
            summary = " (\(status.summary))"
        }
        let name = if case .file = provider { chosen.name } else { provider.name }
        Console.print("Mounted \(name)\(summary) at \(given).")
        Console.note("  taken from: \(chosen.origin)")
        for other in search.others(than: chosen) {
            Console.note("  also found, not used: \(other.name) (\(other.origin))")
        }
        if let hint = search.hint { Console.note("  \(hint)") }
        Console.note("Try:  ls \(given)    grep -rl TEXT \(given)    \(Console.program) umount \(given)")
    }
}
