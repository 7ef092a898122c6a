private import Glibc
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing

/// Takes large files out of messages.
enum SlimCommand: Command {
    static let name = "slim"
    static let summary = "replace large attachments by small stubs"
    static let usage = ["[OPTION...] SESSION...", "[OPTION...] --all"]
    static let all = CommandOption("all", help: "every session")
    static let larger = CommandOption(
        "larger", argument: "SIZE", help: "only files above this size, as 500K, 1M or 1G (default 1M)")
    static let options: [CommandOption] = [.database, .db, all, larger, .dryRun, .json]
    static let details = """
        Pictures become a single pixel, other files a line of text; OpenCode goes on with
        the conversation. Each message as it was is in the trash for 7 days, byte for byte:
        opencodefs restore --last. A SESSION is an id, or a directory of a mount. The
        database file itself shrinks when OpenCode's own tools vacuum it.
        """
    static let examples = [
        ("opencodefs slim --all --dry-run", "says what would be saved"),
        ("opencodefs slim --larger 200K ses_4d58…", "one session"),
    ]

    /// What was done, or would be.
    private struct Tally {
        var files = 0
        var messages = 0
        var saved = 0
        /// Messages that stay as they are, and why.
        var skipped: [(message: Message.ID, reason: String)] = []
    }

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        let limit = try size(arguments[larger] ?? "1M")
        guard arguments.has(all) != !arguments.operands.isEmpty else {
            throw CommandFailure(.usage, "slim: name sessions, or say --all for every one")
        }
        let (database, trash) = try TrashCommand.locate(arguments)
        let provider = try database.provider(try UserConfiguration())
        let isRehearsal = arguments.has(.dryRun)
        let store = try History.open(
            provider, History.Wishes(trash: trash, isReadOnly: isRehearsal, home: History.home(of: provider)))
        defer { store.close() }
        var tally = Tally()
        do throws(StoreError) {
            if !isRehearsal, let reason = try store.facts().readOnlyReason { throw .readOnly(reason: reason) }
            let known = try store.reading(.lasting(.seconds(60))) { (snapshot) throws(StoreError) in
                try snapshot.sessions().map(\.id)
            }
            let chosen = arguments.has(all) ? known : arguments.operands.map { session(named: $0) }
            if let missing = chosen.first(where: { !known.contains($0) }) {
                throw .notAllowed(reason: "there is no session \(missing)")
            }
            let progress = ProgressLine("Looking for attachments…")
            defer { progress.clear() }
            for (number, session) in chosen.enumerated() {
                progress.set("Session \(number + 1) of \(chosen.count): \(Human.size(Int64(tally.saved))) saved")
                try slim(session, limit, isRehearsal, store, &tally)
            }
        } catch {
            if case .notAllowed(let reason) = error { throw CommandFailure(.notFound, reason) }
            // What was replaced before is told of, and comes back like the rest.
            if tally.messages > 0 { report(tally, isRehearsal: isRehearsal, asJSON: arguments.has(.json)) }
            throw History.failure(error, provider)
        }
        report(tally, isRehearsal: isRehearsal, asJSON: arguments.has(.json))
        return tally.skipped.isEmpty ? .success : .partial
    }

    private static func slim(
        _ session: Session.ID, _ limit: Int, _ isRehearsal: Bool, _ store: any SessionStore, _ tally: inout Tally
    ) throws(StoreError) {
        let messages = try store.reading(.lasting(.seconds(60))) { (snapshot) throws(StoreError) in
            var seen: Set<Message.ID> = []
            return try snapshot.textsWithFiles(of: session).map(\.message).filter {
                seen.insert($0).inserted
            }
        }
        for message in messages {
            var outcome = Outcome.untouched
            let writing = Writing(
                patience: .lasting(.seconds(60)), process: getpid(), path: "/…/\(session)/messages/\(message).json")
            do throws(StoreError) {
                if isRehearsal {
                    try store.reading(writing.patience) { (snapshot) throws(StoreError) in
                        outcome = try self.outcome(message, of: session, limit, snapshot)
                    }
                } else {
                    try store.apply(writing) { (snapshot) throws(StoreError) in
                        outcome = try self.outcome(message, of: session, limit, snapshot)
                        guard case .slimmed(let slim) = outcome else { return [] }
                        return [.updateMessage(message, of: session, slim.update)]
                    }
                }
            } catch {
                guard case .notAllowed(let reason) = error else { throw error }
                outcome = .skipped(reason)
            }
            switch outcome {
            case .untouched: break
            case .skipped(let reason): tally.skipped.append((message, reason))
            case .slimmed(let slim):
                tally.files += slim.count
                tally.messages += 1
                tally.saved += slim.saved
            }
        }
    }

    private enum Outcome {
        case untouched
        case skipped(String)
        case slimmed(SlimmedMessage)
    }

    /// What becomes of a message, as it stands in the history.
    private static func outcome(
        _ id: Message.ID, of session: Session.ID, _ limit: Int, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> Outcome {
        guard let message = try snapshot.message(id, of: session),
            message.texts.contains(where: { $0.octets > limit })
        else { return .untouched }
        let texts = try snapshot.texts(of: message)
        do throws(EditError) {
            guard let slim = try MessageEdit.slimmed(message, texts: texts, larger: limit) else { return .untouched }
            let record = try snapshotRecord(session, snapshot)
            if let reason = MessageEdit.reasonInFlight(
                message, texts: texts, session: record, now: Timestamp.now.milliseconds)
            {
                return .skipped(reason)
            }
            return .slimmed(slim)
        } catch {
            return .skipped(error.reason)
        }
    }

    private static func snapshotRecord(
        _ session: Session.ID, _ snapshot: any HistorySnapshot
    ) throws(EditError) -> SessionRecord? {
        do throws(StoreError) {
            return try snapshot.sessionRecord(session)
        } catch {
            throw EditError("its session cannot be read: \(error)")
        }
    }

    /// The session that a word names: an id, or the path of its directory.
    private static func session(named word: String) -> Session.ID {
        let last = word.split(separator: "/").last ?? ""
        return Session.ID(String(last.split(separator: "~").last ?? last))
    }

    private static func size(_ word: String) throws(CommandFailure) -> Int {
        let units: [Character: Int] = ["K": 10, "M": 20, "G": 30]
        let shift = word.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Int(shift == nil ? word : String(word.dropLast())), number >= 0,
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0)), !overflow
        else { throw CommandFailure(.usage, "slim: --larger takes a size such as 500K, 1M or 1G, not \"\(word)\"") }
        return bytes
    }

    private static func report(_ tally: Tally, isRehearsal: Bool, asJSON: Bool) {
        if asJSON {
            var document = JSONObject()
            document.add("dryRun", .boolean(isRehearsal))
            document.add("attachments", .integer(tally.files))
            document.add("messages", .integer(tally.messages))
            document.add("saved", .integer(tally.saved))
            document.add(
                "skipped",
                .array(
                    tally.skipped.map { skipped in
                        var entry = JSONObject()
                        entry.add("message", .string(skipped.message.bytes))
                        entry.add("reason", .string(skipped.reason))
                        return .object(entry)
                    }))
            Console.print(bytes: document.document())
            return
        }
        let what = "\(Human.count(tally.files, "attachment")) of \(Human.count(tally.messages, "message"))"
        let size = Human.size(Int64(tally.saved))
        Console.print(isRehearsal ? "Would replace \(what): \(size) less." : "Replaced \(what): \(size) less.")
        if !isRehearsal, tally.files > 0 {
            Console.note("The originals are in the trash for 7 days: opencodefs restore --last brings them back.")
        }
        for (message, reason) in tally.skipped { Console.note("\(message) stays as it is: \(reason)") }
    }
}
