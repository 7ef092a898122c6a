internal import SessionModel
internal import Timing

/// Reads the files of OpenCode up to 1.1 as if they were the rows that OpenCode 1.2 made of them.
struct LegacySnapshot: HistorySnapshot {
    let cache: LegacyCache
    let patience: Patience

    private static let infoFrame = ["id", "sessionID"]
    private static let partFrame = ["id", "sessionID", "messageID"]

    var generation: SessionRecord.Generation { .v1 }

    func projects() throws(StoreError) -> [Project] {
        var projects: [Project] = []
        for (name, id) in try cache.entries(in: "project", of: Project.self) {
            let file = try cache.object(at: "project/\(name).json")
            projects.append(
                Project(
                    id: id, worktree: file?.text("worktree"), created: file?.integer("time_created") ?? 0,
                    updated: file?.integer("time_updated") ?? file?.integer("time_created") ?? 0))
        }
        let known = Set(projects.map(\.id))
        for (_, id) in try projectsOfSessions() where !known.contains(id) {
            projects.append(Project(id: id, worktree: nil, created: 0, updated: 0))
        }
        return projects
    }

    /// The directories that sessions are in.
    private func projectsOfSessions() throws(StoreError) -> [(name: String, id: Project.ID)] {
        var projects: [(name: String, id: Project.ID)] = []
        for name in try cache.names(in: "session") where !name.hasPrefix(".") && !name.hasSuffix(".json") {
            // A project's directory and its file are called alike.
            projects.append((name, try cache.id(of: name, in: "project")))
        }
        return projects.sorted { $0.id < $1.id }
    }

    func sessions() throws(StoreError) -> [Session] {
        var sessions: [Session] = []
        try sessionFiles { id, project, file in
            let created = file.integer("time_created") ?? file.modified
            let parent = file.text("parent_id").map { Session.ID(bytes: $0) }
            sessions.append(
                Session(
                    id: id, project: project, parent: parent?.bytes.isEmpty == true ? nil : parent,
                    title: file.text("title"), created: created, updated: file.integer("time_updated") ?? created,
                    isArchived: file.row["time_archived"] != nil))
        }
        return sessions
    }

    func traits() throws(StoreError) -> [Session.ID: SessionTraits] {
        var traits: [Session.ID: SessionTraits] = [:]
        try sessionFiles { id, _, file in
            let model = file.text("model").flatMap { JSONText.member("id", inBeginning: $0) }
            traits[id] = SessionTraits(
                directory: file.text("directory"), agent: file.text("agent"),
                model: model.map { JSONText.decoded($0[...]) })
        }
        return traits
    }

    /// The file of each session.
    private func sessionFiles(
        _ body: (Session.ID, Project.ID, LegacyObject) -> Void
    ) throws(StoreError) {
        var seen: Set<Session.ID> = []
        for (directory, project) in try projectsOfSessions() {
            for (name, id) in try cache.entries(in: "session/\(directory)", of: Session.self) {
                try check()
                // What is being written just now is there in a moment.
                guard let file = try cache.object(at: "session/\(directory)/\(name).json"), seen.insert(id).inserted
                else { continue }
                body(id, project, file)
            }
        }
    }

    func sessionRecord(_ id: Session.ID) throws(StoreError) -> SessionRecord? {
        for (directory, project) in try projectsOfSessions() {
            guard let name = try cache.name(of: id, in: "session/\(directory)"),
                let file = try cache.object(at: "session/\(directory)/\(name).json")
            else { continue }
            var row = file.row
            row["id"] = .text(id.bytes)
            row["project_id"] = .text(project.bytes)
            return SessionRecord(.v1, Record(row))
        }
        return nil
    }

    func projectRecord(_ id: Project.ID) throws(StoreError) -> Record? {
        guard let name = try cache.name(of: id, in: "project"),
            let file = try cache.object(at: "project/\(name).json")
        else { return nil }
        var row = file.row
        row["id"] = .text(id.bytes)
        if row["sandboxes"] == nil { row["sandboxes"] = .text(Array("[]".utf8)) }
        return Record(row)
    }

    func todos(of session: Session.ID) throws(StoreError) -> [Todo] {
        guard let name = try name(of: session) else { return [] }
        let path = "todo/\(name).json"
        guard let bytes = try cache.contents(path), let tree = try? JSONTree(parsing: bytes),
            tree.kind(of: tree.root) == .array
        else { return [] }
        let updated = cache.files.stamp(of: path)?.modified.milliseconds ?? 0
        return tree.children(of: tree.root).map { entry in
            func text(_ key: String) -> [UInt8] { tree.member(key, of: entry).flatMap { tree.string($0) } ?? [] }
            return Todo(content: text("content"), status: text("status"), priority: text("priority"), updated: updated)
        }
    }

    func counts() throws(StoreError) -> Counts {
        try cache.counts { () throws(StoreError) in
            var counts = Counts()
            counts.projects = try projects().count
            let sessions = try sessions()
            counts.sessions = sessions.count
            for session in sessions {
                let messages = try directory(of: session.id).map { (directory) throws(StoreError) in
                    try cache.entries(in: directory, of: Message.self)
                }
                counts.messages += messages?.count ?? 0
                for message in messages ?? [] {
                    try check()
                    counts.parts += try cache.names(in: "part/\(message.name)").count
                }
            }
            return counts
        }
    }

    // MARK: Messages

    func messageOrder(of session: Session.ID) throws(StoreError) -> [(id: Message.ID, order: Message.Order)] {
        try order(of: session).map { ($0, .rank) }
    }

    func messages(of session: Session.ID, _ body: (Message) throws(StoreError) -> Void) throws(StoreError) {
        for id in try order(of: session) {
            if let message = try message(id, of: session) { try body(message) }
        }
    }

    func message(_ id: Message.ID, of session: Session.ID) throws(StoreError) -> Message? {
        try check()
        guard let directory = try directory(of: session), let name = try cache.name(of: id, in: directory),
            let info = try cache.describe("\(directory)/\(name).json", without: Self.infoFrame)
        else { return nil }
        var parts: [Message.Part] = []
        for part in try cache.entries(in: "part/\(name)", of: Message.Part.self) {
            if let text = try cache.describe("part/\(name)/\(part.name).json", without: Self.partFrame) {
                parts.append(Message.Part(id: part.id, session: session, data: text.stored))
            }
        }
        return Message(id: id, session: session, shape: .parted(info: info.stored, parts: parts), order: .rank)
    }

    func session(of message: Message.ID) throws(StoreError) -> Session.ID? {
        for directory in try cache.names(in: "message") {
            if let name = try cache.name(of: message, in: "message/\(directory)"),
                cache.files.stamp(of: "message/\(directory)/\(name).json") != nil
            {
                return try session(called: directory)
            }
        }
        return nil
    }

    func newestMessage(of session: Session.ID) throws(StoreError) -> Message? {
        try order(of: session).last.flatMap { (id) throws(StoreError) in try message(id, of: session) }
    }

    func lastChange(of session: Session.ID) -> Int64? {
        // When a message came last: to ask each of them would read them all.
        (try? directory(of: session)).flatMap { $0.flatMap { cache.files.modified(directory: $0) } }?.milliseconds
    }

    func role(of message: Message) throws(StoreError) -> [UInt8]? {
        guard let directory = try directory(of: message.session),
            let name = try cache.name(of: message.id, in: directory)
        else { return nil }
        return try cache.describe("\(directory)/\(name).json", without: Self.infoFrame)?.role
    }

    func texts(of message: Message) throws(StoreError) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        for index in message.texts.indices { texts.append(try text(index, of: message)) }
        return texts
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8] {
        let text = try text(index, of: message)
        return Array(text[range.clamped(to: 0..<text.count)])
    }

    func hiddenColumns(of message: Message) -> HiddenColumns {
        HiddenColumns(message: [], parts: [:])
    }

    private func text(_ index: Int, of message: Message) throws(StoreError) -> [UInt8] {
        guard case .parted(let info, let parts) = message.shape else { throw .notFound }
        guard let directory = try directory(of: message.session),
            let name = try cache.name(of: message.id, in: directory)
        else { throw .notFound }
        guard index > 0 else {
            return try cache.text("\(directory)/\(name).json", without: Self.infoFrame, info)
        }
        let part = parts[index - 1]
        guard let file = try cache.name(of: part.id, in: "part/\(name)") else { throw .notFound }
        return try cache.text("part/\(name)/\(file).json", without: Self.partFrame, part.data)
    }

    /// By the time they were made, and of one moment by their ids, as OpenCode 1.2 orders them.
    private func order(of session: Session.ID) throws(StoreError) -> [Message.ID] {
        var messages: [(created: Int64, id: Message.ID)] = []
        guard let directory = try directory(of: session) else { return [] }
        for (name, id) in try cache.entries(in: directory, of: Message.self) {
            try check()
            guard let text = try cache.describe("\(directory)/\(name).json", without: Self.infoFrame) else { continue }
            messages.append((text.created, id))
        }
        return messages.sorted { ($0.created, $0.id) < ($1.created, $1.id) }.map(\.id)
    }

    /// Where a session's messages are. It is called as the session's file is.
    private func directory(of session: Session.ID) throws(StoreError) -> String? {
        try name(of: session).map { "message/\($0)" }
    }

    private func name(of session: Session.ID) throws(StoreError) -> String? {
        if LegacyName.isPlain(session) { return "\(session)" }
        for project in try projectsOfSessions() {
            if let name = try cache.name(of: session, in: "session/\(project.name)") { return name }
        }
        return nil
    }

    private func session(called name: String) throws(StoreError) -> Session.ID {
        for project in try projectsOfSessions() where LegacyName.isEscaped(name) {
            let directory = "session/\(project.name)"
            if cache.files.stamp(of: "\(directory)/\(name).json") != nil {
                return try cache.id(of: name, in: directory)
            }
        }
        return Session.ID(name)
    }

    /// Files are read one by one: between two of them, whoever waits may give up.
    private func check() throws(StoreError) {
        try patience.check("the files were not read in time")
    }
}
