internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

extension SessionFileSystem {
    /// What a place is at the moment.
    ///
    /// - Throws: `.noEntry` where it is nothing (any more).
    func facts(
        of place: Place, _ catalog: Catalog, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> Facts {
        switch place {
        case .control, .controlFile, .salvage, .salvaged, .trash:
            guard let facts = try controlFacts(of: place, patience) else { throw .noEntry }
            return facts
        case .scratch: throw .noEntry
        case .derived(let view):
            guard let facts = try derivedFacts(of: view, patience) else { throw .noEntry }
            return facts
        case .document(let name, let session):
            // One may outlive its session: in the trash.
            guard catalog.sessions[session] != nil, let document = try document(name, of: session, patience) else {
                throw .noEntry
            }
            return .file(FileVersion(of: document))
        case .message, .sessionFile, .todos, .projectFile:
            // Nothing has been committed since this node was found right: it still is.
            let known = state.withLock { state in
                state.nodes.current(place).flatMap { state.nodes.isRight($0.node, at: token) ? $0.node.version : nil }
            }
            let told = if known != nil { known } else { try listedVersion(of: place, token, patience) }
            if let version = told {
                return .file(try recheckedContent(place, version, token, patience))
            }
            let version = try reading(patience) { (snapshot) throws(StoreError) in
                try self.version(of: place, catalog, snapshot)
            }
            return .file(try recheckedContent(place, version, token, patience))
        case .root, .project, .archived, .session, .messages, .children:
            return try reading(patience) { (snapshot) throws(StoreError) in
                .directory(modified: try modified(place, catalog, snapshot))
            }
        }
    }

    /// The version of a message as a listing has found it in this state of the database; nil where none has. A program that looks at
    /// one message of a session after the other has them all looked at together.
    private func listedVersion(
        of place: Place, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> FileVersion? {
        guard case .message(let id, let session) = place else { return nil }
        func listed(_ state: inout State) -> FileVersion? {
            state.names.place(of: id, in: session).flatMap { position in
                state.listings.listing(of: session, at: token)?[position]
            }
        }
        let (version, isOneOfMany) = state.withLock { state in
            let version = listed(&state)
            guard version == nil else { return (version, false) }
            return (nil, state.listings.noteLook(at: session, of: state.names.count(of: session), at: token))
        }
        guard isOneOfMany else { return version }
        try describedMessages(of: session, token, patience)
        return state.withLock { listed(&$0) }
    }

    /// The version of a file that the database holds now.
    func version(
        of place: Place, _ catalog: Catalog, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> FileVersion {
        if case .message(let id, let session) = place {
            guard let message = try snapshot.message(id, of: session) else { throw .notFound }
            return revised(MessageFile.version(of: message), of: place)
        }
        let (bytes, changed) = try rendered(place, catalog, snapshot)
        return FileVersion(of: bytes, changed: Timestamp(milliseconds: changed))
    }

    /// The bytes of a file that is small and made of columns, and when those changed.
    func rendered(
        _ place: Place, _ catalog: Catalog, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> (bytes: [UInt8], changed: Int64) {
        switch place {
        case .sessionFile(let id):
            guard let record = try snapshot.sessionRecord(id) else { throw .notFound }
            return (SessionFile.render(record), record.updated)
        case .todos(let id):
            let todos = try snapshot.todos(of: id)
            guard !todos.isEmpty else { throw .notFound }
            return (TodoFile.render(todos), todos.map(\.updated).max() ?? 0)
        case .projectFile(let id):
            guard let project = catalog.projects[id] else { throw .notFound }
            return (ProjectFile.render(id, try snapshot.projectRecord(id)), project.updated)
        case .root, .project, .archived, .session, .messages, .children, .message, .document, .control, .controlFile,
            .salvage, .salvaged, .trash, .scratch, .derived:
            throw .notFound
        }
    }

    /// A version, with the revisions that this mount has seen of it: other bytes under the same times and lengths.
    func revised(_ version: FileVersion, of place: Place) -> FileVersion {
        state.withLock { $0.revised(version, of: place) }
    }

    /// The newest of what a directory holds (rule R3), by the times that OpenCode keeps for it: asking every message
    /// would read the whole history to list its projects.
    private func modified(
        _ place: Place, _ catalog: Catalog, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> Timestamp {
        let milliseconds: Int64? =
            switch place {
            case .root: catalog.projectOrder.map { catalog.updated($0) }.max() ?? 0
            case .project(let id): catalog.projects[id] == nil ? nil : catalog.updated(id)
            case .archived(let id): catalog.sessions(in: .archived(id)).map(\.updated).max() ?? 0
            case .children(let id): catalog.sessions(in: .children(id)).map(\.updated).max() ?? 0
            case .session(let id), .messages(let id):
                if let session = catalog.sessions[id] {
                    try updated(session, snapshot)
                } else {
                    nil
                }
            case .projectFile, .sessionFile, .todos, .document, .message, .control, .controlFile, .salvage, .salvaged,
                .trash,
                .scratch, .derived:
                nil
            }
        guard let milliseconds else { throw .notFound }
        return Timestamp(milliseconds: milliseconds)
    }

    /// When a session changed, milliseconds since 1970: the later of its row and its last message.
    func updated(_ session: Session, _ snapshot: any HistorySnapshot) throws(StoreError) -> Int64 {
        do throws(StoreError) {
            let newest = try snapshot.lastChange(of: session.id)
            return max(session.updated, newest ?? session.updated)
        } catch {
            // A damaged message must not take the listing of its project with it: only a time is asked for here.
            guard case .unavailable = error else { throw error }
            return session.updated
        }
    }

    /// The answer to a lookup; counts one.
    ///
    /// - Parameter process: that looks, where one may have asked for a node of its own.
    func entry(_ place: Place, _ facts: Facts, _ token: ChangeToken, for process: Int32 = 0) -> Entry {
        switch facts {
        case .unsaved(let size, let modified):
            return Entry(
                node: state.withLock { $0.lookAtUnsaved(place) },
                attributes: attributes(place, size: size, modified: modified),
                validity: Validity(name: Self.nameValidity, attributes: 0))
        case .link(let target, let modified):
            let node = state.withLock { $0.nodes.look(at: place, version: nil, validated: nil) }
            return Entry(
                node: node, attributes: linkAttributes(place, target, modified),
                validity: Validity(name: Self.nameValidity, attributes: Self.nameValidity))
        case .growing(let epoch, let size, let modified):
            let version = FileVersion(growing: epoch)
            let node = state.withLock { $0.nodes.look(at: place, version: version, validated: nil) }
            let shown =
                place.derived.map { attributes($0, epoch, size, modified) }
                ?? attributes(place, size: size, modified: modified)
            return Entry(
                node: node, attributes: shown,
                validity: Validity(name: Self.nameValidity, attributes: Self.nameValidity))
        case .directory(let modified):
            let node = state.withLock { $0.nodes.look(at: place, version: nil, validated: nil) }
            return Entry(
                node: node, attributes: attributes(place, modified: modified),
                validity: Validity(name: nameValidity(place), attributes: nameValidity(place)))
        case .file(let version), .made(let version, _):
            var ownBytes: [UInt8]?
            if case .made(_, let bytes) = facts { ownBytes = bytes }
            let node = state.withLock {
                $0.nodes.look(at: place, version: version, validated: token, ownBytes: ownBytes, for: process)
            }
            return Entry(
                node: node, attributes: attributes(place, version),
                validity: Validity(name: nameValidity(place), attributes: Self.versionValidity))
        }
    }

    /// What is moved out of the trash keeps its dentry, and the next look must find what it has become.
    private func nameValidity(_ place: Place) -> Double {
        if case .trash = place { 0 } else { Self.nameValidity }
    }

    func attributes(_ place: Place, _ version: FileVersion) -> Attributes {
        attributes(place, size: version.size, modified: version.modified)
    }

    func attributes(_ place: Place, size: Int, modified: Timestamp) -> Attributes {
        Attributes(
            inode: place.inode, kind: .regular, permissions: 0o666 & ~settings.umask, size: Int64(size),
            modified: modified, owner: settings.owner, group: settings.group)
    }

    func linkAttributes(_ place: Place, _ target: [UInt8], _ modified: Timestamp) -> Attributes {
        Attributes(
            inode: place.inode, kind: .link, permissions: 0o777, size: Int64(target.count), modified: modified,
            owner: settings.owner, group: settings.group)
    }

    func attributes(_ place: Place, modified: Timestamp) -> Attributes {
        Attributes(
            inode: place.inode, kind: .directory, permissions: 0o777 & ~settings.umask, size: 0, modified: modified,
            owner: settings.owner, group: settings.group)
    }
}
