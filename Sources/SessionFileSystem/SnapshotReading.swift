internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing
internal import VFS

/// A snapshot of the store, as views see it.
struct SnapshotReading: HistoryReading {
    let snapshot: any HistorySnapshot
    let catalog: Catalog
    /// What the catalog was read at; what is kept of the rows is kept for it.
    let token: ChangeToken
    let files: SessionFileSystem
    let patience: Patience

    var naming: Naming { files.naming }

    func path(to session: Session.ID) -> [FileName]? {
        files.names(of: .session(session), catalog)
    }

    func sessionRecord(_ id: Session.ID) throws(ViewError) -> SessionRecord? {
        try asking { () throws(StoreError) in try snapshot.sessionRecord(id) }
    }

    func projectRecord(_ id: Project.ID) throws(ViewError) -> Record? {
        try asking { () throws(StoreError) in try snapshot.projectRecord(id) }
    }

    func todos(of session: Session.ID) throws(ViewError) -> [Todo] {
        try asking { () throws(StoreError) in try snapshot.todos(of: session) }
    }

    func traits() throws(ViewError) -> [Session.ID: SessionTraits] {
        try asking { () throws(StoreError) in try files.traits(token, snapshot) }
    }

    func messages(of session: Session.ID, _ body: (Message) throws(ViewError) -> Void) throws(ViewError) {
        var refusal: ViewError?
        try asking { () throws(StoreError) in
            try snapshot.messages(of: session) { (message) throws(StoreError) in
                guard refusal == nil else { return }
                do throws(ViewError) { try body(message) } catch { refusal = error }
            }
        }
        if let refusal { throw refusal }
    }

    func message(_ id: Message.ID, of session: Session.ID) throws(ViewError) -> Message? {
        try asking { () throws(StoreError) in try snapshot.message(id, of: session) }
    }

    func session(of message: Message.ID) throws(ViewError) -> Session.ID? {
        try asking { () throws(StoreError) in try snapshot.session(of: message) }
    }

    func texts(of message: Message) throws(ViewError) -> [[UInt8]] {
        try asking { () throws(StoreError) in try snapshot.texts(of: message) }
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(ViewError) -> [UInt8] {
        try asking { () throws(StoreError) in try snapshot.text(index, of: message, range: range) }
    }

    func attachments(of session: Session.ID) throws(ViewError) -> [Attachment] {
        try asking { () throws(StoreError) in try files.attachments(of: session, token, snapshot) }
    }

    var keepsFileRevisions: Bool { snapshot.generation == .go }

    func fileRevisions(of session: Session.ID) throws(ViewError) -> [FileRevision] {
        try asking { () throws(StoreError) in try files.fileRevisions(of: session, token, snapshot) }
    }

    func text(
        of revision: FileRevision, in session: Session.ID, range: Range<Int>
    ) throws(ViewError) -> [UInt8] {
        // What is kept of them may be older than this version of the history.
        let now = try asking { () throws(StoreError) in try snapshot.fileRevisions(of: session) }
        guard let now = now.first(where: { $0.id == revision.id }), now.updated == revision.updated,
            now.octets == revision.octets
        else { throw .changed }
        return try asking { () throws(StoreError) in try snapshot.text(of: revision.id, range: range) }
    }

    func name(of message: Message.ID, in session: Session.ID) throws(ViewError) -> FileName? {
        try asking { () throws(StoreError) in try files.name(of: message, in: session, snapshot) }
    }

    func search(_ query: SearchQuery, mayBeListed: Bool) throws(ViewError) -> SearchHits {
        if mayBeListed, let listed = files.listedHits(query) { return listed }
        return try asking { () throws(StoreError) in try files.hits(query, token, snapshot, catalog, patience) }
    }

    private func asking<Result>(_ body: () throws(StoreError) -> Result) throws(ViewError) -> Result {
        do throws(StoreError) { return try body() } catch { throw .history(error) }
    }
}

extension Failure {
    init(_ error: ViewError) {
        switch error {
        case .notFound: self = .noEntry
        case .changed: self = .stale
        case .invalid(let reason, let remedy): self.init(.invalid, reason, remedy: remedy)
        case .tooLarge(let reason, let remedy): self.init(.tooLarge, reason, remedy: remedy)
        case .history(let error as StoreError): self.init(error)
        case .history(let error as Failure): self = error
        case .history(let error): self.init(.inputOutput, "\(error)")
        }
    }
}
