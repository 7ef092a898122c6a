package import SessionModel
package import Timing

/// The history in a database: what a schema means, whatever the provider.
///
/// Calls come from several threads. What is read in one ``reading(_:_:)`` is one version of everything; nothing is kept
/// open when it returns.
package protocol SessionStore: Sendable {
    /// What this database is, for status and for refusing.
    func facts() throws(StoreError) -> StoreFacts

    /// A token that differs from every earlier one when anything has been committed in between, by whomever.
    func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken

    /// Lends one version of the history.
    func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result

    /// Deletes a message with its parts, once its rows are in the trash.
    func removeMessage(_ id: Message.ID, of session: Session.ID, _ removal: Writing) throws(StoreError)

    /// Deletes a session without messages and all that belongs to it, once its rows are in the trash.
    ///
    /// - Throws: `.notEmpty` when a message has arrived.
    func removeSession(_ id: Session.ID, _ removal: Writing) throws(StoreError)

    /// Changes the history in one transaction, durably: all of what was decided, or nothing.
    ///
    /// What the changes replace or delete is in the trash before (rule W3).
    ///
    /// - Parameter decide: looks at the history as it is and says what to change; nothing is, where it returns nothing.
    ///   It is asked again, with the history of then, when somebody else has committed in between: what it decided last is
    ///   what happens.
    /// - Throws: `.taken` where an id belongs to something else; what `decide` throws.
    func apply(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change]
    ) throws(StoreError)

    /// Where what is removed goes; nil for nowhere.
    var trash: Trash? { get }

    /// Puts items of the trash back, all or none: every row as it was.
    func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration

    /// Lends the history as it would be with items of the trash put back. Nothing changes; others wait meanwhile, as for a
    /// save.
    func rehearsing<Outcome>(
        _ items: [TrashBatch.Item], _ patience: Patience,
        _ body: (any HistorySnapshot) throws(StoreError) -> Outcome
    ) throws(RestoreError) -> Outcome

    /// Lets go of the database; later calls are refused.
    func close()
}

extension SessionStore {
    /// For those who answer to nobody: waits no longer than a program would.
    package func changeToken() throws(StoreError) -> ChangeToken {
        try changeToken(.lasting(.seconds(5)))
    }
}

/// Which version of the database something was read from. Equal tokens, equal contents.
package struct ChangeToken: Hashable, Sendable {
    let changes: Int64
    let schema: Int64
    /// How often another file has taken the place of the database.
    let generation: Int64

    package init(changes: Int64, schema: Int64, generation: Int64 = 0) {
        self.changes = changes
        self.schema = schema
        self.generation = generation
    }

    /// The token of what does not come from the database.
    package static let none = ChangeToken(changes: -1, schema: -1, generation: -1)

    package func hasOtherTables(than other: ChangeToken) -> Bool {
        schema != other.schema || generation != other.generation
    }

    /// Whether another file stands at the database's path: times and lengths in one say nothing about the other.
    package func isOfAnotherFile(than other: ChangeToken) -> Bool {
        generation != other.generation
    }
}

/// One version of the history. Good until the closure it was lent to returns.
package protocol HistorySnapshot {
    /// All projects, and one for each id that only sessions name.
    func projects() throws(StoreError) -> [Project]

    /// All sessions of all projects, each once.
    func sessions() throws(StoreError) -> [Session]

    /// What has become of sessions that ``sessions()`` returned before, of whatever version.
    ///
    /// - Returns: those that are other than they were, by their place in the list; nil where sessions have come or gone,
    ///   or are listed in another order.
    func changedSessions(since known: [Session]) throws(StoreError) -> [Int: Session]?

    /// The ids of a session's messages in OpenCode's own order.
    func messageOrder(of session: Session.ID) throws(StoreError) -> [(id: Message.ID, order: Message.Order)]

    /// A session's messages in OpenCode's own order, as far as their names say: who speaks, and nothing of what is said.
    func speakers(of session: Session.ID) throws(StoreError) -> [Message.Speaker]

    /// A session's messages one by one in OpenCode's own order, without reading their texts.
    func messages(
        of session: Session.ID, _ body: (Message) throws(StoreError) -> Void
    ) throws(StoreError)

    func message(_ id: Message.ID, of session: Session.ID) throws(StoreError) -> Message?

    /// A message with its texts, for who wants all of it: in one go where the store can.
    ///
    /// - Parameter limit: in bytes; where the texts have more in all, they are not read.
    /// - Returns: nil where there is no such message; no texts where they have more.
    func contents(
        of id: Message.ID, in session: Session.ID, upTo limit: Int
    ) throws(StoreError) -> (message: Message, texts: [[UInt8]]?)?

    /// The session that a message is shown in; nil where there is no such message.
    func session(of message: Message.ID) throws(StoreError) -> Session.ID?

    /// A session's last message in OpenCode's own order.
    func newestMessage(of session: Session.ID) throws(StoreError) -> Message?

    /// When a session's last message changed, as far as that can be told without reading them all; milliseconds since
    /// 1970.
    func lastChange(of session: Session.ID) throws(StoreError) -> Int64?

    /// Who speaks (V2: the type), found at the beginning of the text; nil where it does not say.
    func role(of message: Message) throws(StoreError) -> [UInt8]?

    /// The texts of a message, as ``Message/texts`` numbers them, whole.
    func texts(of message: Message) throws(StoreError) -> [[UInt8]]

    /// Some bytes of one text of a message.
    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8]

    /// Versions of files that a session's agent has touched, without their texts; none where the family keeps none.
    func fileRevisions(of session: Session.ID) throws(StoreError) -> [FileRevision]

    /// Some bytes of one of them; fewer where it has gone.
    func text(of revision: FileRevision.ID, range: Range<Int>) throws(StoreError) -> [UInt8]

    /// Texts of a session's messages that may hold files, in base64 or as data: URLs: all that do and perhaps others.
    ///
    /// What cannot is told by the beginning of a text or a word in it; texts above ``SnapshotLimits/searched`` bytes are not
    /// read for that, and always among the answers.
    func textsWithFiles(of session: Session.ID) throws(StoreError) -> [TextSource]

    /// Messages whose files may hold one of some words: every one that does, and perhaps others. Reads the texts of all messages;
    /// where a provider reads texts whole, those above ``SnapshotLimits/searched`` bytes are not read, and always among the answers.
    ///
    /// - Returns: nil where that cannot be told without making the files.
    func messages(thatMayHold words: [SoughtWord]) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]?

    func sessionRecord(_ id: Session.ID) throws(StoreError) -> SessionRecord?

    /// What sessions are found by, without reading a text of any message.
    func traits() throws(StoreError) -> [Session.ID: SessionTraits]

    /// For each session that has messages a number that is another when a message of it has come, gone or changed, as far as
    /// times and lengths of rows tell. Reads no text.
    ///
    /// - Parameter session: only of this one.
    func fingerprints(of session: Session.ID?) throws(StoreError) -> [Session.ID: Int64]

    func projectRecord(_ id: Project.ID) throws(StoreError) -> Record?

    func todos(of session: Session.ID) throws(StoreError) -> [Todo]

    func counts() throws(StoreError) -> Counts

    /// Which generation new sessions are made in.
    var generation: SessionRecord.Generation { get }

    /// What the rows of a message hold besides what its file shows.
    func hiddenColumns(of message: Message) throws(StoreError) -> HiddenColumns
}

extension HistorySnapshot {
    /// Reads them all, where the store has no quicker way.
    package func changedSessions(since known: [Session]) throws(StoreError) -> [Int: Session]? {
        let now = try sessions()
        guard now.count == known.count else { return nil }
        var changed: [Int: Session] = [:]
        for (position, session) in now.enumerated() where session != known[position] {
            guard session.id == known[position].id else { return nil }
            changed[position] = session
        }
        return changed
    }

    /// Describes it first, where the store has no quicker way.
    package func contents(
        of id: Message.ID, in session: Session.ID, upTo limit: Int
    ) throws(StoreError) -> (message: Message, texts: [[UInt8]]?)? {
        guard let message = try message(id, of: session) else { return nil }
        let octets = message.texts.reduce(0) { $0 + $1.octets }
        return (message, octets <= limit ? try texts(of: message) : nil)
    }

    /// Asks for it in one session after the other, where the store has no quicker way.
    package func session(of message: Message.ID) throws(StoreError) -> Session.ID? {
        for session in try sessions() where try self.message(message, of: session.id) != nil { return session.id }
        return nil
    }

    /// Who makes the files finds out.
    package func messages(
        thatMayHold words: [SoughtWord]
    ) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]? { nil }
    /// Describes them, where the store has no quicker way.
    package func speakers(of session: Session.ID) throws(StoreError) -> [Message.Speaker] {
        var speakers: [Message.Speaker] = []
        try messages(of: session) { (message) throws(StoreError) in
            speakers.append(Message.Speaker(id: message.id, order: message.order, role: try role(of: message)))
        }
        return speakers
    }

    /// Describes their messages, where the store has no quicker way.
    package func fingerprints(of session: Session.ID?) throws(StoreError) -> [Session.ID: Int64] {
        var fingerprints: [Session.ID: Int64] = [:]
        let asked = if let session { [session] } else { try sessions().map(\.id) }
        for session in asked {
            var fingerprint = Fingerprint()
            try messages(of: session) { (message) throws(StoreError) in fingerprint.add(message) }
            fingerprints[session] = fingerprint.value
        }
        return fingerprints.filter { $0.value != 0 }
    }

    /// All texts: who looks into them finds out.
    package func textsWithFiles(of session: Session.ID) throws(StoreError) -> [TextSource] {
        var sources: [TextSource] = []
        try messages(of: session) { (message) throws(StoreError) in
            if case .parted(_, let parts) = message.shape {
                sources += parts.map { TextSource(message: message.id, part: $0.id) }
            } else {
                sources.append(TextSource(message: message.id))
            }
        }
        return sources
    }

}

extension HistorySnapshot {
    /// Most histories keep none, and a mirror of a server asks it for none: a listing would wait for that.
    package func fileRevisions(of session: Session.ID) throws(StoreError) -> [FileRevision] { [] }
    package func text(of revision: FileRevision.ID, range: Range<Int>) throws(StoreError) -> [UInt8] { [] }
}

/// How much of the database a question may read.
package enum SnapshotLimits {
    /// Bytes of a text in which the database looks for words: it takes the whole of it into memory for that.
    package static let searched = 8 << 20
}

/// What a database is.
package struct StoreFacts: Sendable {
    /// "V1", "V2" or both; "Go".
    package let families: [String]
    /// Tables and columns that something we do would need, and that this schema lacks.
    package let missing: [String]
    /// Why nothing can be removed; nil when it can.
    package let readOnlyReason: String?
    /// "SQLite".
    package let provider: String

    package init(families: [String], missing: [String], readOnlyReason: String?, provider: String) {
        self.families = families
        self.missing = missing
        self.readOnlyReason = readOnlyReason
        self.provider = provider
    }
}

/// Something a program writes or removes: how long it waits, and under which heading the trash files what was there.
package struct Writing: Sendable {
    package let patience: Patience
    /// What one program does in one go is one batch of the trash.
    package let process: Int32
    /// How the thing is called in the tree, for `opencodefs trash`.
    package let path: String
    /// Asked what the program will probably remove next: that goes into the trash in the same commit, and is taken out
    /// again if it is not removed. A wrong answer costs time, no more.
    package let successors: @Sendable () -> [Successor]

    /// A message that a removal may follow for.
    package struct Successor: Sendable {
        let message: Message.ID
        let session: Session.ID
        /// As the removal will call it.
        let path: String

        package init(message: Message.ID, session: Session.ID, path: String) {
            self.message = message
            self.session = session
            self.path = path
        }
    }

    package init(
        patience: Patience, process: Int32, path: String, successors: @escaping @Sendable () -> [Successor] = { [] }
    ) {
        self.patience = patience
        self.process = process
        self.path = path
        self.successors = successors
    }
}
