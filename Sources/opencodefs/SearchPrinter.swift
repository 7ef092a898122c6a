private import Glibc
internal import SessionModel
internal import SessionSearch
internal import SessionStore
internal import SessionTree
internal import Timing

/// Says what a search has found: for people, or as a line of JSON.
struct SearchPrinter {
    let query: SearchQuery
    let catalog: Catalog
    let asJSON: Bool
    /// Whether somebody watches who can see what is highlighted.
    private let isTerminal = isatty(STDOUT_FILENO) != 0

    /// Of one message.
    private static let mostSnippets = 3

    init(query: SearchQuery, catalog: Catalog, asJSON: Bool) {
        self.query = query
        self.catalog = catalog
        self.asJSON = asJSON
    }

    func lines(for hit: SearchHit, rank: Int, _ snapshot: any HistorySnapshot) throws(StoreError) -> [UInt8] {
        guard let session = catalog.sessions[hit.session] else { return [] }
        let snippets = try snippets(for: hit, session, snapshot)
        let project = catalog.projects[session.project].map { Label.project($0) } ?? []
        let label = project.isEmpty ? session.project.withoutCredentials.bytes : project
        return asJSON
            ? json(hit, rank, session, label, snippets) : text(hit, rank, session, label, snippets)
    }

    private func snippets(
        for hit: SearchHit, _ session: Session, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> [SearchSnippet] {
        guard let id = hit.message else { return session.title.flatMap { query.snippet(title: $0) }.map { [$0] } ?? [] }
        // It may have gone since it was found.
        guard let message = try snapshot.message(id, of: hit.session) else { return [] }
        do throws(ViewError) {
            return try query.snippets(of: message, in: SnapshotTexts(snapshot), limit: Self.mostSnippets)
        } catch {
            throw StoreError(error)
        }
    }

    private func text(
        _ hit: SearchHit, _ rank: Int, _ session: Session, _ project: [UInt8], _ snippets: [SearchSnippet]
    ) -> [UInt8] {
        let title = SearchSnippet.tamed((session.title ?? [])[...])
        var text = Array("\(rank)\t".utf8) + SearchSnippet.tamed(project[...]) + "\t".utf8 + title + "\t".utf8
        text += SearchSnippet.tamed((hit.message?.bytes ?? hit.session.bytes)[...])
        text += "\t\(hit.field.word)\t\(Timestamp(milliseconds: hit.moment).rfc3339)\n".utf8
        for snippet in snippets {
            text += "    ".utf8
            var position = 0
            for mark in snippet.marks {
                text += snippet.text[position..<mark.lowerBound]
                text += highlighted(snippet.text[mark])
                position = mark.upperBound
            }
            text += snippet.text[position...]
            text += "\n".utf8
        }
        return text
    }

    private func highlighted(_ text: ArraySlice<UInt8>) -> [UInt8] {
        isTerminal ? Array("\u{1b}[1;31m".utf8) + text + "\u{1b}[0m".utf8 : Array(text)
    }

    private func json(
        _ hit: SearchHit, _ rank: Int, _ session: Session, _ project: [UInt8], _ snippets: [SearchSnippet]
    ) -> [UInt8] {
        var line = JSONObject()
        line.add("rank", .integer(rank))
        line.add("project", .string(project))
        line.add("session", .string(session.id.bytes))
        line.add("title", session.title.map { .string($0) })
        line.add("message", hit.message.map { .string($0.bytes) })
        line.add("field", .string(hit.field.word))
        line.add("time", .string(Timestamp(milliseconds: hit.moment).rfc3339))
        line.add(
            "snippets",
            .array(
                snippets.map { snippet in
                    var entry = JSONObject()
                    entry.add("field", .string(snippet.field.word))
                    entry.add("text", .string(snippet.text))
                    entry.add("found", .array(snippet.marks.map { .string(Array(snippet.text[$0])) }))
                    return .object(entry)
                }))
        return line.line() + [UInt8(ascii: "\n")]
    }
}
