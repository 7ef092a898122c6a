internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing
internal import VFS

/// What is in the trash, as a tree: each item under the path it had, below its batch.
///
/// Directories are found by their names without labels: a session that was removed by its bare id lies where its messages
/// lie.
struct TrashIndex {
    struct Child {
        /// As it is shown.
        var name: FileName
        let place: TrashPlace
    }

    private struct Directory {
        var children: [FileName: Child] = [:]
        /// Milliseconds since 1970.
        var modified: Int64
    }

    private let naming: Naming
    private var directories: [TrashPlace: Directory] = [.top: Directory(modified: 0)]
    private var items: [Int64: TrashBatch.Item] = [:]

    /// - Parameters:
    ///   - isShown: whether an item can be shown as a file.
    ///   - scope: the mount shows no other project's.
    init(
        _ batches: [TrashBatch], showing isShown: (TrashBatch.Item) -> Bool = { _ in true }, naming: Naming,
        scope: Catalog.Scope = .all
    ) {
        self.naming = naming
        var project: FileName?
        if case .project(let id) = scope {
            project = naming.bare(naming.name(of: Project(id: id, worktree: nil, created: 0, updated: 0)))
        }
        for batch in batches {
            let items = batch.items.filter { item in
                guard isShown(item) else { return false }
                guard let project else { return true }
                let first = item.path.utf8.split(separator: UInt8(ascii: "/")).first
                return first.flatMap { FileName(bytes: Array($0)) }.map(naming.bare) == project
            }
            guard !items.isEmpty else { continue }
            let place = TrashPlace(batch: batch.id)
            enter(Child(name: Self.name(of: batch), place: place), as: Self.number(batch.id), modified: batch.started)
            directories[place] = Directory(modified: batch.started)
            for item in items { add(item, to: batch.id) }
        }
    }

    /// `20261121T140312~12`
    private static func name(of batch: TrashBatch) -> FileName {
        let moment = Timestamp(milliseconds: batch.started).rfc3339.prefix { $0 != "." }
        let stamp = moment.filter { $0 != "-" && $0 != ":" }
        return FileName(bytes: Array("\(stamp)~\(batch.id)".utf8)) ?? number(batch.id)
    }

    private static func number(_ batch: Int64) -> FileName {
        FileName(bytes: Array("\(batch)".utf8)) ?? FileName("0")
    }

    private mutating func add(_ item: TrashBatch.Item, to batch: Int64) {
        items[item.id] = item
        var names = item.path.utf8.split(separator: UInt8(ascii: "/")).compactMap { FileName(bytes: Array($0)) }
        if let message = item.message {
            let bare = naming.bare(naming.name(of: message, ordinal: 0, role: nil))
            // It may have been called something else when it was removed.
            if names.last.map(naming.bare) != bare { names = names.dropLast() + [bare] }
        } else if names.last != .sessionFile {
            names.append(.sessionFile)
        }
        guard let last = names.popLast() else { return }
        var path: [FileName] = []
        for name in names {
            let directory = TrashPlace(batch: batch, path: path)
            let key = naming.bare(name)
            path.append(key)
            let child = Child(name: name, place: TrashPlace(batch: batch, path: path))
            enter(child, as: key, in: directory, modified: item.removed)
            directories[child.place, default: Directory(modified: item.removed)].modified = item.removed
        }
        let directory = TrashPlace(batch: batch, path: path)
        var (name, key) = (last, naming.bare(last))
        if directories[directory]?.children[key] != nil {
            // Removed, made again and removed again in one go: the first is what there was before.
            let label = last == key ? [] : last.bytes.dropLast(key.bytes.count + 1) + [UInt8(ascii: ".")]
            name = FileName(bytes: label + Array("\(item.id)~".utf8) + key.bytes) ?? Self.number(item.id)
            key = name
        }
        let place = TrashPlace(batch: batch, path: path + [key], item: item.id)
        enter(Child(name: name, place: place), as: key, in: directory, modified: item.removed)
    }

    private mutating func enter(
        _ child: Child, as key: FileName, in directory: TrashPlace = .top, modified: Int64
    ) {
        var child = child
        // Of its names, the one with a label.
        if let known = directories[directory]?.children[key], known.name != key { child.name = known.name }
        if naming.style == .identifiers { child.name = key }
        directories[directory]?.children[key] = child
        directories[directory]?.modified = modified
    }

    // MARK: Asking

    func item(_ id: Int64) -> TrashBatch.Item? {
        items[id]
    }

    func isThere(_ directory: TrashPlace) -> Bool {
        directories[directory] != nil
    }

    func isEmpty(_ directory: TrashPlace) -> Bool {
        directories[directory]?.children.isEmpty ?? true
    }

    /// When a directory last got something; nil where there is none.
    func modified(_ directory: TrashPlace) -> Timestamp? {
        directories[directory].map { Timestamp(milliseconds: $0.modified) }
    }

    /// What a name, with or without its label, leads to.
    func child(_ name: FileName, of directory: TrashPlace) -> TrashPlace? {
        guard let children = directories[directory]?.children else { return nil }
        if let child = children[name] { return child.place }
        let child = children[naming.bare(name)]
        return child?.name == name ? child?.place : nil
    }

    /// What a directory lists; the oldest batch first.
    func children(of directory: TrashPlace) -> [Child] {
        (directories[directory]?.children.values.map { $0 } ?? []).sorted {
            directory == .top ? ($0.place.batch ?? 0) < ($1.place.batch ?? 0) : $0.name < $1.name
        }
    }

    /// The items at a place and below it, in the order in which they were removed.
    func items(at place: TrashPlace) -> [TrashBatch.Item] {
        var found: [Int64] = []
        var pending = [place]
        while let next = pending.popLast() {
            if let item = next.item { found.append(item) }
            pending += directories[next]?.children.values.map(\.place) ?? []
        }
        return found.sorted().compactMap { items[$0] }
    }

    /// Forgets a file.
    ///
    /// - Returns: directories that are gone with it.
    mutating func remove(_ file: TrashPlace) -> [TrashPlace] {
        var gone: [TrashPlace] = []
        var place = file
        while let parent = place.parent {
            let key = place.path.last ?? Self.number(place.batch ?? 0)
            directories[parent]?.children[key] = nil
            guard parent != .top, isEmpty(parent) else { break }
            directories[parent] = nil
            gone.append(parent)
            place = parent
        }
        if let item = file.item { items[item] = nil }
        return gone
    }
}
