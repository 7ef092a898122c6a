internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    package func rename(
        _ name: FileName, in parent: NodeID, to newName: FileName, in newParent: NodeID, _ mode: RenameMode,
        for caller: Caller
    ) throws(Errno) {
        try perform("rename", parent, name, caller) { () throws(Failure) in
            let (directory, newDirectory) = (try node(parent).place, try node(newParent).place)
            if case .trash(let trash) = directory {
                guard case .trash(let source) = try trashPlace(name, in: trash, caller.patience) else { throw .noEntry }
                try refuseWhenReadOnly()
                return try restore(source, as: newName, in: newDirectory, for: caller)
            }
            try refuseInControl(directory)
            try refuseInControl(newDirectory)
            try refuseWhenReadOnly()
            let (_, catalog) = try catalog(caller.patience)
            if mode == .keeping, try isTaken(newName, in: newDirectory, catalog, caller.patience) {
                throw Failure(.exists, "it is there already")
            }
            if let (place, _) = unsaved(name, in: directory) {
                guard case .scratch(let number) = place else {
                    throw Failure(.busy, "the file is being made", remedy: "close it first")
                }
                return try renameScratch(number, to: newName, in: newDirectory, newParent, catalog, caller)
            }
            let place = try resolve(name, in: directory, catalog, caller.patience)
            switch place {
            case .session(let id): try moveSession(id, name, to: newName, in: newDirectory, parent, catalog, caller)
            case .message, .sessionFile, .todos, .document, .projectFile:
                guard directory == newDirectory else {
                    throw Failure(
                        .notPermitted, "a file stays in its session", remedy: "copy it, with another id, then remove it"
                    )
                }
                try renameFile(place, to: newName, in: newDirectory, catalog, caller)
            case .project:
                throw Failure(.notPermitted, "a project's name is the directory of its worktree: OpenCode's to change")
            case .root, .archived, .messages, .children, .control, .controlFile, .salvage, .salvaged, .trash, .scratch,
                .derived:
                throw Failure(.notPermitted, "it has this name in every session")
            }
        }
    }

    private func isTaken(
        _ name: FileName, in directory: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Bool {
        if unsaved(name, in: directory) != nil { return true }
        do throws(Failure) {
            let place = try resolve(name, in: directory, catalog, patience)
            return place.isDirectory ? true : try exists(place, catalog, patience)
        } catch {
            guard error.errno == .noEntry else { throw error }
            return false
        }
    }

    /// A temporary file gets its name: of a file of the history, which it then becomes, or another temporary one.
    private func renameScratch(
        _ number: UInt64, to name: FileName, in directory: Place, _ parent: NodeID, _ catalog: Catalog,
        _ caller: Caller
    ) throws(Failure) {
        guard let file = state.withLock({ $0.scratch[number] }) else { throw .noEntry }
        guard let place = try savedPlace(name, in: directory, catalog, caller.patience) else {
            return state.withLock { state in
                // Copies write under a temporary name.
                if state.showView(name, in: directory) {
                    state.scratch.unlink(number)
                } else {
                    state.scratch.rename(number, to: name, in: directory)
                }
            }
        }
        if file.standsFor == place {
            // Back under its own name: nothing came in between.
            let isUnchanged = file.isAsRenamed && state.withLock { $0.drafts.newborn(place) == nil }
            if isUnchanged {
                return state.withLock { state in
                    if let node = state.nodes.current(.scratch(number))?.id { state.nodes.setWritten(node, as: place) }
                    state.scratch.unlink(number)
                    state.nodes.retire(place)
                }
            }
        }
        let displaced = state.withLock { state in
            state.scratch.number(displacing: place).flatMap { state.scratch[$0] }
        }
        let base: Base =
            if let displaced {
                displaced.base
            } else if try exists(place, catalog, caller.patience) {
                try lastSeen(place, caller)
            } else {
                .absent
            }
        do throws(Failure) {
            try commit(
                Save(
                    bytes: file.bytes, place: place, base: base, name: name,
                    modified: file.isTimed ? file.modified : nil, path: path(of: parent, name)), caller)
        } catch {
            // As for a draft: a backup stands for the message no longer. The kernel asks again after ESTALE, and must get the
            // same answer: then it does.
            if error.errno != .stale, file.standsFor != place { state.withLock { $0.scratch.giveBack(place) } }
            throw keep(file.bytes, as: name, error)
        }
        state.withLock { state in
            if let node = state.nodes.current(.scratch(number))?.id { state.nodes.setWritten(node, as: place) }
            state.scratch.setSaved(number)
        }
    }

    /// A file of the history gets another label, or steps aside under a temporary name until another takes its place.
    private func renameFile(
        _ place: Place, to name: FileName, in directory: Place, _ catalog: Catalog, _ caller: Caller
    ) throws(Failure) {
        guard try exists(place, catalog, caller.patience) else { throw .noEntry }
        if case .message(let id, let session) = place, case .id(id) = naming.message(in: name),
            name.bytes.first != UInt8(ascii: ".")
        {
            state.withLock { state in
                state.name(id, name, in: session)
                state.nodes.retire(place)
            }
            return
        }
        guard DerivedTrees.root(name, in: directory) == nil else {
            throw Failure(.notPermitted, "the name is that of a view, which is made from the messages")
        }
        guard try savedPlace(name, in: directory, catalog, caller.patience) == nil else {
            guard case .message = place else {
                throw Failure(.notPermitted, "a file of a session keeps its name", remedy: "copy it, then remove it")
            }
            throw Failure(
                .notPermitted, "a message keeps its id",
                remedy: "copy it, with the other id in its text, then remove it")
        }
        let (bytes, digest) = try contents(of: place, nil, caller)
        let seen = state.withLock { $0.handedOut.base(place.inode, process: caller.program) }
        try state.withLock { state throws(Failure) in
            if let other = state.scratch.number(name, in: directory) { state.scratch.unlink(other) }
            _ = try state.scratch.add(
                name, in: directory, bytes: bytes, standingFor: place, base: seen ?? .content(digest))
            state.nodes.retire(place)
        }
    }

    /// A session goes to another project, into or out of archived/, or gets another title (rule W7).
    private func moveSession(
        _ id: Session.ID, _ name: FileName, to newName: FileName, in directory: Place, _ parent: NodeID,
        _ catalog: Catalog, _ caller: Caller
    ) throws(Failure) {
        guard case .id(id) = naming.identifier(in: newName, of: Session.self), newName.bytes.first != UInt8(ascii: ".")
        else {
            throw Failure(
                .notPermitted, "a session keeps its id", remedy: "end the new name with ~\(id), or with the id alone")
        }
        guard let home = catalog.home(of: id), let from = self.home(home, catalog) else { throw .noEntry }
        let target: Catalog.Directory
        switch directory {
        case .project(let project): target = .project(project)
        case .archived(let project): target = .archived(project)
        case .children(let parent): target = .children(parent)
        case .root, .session, .messages, .control, .controlFile, .salvage, .salvaged, .trash, .projectFile,
            .sessionFile, .todos, .document, .message, .scratch, .derived:
            throw Failure(.notPermitted, "a session stands in a project, in archived/ or in children/")
        }
        if target != home {
            switch (home, target) {
            case (.children, _), (_, .children):
                throw Failure(.notPermitted, "a session stays with the one that started it")
            default: break
            }
        }
        guard let to = self.home(target, catalog) else { throw .noEntry }
        let isPending = state.withLock { $0.arrivals[id]?.isStored == false }
        if !isPending {
            let title = title(in: newName, catalog.sessions[id])
            try applyMove(of: id, from, to, title, path(of: parent, name), catalog, caller)
        }
        state.withLock { state in
            state.arrivals.move(id, to: target)
            // The name it leaves is free at once.
            state.shown[id] = [newName]
            state.given[id] = newName
            if target != home { state.masks.setEmptied(home, now: .now) }
            state.forgetCatalog()
        }
    }

    /// The title that a new name gives a session; nil where its label says what the title is already.
    private func title(in name: FileName, _ session: Session?) -> [UInt8]? {
        guard let title = Naming.title(in: name), let session else { return nil }
        let current = session.title ?? []
        return title == current || title == Label.slug(current) ? nil : title
    }

    /// Changes the session's row and, where the project is another, those of its children.
    private func applyMove(
        of id: Session.ID, _ from: SessionHome, _ to: SessionHome, _ title: [UInt8]?, _ path: String,
        _ catalog: Catalog, _ caller: Caller
    ) throws(Failure) {
        let now = Timestamp.now.milliseconds
        var moved = [(id, title)]
        if from.project != to.project {
            var index = 0
            while index < moved.count {
                moved += catalog.sessions(in: .children(moved[index].0)).map { ($0.id, nil) }
                index += 1
            }
        }
        try change(path, caller) { (snapshot) throws(Refusal) in
            var changes: [Change] = []
            for (session, title) in moved {
                guard let record = try looking({ () throws(StoreError) in try snapshot.sessionRecord(session) }) else {
                    throw .store(.notFound)
                }
                // A child is archived, or not, by itself.
                let (before, after) = session == id ? (from, to) : (from, from.moved(to: to))
                let columns = try editing { () throws(EditError) in
                    try SessionEdit.changes(moving: record, from: before, to: after, title: title, now: now)
                }
                if !columns.isEmpty { changes.append(.updateSession(session, columns)) }
            }
            return changes
        }
    }
}

extension SessionHome {
    /// This place in another's project.
    fileprivate func moved(to other: SessionHome) -> SessionHome {
        SessionHome(project: other.project, worktree: other.worktree, parent: parent, isArchived: isArchived)
    }
}
