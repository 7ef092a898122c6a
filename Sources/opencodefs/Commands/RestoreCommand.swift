internal import SQL
internal import SessionModel
internal import SessionStore
internal import Timing

/// Brings back what `rm` took.
enum RestoreCommand: Command {
    static let name = "restore"
    static let summary = "bring back what rm took"
    static let usage = ["[--dry-run] BATCH|ID...", "--last"]
    static let last = CommandOption("last", help: "the newest batch")
    static let options: [CommandOption] = [.database, .db, last, .dryRun, .json]
    static let details = """
        A BATCH is a number that opencodefs trash lists; an ID is that of a session or
        message in the trash: a session comes with its messages. Every row comes back as
        it was, or nothing is changed and you are told why.
        """
    static let examples = [
        ("opencodefs restore --last", "undoes the last rm"),
        ("opencodefs restore --dry-run 12", "says what would come back"),
        ("opencodefs restore ses_4d58…", "one session"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        if arguments.has(last) { try arguments.expectOperands(atMost: 0, Self.self) }
        let (database, trash) = try TrashCommand.locate(arguments)
        let provider = try database.provider(try UserConfiguration())
        History.settle(trash, provider)
        let batches: [TrashBatch]
        do throws(StoreError) { batches = try trash.batches() } catch {
            throw CommandFailure(.failure, "cannot read the trash: \(error)")
        }
        let items = try select(arguments, batches, database.source)
        let connection = try History.connect(provider)
        connection.patience = .lasting(.seconds(300))
        let restoration: Restoration
        do throws(RestoreError) {
            restoration = try trash.restore(items, into: connection, isRehearsal: arguments.has(.dryRun))
        } catch {
            throw failure(error, provider)
        }
        report(restoration, isRehearsal: arguments.has(.dryRun), asJSON: arguments.has(.json))
        return .success
    }

    private static func select(
        _ arguments: Arguments, _ batches: [TrashBatch], _ database: String
    ) throws(CommandFailure) -> [TrashBatch.Item] {
        if arguments.has(last) {
            guard let newest = batches.last else {
                throw CommandFailure(.notFound, "nothing from \(database) is in the trash")
            }
            return newest.items
        }
        guard !arguments.operands.isEmpty else {
            throw CommandFailure(.usage, "restore: what? opencodefs trash lists it; --last is the newest batch")
        }
        var selected: [TrashBatch.Item] = []
        for word in arguments.operands {
            if let number = Int64(word), let batch = batches.first(where: { $0.id == number }) {
                selected += batch.items
                continue
            }
            let all = batches.flatMap(\.items)
            let matching = all.filter {
                $0.session == Session.ID(word) || $0.message == Message.ID(word) || $0.project == Project.ID(word)
            }
            guard !matching.isEmpty else {
                throw CommandFailure(
                    .notFound, "no batch and no id \"\(word)\" in the trash of \(database); see: opencodefs trash")
            }
            selected += matching
        }
        var seen: Set<Int64> = []
        return selected.filter { seen.insert($0.id).inserted }
    }

    private static func report(_ restoration: Restoration, isRehearsal: Bool, asJSON: Bool) {
        let projects = restoration.restored.filter { $0.project != nil }.count
        let messages = restoration.restored.filter { $0.message != nil }.count
        let sessions = restoration.restored.count - projects - messages
        if asJSON {
            var document = JSONObject()
            document.add("dryRun", .boolean(isRehearsal))
            if projects > 0 { document.add("projects", .integer(projects)) }
            document.add("sessions", .integer(sessions))
            document.add("messages", .integer(messages))
            document.add("rows", .integer(restoration.rows))
            document.add("alreadyThere", .integer(restoration.present))
            Console.print(bytes: document.document())
            return
        }
        let what = [(projects, "project"), (sessions, "session"), (messages, "message")].filter { $0.0 > 0 }
            .map { Human.count($0.0, $0.1) }
        let verb = isRehearsal ? "Would restore" : "Restored"
        Console.print("\(verb) \(what.joined(separator: " and ")): \(Human.count(restoration.rows, "row")).")
        if restoration.present > 0 {
            Console.note("\(Human.count(restoration.present, "row")) had never gone or had come back already.")
        }
    }

    private static func failure(_ error: RestoreError, _ provider: Provider) -> CommandFailure {
        switch error {
        case .taken(let item, let table) where item.kind == .replaced:
            CommandFailure(
                .conflict,
                "\(item.path) cannot become what it was: its row of \(table) is not as that save left it; somebody has changed or removed it since. Restore what came later first: opencodefs trash lists it. Nothing was changed."
            )
        case .taken(let item, let table):
            CommandFailure(
                .conflict,
                "\(item.path) cannot come back: its id or its number in the session is taken by another row of \(table); remove that one first. Nothing was changed."
            )
        case .homeless(let item):
            CommandFailure(
                .conflict,
                "\(item.path) cannot come back alone: its session \(item.session) is not in the database; restore that too: opencodefs restore \(item.session). Nothing was changed."
            )
        case .otherSchema(let item, let missing):
            CommandFailure(
                .unknownSchema,
                "\(item.path) cannot come back: the database has no \(missing) any more. It stays in the trash.")
        case .store(let error): History.failure(error, provider)
        }
    }
}
