internal import SessionModel
internal import Timing
internal import VFS

/// `.opencodefs/by/`: symbolic links to sessions, by what people remember of them.
///
/// It is made from the catalog and one look at the rows of sessions, never from messages' texts. A link leads to where its
/// session stands, so none dangles.
struct ByViews: DerivedTree {
    /// A link to the session that changed last.
    static let latest = FileName("latest")

    /// The directories. To add one: a line here.
    static let orders: [(name: FileName, order: any SessionOrder)] = [
        (FileName("date"), SessionsByDate()), (FileName("model"), SessionsByModel()),
        (FileName("agent"), SessionsByAgent()), (FileName("path"), SessionsByPath()),
    ]

    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry? {
        guard let first = path.first else { return .directory(modified: newest(history.catalog.sessions.values)) }
        if first == Self.latest {
            return path.count == 1 ? latestSession(in: history).flatMap { link(to: $0, depth: 2, in: history) } : nil
        }
        guard let order = Self.orders.first(where: { $0.name == first })?.order else { return nil }
        let directories = Array(path.dropFirst())
        // Whole directories of links are looked up one by one: each costs no more than its own session.
        if let name = directories.last, let session = session(called: name, in: history),
            try order.directories(of: session, in: history) == directories.dropLast()
        {
            return link(to: session, depth: path.count + 1, in: history)
        }
        var members: [Session] = []
        for session in history.catalog.sessions.values {
            if try order.directories(of: session, in: history)?.starts(with: directories) == true {
                members.append(session)
            }
        }
        guard !members.isEmpty || directories.isEmpty else { return nil }
        return .directory(modified: newest(members))
    }

    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)] {
        guard let first = path.first else {
            let hasSessions = !history.catalog.sessions.isEmpty
            return (hasSessions ? [(Self.latest, .link)] : []) + Self.orders.map { ($0.name, .directory) }
        }
        guard let order = Self.orders.first(where: { $0.name == first })?.order else { return [] }
        let directories = Array(path.dropFirst())
        var kinds: [FileName: Attributes.Kind] = [:]
        for session in history.catalog.sessions.values {
            guard let own = try order.directories(of: session, in: history), own.starts(with: directories) else {
                continue
            }
            if own.count > directories.count {
                // Where a directory is called as a session is, the link is what a lookup finds.
                if kinds[own[directories.count]] == nil { kinds[own[directories.count]] = .directory }
            } else if let name = history.path(to: session.id)?.last {
                kinds[name] = .link
            }
        }
        return kinds.map { ($0.key, $0.value) }.sorted { $0.name < $1.name }
    }

    private func latestSession(in history: any HistoryReading) -> Session? {
        history.catalog.sessions.values.max { ($0.updated, $0.created, $0.id) < ($1.updated, $1.created, $1.id) }
    }

    private func newest(_ sessions: some Collection<Session>) -> Timestamp {
        Timestamp(milliseconds: sessions.map(\.updated).max() ?? 0)
    }

    /// The session that the tree shows under a name.
    private func session(called name: FileName, in history: any HistoryReading) -> Session? {
        let found: Session? =
            switch history.naming.identifier(in: name, of: Session.self) {
            case .none: nil
            case .id(let id): history.catalog.sessions[id]
            case .cut: history.catalog.sessions.values.first { history.path(to: $0.id)?.last == name }
            }
        guard let found, history.path(to: found.id)?.last == name else { return nil }
        return found
    }

    /// - Parameter depth: directories between the link and the root of the mount.
    private func link(to session: Session, depth: Int, in history: any HistoryReading) -> DerivedEntry? {
        history.path(to: session.id).map { names in
            let steps = Array(repeating: FileName.parent, count: depth) + names
            return .link(
                target: Array(steps.map(\.bytes).joined(separator: [UInt8(ascii: "/")])),
                modified: Timestamp(milliseconds: session.updated))
        }
    }
}
