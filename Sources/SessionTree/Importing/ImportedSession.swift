package import SessionModel

/// The session that an export brings.
package struct ImportedSession: Sendable {
    package let id: Session.ID
    /// Whose export it is.
    package let generation: SessionRecord.Generation
    /// Its project, parent and directory, as far as the export says.
    package let project: Project.ID?
    package let parent: Session.ID?
    package let directory: [UInt8]?
    package let isArchived: Bool
    /// `info` of the export: its `session.json`.
    package let text: [UInt8]

    /// - Parameter info: of the export.
    package init(_ info: [UInt8]) throws(EditError) {
        let tree = try JSONTree(saved: info)
        guard tree.kind(of: tree.root) == .object else { throw .member("info", "must be an object") }
        func text(_ key: String) -> [UInt8]? { tree.member(key, of: tree.root).flatMap { tree.string($0) } }
        func has(_ key: String) -> Bool { tree.member(key, of: tree.root) != nil }
        generation = has("created_at") ? .go : has("location") ? .v2 : .v1
        guard let id = text("id"), !id.isEmpty else { throw .member("info.id", "is missing") }
        self.id = Session.ID(bytes: id)
        self.text = info
        let isGo = generation == .go
        project = text(isGo ? "project_id" : "projectID").flatMap { $0.isEmpty ? nil : Project.ID(bytes: $0) }
        parent = text(isGo ? "parent_session_id" : "parentID").flatMap { $0.isEmpty ? nil : Session.ID(bytes: $0) }
        let location = tree.member("location", of: tree.root)
        directory =
            location.flatMap { tree.member("directory", of: $0) }.flatMap { tree.string($0) } ?? text("directory")
        isArchived =
            tree.member("time", of: tree.root).flatMap { tree.member("archived", of: $0) }
            .map { tree.kind(of: $0) == .number } ?? false
    }

    /// The ids in a message of the export: its own and, in V1, those of its parts.
    ///
    /// - Parameters:
    ///   - bytes: an element of `messages`.
    ///   - number: which; for errors.
    package func ids(
        inMessage bytes: [UInt8], number: Int
    ) throws(EditError) -> (message: Message.ID, parts: [Message.Part.ID]) {
        try ImportedSession.at(number) { () throws(EditError) in
            let tree = try JSONTree(saved: bytes)
            let owner = generation == .v1 ? tree.member("info", of: tree.root) : tree.root
            guard let owner, let id = tree.member("id", of: owner).flatMap({ tree.string($0) }), !id.isEmpty else {
                throw .member(generation == .v1 ? "info.id" : "id", "is missing")
            }
            let parts = generation == .v1 ? tree.member("parts", of: tree.root) : nil
            let ids = parts.map { tree.children(of: $0) }?.compactMap { part in
                tree.member("id", of: part).flatMap { tree.string($0) }.map { Message.Part.ID(bytes: $0) }
            }
            return (Message.ID(bytes: id), ids ?? [])
        }
    }

    /// The message that an element of `messages` brings.
    ///
    /// - Parameters:
    ///   - bytes: the element.
    ///   - number: its place in the conversation.
    ///   - isRenamed: whether it has another id than in the export. Go: messages of one second without a number stand in the
    ///     order of their ids, so one with another id gets a number.
    package func newMessage(
        _ id: Message.ID, from bytes: [UInt8], number: Int, isRenamed: Bool
    ) throws(EditError) -> NewMessage {
        try ImportedSession.at(number) { () throws(EditError) in
            try expect("msg", of: id.bytes)
            // A file ends with a newline: with it, what we exported is taken back byte for byte.
            var message = try MessageEdit.newMessage(id, in: self.id, generation, from: bytes + [0x0a])
            message.ordinal = Int64(number)
            message.keepsNoNumber = !isRenamed
            return message
        }
    }

    /// Whether a message that is there says what an element of `messages` says.
    package func isSame(_ message: Message, texts: [[UInt8]], as bytes: [UInt8]) -> Bool {
        do throws(EditError) {
            return try MessageEdit.changes(of: message, texts: texts, savedAs: bytes + [0x0a]) == nil
        } catch {
            return false
        }
    }

    /// Whether the row of a session that is there says what `info` says.
    package func isSame(as record: SessionRecord, now: Int64) -> Bool {
        do throws(EditError) {
            return try SessionEdit.changes(of: record, savedAs: text, now: now).isEmpty
        } catch {
            return false
        }
    }

    /// What inserting the session means.
    ///
    /// - Parameters:
    ///   - project: that it goes into.
    ///   - worktree: of that project; nil where it has no row yet, and needs one.
    ///   - isKnown: whether there is a session of an id: a parent that is not there is kept as it is said.
    ///   - now: milliseconds since 1970.
    package func insertion(
        into project: Project.ID, worktree: [UInt8]?, now: Int64, isKnown: (Session.ID) -> Bool
    ) throws(EditError) -> [Change] {
        try expect("ses", of: id.bytes)
        var changes: [Change] = []
        if worktree == nil, generation != .go {
            var file = JSONObject()
            file.add("worktree", .string(directory ?? Array("/".utf8)))
            changes.append(
                .insertProject(project, try ProjectEdit.newProject(project, from: file.document(), now: now)))
        }
        let home = SessionHome(
            project: project, worktree: worktree ?? directory, parent: parent.flatMap { isKnown($0) ? $0 : nil },
            isArchived: isArchived)
        do throws(EditError) {
            let row = try SessionEdit.newSession(
                id, generation, in: home, from: text, title: nil, now: now, isKnown: isKnown)
            return changes + [.insertSession(id, row)]
        } catch {
            throw EditError("info: \(error.reason)", remedy: error.remedy)
        }
    }

    /// OpenCode 1 and 2 take nothing else for an id.
    private func expect(_ prefix: String, of id: [UInt8]) throws(EditError) {
        guard generation == .go || id.starts(with: prefix.utf8) else {
            throw .member("id", "must begin with \(prefix)", remedy: "import it with --new-ids")
        }
    }

    private static func at<Result>(
        _ number: Int, _ body: () throws(EditError) -> Result
    ) throws(EditError) -> Result {
        do throws(EditError) {
            return try body()
        } catch {
            throw EditError("messages[\(number)]: \(error.reason)", remedy: error.remedy)
        }
    }
}
