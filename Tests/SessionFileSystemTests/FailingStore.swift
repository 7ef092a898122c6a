import SessionModel
import SessionStore
import Synchronization
import Timing

/// A store that answers as another does, and fails at the question it is told.
final class FailingStore: SessionStore {
    private let store: any SessionStore
    private let trouble: Trouble

    /// When to fail and how.
    final class Trouble: Sendable {
        private let state = Mutex<(countdown: Int?, error: StoreError)>((nil, .busy))

        /// Fails at the question after so many more, and at all that follow.
        func arise(after questions: Int, _ error: StoreError) {
            state.withLock { $0 = (questions, error) }
        }

        func end() {
            state.withLock { $0.countdown = nil }
        }

        /// Whether there has been a failure.
        var hasStruck: Bool { state.withLock { $0.countdown.map { $0 < 0 } ?? false } }

        func ask() throws(StoreError) {
            let error = state.withLock { state -> StoreError? in
                guard let countdown = state.countdown else { return nil }
                state.countdown = max(countdown - 1, -1)
                return countdown <= 0 ? state.error : nil
            }
            if let error { throw error }
        }
    }

    init(_ store: any SessionStore, _ trouble: Trouble) {
        self.store = store
        self.trouble = trouble
    }

    func facts() throws(StoreError) -> StoreFacts {
        try trouble.ask()
        return try store.facts()
    }

    func changeToken(_ patience: Patience) throws(StoreError) -> ChangeToken {
        try trouble.ask()
        return try store.changeToken(patience)
    }

    func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try trouble.ask()
        let trouble = trouble
        return try store.reading(patience) { (snapshot) throws(StoreError) in
            try body(FailingSnapshot(snapshot: snapshot, trouble: trouble))
        }
    }

    func removeMessage(_ id: Message.ID, of session: Session.ID, _ removal: Writing) throws(StoreError) {
        try trouble.ask()
        try store.removeMessage(id, of: session, removal)
    }

    func removeSession(_ id: Session.ID, _ removal: Writing) throws(StoreError) {
        try trouble.ask()
        try store.removeSession(id, removal)
    }

    func apply(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change]
    ) throws(StoreError) {
        try trouble.ask()
        try store.apply(writing) { (snapshot) throws(StoreError) in
            try decide(FailingSnapshot(snapshot: snapshot, trouble: trouble))
        }
    }

    var trash: Trash? { store.trash }

    func restore(_ items: [TrashBatch.Item], _ patience: Patience) throws(RestoreError) -> Restoration {
        do throws(StoreError) { try trouble.ask() } catch { throw .store(error) }
        return try store.restore(items, patience)
    }

    func rehearsing<Outcome>(
        _ items: [TrashBatch.Item], _ patience: Patience,
        _ body: (any HistorySnapshot) throws(StoreError) -> Outcome
    ) throws(RestoreError) -> Outcome {
        do throws(StoreError) { try trouble.ask() } catch { throw .store(error) }
        return try store.rehearsing(items, patience, body)
    }

    func close() { store.close() }
}

private struct FailingSnapshot: HistorySnapshot {
    let snapshot: any HistorySnapshot
    let trouble: FailingStore.Trouble

    private func ask<Answer>(_ question: () throws(StoreError) -> Answer) throws(StoreError) -> Answer {
        try trouble.ask()
        return try question()
    }

    func projects() throws(StoreError) -> [Project] { try ask { () throws(StoreError) in try snapshot.projects() } }
    func sessions() throws(StoreError) -> [Session] { try ask { () throws(StoreError) in try snapshot.sessions() } }
    func counts() throws(StoreError) -> Counts { try ask { () throws(StoreError) in try snapshot.counts() } }

    func messageOrder(of session: Session.ID) throws(StoreError) -> [(id: Message.ID, order: Message.Order)] {
        try ask { () throws(StoreError) in try snapshot.messageOrder(of: session) }
    }

    func speakers(of session: Session.ID) throws(StoreError) -> [Message.Speaker] {
        try ask { () throws(StoreError) in try snapshot.speakers(of: session) }
    }

    /// Fails between two messages too.
    func messages(of session: Session.ID, _ body: (Message) throws(StoreError) -> Void) throws(StoreError) {
        try snapshot.messages(of: session) { (message) throws(StoreError) in
            try trouble.ask()
            try body(message)
        }
    }

    func message(_ id: Message.ID, of session: Session.ID) throws(StoreError) -> Message? {
        try ask { () throws(StoreError) in try snapshot.message(id, of: session) }
    }

    func session(of message: Message.ID) throws(StoreError) -> Session.ID? {
        try ask { () throws(StoreError) in try snapshot.session(of: message) }
    }

    func newestMessage(of session: Session.ID) throws(StoreError) -> Message? {
        try ask { () throws(StoreError) in try snapshot.newestMessage(of: session) }
    }

    func lastChange(of session: Session.ID) throws(StoreError) -> Int64? {
        try ask { () throws(StoreError) in try snapshot.lastChange(of: session) }
    }

    func role(of message: Message) throws(StoreError) -> [UInt8]? {
        try ask { () throws(StoreError) in try snapshot.role(of: message) }
    }

    func texts(of message: Message) throws(StoreError) -> [[UInt8]] {
        try ask { () throws(StoreError) in try snapshot.texts(of: message) }
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8] {
        try ask { () throws(StoreError) in try snapshot.text(index, of: message, range: range) }
    }

    func sessionRecord(_ id: Session.ID) throws(StoreError) -> SessionRecord? {
        try ask { () throws(StoreError) in try snapshot.sessionRecord(id) }
    }

    func traits() throws(StoreError) -> [Session.ID: SessionTraits] {
        try ask { () throws(StoreError) in try snapshot.traits() }
    }

    func fileRevisions(of session: Session.ID) throws(StoreError) -> [FileRevision] {
        try ask { () throws(StoreError) in try snapshot.fileRevisions(of: session) }
    }

    func text(of revision: FileRevision.ID, range: Range<Int>) throws(StoreError) -> [UInt8] {
        try ask { () throws(StoreError) in try snapshot.text(of: revision, range: range) }
    }

    func textsWithFiles(of session: Session.ID) throws(StoreError) -> [TextSource] {
        try ask { () throws(StoreError) in try snapshot.textsWithFiles(of: session) }
    }

    func projectRecord(_ id: Project.ID) throws(StoreError) -> Record? {
        try ask { () throws(StoreError) in try snapshot.projectRecord(id) }
    }

    func todos(of session: Session.ID) throws(StoreError) -> [Todo] {
        try ask { () throws(StoreError) in try snapshot.todos(of: session) }
    }

    var generation: SessionRecord.Generation { snapshot.generation }

    func hiddenColumns(of message: Message) throws(StoreError) -> HiddenColumns {
        try ask { () throws(StoreError) in try snapshot.hiddenColumns(of: message) }
    }
}
