import SessionModel
import VFS

@testable import SessionTree

/// A history of one session that a test makes up.
final class ToldConversation: HistoryReading {
    static let session = Session.ID("ses_1")

    let generation: SessionRecord.Generation
    private(set) var told: [(message: Message, texts: [[UInt8]])] = []
    /// How often texts have been asked for.
    private(set) var reads = 0
    var title = "A session"

    init(_ generation: SessionRecord.Generation) {
        self.generation = generation
    }

    /// Adds a message. V1: what it is and its parts; V2 and Go: its one text.
    func tell(_ id: String, _ type: String, _ text: String, parts: [String] = []) {
        tell(id, type, Array(text.utf8), parts: parts.map { Array($0.utf8) })
    }

    func tell(_ id: String, _ type: String, _ text: [UInt8], parts: [[UInt8]]) {
        func stored(_ text: [UInt8]) -> StoredText {
            StoredText(octets: text.count, opening: .object, updated: Int64(told.count))
        }
        let shape: Message.Shape =
            switch generation {
            case .v1:
                .parted(
                    info: stored(text),
                    parts: parts.enumerated().map { number, part in
                        Message.Part(id: .init("prt_\(id)_\(number)"), session: Self.session, data: stored(part))
                    })
            case .v2: .typed(type: Array(type.utf8), data: stored(text))
            case .go:
                .row(
                    before: [
                        Message.Column(name: "id", value: .text(Array(id.utf8))),
                        Message.Column(name: "role", value: .text(Array(type.utf8))),
                    ], parts: stored(text), after: [Message.Column(name: "created_at", value: .integer(1_700_000_000))])
            }
        let message = Message(id: .init(id), session: Self.session, shape: shape, order: .rank)
        told.append((message, [text] + (generation == .v1 ? parts : [])))
    }

    var turns: [Turn] {
        get throws { try told.map { try TurnReader.turn(of: $0.message, in: self) } }
    }

    /// A view, as its bytes.
    func bytes(of view: any SessionView) throws -> [UInt8] {
        let session = try found(catalog.sessions[Self.session])
        switch try view.file(of: session, in: self).content {
        case .bytes(let bytes): return bytes
        case .ranges(let ranges): return try ranges.read(0..<ranges.size, self)
        case .pieces(let pieces, _):
            var bytes: [UInt8] = []
            for piece in pieces { try piece.render { bytes += $0 } }
            return bytes
        }
    }

    private func found<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw ViewError.notFound }
        return value
    }
}

extension ToldConversation {
    var catalog: Catalog {
        Catalog(
            projects: [Project(id: .init("shop"), worktree: Array("/home/u/shop".utf8), created: 1, updated: 1)],
            sessions: [
                Session(
                    id: Self.session, project: .init("shop"), parent: nil, title: Array(title.utf8), created: 1000,
                    updated: 2000, isArchived: false)
            ], scope: .all)
    }

    var naming: Naming { Naming(style: .identifiers) }

    func path(to session: Session.ID) -> [FileName]? { [FileName("shop"), FileName("ses_1")] }

    func sessionRecord(_ id: Session.ID) -> SessionRecord? {
        SessionRecord(generation: generation, row: Record(["directory": .text(Array("/home/u/shop".utf8))]))
    }

    func projectRecord(_ id: Project.ID) -> Record? { nil }
    func traits() -> [Session.ID: SessionTraits] { [:] }
    func fileRevisions(of session: Session.ID) -> [FileRevision] { [] }
    func text(of revision: FileRevision, in session: Session.ID, range: Range<Int>) -> [UInt8] { [] }
    var keepsFileRevisions: Bool { false }
    func attachments(of session: Session.ID) throws(ViewError) -> [Attachment] {
        var all: [Attachment] = []
        for (message, texts) in told {
            for index in texts.indices {
                all += try Attachment.all(in: message, text: index) { (range) throws(ViewError) in
                    Array(texts[index][range])
                }
            }
        }
        return all
    }
    func name(of message: Message.ID, in session: Session.ID) -> FileName? { FileName(escaping: message.bytes) }

    func search(_ query: SearchQuery, mayBeListed: Bool) throws(ViewError) -> SearchHits {
        var hits: [SearchHit] = []
        for (message, _) in told {
            if let hit = try query.match(message, [], in: self) { hits.append(hit) }
        }
        return SearchHits(hits.sorted(by: SearchHit.ranksBefore))
    }

    func session(of message: Message.ID) -> Session.ID? { Self.session }
    func todos(of session: Session.ID) -> [Todo] { [] }

    func messages(of session: Session.ID, _ body: (Message) throws(ViewError) -> Void) throws(ViewError) {
        for (message, _) in told { try body(message) }
    }

    func message(_ id: Message.ID, of session: Session.ID) -> Message? {
        told.first { $0.message.id == id }?.message
    }

    func texts(of message: Message) throws(ViewError) -> [[UInt8]] {
        reads += 1
        guard let found = told.first(where: { $0.message.id == message.id }) else { throw .notFound }
        return found.texts
    }

    func text(_ index: Int, of message: Message, range: Range<Int>) throws(ViewError) -> [UInt8] {
        reads += 1
        guard let found = told.first(where: { $0.message.id == message.id }) else { throw .notFound }
        return Array(found.texts[index][range.clamped(to: 0..<found.texts[index].count)])
    }
}
