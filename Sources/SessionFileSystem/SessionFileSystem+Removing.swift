internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    package func unlink(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) {
        try perform("unlink", parent, name, caller) { () throws(Failure) in
            let (token, catalog) = try catalog(caller.patience)
            let place = try resolve(name, in: try node(parent).place, catalog, caller.patience)
            switch place {
            case .message(let id, let session):
                try remove(place, name, in: parent, caller) { (removal) throws(StoreError) in
                    try store.removeMessage(id, of: session, removal)
                }
                state.withLock { $0.masks.extend(session, now: .now) }
            case .sessionFile(let session), .todos(let session):
                try refuseWhenReadOnly()
                _ = try facts(of: place, catalog, token, caller.patience)
                hide(place, of: session)
            case .projectFile:
                throw Failure(
                    .notPermitted, "project.json describes the project, which stays",
                    remedy: "remove the sessions in it: rm -r PROJECT/2*")
            case .controlFile: throw Failure(.notPermitted, "files of the control directory are not removed")
            case .root, .project, .archived, .session, .messages, .children, .control:
                throw Failure(.isDirectory, "is a directory")
            }
        }
    }

    package func removeDirectory(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) {
        try perform("rmdir", parent, name, caller) { () throws(Failure) in
            let (_, catalog) = try catalog(caller.patience)
            let place = try resolve(name, in: try node(parent).place, catalog, caller.patience)
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
            case .control: throw Failure(.notPermitted, "the control directory stays")
            case .root, .projectFile, .sessionFile, .todos, .message, .controlFile:
                throw Failure(.notDirectory, "not a directory")
            }
        }
    }

    private func removeSession(
        _ id: Session.ID, _ name: FileName, in parent: NodeID, _ catalog: Catalog, _ caller: Caller
    ) throws(Failure) {
        let (hasTodos, order) = try reading(caller.patience) { (snapshot) throws(StoreError) in
            (!(try snapshot.todos(of: id)).isEmpty, try snapshot.messageOrder(of: id))
        }
        noteMessages(order, of: id)
        let visible: [Place] = [.sessionFile(id), .messages(id)] + (hasTodos ? [.todos(id)] : [])
        let isEmpty = state.withLock { state in
            visible.allSatisfy { state.masks.isHidden($0, of: id, now: .now) }
        }
        guard isEmpty, order.isEmpty, catalog.isEmpty(.children(id)) else {
            throw Failure(.notEmpty, "the session is not empty")
        }
        let home = catalog.home(of: id)
        try remove(.session(id), name, in: parent, caller) { (removal) throws(StoreError) in
            try store.removeSession(id, removal)
        }
        state.withLock { state in
            for place in [.sessionFile(id), .todos(id), .messages(id), .children(id)] as [Place] {
                state.nodes.retire(place)
            }
            state.masks.reveal(id)
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
        _ body: (Removal) throws(StoreError) -> Void
    ) throws(Failure) {
        try refuseWhenReadOnly()
        let removal = Removal(
            patience: caller.patience.atMost(Self.writePatience), process: caller.process,
            path: path(of: parent, name))
        do throws(StoreError) { try body(removal) } catch { throw Failure(error) }
        state.withLock { $0.nodes.retire(place) }
    }

    private func refuseWhenReadOnly() throws(Failure) {
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
