internal import Fuse
private import Glibc
internal import SQLiteDriver
internal import SessionFileSystem
internal import SessionModel
internal import SessionSearch
internal import SessionStore
internal import SessionTree
internal import Timing
internal import VFS

/// Serves one mount, from mounting to unmounting, in this process.
struct MountService {
    let provider: Provider
    let mountpoint: Mountpoint
    let options: MountOptions
    /// An id, `.` or `all`.
    let project: String
    /// Whether a parent waits to hear that all is well, and nobody listens after that.
    let isDaemon: Bool

    /// As many requests are answered at once; one may wait for a lock while the others read.
    private static let threads = 4

    /// Mounts and serves until unmounted.
    ///
    /// The order matters: mounting may fork to run fusermount3, and no fork may happen once SQLite has the database
    /// open; so the mount comes first, and the kernel waits until the history is there.
    func run() throws(CommandFailure) -> ExitStatus {
        let workingDirectory = (path: System.workingDirectory, name: System.namedWorkingDirectory)
        System.leaveDirectory()
        if isDaemon { Daemon.detach() }
        // These fork too. What family the database is of, nobody knows yet.
        let home = History.home(of: provider)
        let here =
            project == "." ? ProjectIdentity(directory: workingDirectory.path, named: workingDirectory.name) : nil
        Signals.hold()
        let mount = try makeMount()
        defer { unmount(mount) }
        let trash = options.keepsTrash ? try History.trash(for: provider.name) : nil
        let store = try History.open(
            provider,
            History.Wishes(
                trash: trash, isReadOnly: options.isReadOnly, home: home,
                migration: options.migrates ? migration : nil, pollInterval: options.pollInterval))
        // Before the mount goes: without root that takes a fork.
        defer { store.close() }
        let documents = hasDocuments ? History.documents(for: provider.name) : nil
        defer { documents?.close() }
        let salvage = SalvageDirectory(StateDirectory.path)
        var settings = try settings(store, try scope(store, here, workingDirectory.path), salvage)
        settings.documents = documents
        let search = SearchService(store: store, index: History.searchIndex(for: provider.name))
        // The history is closed after that.
        defer {
            search.stop()
            search.index.close()
        }
        settings.searchIndex = search.index
        settings.indexing = { search.progress }
        settings.onSearch = { search.want() }
        let fileSystem = SessionFileSystem(store: store, settings: settings)
        defer { fileSystem.end() }
        try look(at: fileSystem)
        mount.serve(fileSystem, threads: Self.threads) { Signals.wake() }
        if isDaemon { Daemon.reportReady() } else { Console.note("Mounted at \(mountpoint.path); Ctrl-C unmounts.") }
        // What is too old goes while nobody waits; a trash that cannot be cleaned now will be next time.
        if let trash {
            History.settle(trash, provider)
            _ = try? trash.expire(olderThanDays: options.trashDays)
            if let documents { _ = try? sweep(documents, store, trash) }
        }
        search.start()
        salvage.prune()
        if !options.isReadOnly { Backups.expire() }
        Signals.wait()
        return .success
    }

    /// Whether the tree answers, asked directly. Not by way of the kernel: a process that waits for its own answer when
    /// SIGKILL comes never ends, nor do those who wait for it, since its threads that would answer are gone.
    private func look(at fileSystem: SessionFileSystem) throws(CommandFailure) {
        do throws(Errno) {
            let caller = Caller(process: getpid(), patience: .lasting(.seconds(10)))
            fileSystem.releaseDirectory(try fileSystem.openDirectory(.root, for: caller))
        } catch {
            throw CommandFailure(.failure, "the tree does not answer: \(ErrorNumber(error.rawValue).text)")
        }
    }

    /// Whether sessions have documents: not in the layout of OpenCode 1.1, which has no place for them.
    private var hasDocuments: Bool {
        if case .file(let path) = provider, LegacyDirectory.isOne(path) { return false }
        return options.layout == .sessions
    }

    /// Drops documents of sessions that are gone.
    private func sweep(
        _ documents: Documents, _ store: any SessionStore, _ trash: Trash
    ) throws(StoreError) {
        let patience = Patience.lasting(.seconds(30))
        guard documents.mayHoldAny else { return }
        let there = try store.reading(patience) { (snapshot) throws(StoreError) in try snapshot.sessions().map(\.id) }
        let kept = try trash.batches().flatMap(\.items).map(\.session)
        try documents.sweep(keeping: Set(there + kept), days: options.trashDays, patience)
    }

    private var migration: Migration {
        Migration(provider: provider) { [isDaemon] in Signals.isPending || (isDaemon && Daemon.isAbandoned) }
    }

    private func makeMount() throws(CommandFailure) -> Mount {
        var mountOptions = Mount.Options(source: provider.name)
        mountOptions.isReadOnly = options.isReadOnly
        mountOptions.allowsOthers = options.allowsOthers
        mountOptions.passedThrough = options.passedThrough
        do throws(Mount.Failure) {
            return try Mount(at: mountpoint.path, mountOptions)
        } catch {
            let remedy =
                geteuid() == 0 ? "" : " (is the package fuse3 installed? does /etc/fuse.conf allow what -o asks?)"
            throw CommandFailure(.failure, "cannot mount at \(mountpoint.path)\(remedy)")
        }
    }

    private func unmount(_ mount: Mount) {
        // Somebody may have unmounted it and mounted another in its place.
        guard mount.isStanding else { return }
        if case .done = Unmounting.run(mountpoint.path, lazily: false) { return }
        // Somebody is in there; nobody else gets in.
        _ = Unmounting.run(mountpoint.path, lazily: true)
    }

    private func settings(
        _ store: any SessionStore, _ scope: Catalog.Scope, _ salvage: any Salvage
    ) throws(CommandFailure) -> Settings {
        let surroundings = try History.surroundings(of: provider, options)
        var description = surroundings.description
        description.add("version", .string(CommandLineInterface.version))
        description.add("sqlite", .string(SQLiteConnection.libraryVersion))
        description.add("pid", .integer(Int(getpid())))
        description.add("started", .string(Timestamp.now.rfc3339))
        description.add("trashDays", .integer(options.trashDays))
        var settings = Settings(
            owner: options.owner ?? geteuid(), group: options.group ?? getegid(), description: description,
            volume: surroundings.volume,
            onError: { [isDaemon] line in if !isDaemon { Console.note(line) } })
        settings.condition = { History.condition(of: store) }
        settings.style = options.style
        settings.scope = scope
        settings.layout = options.layout
        settings.tellsAttributes = options.tellsAttributes
        settings.salvage = salvage
        settings.spool = ViewSpool()
        if let umask = options.umask { settings.umask = umask }
        return settings
    }

    /// Which part of the history --project means.
    ///
    /// - Parameter here: what the Go OpenCode calls the project of the working directory, if that is meant.
    private func scope(
        _ store: any SessionStore, _ here: ProjectIdentity?, _ workingDirectory: String
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
            if let here {
                catalog.project(containing: Array(workingDirectory.utf8)) ?? catalog.project(here)
            } else {
                catalog.projects[Project.ID(project)] ?? catalog.project(ProjectIdentity(Project.ID(project)))
            }
        guard let found else {
            let known = catalog.projectOrder.map {
                "  \($0)  \(catalog.projects[$0]?.worktree.map { String(decoding: $0, as: UTF8.self) } ?? "")"
            }
            let what =
                here.map { "no project has its worktree at or above \(workingDirectory), and none is \"\($0.id)\"" }
                ?? "no project \"\(project)\""
            throw CommandFailure(.notFound, "\(what); there are:\n\(known.joined(separator: "\n"))")
        }
        return .project(found.id)
    }
}
