package import VFS

/// All trees of views: which there are, and where.
package enum DerivedTrees {
    /// What shows in the root of the mount and in the control directory.
    package static func roots(in directory: Place) -> [(name: FileName, place: DerivedPlace)] {
        switch directory {
        case .root: [(FileName.readme, DerivedPlace(.readme, kind: .regular))]
        case .control:
            [
                (FileName("sessions"), DerivedPlace(.sessions, kind: .directory)),
                (FileName("by"), DerivedPlace(.by, kind: .directory)),
                (FileName("storage"), DerivedPlace(.storage, kind: .directory)),
                (FileName("search"), DerivedPlace(.search, kind: .directory)),
            ]
        case .session(let id):
            SessionViews.linked.map { ($0, DerivedPlace(.link($0, of: id), kind: .link)) }
        default: []
        }
    }

    /// The view of this name in the root of the mount, the control directory or a session's.
    package static func root(_ name: FileName, in directory: Place) -> DerivedPlace? {
        if directory == .root, name == .ignore { return DerivedPlace(.ignore, kind: .regular) }
        return roots(in: directory).first { $0.name == name }?.place
    }

    package static func tree(_ root: DerivedPlace.Root) -> any DerivedTree {
        switch root {
        case .sessions: SessionViews()
        case .link(let name, let session): ViewLink(name: name, session: session)
        case .readme: ReadmeView()
        case .ignore: IgnoreView()
        case .by: ByViews()
        case .storage: StorageTree()
        case .search: SearchTree()
        }
    }
}
