internal import SessionModel
internal import Timing
internal import VFS

/// `.opencodefs/search/<query>/`: symbolic links to the messages that match, the best first (rules Q1 to Q6).
///
/// Nothing is kept between questions: a query is a name, and what it finds is worked out when its directory is read. The
/// directory above lists nothing, so that no program that walks the tree searches.
struct SearchTree: DerivedTree {
    /// Says that there are more hits than links.
    static let more = FileName("MORE")

    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry? {
        guard let asked = path.first else { return .directory(modified: newest(in: history)) }
        guard let query = try query(asked) else { return nil }
        guard path.count > 1 else { return .directory(modified: newest(in: history)) }
        guard path.count == 2 else { return nil }
        if path[1] == Self.more {
            let hits = try history.search(query, mayBeListed: false)
            guard hits.count > SearchHits.most else { return nil }
            return .file(DerivedFile(.bytes(message(hits.count, asked)), changed: newest(in: history)))
        }
        // After each commit the search would have to be made again, for each link of a directory that was read before.
        if let link = try link(called: path[1], in: try history.search(query, mayBeListed: true), history) {
            return link
        }
        return try link(called: path[1], in: try history.search(query, mayBeListed: false), history)
    }

    private func link(
        called name: FileName, in hits: SearchHits, _ history: any HistoryReading
    ) throws(ViewError) -> DerivedEntry? {
        guard let number = Self.number(name) else { return nil }
        // Since the directory was read others may have come before it: it is still what the name says.
        for hit in hits.best.dropFirst(number - 1).prefix(1) + moved(name, among: hits.best) {
            guard let (canonical, target) = try link(hit, number, in: history), canonical == name else { continue }
            return .link(target: target, modified: Timestamp(milliseconds: hit.moment))
        }
        return nil
    }

    /// The hit whose id a name ends with; all where that is not known: behind a label that is an id itself (rule N2), or cut.
    private func moved(_ name: FileName, among hits: [SearchHit]) -> [SearchHit] {
        let found: SearchHit? =
            if case .id(let id) = Naming.message(in: name) {
                hits.first { $0.message == id }
            } else if case .id(let id) = Naming.identifier(in: name, of: Session.self) {
                hits.first { $0.message == nil && $0.session == id }
            } else {
                nil
            }
        return found.map { [$0] } ?? hits
    }

    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)] {
        guard path.count == 1, let query = try query(path[0]) else { return [] }
        let hits = try history.search(query, mayBeListed: false)
        var entries: [(name: FileName, kind: Attributes.Kind)] = []
        for (index, hit) in hits.best.enumerated() {
            if let (name, _) = try link(hit, index + 1, in: history) { entries.append((name, .link)) }
        }
        if hits.count > SearchHits.most { entries.append((Self.more, .regular)) }
        return entries
    }

    /// The query that a name is; nil for names that programs try in every directory.
    private func query(_ name: FileName) throws(ViewError) -> SearchQuery? {
        guard name.bytes.first != UInt8(ascii: ".") else { return nil }
        do throws(SearchQueryError) {
            return try SearchQuery(parsing: name.bytes)
        } catch {
            throw .invalid(
                reason: error.message,
                remedy: "see: opencodefs search --help; a / is written as a space inside of quotes")
        }
    }

    private func newest(in history: any HistoryReading) -> Timestamp {
        Timestamp(milliseconds: history.catalog.sessions.values.map(\.updated).max() ?? 0)
    }

    private func message(_ count: Int, _ query: FileName) -> [UInt8] {
        let quoted =
            "'"
            + query.description.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
        return Array(
            """
            \(count) messages match, and this directory has links to the first \(SearchHits.most).
            All of them: opencodefs search \(quoted)

            """.utf8)
    }

    /// `0001`
    private static func number(_ name: FileName) -> Int? {
        let digits = name.bytes.prefix { (0x30...0x39).contains($0) }
        guard digits.count == 4, let number = Int(String(decoding: digits, as: UTF8.self)), number > 0 else {
            return nil
        }
        return number
    }

    /// `0001.<project>.<session>.<message>~<id>.json`, and where it leads; the labels are cut where they do not fit.
    private func link(
        _ hit: SearchHit, _ number: Int, in history: any HistoryReading
    ) throws(ViewError) -> (name: FileName, target: [UInt8])? {
        guard var path = history.path(to: hit.session), let session = path.last,
            let project = path.first
        else { return nil }
        var name = session
        if let message = hit.message {
            guard let file = try history.name(of: message, in: hit.session) else { return nil }
            path += [.messages, file]
            name = file
        }
        let labels = [project] + (hit.message == nil ? [] : [session])
        let digits = "\(number)"
        var bytes = Array((String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits).utf8)
        // The name of the message itself is kept whole, as far as it can be.
        var room = max(0, FileName.maximumLength - bytes.count - 1 - name.bytes.count)
        for label in labels {
            let words = label.bytes.prefix { $0 != Naming.separator }
            let piece = EscapedID.cut([UInt8(ascii: ".")] + words, to: min(room, 80))
            guard piece.count > 1 else { continue }
            bytes += piece
            room -= piece.count
        }
        bytes.append(UInt8(ascii: "."))
        bytes += EscapedID.cut(name.bytes, to: FileName.maximumLength - bytes.count)
        guard let linkName = FileName(bytes: bytes) else { return nil }
        // .opencodefs/search/<query>/
        let steps = Array(repeating: FileName.parent, count: 3) + path
        return (linkName, Array(steps.map(\.bytes).joined(separator: [UInt8(ascii: "/")])))
    }
}
