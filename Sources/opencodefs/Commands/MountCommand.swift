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
    static let ready = CommandOption("ready", hidden: true, help: "")
    static let options: [CommandOption] = [.database, .db, project, mountOptions, foreground, ready, .json]
    static let details = """
        The database is the first that exists of: --database, OPENCODE_DB, data.directory
        of .opencode.json, ./.opencode/opencode.db, ~/.opencode/opencode.db,
        $XDG_DATA_HOME/opencode/opencode.db. None is ever created.

        Options for -o:
          names=id          list ids alone, for rsync, diff -r and scripts
          ro                change nothing
          nomigrate         leave the tables of a Go OpenCode as they are; otherwise a
                            mount brings them up to date, after a backup
          trash=DAYS        keep what rm takes for so long (default 7; 0: remove for good)
          allow_other       let other users in, as far as umask lets them
          uid=, gid=, umask=   whose the files are, and who may do what (default 077)
          project=ID        as --project
        and those of fstab(5), of which nosuid, nodev, noexec and noatime reach the kernel.
        """
    static let examples = [
        ("opencodefs mount ~/history", "shows all of your history, in the background"),
        ("opencodefs mount -o ro,names=id ~/history", "for backups and scripts"),
        ("opencodefs mount --database ./old.db --project . /mnt", "one project of another database"),
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
        let search = try DatabaseSearch(named: arguments.database)
        let chosen = try search.chosen()
        guard let database = System.realPath(chosen.path) else {
            throw CommandFailure(.noDatabase, "cannot open \(chosen.path): \(ErrorNumber().text)")
        }
        try checkDevice()
        if options.keepsTrash { _ = try StateDirectory.make() }
        let mountpoint = try Mountpoint(given, database: database)
        if arguments.has(foreground) {
            return try MountService(
                database: database, mountpoint: mountpoint, options: options, project: project,
                isDaemon: arguments.has(ready)
            ).run()
        }
        var words = ["mount", "--foreground", "--ready", "--database", database, "--project", project]
        for list in [configuration.options].compactMap({ $0 }) + arguments.all(mountOptions) { words += ["-o", list] }
        if let status = try Daemon.start(words + ["--", mountpoint.path]) { return status }
        announce(chosen, search.others(than: chosen), mountpoint, given)
        return .success
    }

    private static func checkDevice() throws(CommandFailure) {
        if case .failure(let error) = System.kind("/dev/fuse") {
            throw CommandFailure(
                .failure,
                "/dev/fuse: \(error.text); load the kernel module (modprobe fuse), or in a container start it with --device /dev/fuse --cap-add SYS_ADMIN"
            )
        }
    }

    private static func announce(
        _ chosen: DatabaseSearch.Candidate, _ others: [DatabaseSearch.Candidate], _ mountpoint: Mountpoint,
        _ given: String
    ) {
        var summary = ""
        if let bytes = System.contents(mountpoint.path + "/.opencodefs/status.json"),
            let status = try? JSON(parsing: bytes)
        {
            summary = " (\(MountStatus(status, mountpoint: mountpoint.path).summary))"
        }
        Console.print("Mounted \(chosen.path)\(summary) at \(given).")
        Console.note("  taken from: \(chosen.origin)")
        for other in others { Console.note("  also found, not used: \(other.path) (\(other.origin))") }
        Console.note("Try:  ls \(given)    grep -rl TEXT \(given)    \(Console.program) umount \(given)")
    }
}
