private import Glibc
internal import SQLiteDriver
internal import SessionFileSystem
internal import SessionModel
internal import SessionSearch
internal import SessionStore
internal import SessionTree
internal import Timing
internal import VFS

/// A history, opened as a file system with all that is kept beside it: for a mount, and for commands that do without one.
///
/// Whoever opens it closes it.
final class HistoryTree: Sendable {
    /// What is to be shown, and what only a fork tells about it: made while SQLite has no database open.
    struct Plan {
        let provider: Provider
        let options: MountOptions
        /// An id, `.` or `all`.
        let project: String
        let workingDirectory: String
        /// The project of sessions that name none.
        let home: ProjectIdentity
        /// What the Go OpenCode calls the project of the working directory, if that is meant.
        let here: ProjectIdentity?
        /// Whether the trash can be looked at where nothing can be removed, if there is one.
        var showsTrash = false
        /// Whether the first search has an index of words made, and kept up to date from then on: for who stays.
        var keepsIndex = false

        init(
            _ provider: Provider, _ options: MountOptions, project: String,
            in workingDirectory: (path: String, name: String)
        ) {
            self.provider = provider
            self.options = options
            self.project = project
            self.workingDirectory = workingDirectory.path
            home = History.home(of: provider)
            here =
                project == "." ? ProjectIdentity(directory: workingDirectory.path, named: workingDirectory.name) : nil
        }
    }

    let store: any SessionStore
    let fileSystem: SessionFileSystem
    let trash: Trash?
    let documents: Documents?
    let salvage: SalvageDirectory
    let search: SearchService

    /// - Parameters:
    ///   - migration: brings tables of the Go OpenCode up to date; nil to leave them.
    ///   - onError: gets each failure as one line of JSON.
    init(
        _ plan: Plan, migration: Migration? = nil, onError: @escaping @Sendable (String) -> Void
    ) throws(CommandFailure) {
        let (provider, options) = (plan.provider, plan.options)
        let hasTrash = options.keepsTrash || (plan.showsTrash && System.isFile(History.trashPath))
        let trash = hasTrash ? try History.trash(for: provider.name) : nil
        let store = try History.open(
            provider,
            History.Wishes(
                trash: trash, isReadOnly: options.isReadOnly, home: plan.home, migration: migration,
                pollInterval: options.pollInterval))
        let documents = plan.hasDocuments ? History.documents(for: provider.name) : nil
        let salvage = SalvageDirectory(StateDirectory.path)
        let search = SearchService(store: store, index: History.searchIndex(for: provider.name))
        do throws(CommandFailure) {
            var settings = try plan.settings(store, try plan.scope(store), onError)
            settings.salvage = salvage
            settings.documents = documents
            settings.searchIndex = search.index
            if plan.keepsIndex {
                settings.indexing = { search.progress }
                settings.onSearch = { search.want() }
            }
            fileSystem = SessionFileSystem(store: store, settings: settings)
        } catch {
            documents?.close()
            store.close()
            throw error
        }
        (self.store, self.trash, self.documents, self.salvage) = (store, trash, documents, salvage)
        self.search = search
    }

    /// Nobody asks any more.
    func close() {
        fileSystem.end()
        search.stop()
        search.index.close()
        documents?.close()
        store.close()
    }
}

extension HistoryTree.Plan {
    /// Whether sessions have documents: not in the layout of OpenCode 1.1, which has no place for them.
    fileprivate var hasDocuments: Bool {
        if case .file(let path) = provider, LegacyDirectory.isOne(path) { return false }
        return options.layout == .sessions
    }

    fileprivate func settings(
        _ store: any SessionStore, _ scope: Catalog.Scope, _ onError: @escaping @Sendable (String) -> Void
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
            volume: surroundings.volume, onError: onError)
        settings.condition = { History.condition(of: store) }
        settings.style = options.style
        settings.scope = scope
        settings.layout = options.layout
        settings.tellsAttributes = options.tellsAttributes
        settings.spool = ViewSpool()
        if let umask = options.umask { settings.umask = umask }
        return settings
    }

    /// Which part of the history --project means.
    fileprivate func scope(_ store: any SessionStore) throws(CommandFailure) -> Catalog.Scope {
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
