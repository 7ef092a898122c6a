package import SessionModel
package import VFS

/// What a node of the tree stands for, by identity: where a session is listed does not change its place.
package enum Place: Hashable, Sendable {
    case root
    case project(Project.ID)
    case projectFile(Project.ID)
    /// `archived/` of a project.
    case archived(Project.ID)
    case session(Session.ID)
    case sessionFile(Session.ID)
    case todos(Session.ID)
    /// What a person or a tool keeps with a session (rule W12).
    case document(DocumentName, of: Session.ID)
    /// `messages/` of a session.
    case messages(Session.ID)
    /// `children/` of a session.
    case children(Session.ID)
    case message(Message.ID, of: Session.ID)
    /// `.opencodefs`
    case control
    case controlFile(ControlFile)
    /// A directory of bytes that could not be saved.
    case salvage(SalvageKind)
    case salvaged(SalvageKind, FileName)
    /// A file that only this mount knows: an editor's backup, the temporary file of a copy (rule W6).
    case scratch(UInt64)
    case trash(TrashPlace)
    /// A view: made from the rows.
    case derived(DerivedPlace)

    package var isDirectory: Bool {
        switch self {
        case .root, .project, .archived, .session, .messages, .children, .control, .salvage: true
        case .trash(let place): place.item == nil
        case .derived(let place): place.kind == .directory
        case .projectFile, .sessionFile, .todos, .document, .message, .controlFile, .salvaged, .scratch: false
        }
    }

    package var kind: Attributes.Kind {
        if case .derived(let place) = self { return place.kind }
        return isDirectory ? .directory : .regular
    }

    /// The view that this is.
    package var derived: DerivedPlace? {
        if case .derived(let place) = self { place } else { nil }
    }

    /// The session this is, or is part of.
    package var session: Session.ID? {
        switch self {
        case .session(let id), .sessionFile(let id), .todos(let id), .messages(let id), .children(let id),
            .message(_, let id), .document(_, let id):
            id
        case .derived(let place): place.session
        case .root, .project, .projectFile, .archived, .control, .controlFile, .salvage, .salvaged, .trash,
            .scratch:
            nil
        }
    }

    /// The directory that lists it, where that follows from the place alone.
    package var directory: Place? {
        switch self {
        case .message(_, let session): .messages(session)
        case .sessionFile(let session), .todos(let session), .messages(let session), .children(let session),
            .document(_, let session):
            .session(session)
        case .projectFile(let project), .archived(let project): .project(project)
        case .controlFile, .salvage: .control
        case .salvaged(let kind, _): .salvage(kind)
        case .derived(let place): place.directory
        case .project, .control: .root
        case .root, .session, .trash, .scratch: nil
        }
    }

    /// A number for st_ino, the same in every mount of the same history: FNV-1a over the kind and the identity, mixed
    /// once more so that ids that differ in their last byte lie apart.
    package var inode: UInt64 {
        var hash = IdentityHash()
        switch self {
        case .root: return 1
        case .project(let id): hash.add(1, id)
        case .projectFile(let id): hash.add(2, id)
        case .archived(let id): hash.add(3, id)
        case .session(let id): hash.add(4, id)
        case .sessionFile(let id): hash.add(5, id)
        case .todos(let id): hash.add(6, id)
        case .messages(let id): hash.add(7, id)
        case .children(let id): hash.add(8, id)
        case .message(let id, let session):
            hash.add(9, session)
            hash.add(9, id)
        case .control: hash.add(10, [])
        case .controlFile(let file): hash.add(11, Array(file.rawValue.utf8))
        case .salvage(let kind): hash.add(12, kind.directory.bytes)
        case .salvaged(let kind, let name):
            hash.add(13, kind.directory.bytes)
            hash.add(13, name.bytes)
        case .trash(let place): hash.add(14, place.identity)
        case .derived(let place): hash.add(16, place.identity)
        case .document(let name, let session):
            hash.add(17, Array(name.rawValue.utf8))
            hash.add(17, session)
        case .scratch(let number):
            hash.add(15 as UInt8)
            hash.add(number)
        }
        // 0 is no inode, 1 is the root's.
        return max(hash.value, 2)
    }
}

extension IdentityHash {
    /// A blob is another identity than a text of the same bytes.
    fileprivate mutating func add<Entity>(_ kind: UInt8, _ id: Identifier<Entity>) {
        add(kind, id.bytes)
        if id.isBlob { add(UInt8(0xff)) }
    }
}

/// A file of the control directory.
package enum ControlFile: String, CaseIterable, Sendable {
    case status = "status.json"
    case errors = "errors.jsonl"
}
