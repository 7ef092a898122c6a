internal import SessionModel
internal import Timing
internal import VFS

/// `.opencodefs/storage/`: the files that OpenCode up to 1.1 kept its history in, made from the rows of today, for programs
/// that know nothing else (docs/decisions/0019).
///
///     project/<project>.json      session/<project>/<session>.json     message/<session>/<message>.json
///     part/<message>/<part>.json  todo/<session>.json                  session_diff/<session>.json
///     share/<session>.json        migration
///
/// Ids are escaped as everywhere in the tree (rule N4). What a row says stands in its own words and spelling, spaced as OpenCode
/// spaced these files.
struct StorageTree: DerivedTree {
    /// The directories of the layout.
    private enum Folder: CaseIterable {
        case project, session, message, part, todo, sessionDiff, share

        /// Whether it holds directories, which hold the files.
        var isDeep: Bool { [.session, .message, .part].contains(self) }

        var name: FileName {
            switch self {
            case .project: FileName("project")
            case .session: FileName("session")
            case .message: FileName("message")
            case .part: FileName("part")
            case .todo: FileName("todo")
            case .share: FileName("share")
            case .sessionDiff: FileName("session_diff")
            }
        }

        init?(_ name: FileName) {
            guard let folder = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = folder
        }
    }

    private static let migration = FileName("migration")
    /// How many of its own migrations OpenCode 1.1 has done: all.
    private static let migrations = Array("2".utf8)

    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry? {
        guard let first = path.first else { return .directory(modified: Self.newest(history)) }
        if first == Self.migration {
            return path.count == 1 ? .file(DerivedFile(.bytes(Self.migrations), changed: .epoch)) : nil
        }
        guard let folder = Folder(first) else { return nil }
        switch path.count {
        case 1: return .directory(modified: Self.newest(history))
        case 2: return try folder.isDeep ? directory(path[1], in: folder, history) : file(path[1], in: folder, history)
        case 3 where folder.isDeep: return try file(path[2], in: path[1], of: folder, history)
        default: return nil
        }
    }

    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)] {
        guard let first = path.first else {
            return Folder.allCases.map { ($0.name, .directory) } + [(Self.migration, .regular)]
        }
        guard let folder = Folder(first) else { return [] }
        switch (path.count, folder.isDeep) {
        case (1, false): return try files(of: folder, history).map { ($0, .regular) }
        case (1, true): return try directories(of: folder, history).map { ($0, .directory) }
        case (2, true): return try files(of: path[1], in: folder, history).map { ($0, .regular) }
        default: return []
        }
    }

    private static func newest(_ history: any HistoryReading) -> Timestamp {
        Timestamp(milliseconds: history.catalog.projectOrder.map { history.catalog.updated($0) }.max() ?? 0)
    }
}

// MARK: project/, todo/, session_diff/, share/

extension StorageTree {
    private func files(of folder: Folder, _ history: any HistoryReading) throws(ViewError) -> [FileName] {
        guard folder != .project else { return history.catalog.projectOrder.map { StorageName.file(of: $0) } }
        var names: [FileName] = []
        for session in history.catalog.sessions.keys.sorted()
        where try content(of: folder, session, history) != nil {
            names.append(StorageName.file(of: session))
        }
        return names
    }

    private func file(
        _ name: FileName, in folder: Folder, _ history: any HistoryReading
    ) throws(ViewError) -> DerivedEntry? {
        if folder == .project {
            guard let id = StorageName.id(inFile: name, among: { history.catalog.projectOrder }),
                let project = history.catalog.projects[id]
            else { return nil }
            let text = ProjectFile.render(id, try history.projectRecord(id))
            return .file(StorageFile.small(text, changed: project.updated))
        }
        guard let id = StorageName.id(inFile: name, among: { Array(history.catalog.sessions.keys) }),
            history.catalog.sessions[id] != nil, let (text, changed) = try content(of: folder, id, history)
        else { return nil }
        return .file(StorageFile.small(text, changed: changed))
    }

    /// A file that a session may have beside its own; nil where it has none.
    private func content(
        of folder: Folder, _ id: Session.ID, _ history: any HistoryReading
    ) throws(ViewError) -> (text: [UInt8], changed: Int64)? {
        if folder == .todo {
            let todos = try history.todos(of: id)
            return todos.isEmpty ? nil : (StorageFile.todos(todos), todos.map(\.updated).max() ?? 0)
        }
        guard let record = try history.sessionRecord(id) else { return nil }
        switch folder {
        case .sessionDiff:
            // What else the column may hold, no program of that time could read.
            guard let diffs = record.row.text("summary_diffs"), diffs.first == UInt8(ascii: "["),
                JSONText.fault(in: diffs) == nil
            else { return nil }
            return (diffs, record.updated)
        case .share:
            guard let url = record.row.text("share_url"), !url.isEmpty else { return nil }
            var share = JSONObject()
            share.add("url", .string(url))
            return (share.line(), record.updated)
        case .project, .session, .message, .part, .todo: return nil
        }
    }
}

// MARK: session/, message/, part/

extension StorageTree {
    private func directories(of folder: Folder, _ history: any HistoryReading) throws(ViewError) -> [FileName] {
        switch folder {
        case .session:
            let projects = Set(history.catalog.sessions.values.map(\.project))
            return projects.sorted().map { StorageName.directory(of: $0) }
        case .message: return history.catalog.sessions.keys.sorted().map { StorageName.directory(of: $0) }
        case .part:
            var names: [FileName] = []
            for session in history.catalog.sessions.keys.sorted() {
                try history.messages(of: session) { message in
                    if StorageMessage.mayHaveParts(message) { names.append(StorageName.directory(of: message.id)) }
                }
            }
            return names
        case .project, .todo, .share, .sessionDiff: return []
        }
    }

    private func directory(
        _ name: FileName, in folder: Folder, _ history: any HistoryReading
    ) throws(ViewError) -> DerivedEntry? {
        switch folder {
        case .session:
            return project(name, history).map { id in
                .directory(modified: Timestamp(milliseconds: history.catalog.updated(id)))
            }
        case .message:
            return session(name, history).map { .directory(modified: Timestamp(milliseconds: $0.updated)) }
        case .part:
            guard let message = try message(name, history), StorageMessage.mayHaveParts(message) else { return nil }
            return .directory(modified: MessageFile.version(of: message).changed)
        case .project, .todo, .share, .sessionDiff: return nil
        }
    }

    private func files(
        of directory: FileName, in folder: Folder, _ history: any HistoryReading
    ) throws(ViewError) -> [FileName] {
        switch folder {
        case .session:
            guard let project = project(directory, history) else { return [] }
            return history.catalog.sessions.values.filter { $0.project == project }.map(\.id).sorted()
                .map { StorageName.file(of: $0) }
        case .message:
            guard let session = session(directory, history) else { return [] }
            var names: [FileName] = []
            try history.messages(of: session.id) { message in
                if StorageMessage.isMessage(message) { names.append(StorageName.file(of: message.id)) }
            }
            return names
        case .part:
            guard let message = try message(directory, history) else { return [] }
            if case .parted(_, let parts) = message.shape { return parts.map { StorageName.file(of: $0.id) } }
            return try StorageMessage(.partIDs, of: message, in: history)?.partIDs.map { StorageName.file(of: $0) }
                ?? []
        case .project, .todo, .share, .sessionDiff: return []
        }
    }

    private func file(
        _ name: FileName, in directory: FileName, of folder: Folder, _ history: any HistoryReading
    ) throws(ViewError) -> DerivedEntry? {
        switch folder {
        case .session:
            guard let project = project(directory, history),
                let id = StorageName.id(inFile: name, among: { Array(history.catalog.sessions.keys) }),
                history.catalog.sessions[id]?.project == project, let record = try history.sessionRecord(id)
            else { return nil }
            return .file(StorageFile.small(StorageFile.session(id, record), changed: record.updated))
        case .message:
            guard let session = session(directory, history),
                let id = try StorageName.id(
                    inFile: name, among: { () throws(ViewError) in try messages(of: session.id, history) }),
                let message = try history.message(id, of: session.id), StorageMessage.isMessage(message)
            else { return nil }
            if case .parted = message.shape { return .file(try StorageFile.row(0, of: message, in: history)) }
            return try StorageMessage(.info, of: message, in: history).map { converted in
                .file(StorageFile.small(converted.info.line(), changed: message.changed))
            }
        case .part:
            guard let message = try message(directory, history) else { return nil }
            if case .parted(_, let parts) = message.shape {
                guard let id = StorageName.id(inFile: name, among: { parts.map(\.id) }),
                    let index = parts.firstIndex(where: { $0.id == id })
                else { return nil }
                return .file(try StorageFile.row(index + 1, of: message, in: history))
            }
            let id = try StorageName.id(
                inFile: name,
                among: { () throws(ViewError) in
                    try StorageMessage(.partIDs, of: message, in: history)?.partIDs ?? []
                })
            guard let id, let part = try StorageMessage(.part(id), of: message, in: history)?.part else { return nil }
            return .file(StorageFile.small(part.line(), changed: message.changed))
        case .project, .todo, .share, .sessionDiff: return nil
        }
    }

    private func project(_ name: FileName, _ history: any HistoryReading) -> Project.ID? {
        let id = StorageName.id(inDirectory: name) { history.catalog.projectOrder }
        return id.flatMap { id in history.catalog.sessions.values.contains { $0.project == id } ? id : nil }
    }

    private func session(_ name: FileName, _ history: any HistoryReading) -> Session? {
        StorageName.id(inDirectory: name) { Array(history.catalog.sessions.keys) }
            .flatMap { history.catalog.sessions[$0] }
    }

    private func message(_ name: FileName, _ history: any HistoryReading) throws(ViewError) -> Message? {
        let id = try StorageName.id(
            inDirectory: name,
            among: { () throws(ViewError) in
                var all: [Message.ID] = []
                for session in history.catalog.sessions.keys { all += try messages(of: session, history) }
                return all
            })
        guard let id, let session = try history.session(of: id), history.catalog.sessions[session] != nil else {
            return nil
        }
        return try history.message(id, of: session)
    }

    private func messages(of session: Session.ID, _ history: any HistoryReading) throws(ViewError) -> [Message.ID] {
        var ids: [Message.ID] = []
        try history.messages(of: session) { ids.append($0.id) }
        return ids
    }
}

extension Message {
    /// The newest of its rows, in milliseconds since 1970.
    fileprivate var changed: Int64 { texts.map(\.updated).max() ?? 0 }
}
