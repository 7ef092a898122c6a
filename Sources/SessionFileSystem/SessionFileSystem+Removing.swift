internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    package func unlink(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) {
        try perform("unlink", parent, name, caller) { () throws(Failure) in
            let directory = try node(parent).place
            switch directory {
            case .salvage(let kind): return try removeSalvaged(kind, name)
            case .trash(let place): return try dropTrashed(name, in: place, caller.patience)
            default: break
            }
            if let (place, _) = unsaved(name, in: directory) {
                return try removeUnsaved(place, name, in: parent, directory, caller)
            }
            let (token, catalog) = try catalog(caller.patience)
            let place = try resolve(name, in: directory, catalog, caller.patience)
            switch place {
            case .message(let id, let session):
                let stepsAside = state.withLock { state in
                    guard state.scratch.standAside(place) else { return false }
                    state.nodes.retire(place)
                    return true
                }
                if !stepsAside { try removeMessage(id, of: session, name, in: parent, caller) }
            case .sessionFile(let session), .todos(let session):
                try refuseWhenReadOnly()
                _ = try facts(of: place, catalog, token, caller.patience)
                hide(place, of: session)
            case .document(let name, let session):
                try refuseWhenReadOnly()
                _ = try facts(of: place, catalog, token, caller.patience)
                try removeDocument(name, of: session, caller.patience)
            case .projectFile(let project):
                try refuseWhenReadOnly()
                _ = try facts(of: place, catalog, token, caller.patience)
                state.withLock { state in
                    state.masks.hideFile(of: project, now: .now)
                    state.nodes.retire(place)
                }
            case .derived(let view):
                guard let session = view.session else {
                    throw Failure(.notPermitted, "views are made from the messages; remove those")
                }
                guard !place.isDirectory else { throw Failure(.isDirectory, "is a directory") }
                try refuseWhenReadOnly()
                hide(place, of: session)
            case .controlFile, .salvaged:
                throw Failure(.notPermitted, "files of the control directory are not removed")
            case .root, .project, .archived, .session, .messages, .children, .control, .salvage, .trash, .scratch:
                throw Failure(.isDirectory, "is a directory")
            }
        }
    }

    private func removeMessage(
        _ id: Message.ID, of session: Session.ID, _ name: FileName, in parent: NodeID, _ caller: Caller
    ) throws(Failure) {
        // Whoever removes a file to write it anew gets these back (rule W6).
        let hidden = try reading(caller.patience) { (snapshot) throws(StoreError) in
            try snapshot.message(id, of: session).map { (message) throws(StoreError) in
                try snapshot.hiddenColumns(of: message)
            }
        }
        let place = Place.message(id, of: session)
        let window = state.withLock { state in
            state.runs.window(caller.process, state.names.label(of: id, in: session), name, of: session, now: .now)
        }
        let folder = path(of: parent, nil)
        let successors = { @Sendable [self] () -> [Writing.Successor] in
            guard window > 0 else { return [] }
            return state.withLock { $0.names.successors(of: id, in: session, count: window) }.map { message, name in
                Writing.Successor(message: message, session: session, path: "\(folder)/\(name)")
            }
        }
        try remove(place, name, in: parent, caller, successors: successors) { (removal) throws(StoreError) in
            try store.removeMessage(id, of: session, removal)
        }
        state.withLock { state in
            if let hidden { state.departed.add(id, hidden, now: .now) }
            state.handedOut.forget(place.inode)
            state.masks.extend(session, now: .now)
        }
    }

    /// Removes a file that no row holds; with the file that was renamed to it, what that was.
    private func removeUnsaved(
        _ place: Place, _ name: FileName, in parent: NodeID, _ directory: Place, _ caller: Caller
    ) throws(Failure) {
        guard case .scratch(let number) = place, let file = state.withLock({ $0.scratch[number] }) else {
            return state.withLock { state in
                if let node = state.drafts.newborn(place)?.node { state.drafts[node]?.isUnlinked = true }
            }
        }
        switch file.standsFor {
        case .message(let id, let session):
            // A message that is being written under its own name stays: its editor removes the backup.
            if state.withLock({ $0.drafts.newborn(.message(id, of: session)) == nil }) {
                do throws(Failure) {
                    try removeMessage(id, of: session, name, in: parent, caller)
                } catch {
                    // It has gone by itself.
                    guard error.errno == .noEntry else { throw error }
                }
            }
        case .document(let name, let session):
            // As with a message: one that is being written stays, and it may have gone by itself.
            if state.withLock({ $0.drafts.newborn(.document(name, of: session)) == nil }) {
                do throws(Failure) {
                    try removeDocument(name, of: session, caller.patience)
                } catch {
                    guard error.errno == .noEntry else { throw error }
                }
            }
        case .sessionFile(let session), .todos(let session):
            if let place = file.standsFor { hide(place, of: session) }
        default: break
        }
        state.withLock { state in
            state.scratch.unlink(number)
            state.nodes.retire(place)
            if let session = directory.session { state.masks.extend(session, now: .now) }
        }
    }

    package func removeDirectory(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) {
        try perform("rmdir", parent, name, caller) { () throws(Failure) in
            if case .trash(let place) = try node(parent).place {
                return try removeTrashDirectory(name, in: place, caller.patience)
            }
            let (_, catalog) = try catalog(caller.patience)
            let place = try resolve(name, in: try node(parent).place, catalog, caller.patience)
            guard state.withLock({ $0.unsaved(in: place).isEmpty }) else {
                throw Failure(.notEmpty, "it holds files of this mount alone: backups or temporary files")
            }
            if try removePending(place, catalog, caller.patience) { return }
            switch place {
            case .session(let id): try removeSession(id, name, in: parent, catalog, caller)
            case .messages(let session):
                try refuseWhenReadOnly()
                let order = try reading(caller.patience) { (snapshot) throws(StoreError) in
                    try snapshot.messageOrder(of: session)
                }
                guard order.isEmpty else { throw Failure(.notEmpty, "the session still has messages") }
                hide(place, of: session)
            case .children(let session):
                // There only was one while there were children: rm -r has removed them and may finish.
                guard catalog.isEmpty(.children(session)) else { throw Failure(.notEmpty, "the session has children") }
                hide(place, of: session)
            case .project, .archived:
                let isEmpty =
                    switch place {
                    case .project(let id): catalog.isEmpty(.project(id)) && catalog.isEmpty(.archived(id))
                    case .archived(let id): catalog.isEmpty(.archived(id))
                    default: false
                    }
                guard isEmpty else { throw Failure(.notEmpty, "it still holds sessions") }
                throw Failure(
                    .notPermitted, "a project is OpenCode's to remove", remedy: "its sessions are gone; ignore this")
            case .derived:
                guard place.isDirectory else { throw Failure(.notDirectory, "not a directory") }
                throw Failure(.notPermitted, "views are made from the messages; remove those")
            case .control, .salvage, .trash: throw Failure(.notPermitted, "the control directory stays")
            case .root, .projectFile, .sessionFile, .todos, .document, .message, .controlFile, .salvaged, .scratch:
                throw Failure(.notDirectory, "not a directory")
            }
        }
    }

    /// Removes a directory that mkdir made and no row holds yet.
    ///
    /// - Returns: false for all other directories.
    private func removePending(
        _ place: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Bool {
        var documents: [Place] = []
        if case .session(let id) = place {
            documents = try self.documents(of: id, patience).map { .document($0.name, of: id) }
        }
        return try state.withLock { [documents] state throws(Failure) in
            switch place {
            case .session(let id) where state.arrivals[id]?.isStored == false:
                let parts: [Place] = [.messages(id), .children(id)] + documents
                guard catalog.isEmpty(.children(id)), parts.allSatisfy({ !state.arrivals.isMade($0, of: id) }) else {
                    throw Failure(.notEmpty, "the session is not empty")
                }
                state.arrivals.remove(id)
                state.given[id] = nil
            case .messages(let id) where state.arrivals[id]?.isStored == false: state.arrivals.unmake(place, of: id)
            case .children(let id) where state.arrivals.isMade(place, of: id) && catalog.isEmpty(.children(id)):
                state.arrivals.unmake(place, of: id)
            case .project(let id) where state.arrivals.projects[id] != nil:
                guard catalog.isEmpty(.project(id)), catalog.isEmpty(.archived(id)) else {
                    throw Failure(.notEmpty, "it still holds sessions")
                }
                // One that has its row is OpenCode's to remove.
                guard state.arrivals.isAwaited(id, now: .now) else { return false }
                state.arrivals.remove(id)
                state.given[id] = nil
            default: return false
            }
            state.nodes.retire(place)
            state.forgetCatalog()
            return true
        }
    }

    private func removeSession(
        _ id: Session.ID, _ name: FileName, in parent: NodeID, _ catalog: Catalog, _ caller: Caller
    ) throws(Failure) {
        let (hasTodos, order) = try reading(caller.patience) { (snapshot) throws(StoreError) in
            (!(try snapshot.todos(of: id)).isEmpty, try snapshot.messageOrder(of: id))
        }
        noteMessages(order, of: id)
        let views = try derivedEntries(of: .session(id), caller.patience).map(\.place)
        let documents = try documents(of: id, caller.patience).map { Place.document($0.name, of: id) }
        let visible: [Place] =
            [.sessionFile(id), .messages(id)] + (hasTodos ? [.todos(id)] : []) + views + documents
        let isEmpty = state.withLock { state in
            visible.allSatisfy { state.masks.isHidden($0, of: id, now: .now) || state.isAwaited($0) }
        }
        guard isEmpty, order.isEmpty, catalog.isEmpty(.children(id)) else {
            throw Failure(.notEmpty, "the session is not empty")
        }
        let home = catalog.home(of: id)
        try lettingDocumentsGo(with: id, caller.patience) { () throws(Failure) in
            try remove(.session(id), name, in: parent, caller) { (removal) throws(StoreError) in
                try store.removeSession(id, removal)
            }
        }
        state.withLock { state in
            for place in [.sessionFile(id), .todos(id), .messages(id), .children(id)] + views as [Place] {
                state.nodes.retire(place)
            }
            state.masks.reveal(id)
            state.arrivals.remove(id)
            state.given[id] = nil
            if let home { state.masks.setEmptied(home, now: .now) }
            state.shown[id] = nil
        }
    }

    /// Removes something from the database and from what is kept here.
    ///
    /// Other names of it that the kernel has looked up (rule D1) end by themselves within ``nameValidity``. To tell the
    /// kernel would be worse: the message waits, in a state that not even SIGKILL ends, for the lock of the directory,
    /// which `rm -r` holds while it waits for us. If this process dies then, its connection stays open for that thread,
    /// and both wait for ever.
    private func remove(
        _ place: Place, _ name: FileName, in parent: NodeID, _ caller: Caller,
        successors: @escaping @Sendable () -> [Writing.Successor] = { [] },
        _ body: (Writing) throws(StoreError) -> Void
    ) throws(Failure) {
        try refuseWhenReadOnly()
        let removal = Writing(
            patience: caller.patience.atMost(Self.writePatience), process: caller.process,
            path: path(of: parent, name), successors: successors)
        do throws(StoreError) { try body(removal) } catch { throw Failure(error) }
        state.withLock { $0.nodes.retire(place) }
    }

    func refuseWhenReadOnly() throws(Failure) {
        do throws(StoreError) {
            if let reason = try store.facts().readOnlyReason { throw .readOnly(reason: reason) }
        } catch {
            throw Failure(error)
        }
    }

    private func hide(_ place: Place, of session: Session.ID) {
        state.withLock { state in
            state.masks.hide(place, of: session, now: .now)
            state.nodes.retire(place)
        }
    }
}
