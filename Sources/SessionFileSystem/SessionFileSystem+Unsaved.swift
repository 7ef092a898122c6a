internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// What no row holds (yet): scratch files, and files whose first save is under way.
extension SessionFileSystem {
    /// The file of a name that only this mount knows.
    func unsaved(_ name: FileName, in directory: Place) -> (place: Place, facts: Facts)? {
        state.withLock { state in
            if let number = state.scratch.number(name, in: directory), let file = state.scratch[number] {
                return (.scratch(number), .unsaved(size: file.bytes.count, modified: file.modified))
            }
            return state.drafts.newborn(name, in: directory).map { found in
                (found.draft.place, .unsaved(size: found.draft.bytes.count, modified: found.draft.modifiedTime))
            }
        }
    }

    /// What stat(2) tells of a node that is being written, or was; nil for all others.
    func unsavedAttributes(
        of id: NodeID, _ node: NodeTable.Node, _ patience: Patience
    ) throws(Failure) -> Attributes? {
        if let draft = state.withLock({ $0.drafts[id] }) {
            return attributes(draft.place, size: draft.bytes.count, modified: draft.modifiedTime)
        }
        if case .scratch(let number) = node.place {
            guard let file = state.withLock({ $0.scratch[number] }) else { throw .stale }
            return attributes(node.place, size: file.bytes.count, modified: file.modified)
        }
        guard node.isWritten else { return nil }
        let (token, catalog) = try catalog(patience)
        do throws(Failure) {
            guard let version = try facts(of: node.place, catalog, token, patience).version else { throw .stale }
            return attributes(node.place, version)
        } catch {
            // It came to nothing. ESTALE makes the kernel look the name up once more, and create(2) the file.
            throw error.errno == .noEntry ? .stale : error
        }
    }

    /// Opens a scratch file, or joins those who are making a file; nil for all other nodes.
    func openUnsaved(
        _ id: NodeID, _ node: NodeTable.Node, _ mode: OpenMode
    ) throws(Failure) -> HandleID? {
        try state.withLock { state throws(Failure) -> HandleID? in
            if case .scratch(let number) = node.place {
                guard state.scratch[number] != nil else { throw .stale }
                if mode == .replacing { try state.scratch.resize(number, to: 0) }
                state.scratch.open(number)
                return state.handles.add(HandleTable.Writer(node: id, place: node.place))
            }
            guard let draft = state.drafts[id] else {
                guard node.isWritten else { return nil }
                throw .stale
            }
            // Another version is to be had by its name; a file that is being made is what it is so far.
            guard draft.isNew, !draft.isClosing else { throw .stale }
            state.drafts[id]?.handles += 1
            if mode == .replacing { try state.drafts[id]?.resize(to: 0) }
            return state.handles.add(HandleTable.Writer(node: id, place: node.place))
        }
    }

    /// Bytes of a file that is being written; nil for handles of other files.
    func readUnsaved(_ handle: HandleID, at offset: Int64, count: Int) -> [UInt8]? {
        state.withLock { state in
            guard let writer = state.handles.writer(handle), writer.place.derived == nil else { return nil }
            if case .scratch(let number) = writer.place {
                return state.scratch[number]?.bytes.read(at: offset, count: count) ?? []
            }
            return state.drafts[writer.node]?.bytes.read(at: offset, count: count) ?? []
        }
    }

    /// - Returns: whether the handle was of a file that is being written.
    func releaseUnsaved(_ handle: HandleID) -> Bool {
        let writer = state.withLock { state in
            let writer = state.handles.writer(handle)
            state.handles.remove(writer: handle)
            if case .scratch(let number) = writer?.place {
                let file = state.scratch[number]
                state.scratch.close(number)
                // A copy that follows links brings a view as a file: it stands there no longer than it is written, for the view
                // comes with the messages. unzip(1) makes a file of where a link leads, and the link of that in the end.
                if let file, file.isLinked, file.handles <= 1,
                    !file.bytes.suffix(file.name.bytes.count + 1).elementsEqual([UInt8(ascii: "/")] + file.name.bytes),
                    state.showView(file.name, in: file.directory)
                {
                    state.scratch.unlink(number)
                }
            }
            return writer
        }
        guard let writer else { return false }
        if case .scratch = writer.place { return true }
        if case .derived = writer.place {
            // The kernel has what was written on its pages, and a size that goes with that.
            state.withLock { $0.nodes.retire(writer.place) }
            return true
        }
        let isLast = state.withLock { state in
            state.drafts[writer.node]?.handles -= 1
            let isLast = state.drafts[writer.node].map { $0.handles <= 0 } ?? false
            if isLast { state.drafts[writer.node]?.isClosing = true }
            return isLast
        }
        if isLast { finish(writer.node) }
        return true
    }

    func name(of project: Project) -> FileName {
        state.withLock { $0.given[project.id] } ?? naming.name(of: project)
    }

    func name(of session: Session) -> FileName {
        if let known = state.withLock({ $0.given[session.id] ?? $0.sessionNames.name(of: session) }) { return known }
        let name = naming.name(of: session)
        state.withLock { $0.sessionNames.note(name, of: session) }
        return name
    }

    /// The outline of the history, with what mkdir made and no row holds yet.
    func catalog(of outline: Outline) -> Catalog {
        let (made, pending) = state.withLock { ($0.arrivals.projects, $0.arrivals.pending) }
        guard !made.isEmpty || !pending.isEmpty else { return outline.catalog }
        var (projects, sessions) = (outline.projects, outline.sessions)
        let known = Set(projects.map(\.id))
        for (id, arrival) in made where !known.contains(id) {
            let time = arrival.since.milliseconds
            projects.append(Project(id: id, worktree: nil, created: time, updated: time))
        }
        var homes = Dictionary(sessions.map { ($0.id, $0.project) }, uniquingKeysWith: { first, _ in first })
        // Somebody else has made its row: nothing of it is awaited for longer than a copy may pause.
        state.withLock { state in
            for (id, _) in pending where homes[id] != nil { state.arrivals.setStored(id) }
        }
        // A parent before its children: they are in its project.
        for (id, arrival) in pending.sorted(by: { $0.arrival.since < $1.arrival.since }) where homes[id] == nil {
            let (project, parent): (Project.ID, Session.ID?) =
                switch arrival.home {
                case .project(let project), .archived(let project): (project, nil)
                case .children(let parent): (homes[parent] ?? Project.ID(""), parent)
                }
            homes[id] = project
            let time = arrival.since.milliseconds
            let isArchived = if case .archived = arrival.home { true } else { false }
            sessions.append(
                Session(
                    id: id, project: project, parent: parent, title: nil, created: time, updated: time,
                    isArchived: isArchived))
        }
        return Catalog(projects: projects, sessions: sessions, scope: settings.scope)
    }
}

extension Draft {
    /// What stat(2) tells of it.
    var modifiedTime: Timestamp { modified ?? created }
}

extension SessionFileSystem.State {
    /// Shows the link to a view of a session, whatever has hidden it; false where the name is no view's.
    mutating func showView(_ name: FileName, in directory: Place) -> Bool {
        guard case .session(let session) = directory,
            let view = DerivedTrees.root(name, in: directory)
        else { return false }
        masks.show(.derived(view), of: session)
        arrivals.make(.derived(view), of: session, now: .now)
        return true
    }

    /// The node of a file that no row holds; counts a lookup.
    mutating func lookAtUnsaved(_ place: Place) -> NodeID {
        if let (node, _) = drafts.newborn(place) {
            nodes.countLookup(node)
            return node
        }
        // A scratch file has one node for as long as it lives: nobody but the kernel writes to it.
        let version = FileVersion(size: 0, changed: .epoch, digest: place.inode)
        return nodes.look(at: place, version: version, validated: nil)
    }

    /// Whether this was renamed away or removed, to be written anew, or a copy has still to make it.
    func isOutOfSight(_ place: Place) -> Bool {
        if case .projectFile(let project) = place, masks.isFileHidden(of: project, now: .now) { return true }
        return scratch.number(displacing: place) != nil || isAwaited(place)
    }

    /// Whether a copy has still to make this.
    func isAwaited(_ place: Place) -> Bool {
        switch place {
        case .sessionFile(let session), .messages(let session), .todos(let session), .children(let session),
            .document(_, let session):
            arrivals.isAwaited(place, of: session, now: .now)
        case .derived(let view):
            view.session.map { arrivals.isAwaited(place, of: $0, now: .now) } ?? false
        case .projectFile(let project): arrivals.isAwaited(project, now: .now)
        default: false
        }
    }

    /// Lines of a directory's listing that no row gives.
    func unsaved(in directory: Place) -> [HandleTable.Line] {
        scratch.files(in: directory).compactMap { name, number in
            scratch[number].map { file in
                HandleTable.Line(
                    name: name, place: .scratch(number),
                    facts: .unsaved(size: file.bytes.count, modified: file.modified), token: .none)
            }
        }
            + drafts.newborns(in: directory).map { draft in
                HandleTable.Line(
                    name: draft.name, place: draft.place,
                    facts: .unsaved(size: draft.bytes.count, modified: draft.modifiedTime), token: .none)
            }
    }
}
