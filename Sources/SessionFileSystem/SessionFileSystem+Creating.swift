internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    package func create(
        _ name: FileName, in parent: NodeID, for caller: Caller
    ) throws(Errno) -> (Entry, HandleID) {
        try perform("create", parent, name, caller) { () throws(Failure) in
            let directory = try node(parent).place
            try refuseInControl(directory)
            try refuseWhenReadOnly()
            let (_, catalog) = try catalog(caller.patience)
            guard let place = try savedPlace(name, in: directory, catalog, caller.patience) else {
                return try createScratch(name, in: directory)
            }
            // Somebody was quicker, and the kernel did not know.
            if state.withLock({ $0.drafts.newborn(name, in: directory) != nil }) { throw .stale }
            let displaced = state.withLock { state in
                state.scratch.number(displacing: place).flatMap { state.scratch[$0] }
            }
            let exists = try exists(place, catalog, caller.patience)
            let isAwaited = state.withLock { $0.isAwaited(place) }
            guard displaced != nil || isAwaited || !exists || isHidden(place) else {
                throw Failure(.exists, "it is there already")
            }
            let base: Base =
                if let displaced { displaced.base } else if exists { try lastSeen(place, caller) } else { .absent }
            var draft = Draft(
                place: place, name: name, parent: directory, opener: caller.program, base: base, bytes: [])
            draft.isNew = true
            draft.isDirty = true
            return state.withLock { [draft] state in
                let version = FileVersion(size: 0, changed: draft.created, digest: place.inode)
                let node = state.nodes.add(place, version: version)
                state.drafts[node] = draft
                let entry = Entry(
                    node: node, attributes: attributes(place, size: 0, modified: draft.created),
                    validity: Validity(name: Self.nameValidity, attributes: 0))
                return (entry, state.handles.add(HandleTable.Writer(node: node, place: place)))
            }
        }
    }

    private func createScratch(_ name: FileName, in directory: Place) throws(Failure) -> (Entry, HandleID) {
        let number = try state.withLock { state throws(Failure) in
            if let number = state.scratch.number(name, in: directory) { return number }
            return try state.scratch.add(name, in: directory)
        }
        let place = Place.scratch(number)
        let entry = entry(place, .unsaved(size: 0, modified: .now), .none)
        return state.withLock { state in
            state.scratch.open(number)
            return (entry, state.handles.add(HandleTable.Writer(node: entry.node, place: place)))
        }
    }

    /// The place in the history that a name in a directory stands for, whether or not anything is there; nil for a name of
    /// a scratch file (rule W6).
    func savedPlace(
        _ name: FileName, in directory: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Place? {
        switch directory {
        case .messages(let session):
            do throws(Failure) {
                return try stored(name, in: directory, catalog, patience)
            } catch {
                guard error.errno == .noEntry else { throw error }
            }
            let generation = try reading(patience) { (snapshot) throws(StoreError) in
                try snapshot.sessionRecord(session)?.generation ?? snapshot.generation
            }
            guard let id = Naming.newMessage(name, generation) else { return nil }
            // The id may be there under another label, which is no name of it (rule N1).
            if try exists(.message(id, of: session), catalog, patience) {
                throw Failure(.exists, "a message with this id is there under another name", isNotable: true)
            }
            return .message(id, of: session)
        case .session(let session):
            return switch name {
            case .sessionFile: .sessionFile(session)
            case .todos: .todos(session)
            default: settings.documents == nil ? nil : DocumentName(name).map { .document($0, of: session) }
            }
        case .project(let project): return name == .projectFile ? .projectFile(project) : nil
        case .root, .archived, .children: return nil
        case .control, .controlFile, .salvage, .salvaged, .trash, .projectFile, .sessionFile, .todos, .document,
            .message, .scratch, .derived:
            throw Failure(.notDirectory, "not a directory")
        }
    }

    /// Whether the database has it; of a document, ours.
    func exists(_ place: Place, _ catalog: Catalog, _ patience: Patience) throws(Failure) -> Bool {
        if case .document(let name, let session) = place { return try document(name, of: session, patience) != nil }
        return try reading(patience) { (snapshot) throws(StoreError) in
            switch place {
            case .message(let id, let session): return try snapshot.message(id, of: session) != nil
            case .sessionFile(let id): return try snapshot.sessionRecord(id) != nil
            case .todos(let id): return !(try snapshot.todos(of: id)).isEmpty
            case .projectFile(let id):
                let isMade = state.withLock { $0.arrivals.projects[id] != nil }
                return isMade ? try snapshot.projectRecord(id) != nil : catalog.projects[id] != nil
            default: return false
            }
        }
    }

    private func isHidden(_ place: Place) -> Bool {
        state.withLock { state in
            if case .projectFile(let project) = place { return state.masks.isFileHidden(of: project, now: .now) }
            return place.session.map { state.masks.isHidden(place, of: $0, now: .now) } ?? false
        }
    }

    func refuseInControl(_ directory: Place) throws(Failure) {
        switch directory {
        case .control, .controlFile, .salvage, .salvaged, .trash:
            throw Failure(.notPermitted, "the control directory tells; it is not written to")
        case .derived: throw Failure(.notPermitted, "views are made from the messages; change those")
        default: return
        }
    }

    /// A copy that follows links has brought a directory of views: the link to ours stands there.
    private func refuseView(_ name: FileName, in directory: Place) throws(Failure) {
        guard state.withLock({ $0.showView(name, in: directory) }) else { return }
        throw Failure(
            .notPermitted, "views are made from the messages; they come with them",
            remedy: "copy links as links: cp -r, rsync -a, tar and zip -y do")
    }

    package func makeDirectory(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry {
        try perform("mkdir", parent, name, caller) { () throws(Failure) in
            let directory = try node(parent).place
            try refuseInControl(directory)
            try refuseView(name, in: directory)
            try refuseWhenReadOnly()
            let (_, catalog) = try catalog(caller.patience)
            let place = try newDirectory(name, in: directory, catalog, caller.patience)
            state.withLock { $0.forgetCatalog() }
            return entry(place, .directory(modified: .now), .none)
        }
    }

    private func newDirectory(
        _ name: FileName, in directory: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Place {
        switch directory {
        case .root: return .project(try makeProject(name, catalog))
        case .project(let project):
            if name == .archived {
                guard catalog.isEmpty(.archived(project)) else { throw Failure(.exists, "it is there already") }
                guard try reading(patience, { (snapshot) in snapshot.generation }) != .go else {
                    throw Failure(.notPermitted, "the Go OpenCode archives nothing")
                }
                state.withLock { $0.masks.setEmptied(.archived(project), now: .now) }
                return .archived(project)
            }
            return .session(try makeSession(name, in: .project(project), catalog, patience))
        case .archived(let project): return .session(try makeSession(name, in: .archived(project), catalog, patience))
        case .children(let parent): return .session(try makeSession(name, in: .children(parent), catalog, patience))
        case .derived: throw Failure(.notPermitted, "views are made from the messages; change those")
        case .session(let session):
            let place: Place
            switch name {
            case .messages: place = .messages(session)
            case .children: place = .children(session)
            default: throw Failure(.notPermitted, "a session has no such directory")
            }
            let isThere = place == .children(session) ? !catalog.isEmpty(.children(session)) : true
            return try state.withLock { state throws(Failure) in
                let isHidden = state.masks.isHidden(place, of: session, now: .now)
                guard isHidden || state.isAwaited(place) || !isThere else {
                    throw Failure(.exists, "it is there already")
                }
                if isHidden { state.masks.show(place, of: session) }
                if state.arrivals[session] == nil, let home = catalog.home(of: session) {
                    // children/ of a session that has none: it is there as long as a copy goes on.
                    state.arrivals.add(session, in: home, now: .now)
                    state.arrivals.setStored(session)
                    let views = DerivedTrees.roots(in: directory).map { Place.derived($0.place) }
                    let documents = DocumentName.allCases.map { Place.document($0, of: session) }
                    for other in [.sessionFile(session), .messages(session), .todos(session)] + views + documents {
                        state.arrivals.make(other, of: session, now: .now)
                    }
                }
                state.arrivals.make(place, of: session, now: .now)
                return place
            }
        case .messages, .control, .controlFile, .salvage, .salvaged, .trash, .projectFile, .sessionFile, .todos,
            .document, .message, .scratch:
            throw Failure(.notPermitted, "there are no directories among messages")
        }
    }

    private func makeProject(_ name: FileName, _ catalog: Catalog) throws(Failure) -> Project.ID {
        guard settings.scope == .all, case .id(let id) = naming.identifier(in: name, of: Project.self),
            name.bytes.first != UInt8(ascii: ".")
        else {
            throw Failure(.notPermitted, "only a project, named LABEL~ID or by its id, can be made here")
        }
        guard catalog.projects[id] == nil else {
            throw Failure(.exists, "the project is there under another name", isNotable: true)
        }
        state.withLock { state in
            state.arrivals.add(id, now: .now)
            state.given[id] = name
        }
        return id
    }

    private func makeSession(
        _ name: FileName, in home: Catalog.Directory, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Session.ID {
        let generation = try reading(patience) { (snapshot) in snapshot.generation }
        guard let id = Naming.newSession(name, generation) else {
            throw Failure(
                .notPermitted, "only a session can be made here, named LABEL~ID or by its id",
                remedy: "an id of OpenCode begins with ses_")
        }
        guard catalog.sessions[id] == nil else {
            throw Failure(.exists, "a session with this id is in the history already", isNotable: true)
        }
        state.withLock { state in
            state.arrivals.add(id, in: home, now: .now)
            state.given[id] = name
        }
        return id
    }
}
