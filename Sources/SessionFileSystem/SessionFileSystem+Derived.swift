private import Glibc
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

/// Views: what is made from the rows when somebody asks (docs/tree.md, "The tree").
extension SessionFileSystem {
    /// The tree of views that stands in place of the root's own entries, if one does.
    var layoutRoot: DerivedPlace? {
        switch settings.layout {
        case .sessions: nil
        case .storage: DerivedPlace(.storage, kind: .directory)
        }
    }

    /// The views that a directory of the history holds besides its own entries: one look for all of them, and nothing is made
    /// to find out.
    func derivedEntries(
        of directory: Place, _ patience: Patience
    ) throws(Failure) -> [(name: FileName, place: Place, facts: Facts)] {
        let views = DerivedTrees.roots(in: directory)
        guard !views.isEmpty else { return [] }
        return try viewing(patience) { (history) throws(ViewError) in
            var entries: [(name: FileName, place: Place, facts: Facts)] = []
            for (name, view) in views {
                guard let entry = try entry(at: view, in: history), let facts = facts(of: entry, at: view) else {
                    continue
                }
                entries.append((name, .derived(view), facts))
            }
            return entries
        }
    }

    /// A place in a directory of views.
    func derivedPlace(
        _ name: FileName, in directory: DerivedPlace, _ patience: Patience
    ) throws(Failure) -> Place? {
        let path = directory.path + [name]
        return try viewing(patience) { (history) throws(ViewError) in
            try DerivedTrees.tree(directory.root).entry(at: path, in: history).map {
                .derived(DerivedPlace(directory.root, path, kind: $0.kind))
            }
        }
    }

    func derivedLines(of directory: DerivedPlace, _ patience: Patience) throws(Failure) -> [HandleTable.Line] {
        let entries = try viewing(patience) { (history) throws(ViewError) in
            try DerivedTrees.tree(directory.root).list(directory.path, in: history)
        }
        return entries.map { name, kind in
            let place = Place.derived(DerivedPlace(directory.root, directory.path + [name], kind: kind))
            return HandleTable.Line(name: name, place: place, facts: nil, token: .none)
        }
    }

    /// What stands under a name in a directory of views: one look for its place and for what it is.
    func derivedEntry(
        _ name: FileName, in directory: DerivedPlace, _ patience: Patience
    ) throws(Failure) -> (place: DerivedPlace, facts: Facts)? {
        let path = directory.path + [name]
        let found = try viewing(patience) { (history) throws(ViewError) -> (place: DerivedPlace, facts: Facts?)? in
            guard let entry = try DerivedTrees.tree(directory.root).entry(at: path, in: history) else { return nil }
            let place = DerivedPlace(directory.root, path, kind: entry.kind)
            return (place, facts(of: entry, at: place))
        }
        guard let found else { return nil }
        if let facts = found.facts { return (found.place, facts) }
        return try derivedFacts(of: found.place, patience).map { (found.place, $0) }
    }

    /// What a view is now; nil where there is none. A file that is made piece by piece is made for this, since stat(2) is told
    /// its exact size.
    func derivedFacts(of place: DerivedPlace, _ patience: Patience) throws(Failure) -> Facts? {
        let known = try viewing(patience) { (history) throws(ViewError) -> Facts?? in
            guard let entry = try entry(at: place, in: history) else { return .some(nil) }
            return facts(of: entry, at: place).map { .some($0) }
        }
        if let known { return known }
        return try making(place, patience) { () throws(Failure) in
            try viewing(patience) { (history) throws(ViewError) -> Facts? in
                guard let entry = try entry(at: place, in: history) else { return nil }
                guard case .file(let file) = entry, case .pieces(let pieces, let growing) = file.content else {
                    return facts(of: entry, at: place)
                }
                return try render(place, pieces, growing, patience).facts(growing, file.changed)
            }
        }
    }

    /// What stands at a place; nil where nothing does, or something of another kind.
    private func entry(at place: DerivedPlace, in history: SnapshotReading) throws(ViewError) -> DerivedEntry? {
        guard let entry = try DerivedTrees.tree(place.root).entry(at: place.path, in: history), entry.kind == place.kind
        else { return nil }
        return entry
    }

    /// What is told of an entry; nil for a file that is still to be made.
    private func facts(of entry: DerivedEntry, at place: DerivedPlace) -> Facts? {
        switch entry {
        case .directory(let modified): return .directory(modified: modified)
        case .link(let target, let modified): return .link(target: target, modified: modified)
        case .file(let file):
            switch file.content {
            case .bytes(let bytes): return .file(FileVersion(of: bytes, changed: file.changed))
            case .ranges(let ranges):
                return .file(FileVersion(size: ranges.size, changed: file.changed, digest: ranges.digest))
            case .pieces(let pieces, let growing):
                return state.withLock { state in
                    state.rendered.find(place, pieces.map(\.digest)).map { $0.facts(growing, file.changed) }
                }
            }
        }
    }

    /// - Parameter version: what its node is a version of.
    func derivedAttributes(
        of place: DerivedPlace, _ version: FileVersion?, _ patience: Patience
    ) throws(Failure) -> Attributes {
        switch try derivedFacts(of: place, patience) {
        case .directory(let modified): return attributes(.derived(place), modified: modified)
        case .link(let target, let modified): return linkAttributes(.derived(place), target, modified)
        case .growing(let epoch, let size, let modified):
            guard let version, version.digest != epoch else { return attributes(place, epoch, size, modified) }
            // Another file has taken its place: who has it open goes on reading what it was.
            guard let view = state.withLock({ $0.rendered.find(place, epoch: version.digest) }) else { throw .stale }
            return attributes(place, view.epoch, view.size, modified)
        case .file(let version), .made(let version, _): return attributes(.derived(place), version)
        case .unsaved, nil: throw .noEntry
        }
    }

    /// Attributes of a file that grows.
    func attributes(_ place: DerivedPlace, _ epoch: UInt64, _ size: Int, _ modified: Timestamp) -> Attributes {
        Attributes(
            inode: state.withLock { $0.rendered.inode(place, epoch: epoch) }, kind: .regular,
            permissions: 0o666 & ~settings.umask, size: Int64(size), modified: modified, owner: settings.owner,
            group: settings.group)
    }

    package func readLink(_ id: NodeID, for caller: Caller) throws(Errno) -> [UInt8] {
        try perform("readlink", id, nil, caller) { () throws(Failure) in
            guard case .derived(let place) = try node(id).place, place.kind == .link else {
                throw Failure(.invalid, "not a symbolic link")
            }
            guard case .link(let target, _) = try derivedFacts(of: place, caller.patience) else { throw .noEntry }
            return target
        }
    }

    /// What a copy makes of a view of ours is our view again, wherever it is to lead (rule W11).
    package func makeLink(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry {
        try perform("symlink", parent, name, caller) { () throws(Failure) in
            let directory = try node(parent).place
            try refuseWhenReadOnly()
            guard case .session(let session) = directory,
                let view = DerivedTrees.root(name, in: directory), view.kind == .link
            else {
                throw Failure(
                    .notPermitted, "a history has no links but its own views", remedy: "copy the file instead")
            }
            let place = Place.derived(view)
            try state.withLock { state throws(Failure) in
                let isHidden = state.masks.isHidden(place, of: session, now: .now)
                guard isHidden || state.isAwaited(place) else { throw Failure(.exists, "it is there already") }
                state.masks.show(place, of: session)
                state.arrivals.make(place, of: session, now: .now)
            }
            let (token, catalog) = try catalog(caller.patience)
            return entry(place, try facts(of: place, catalog, token, caller.patience), token)
        }
    }

    /// Bytes of a view, if it is still this version.
    func derivedWindow(
        _ place: DerivedPlace, _ version: FileVersion, _ range: Range<Int>, _ patience: Patience
    ) throws(Failure) -> [UInt8] {
        let bytes = try viewing(patience) { (history) throws(ViewError) -> [UInt8]? in
            // A large file is read in many windows: where each of its parts stands is found out once.
            if let kept = state.withLock({ $0.ranged }), kept.place == place, kept.version == version {
                return try kept.ranges.read(range, history)
            }
            guard case .file(let file) = try entry(at: place, in: history) else { throw .changed }
            switch file.content {
            case .bytes(let bytes):
                guard FileVersion(of: bytes, changed: file.changed) == version else { throw .changed }
                return Array(bytes[range])
            case .ranges(let ranges):
                guard FileVersion(size: ranges.size, changed: file.changed, digest: ranges.digest) == version else {
                    throw .changed
                }
                state.withLock { $0.ranged = (place, version, ranges) }
                return try ranges.read(range, history)
            case .pieces: return nil
            }
        }
        if let bytes { return bytes }
        guard let view = try renderedView(place, version, patience) else { throw .stale }
        return try self.bytes(of: view, range)
    }

    /// Shows one version of the history to those who make views.
    func viewing<Result>(
        _ patience: Patience, _ body: (SnapshotReading) throws(ViewError) -> Result
    ) throws(Failure) -> Result {
        let (token, catalog) = try catalog(patience)
        var outcome: Swift.Result<Result, ViewError>?
        try reading(patience) { (snapshot) throws(StoreError) in
            let history = SnapshotReading(
                snapshot: snapshot, catalog: catalog, token: token, files: self, patience: patience)
            do throws(ViewError) { outcome = .success(try body(history)) } catch { outcome = .failure(error) }
        }
        switch outcome {
        case .success(let result): return result
        case .failure(let error): throw Failure(error)
        case nil: throw .noEntry
        }
    }

    /// What sessions are found by; read once for each change token.
    func traits(
        _ token: ChangeToken, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> [Session.ID: SessionTraits] {
        if let kept = state.withLock({ $0.traits }), kept.token == token { return kept.value }
        let value = try snapshot.traits()
        state.withLock { $0.traits = (token, value) }
        return value
    }

    /// Versions of files of a session; those of the session that was asked for last are kept for the change token.
    func fileRevisions(
        of session: Session.ID, _ token: ChangeToken, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> [FileRevision] {
        if let kept = state.withLock({ $0.revisedFiles }), kept.token == token, kept.session == session {
            return kept.value
        }
        let value = try snapshot.fileRevisions(of: session)
        state.withLock { $0.revisedFiles = (token, session, value) }
        return value
    }

    /// The names that lead from the root to a place that the catalog knows.
    func names(of place: Place, _ catalog: Catalog) -> [FileName]? {
        switch place {
        case .root: []
        case .project(let id): catalog.projects[id].map { [name(of: $0)] }
        case .archived(let id): names(of: .project(id), catalog).map { $0 + [.archived] }
        case .children(let id): names(of: .session(id), catalog).map { $0 + [.children] }
        case .session(let id):
            if let session = catalog.sessions[id], let home = catalog.home(of: id) {
                names(of: home.place, catalog).map { $0 + [name(of: session)] }
            } else {
                nil
            }
        default: nil
        }
    }

    /// For people.
    func path(of place: DerivedPlace, _ catalog: Catalog?) -> String {
        let below = place.path.map { "/\($0)" }.joined()
        return switch place.root {
        case .readme: "/README.md"
        case .ignore: "/.ignore"
        case .sessions: "/.opencodefs/sessions" + below
        case .by: "/.opencodefs/by" + below
        case .storage: "/.opencodefs/storage" + below
        case .search: "/.opencodefs/search" + below
        case .link(let name, let id): path(of: .session(id), catalog) + "/\(name)"
        }
    }
}

extension Failure {
    init(_ error: SpoolError) {
        switch error {
        case .full: self.init(.noSpace, "no space left to make the view in", remedy: "free space, or set TMPDIR")
        case .failed(let reason): self.init(.inputOutput, "the view cannot be made: \(reason)")
        }
    }
}
