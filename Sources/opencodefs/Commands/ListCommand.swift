internal import Client
internal import SessionFileSystem
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing
internal import VFS

/// Lists sessions, for people who choose one and for scripts.
enum ListCommand: Command {
    static let name = "list"
    static let summary = "list sessions, one a line: id, date, project, title"
    static let usage = ["[--project ID|.] [--json]"]
    static let options: [CommandOption] = [.json] + TreeSession.options
    static let details = """
        Between the four is a tab; the date is that of the last change, where you are. The
        session that changed last comes first. --json tells the path in the tree too.
        """
    static let examples = [
        ("opencodefs list --project .", "sessions of the working directory"),
        ("opencodefs list | fzf -d '\\t' --with-nth 2.. | cut -f 1", "chooses one, and says its id"),
        ("opencodefs list --json | jq -r '.sessions[0].path'", "where the newest stands in the tree"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        try arguments.expectOperands(atMost: 0, Self.self)
        let session = try TreeSession(arguments, command: name, isReadOnly: true)
        defer { session.tree.close() }
        let lines: [ListedSession]
        do throws(Errno) {
            lines = try session.tree.fileSystem.listedSessions(for: session.client.caller)
        } catch {
            session.complain("cannot read the sessions", error)
            return .failure
        }
        session.progress.clear()
        let zone = TimeZoneRule()
        if arguments.has(.json) {
            var document = JSONObject()
            document.add("sessions", .array(lines.map { .object($0.json) }))
            Console.print(bytes: document.document())
            return .success
        }
        var text: [UInt8] = []
        for line in lines { text += line.line(zone) }
        Console.print(bytes: text)
        return .success
    }
}

extension ListedSession {
    /// Four fields with tabs between them, whatever is in them.
    fileprivate func line(_ zone: TimeZoneRule) -> [UInt8] {
        let fields: [[UInt8]] = [
            session.id.bytes, zone.time(session.updated) ?? Array("?".utf8), label, session.title ?? [],
        ]
        return Array(fields.map(Self.tamed).joined(separator: [UInt8(ascii: "\t")])) + [UInt8(ascii: "\n")]
    }

    /// What people call the project: its name in the tree, without its id where that is not all of it.
    private var label: [UInt8] {
        project.bytes.lastIndex(of: UInt8(ascii: "~")).map { Array(project.bytes[..<$0]) } ?? project.bytes
    }

    /// Without what would end a field or a line, or speak to a terminal.
    private static func tamed(_ text: [UInt8]) -> [UInt8] {
        String(decoding: text, as: UTF8.self).unicodeScalars.reduce(into: []) { tamed, scalar in
            let isControl = scalar.properties.generalCategory == .control
            tamed += (isControl ? " " : String(scalar)).utf8
        }
    }

    fileprivate var json: JSONObject {
        var entry = JSONObject()
        entry.add("id", .string(session.id.bytes))
        entry.add("title", session.title.map { .string($0) } ?? .null)
        entry.add("project", .string(session.project.bytes))
        entry.add("parent", session.parent.map { .string($0.bytes) })
        entry.add("created", .string(Timestamp(milliseconds: session.created).rfc3339))
        entry.add("updated", .string(Timestamp(milliseconds: session.updated).rfc3339))
        entry.add("archived", .boolean(session.isArchived))
        entry.add("path", .string(path))
        return entry
    }
}
