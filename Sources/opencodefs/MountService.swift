internal import Fuse
private import Glibc
internal import SessionFileSystem
internal import SessionModel
internal import SessionStore
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
        var plan = HistoryTree.Plan(provider, options, project: project, in: workingDirectory)
        plan.keepsIndex = true
        Signals.hold()
        let mount = try makeMount()
        defer { unmount(mount) }
        let tree = try HistoryTree(plan, migration: options.migrates ? migration : nil) { [isDaemon] line in
            if !isDaemon { Console.note(line) }
        }
        // Before the mount goes: without root that takes a fork.
        defer { tree.close() }
        try look(at: tree.fileSystem)
        mount.serve(tree.fileSystem, threads: Self.threads) { Signals.wake() }
        if isDaemon { Daemon.reportReady() } else { Console.note("Mounted at \(mountpoint.path); Ctrl-C unmounts.") }
        // What is too old goes while nobody waits; a trash that cannot be cleaned now will be next time.
        if let trash = tree.trash {
            History.settle(trash, provider)
            _ = try? trash.expire(olderThanDays: options.trashDays)
            if let documents = tree.documents { _ = try? sweep(documents, tree.store, trash) }
        }
        tree.search.start()
        tree.salvage.prune()
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
}
