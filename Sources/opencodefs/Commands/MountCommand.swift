internal import Fuse
private import Glibc
internal import SQLiteDriver
internal import SessionFileSystem
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing

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
        guard let given = arguments.operands.first else { return MountList.show(asJSON: arguments.has(.json)) }
        guard arguments.operands.count == 1 else {
            throw CommandFailure(.usage, "mount: one directory at a time; see: opencodefs mount --help")
        }
        let configuration = try UserConfiguration()
        var options = MountOptions()
        if let list = configuration.options { try options.add(list) }
        for list in arguments.all(mountOptions) { try options.add(list) }
        let project = arguments[project] ?? options.project ?? configuration.project ?? "all"
        let search = try DatabaseSearch(named: arguments.database)
        let chosen = try search.chosen()
        guard let database = System.realPath(chosen.path) else {
            throw CommandFailure(.noDatabase, "cannot open \(chosen.path): \(ErrorNumber().text)")
        }
        try checkDevice()
        if options.keepsTrash { _ = try StateDirectory.make() }
        let mountpoint = try Mountpoint(given, database: database)
        if arguments.has(foreground) {
            return try serve(
                database, at: mountpoint, options, project: project, isDaemon: arguments.has(ready), given: given)
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

    /// Mounts and serves until unmounted.
    ///
    /// The order matters: mounting may fork to run fusermount3, and no fork may happen once SQLite has the database
    /// open; so the mount comes first, and the kernel waits until the history is there.
    private static func serve(
        _ database: String, at mountpoint: Mountpoint, _ options: MountOptions, project: String, isDaemon: Bool,
        given: String
    ) throws(CommandFailure) -> ExitStatus {
        let workingDirectory = System.workingDirectory
        // Of the user's directories none is kept busy, least of all one on our own mount.
        unsafe chdir("/")
        if isDaemon { Daemon.detach() }
        Signals.hold()
        var mountOptions = Mount.Options(source: database)
        mountOptions.isReadOnly = options.isReadOnly
        mountOptions.allowsOthers = options.allowsOthers
        mountOptions.passedThrough = options.passedThrough
        let mount: Mount
        do throws(Mount.Failure) {
            mount = try Mount(at: mountpoint.path, mountOptions)
        } catch {
            let remedy =
                geteuid() == 0 ? "" : " (is the package fuse3 installed? does /etc/fuse.conf allow what -o asks?)"
            throw CommandFailure(.failure, "cannot mount at \(mountpoint.path)\(remedy)")
        }
        defer { unmount(mountpoint) }
        let trash = options.keepsTrash ? try History.trash(for: database) : nil
        let store = try History.open(database, trash: trash, isReadOnly: options.isReadOnly)
        // Before the mount goes: without root that takes a fork.
        defer { store.close() }
        let scope = try scope(project, store, workingDirectory)
        let fileSystem = SessionFileSystem(
            store: store, settings: settings(database, options, scope, isQuiet: isDaemon))
        fileSystem.setNotifier(mount.notifier)
        mount.serve(fileSystem, threads: 4) { Signals.wake() }
        guard System.names(in: mountpoint.path) != nil else {
            throw CommandFailure(.failure, "mounted, but the tree does not answer: \(ErrorNumber().text)")
        }
        if isDaemon { Daemon.reportReady() } else { Console.note("Mounted at \(mountpoint.path); Ctrl-C unmounts.") }
        if let trash, options.trashDays > 0 { _ = try? trash.expire(olderThanDays: options.trashDays) }
        Signals.wait()
        return .success
    }

    private static func unmount(_ mountpoint: Mountpoint) {
        guard let mount = MountTable.mount(at: mountpoint.path), mount.type == MountTable.type else { return }
        if case .done = Unmounting.run(mountpoint.path, lazily: false) { return }
        // Somebody is in there; they may finish, and nobody else gets in.
        _ = Unmounting.run(mountpoint.path, lazily: true)
    }

    private static func settings(
        _ database: String, _ options: MountOptions, _ scope: Catalog.Scope, isQuiet: Bool
    ) -> Settings {
        var description = JSONObject()
        description.add("Provider", .string("local"))
        description.add("database", .string(database))
        description.add("version", .string(CommandLineInterface.version))
        description.add("sqlite", .string(SQLiteConnection.libraryVersion))
        description.add("pid", .integer(Int(getpid())))
        description.add("started", .string(Timestamp.now.rfc3339))
        description.add("trashDays", .integer(options.trashDays))
        var settings = Settings(
            owner: options.owner ?? geteuid(), group: options.group ?? getegid(), description: description,
            volume: {
                (System.size(database) + System.size(database + "-wal"), System.freeSpace(database))
            },
            onError: { line in if !isQuiet { Console.note(line) } })
        settings.style = options.style
        settings.scope = scope
        if let umask = options.umask { settings.umask = umask }
        return settings
    }

    private static func scope(
        _ project: String, _ store: any SessionStore, _ workingDirectory: String
    ) throws(CommandFailure) -> Catalog.Scope {
        guard project != "all" else { return .all }
        let catalog: Catalog
        do throws(StoreError) {
            catalog = try store.reading(.lasting(.seconds(10))) { (snapshot) throws(StoreError) in
                Catalog(projects: try snapshot.projects(), sessions: [], scope: .all)
            }
        } catch {
            throw CommandFailure(.failure, "cannot read the projects: \(error)")
        }
        let found =
            project == "."
            ? catalog.project(containing: Array(workingDirectory.utf8))
            : catalog.projects[Project.ID(project)]
        guard let found else {
            let known = catalog.projectOrder.map {
                "  \($0)  \(catalog.projects[$0]?.worktree.map { String(decoding: $0, as: UTF8.self) } ?? "")"
            }
            let what =
                project == "."
                ? "no project has its worktree at or above \(workingDirectory)" : "no project \"\(project)\""
            throw CommandFailure(.notFound, "\(what); there are:\n\(known.joined(separator: "\n"))")
        }
        return .project(found.id)
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
        Console.note("Try:  ls \(given)    grep -rl TEXT \(given)    opencodefs umount \(given)")
    }
}
