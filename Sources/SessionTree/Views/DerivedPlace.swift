package import VFS
package import SessionModel

/// A place in a tree of views: made from the rows, and never a row's own file.
package struct DerivedPlace: Hashable, Sendable {
    /// Where such a tree begins.
    package enum Root: Hashable, Sendable {
        /// `README.md` of the mount.
        case readme
        /// `.ignore` of the mount, which is not listed.
        case ignore
        /// `.opencodefs/sessions`
        case sessions
        /// `.opencodefs/by`
        case by
        /// `.opencodefs/storage`: the layout of OpenCode up to 1.1.
        case storage
        /// `.opencodefs/search`: a directory for each query.
        case search
        /// A symbolic link in a session's directory to the view of that name.
        case link(FileName, of: Session.ID)
    }

    package let root: Root
    /// Below the root; empty for itself.
    package let path: [FileName]
    package let kind: Attributes.Kind

    package init(_ root: Root, _ path: [FileName] = [], kind: Attributes.Kind) {
        self.root = root
        self.path = path
        self.kind = kind
    }

    /// The session that it is masked and removed with (rule D2).
    package var session: Session.ID? {
        switch root {
        case .link(_, let id): id
        case .readme, .ignore, .sessions, .by, .storage, .search: nil
        }
    }

    /// The directory that lists it.
    var directory: Place {
        if !path.isEmpty { return .derived(DerivedPlace(root, Array(path.dropLast()), kind: .directory)) }
        return switch root {
        case .readme, .ignore: .root
        case .sessions, .by, .storage, .search: .control
        case .link(_, let id): .session(id)
        }
    }

    /// For st_ino.
    var identity: [UInt8] {
        let (number, owner): (UInt8, [UInt8]) =
            switch root {
            case .readme: (1, [])
            case .sessions: (2, [])
            case .by: (3, [])
            case .storage: (4, [])
            case .ignore: (6, [])
            case .search: (7, [])
            case .link(let name, let id): (5, id.bytes + [0] + name.bytes)
            }
        // No name holds a slash or a NUL.
        return [number] + owner + path.flatMap { [UInt8(ascii: "/")] + $0.bytes }
    }
}
