internal import SQL
internal import SessionModel
internal import Timing

/// One version of the history: what the mirror knows, and what it has to ask for.
///
/// Of one thread, for the length of one ``TeamStore/reading(_:_:)``.
final class MirrorSnapshot: HistorySnapshot {
    private let store: TeamStore
    private let table: SessionTable
    private let patience: Patience
    /// What was handed out stays as it is until the end.
    private var described: [Session.ID: DescribedSession] = [:]
    /// Whether something turned out to be another than was known: what was read so far is no version.
    private(set) var isOvertaken = false

    init(store: TeamStore, table: SessionTable, patience: Patience) {
        self.store = store
        self.table = table
        self.patience = patience
    }

    func projects() -> [Project] { table.projects }

    func sessions() -> [Session] { table.sessions }

    func sessionRecord(_ id: Session.ID) -> SessionRecord? {
        table[id].map { SessionRecord(.go, table.columns.record($0.row)) }
    }

    func projectRecord(_ id: Project.ID) -> Record? { nil }

    func todos(of session: Session.ID) -> [Todo] { [] }

    func counts() -> Counts { table.counts }

    func messageOrder(of session: Session.ID) throws(StoreError) -> [(id: Message.ID, order: Message.Order)] {
        guard let described = try described(session) else { return [] }
        return described.rows.compactMap { row in described.columns.id(of: row).map { ($0, .rank) } }
    }

    func messages(of session: Session.ID, _ body: (Message) throws(StoreError) -> Void) throws(StoreError) {
        guard let described = try described(session) else { return }
        for position in described.rows.indices {
            if let message = described.message(at: position) { try body(message) }
        }
    }

    func message(_ id: Message.ID, of session: Session.ID) throws(StoreError) -> Message? {
        guard let described = try described(session), let position = described.position(of: id) else { return nil }
        return described.message(at: position)
    }

    func newestMessage(of session: Session.ID) throws(StoreError) -> Message? {
        guard let described = try described(session), !described.rows.isEmpty else { return nil }
        return described.message(at: described.rows.count - 1)
    }

    /// A session's row moves with each message that comes or goes, and when an answer ends: no question is worth the rest.
    func lastChange(of session: Session.ID) -> Int64? { nil }

    func role(of message: Message) -> [UInt8]? { GoSnapshot.role(of: message) }

    func texts(of message: Message) throws(StoreError) -> [[UInt8]] {
        let (session, position) = try place(of: message)
        return [try bytes(try store.text(at: position, of: session, patience))]
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(StoreError) -> [UInt8] {
        let (session, position) = try place(of: message)
        return try bytes(try store.text(at: position, of: session, range: range, patience))
    }

    var generation: SessionRecord.Generation { .go }

    func hiddenColumns(of message: Message) -> HiddenColumns {
        HiddenColumns(message: [], parts: [:])
    }

    func textsWithFiles(of session: Session.ID) throws(StoreError) -> [TextSource] {
        try store.asking(patience) { (snapshot) throws(StoreError) in
            try snapshot.textsWithFiles(of: session)
        }
    }

    func messages(
        thatMayHold words: [SoughtWord]
    ) throws(StoreError) -> [(id: Message.ID, session: Session.ID)]? {
        var found: [(id: Message.ID, session: Session.ID)] = []
        // One after the other: a server that answers nobody for seconds is taken for one that is away.
        for session in table.sessions {
            let some = try store.asking(patience) { (snapshot) throws(StoreError) in
                try snapshot.messages(of: session.id, thatMayHold: words)
            }
            guard let some else { return nil }
            found += some
        }
        return found
    }

    func fileRevisions(of session: Session.ID) throws(StoreError) -> [FileRevision] {
        try store.asking(patience) { (snapshot) throws(StoreError) in
            try snapshot.fileRevisions(of: session)
        }
    }

    func text(of revision: FileRevision.ID, range: Range<Int>) throws(StoreError) -> [UInt8] {
        try store.asking(patience) { (snapshot) throws(StoreError) in
            try snapshot.text(of: revision, range: range)
        }
    }

    func traits() throws(StoreError) -> [Session.ID: SessionTraits] {
        try store.asking(patience) { (snapshot) throws(StoreError) in try snapshot.traits() }
    }

    func session(of message: Message.ID) throws(StoreError) -> Session.ID? {
        try store.asking(patience) { (snapshot) throws(StoreError) in try snapshot.session(of: message) }
    }

    private func described(_ session: Session.ID) throws(StoreError) -> DescribedSession? {
        if let known = described[session] { return known }
        guard table[session] != nil else { return nil }
        guard let found = try store.described(session, patience) else {
            // It was there when this version was taken.
            isOvertaken = true
            throw .notFound
        }
        described[session] = found
        return found
    }

    private func place(of message: Message) throws(StoreError) -> (DescribedSession, Int) {
        guard let session = try described(message.session), let position = session.position(of: message.id) else {
            throw .notFound
        }
        return (session, position)
    }

    private func bytes(_ finding: TeamStore.Finding) throws(StoreError) -> [UInt8] {
        switch finding {
        case .bytes(let bytes): return bytes
        case .overtaken:
            isOvertaken = true
            throw .notFound
        }
    }
}
