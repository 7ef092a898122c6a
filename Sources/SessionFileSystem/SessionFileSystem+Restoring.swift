internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

extension SessionFileSystem {
    /// Puts back what a rename takes out of the trash (rule D3): everything at a place and below it, all or nothing.
    ///
    /// A message goes back into its session, a session anywhere into its project, a project to the root. Where they are
    /// listed then is for their rows to say.
    ///
    /// - Parameters:
    ///   - name: what it is to be called in `directory`: its id must be in it.
    ///   - caller: its process stands in errors.jsonl where an id is taken.
    func restore(
        _ source: TrashPlace, as name: FileName, in directory: Place, for caller: Caller
    ) throws(Failure) {
        let items = try trashItems(at: source, caller.patience)
        guard !items.isEmpty else { throw .stale }
        let (_, catalog) = try catalog(caller.patience)
        guard isHome(name, in: directory, of: source, items, catalog) else {
            let path = "/" + source.path.map(\.description).joined(separator: "/")
            throw Failure(
                .notPermitted, "what rm took goes back to where it was, and under its own id",
                remedy: source.path.isEmpty
                    ? "move what is in it, or: opencodefs restore \(source.batch ?? 0)" : "it was \(path)")
        }
        do throws(RestoreError) {
            _ = try store.restore(items, caller.patience)
        } catch {
            let failure = Failure(error)
            // Everyday elsewhere, but here somebody must know what to do.
            if failure.errno == .exists {
                errors.record(
                    failure, operation: "rename", path: path(of: .trash(source)), process: caller.process)
            }
            throw failure
        }
        state.withLock { state in
            for item in items { state.masks.reveal(item.session) }
            state.nodes.retire(.trash(source))
            state.forgetCatalog()
        }
    }

    private func isHome(
        _ name: FileName, in directory: Place, of source: TrashPlace, _ items: [TrashBatch.Item], _ catalog: Catalog
    ) -> Bool {
        guard let last = source.path.last else { return false }
        if source.item != nil {
            guard let item = items.first else { return false }
            guard let message = item.message else { return directory == .session(item.session) && name == .sessionFile }
            let bare = naming.bare(naming.name(of: message, ordinal: 0, role: nil))
            return directory == .messages(item.session) && naming.bare(name) == bare
        }
        guard naming.bare(name) == last else { return false }
        if source.path.count == 1 { return directory == .root }
        switch last {
        case .messages: return items.allSatisfy { directory == .session($0.session) }
        case .children:
            guard case .session(let id) = directory, let parent = catalog.sessions[id] else { return false }
            return naming.bare(naming.name(of: parent)) == source.path[source.path.count - 2]
        default:
            // A session, or the archive of a project.
            return isAbout(directory, source.path[0], catalog) && (last != .archived || directory.isProject)
        }
    }

    /// Whether a directory lists sessions and stands below the project of this name.
    private func isAbout(_ directory: Place, _ project: FileName, _ catalog: Catalog) -> Bool {
        var place = directory
        while true {
            switch place {
            case .project(let id), .archived(let id):
                return catalog.projects[id].map { naming.bare(naming.name(of: $0)) } == project
            case .children(let parent):
                guard let home = catalog.home(of: parent) else { return false }
                place = home.place
            default: return false
            }
        }
    }
}

extension Place {
    fileprivate var isProject: Bool {
        if case .project = self { true } else { false }
    }
}

extension Failure {
    init(_ error: RestoreError) {
        switch error {
        case .taken(let item, let table):
            self.init(
                .exists, "\(item.path) cannot come back: its id or its number is taken by another row of \(table)",
                remedy: "remove that one first; it goes to the trash too")
        case .homeless(let item):
            self.init(
                .notPermitted, "\(item.path) cannot come back alone: its session is not in the database",
                remedy: "opencodefs restore \(item.session)")
        case .otherSchema(let item, let missing):
            self.init(
                .notPermitted, "\(item.path) cannot come back: the database has no \(missing) any more",
                remedy: "it stays in the trash")
        case .store(let error): self.init(error)
        }
    }
}
