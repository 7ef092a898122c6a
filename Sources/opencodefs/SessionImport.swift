internal import DemoHistory
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing

/// Puts the session of an export into a history: first everything is looked at, then it is written, in one transaction up to
/// 32 MiB of messages and in one for each 32 MiB above that.
struct SessionImport {
    let source: ImportSource
    let store: any SessionStore
    /// The project it is to go into; nil for that of the export.
    let project: Project.ID?
    let makesNewIDs: Bool
    let progress: ProgressLine

    /// How it ended, or would.
    struct Outcome {
        let session: Session.ID
        let project: Project.ID
        var inserted = 0
        /// Messages that were there and say the same.
        var present = 0
        var isNewSession = false
        var isNewProject = false
        /// Whether session.json of what is there says something else than the export; it is left as it is.
        var isOtherRow = false
    }

    private static let portion = 32 << 20

    func run(isRehearsal: Bool) throws(CommandFailure) -> Outcome {
        let scanner = try source.scan { position in
            progress.set("\(Human.size(Int64(position))) of \(Human.size(Int64(source.size))) read")
        }
        guard let range = scanner.info else { throw .refused(EditError("info is missing")) }
        var session = try editing { () throws(EditError) in try ImportedSession(try read(range)) }
        let messages = try collectIDs(session, scanner.messages)
        var names = RenamedIDs()
        if makesNewIDs {
            names = newIDs(session, messages)
            let text = names.applied(to: session.text)
            session = try editing { () throws(EditError) in try ImportedSession(text) }
        }
        let elements = zip(scanner.messages, messages).map { (range: $0, id: names[$1.message]) }
        var outcome = try look(session, elements, names)
        guard !isRehearsal, outcome.isNewSession || outcome.inserted > 0 else { return outcome }
        try write(session, elements, names, &outcome)
        return outcome
    }

    private typealias Element = (range: Range<Int>, id: Message.ID)
    private typealias IDs = (message: Message.ID, parts: [Message.Part.ID])

    private func collectIDs(_ session: ImportedSession, _ ranges: [Range<Int>]) throws(CommandFailure) -> [IDs] {
        var seen: Set<Message.ID> = []
        var ids: [IDs] = []
        for (number, range) in ranges.enumerated() {
            let bytes = try source.read(range)
            let found = try editing { () throws(EditError) in try session.ids(inMessage: bytes, number: number) }
            guard seen.insert(found.message).inserted else {
                throw .refused(EditError("messages[\(number)] has the id of one before it"))
            }
            ids.append(found)
        }
        return ids
    }

    private func newIDs(_ session: ImportedSession, _ messages: [IDs]) -> RenamedIDs {
        var random = SystemRandomNumberGenerator()
        var ids = OpenCodeIDs(seed: random.next())
        let now = Timestamp.now
        let isGo = session.generation == .go
        func next(_ kind: OpenCodeIDs.Kind) -> String { isGo ? ids.nextUUID() : ids.next(kind, at: now) }
        var names = RenamedIDs()
        names.rename(session.id, to: Session.ID(next(.session)))
        // In the order of the conversation: messages of one moment stand in the order of their ids.
        for message in messages {
            names.rename(message.message, to: Message.ID(next(.message)))
            for part in message.parts { names.rename(part, to: Message.Part.ID(next(.part))) }
        }
        return names
    }

    // MARK: Looking

    /// Looks at everything that could be wrong, before anything is written.
    private func look(
        _ session: ImportedSession, _ elements: [Element], _ names: RenamedIDs
    ) throws(CommandFailure) -> Outcome {
        try reading { (snapshot) throws(Refusal) in
            let record = try storing { () throws(StoreError) in try snapshot.sessionRecord(session.id) }
            let generation = record?.generation ?? snapshot.generation
            guard generation == session.generation else {
                throw .failure(
                    CommandFailure(
                        .failure,
                        "the export is of \(session.generation.product) and the history is of \(generation.product); import it there, or let OpenCode convert it. Nothing was imported."
                    ))
            }
            guard let project = project ?? session.project else {
                throw .failure(CommandFailure(.usage, "import: the export names no project; name one with --project"))
            }
            var outcome = Outcome(session: session.id, project: project)
            outcome.isNewSession = record == nil
            if let record { outcome.isOtherRow = !session.isSame(as: record, now: 0) }
            let insertion = try insertion(of: session, into: project, snapshot)
            if record == nil {
                outcome.isNewProject = insertion.contains { if case .insertProject = $0 { true } else { false } }
            }
            for (number, element) in elements.enumerated() {
                let bytes = try self.element(named: names, element)
                if try look(session, element.id, bytes, number, snapshot) {
                    outcome.present += 1
                } else {
                    outcome.inserted += 1
                }
                progress.set("\(number + 1) of \(elements.count) messages looked at")
            }
            guard !outcome.isOtherRow || outcome.inserted == 0 else {
                throw .conflict("the session \(session.id) is there already, and has been changed since")
            }
            return outcome
        }
    }

    /// Looks at a message, and whether it is there already.
    private func look(
        _ session: ImportedSession, _ id: Message.ID, _ bytes: [UInt8], _ number: Int, _ snapshot: any HistorySnapshot
    ) throws(Refusal) -> Bool {
        let owner = try storing { () throws(StoreError) in try snapshot.session(of: id) }
        guard let owner else {
            do throws(EditError) {
                _ = try session.newMessage(id, from: bytes, number: number, isRenamed: makesNewIDs)
            } catch {
                throw .failure(.refused(error))
            }
            return false
        }
        guard owner == session.id else { throw .conflict("the message \(id) is there already, in another session") }
        let isSame = try storing { () throws(StoreError) -> Bool in
            guard let message = try snapshot.message(id, of: owner) else { return false }
            return session.isSame(message, texts: try snapshot.texts(of: message), as: bytes)
        }
        guard isSame else { throw .conflict("the message \(id) is there already, and says something else") }
        return true
    }

    private func insertion(
        of session: ImportedSession, into project: Project.ID, _ snapshot: any HistorySnapshot
    ) throws(Refusal) -> [Change] {
        let row = try storing { () throws(StoreError) in try snapshot.projectRecord(project) }
        let known = try storing { () throws(StoreError) in
            try session.parent.map { (parent) throws(StoreError) in try snapshot.sessionRecord(parent) != nil } ?? false
        }
        do throws(EditError) {
            return try session.insertion(
                into: project, worktree: row.map { $0.text("worktree") ?? Array("/".utf8) },
                now: Timestamp.now.milliseconds, isKnown: { $0 == session.parent && known })
        } catch {
            throw .failure(.refused(error))
        }
    }

    // MARK: Writing

    private func write(
        _ session: ImportedSession, _ elements: [Element], _ names: RenamedIDs, _ outcome: inout Outcome
    ) throws(CommandFailure) {
        var first = 0
        var isFirst = true
        while isFirst || first < elements.count {
            var end = first
            var size = 0
            while end < elements.count, end == first || size + elements[end].range.count <= Self.portion {
                size += elements[end].range.count
                end += 1
            }
            let portion = Array(elements[first..<end])
            do throws(CommandFailure) {
                try write(session, portion, from: first, names, outcome.project)
            } catch {
                guard first > 0 else { throw error }
                let nothing = " Nothing was imported."
                let reason =
                    error.message.hasSuffix(nothing) ? error.message.dropLast(nothing.count) : error.message[...]
                throw CommandFailure(
                    error.status,
                    "\(reason) \(Human.count(first, "message")) had been imported before; import again to go on")
            }
            (first, isFirst) = (end, false)
            progress.set("\(first) of \(elements.count) messages written")
        }
    }

    /// Writes some messages, and in front of the first the session, in one transaction.
    private func write(
        _ session: ImportedSession, _ elements: [Element], from first: Int, _ names: RenamedIDs, _ project: Project.ID
    ) throws(CommandFailure) {
        var refusal: Refusal?
        let writing = Writing(
            patience: .lasting(.seconds(60)), process: System.processID, path: "import/\(session.id)")
        do throws(StoreError) {
            try store.apply(writing) { (snapshot) throws(StoreError) in
                refusal = nil
                do throws(Refusal) {
                    var changes: [Change] = []
                    if try storing({ () throws(StoreError) in try snapshot.sessionRecord(session.id) }) == nil {
                        changes = try insertion(of: session, into: project, snapshot)
                    }
                    for (index, element) in elements.enumerated() {
                        let bytes = try self.element(named: names, element)
                        if try look(session, element.id, bytes, first + index, snapshot) { continue }
                        do throws(EditError) {
                            let message = try session.newMessage(
                                element.id, from: bytes, number: first + index, isRenamed: makesNewIDs)
                            changes.append(.insertMessage(message))
                        } catch {
                            throw Refusal.failure(.refused(error))
                        }
                    }
                    return changes
                } catch {
                    refusal = error
                    return []
                }
            }
        } catch {
            throw failure(error)
        }
        if let refusal { throw failure(refusal) }
    }

    // MARK: Errors

    /// Why nothing is written.
    private enum Refusal: Error {
        case failure(CommandFailure)
        case store(StoreError)

        static func conflict(_ what: String) -> Refusal {
            .failure(
                CommandFailure(
                    .conflict, "\(what); import it as another session with --new-ids. Nothing was imported."))
        }
    }

    private func element(named names: RenamedIDs, _ element: Element) throws(Refusal) -> [UInt8] {
        do throws(CommandFailure) {
            return names.applied(to: try source.read(element.range))
        } catch {
            throw .failure(error)
        }
    }

    private func read(_ range: Range<Int>) throws(EditError) -> [UInt8] {
        do throws(CommandFailure) { return try source.read(range) } catch { throw EditError(error.message) }
    }

    private func editing<Result>(_ body: () throws(EditError) -> Result) throws(CommandFailure) -> Result {
        do throws(EditError) { return try body() } catch { throw .refused(error) }
    }

    private func storing<Result>(_ body: () throws(StoreError) -> Result) throws(Refusal) -> Result {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }

    private func reading<Result>(
        _ body: (any HistorySnapshot) throws(Refusal) -> Result
    ) throws(CommandFailure) -> Result {
        var result: Swift.Result<Result, Refusal>?
        do throws(StoreError) {
            try store.reading(.lasting(.seconds(600))) { (snapshot) throws(StoreError) in
                do throws(Refusal) { result = .success(try body(snapshot)) } catch { result = .failure(error) }
            }
        } catch {
            throw failure(error)
        }
        switch result {
        case .success(let result): return result
        case .failure(let refusal): throw failure(refusal)
        case nil: throw failure(StoreError.notFound)
        }
    }

    private func failure(_ refusal: Refusal) -> CommandFailure {
        switch refusal {
        case .failure(let failure): failure
        case .store(let error): failure(error)
        }
    }

    private func failure(_ error: StoreError) -> CommandFailure {
        switch error {
        case .busy, .expired:
            CommandFailure(.busy, "the database is locked by another program; try again. Nothing was imported.")
        case .taken(let reason):
            CommandFailure(.conflict, "\(reason); import it as another session with --new-ids. Nothing was imported.")
        case .notAllowed(let reason), .readOnly(let reason), .denied(let reason), .unavailable(let reason),
            .tooLarge(let reason), .unsupportedSchema(let reason):
            CommandFailure(.failure, "cannot import: \(reason). Nothing was imported.")
        case .full: CommandFailure(.failure, "no space left for the session. Nothing was imported.")
        case .cancelled, .notFound, .notEmpty:
            CommandFailure(.failure, "cannot import: the history has changed meanwhile; try again")
        }
    }
}

extension SessionRecord.Generation {
    /// For people.
    fileprivate var product: String {
        switch self {
        case .v1: "OpenCode 1"
        case .v2: "OpenCode 2"
        case .go: "the Go OpenCode"
        }
    }
}
