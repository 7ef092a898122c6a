internal import Fuse
internal import SessionModel
internal import SessionStore
internal import Timing

/// What `rm` took from a database.
enum TrashCommand: Command {
    static let name = "trash"
    static let summary = "list what rm took, or drop it for good"
    static let usage = ["[--json]", "--empty [--dry-run]"]
    static let empty = CommandOption("empty", help: "drop everything in it for good")
    static let options: [CommandOption] = [.database, .db, empty, .dryRun, .json]
    static let details = """
        Each batch is what one program removed in one go. The trash keeps 7 days
        (mount -o trash=DAYS); opencodefs restore brings things back. Without --database:
        the one that opencodefs where tells or, where there is none, that of the only mount.
        """
    static let examples = [
        ("opencodefs trash", "number, time and contents of each batch"),
        ("opencodefs trash --empty --dry-run", "says what would be lost"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        try arguments.expectOperands(atMost: 0, Self.self)
        let (database, trash) = try locate(arguments)
        if case .file(let path) = database.place, System.file(path) != nil { History.settle(trash, .file(path: path)) }
        let batches: [TrashBatch]
        do throws(StoreError) {
            batches = try trash.batches()
            if arguments.has(empty), !arguments.has(.dryRun) { try trash.drop(batches.flatMap(\.items)) }
        } catch {
            throw CommandFailure(.failure, "cannot use the trash: \(error)")
        }
        if arguments.has(.json) {
            Console.print(bytes: document(batches))
        } else if batches.isEmpty {
            Console.note("Nothing from \(database.source) is in the trash.")
        } else {
            for batch in batches { Console.print(line(batch)) }
        }
        if arguments.has(empty), !batches.isEmpty {
            let items = Human.count(batches.map(\.items.count).reduce(0, +), "item")
            Console.note(arguments.has(.dryRun) ? "Would drop \(items) for good." : "Dropped \(items) for good.")
        }
        return .success
    }

    /// The database that is meant, and its trash.
    static func locate(_ arguments: Arguments) throws(CommandFailure) -> (database: Candidate, trash: Trash) {
        let database = try database(arguments)
        return (database, try History.trash(for: database.source))
    }

    typealias Candidate = DatabaseSearch.Candidate

    /// The one that mount would take; where there is none, the one that is mounted all the same, with --database.
    private static func database(_ arguments: Arguments) throws(CommandFailure) -> Candidate {
        let search = try DatabaseSearch(named: arguments.database)
        // The trash is here, not on the server: that its name is known will do.
        if let first = search.candidates.first, case .server(let source) = first.place, source.name != nil {
            return first
        }
        do throws(CommandFailure) {
            return try search.chosen()
        } catch {
            let mounted = Set(MountTable.ours().map(\.source))
            let isNamed = search.candidates.contains { $0.isExplicit }
            guard !isNamed, mounted.count == 1, let only = mounted.first,
                let database = try DatabaseSearch(named: only).candidates.first
            else { throw error }
            return database
        }
    }

    /// `12  2026-11-18T10:15:30Z  1 session, 14 messages  /webshop~4b0e…/2026-11-02.…`
    private static func line(_ batch: TrashBatch) -> String {
        let removed = batch.items.filter { $0.kind == .removed }
        let replaced = batch.items.filter { $0.kind == .replaced }
        var what = counts(removed)
        if !replaced.isEmpty { what.append(counts(replaced).joined(separator: ", ") + " replaced") }
        // A session is removed after its messages, so the last item is the outermost.
        let path = batch.items.last?.path ?? ""
        return
            "\(batch.id)\t\(Timestamp(milliseconds: batch.started).rfc3339)\t\(what.joined(separator: ", "))\t\(path)"
    }

    /// `1 session`, `14 messages`
    private static func counts(_ items: [TrashBatch.Item]) -> [String] {
        let projects = items.filter { $0.project != nil }.count
        let messages = items.filter { $0.message != nil }.count
        return [(projects, "project"), (items.count - projects - messages, "session"), (messages, "message")]
            .filter { $0.0 > 0 }.map { Human.count($0.0, $0.1) }
    }

    private static func document(_ batches: [TrashBatch]) -> [UInt8] {
        var document = JSONObject()
        document.add(
            "batches",
            .array(
                batches.map { batch in
                    var entry = JSONObject()
                    entry.add("id", .integer(batch.id))
                    entry.add("started", .string(Timestamp(milliseconds: batch.started).rfc3339))
                    entry.add(
                        "items",
                        .array(
                            batch.items.map { item in
                                var line = JSONObject()
                                line.add("kind", .string(item.kind.rawValue))
                                line.add("project", item.project.map { .string($0.bytes) })
                                line.add("session", item.project == nil ? .string(item.session.bytes) : nil)
                                line.add("message", item.message.map { .string($0.bytes) })
                                line.add("path", .string(item.path))
                                line.add("removed", .string(Timestamp(milliseconds: item.removed).rfc3339))
                                return .object(line)
                            }))
                    return .object(entry)
                }))
        return document.document()
    }
}
