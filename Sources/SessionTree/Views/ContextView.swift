internal import SessionModel
internal import Timing

/// `context.json`: what a session is about just now, one shape for all families (docs/schemas/context.schema.json).
struct ContextView: SessionView {
    var isLinked: Bool { true }

    /// Messages that are looked at, from the last one back.
    private static let depth = 50
    /// Files and tools that are named.
    private static let most = 20

    func file(of session: Session, in history: any HistoryReading) throws(ViewError) -> DerivedFile {
        let messages = try SessionMessages(of: session.id, in: history)
        let record = try history.sessionRecord(session.id)
        let todos = try history.todos(of: session.id)
        var recent = Recent()
        for message in messages.all.suffix(Self.depth).reversed() where recent.tools.count < Self.most {
            recent.take(try TurnReader.turn(of: message, in: history))
        }
        var file = JSONObject()
        file.add("working_directory", Self.text(Self.directory(of: session, record, in: history)))
        file.add("active_files", .array(recent.files.prefix(Self.most).map { Self.text($0) }))
        file.add("recent_commands", .array(recent.tools.prefix(Self.most).reversed().map { Self.text($0) }))
        var state = JSONObject()
        let task = todos.first { $0.status.elementsEqual("in_progress".utf8) }?.content ?? session.title
        state.add("current_task", Self.text(task))
        state.add("phase", Self.text(recent.agent ?? record?.row.text("agent")))
        state.add("findings", .array([]))
        state.add(
            "todos",
            .array(
                todos.map { todo in
                    var entry = JSONObject()
                    entry.add("content", Self.text(todo.content))
                    entry.add("status", Self.text(todo.status))
                    return .object(entry)
                }))
        file.add("state", .object(state))
        let changed = todos.reduce(max(session.updated, messages.changed)) { max($0, $1.updated) }
        return DerivedFile(.bytes(file.document()), changed: Timestamp(milliseconds: changed))
    }

    /// Where OpenCode worked; nil where the family does not keep it.
    private static func directory(
        of session: Session, _ record: SessionRecord?, in history: any HistoryReading
    ) -> [UInt8]? {
        record?.row.text("directory") ?? history.catalog.projects[session.project]?.worktree
    }

    private static func text(_ bytes: [UInt8]?) -> JSONObject.Value {
        bytes.map { .string(TurnJSONWriter.repaired($0)) } ?? .null
    }

    /// What turns mention, the newest first.
    private struct Recent {
        private(set) var files: [[UInt8]] = []
        /// Names of the tools that were called.
        private(set) var tools: [[UInt8]] = []
        private(set) var agent: [UInt8]?

        mutating func take(_ turn: Turn) {
            if agent == nil { agent = turn.agent }
            for block in turn.blocks.reversed() {
                // The Go OpenCode names a tool twice: with the call, and with the answer.
                guard case .tool(let use) = block.content, turn.role != .tool else { continue }
                if let name = use.name { tools.append(name) }
                guard case .whole(let input) = use.input, let tree = JSONTree(stored: input) else { continue }
                for key in ["filePath", "file_path", "path"] {
                    guard let path = tree.member(key, of: tree.root).flatMap({ tree.string($0) }), !path.isEmpty,
                        !files.contains(path)
                    else { continue }
                    files.append(path)
                }
            }
        }
    }
}
