package import SessionModel

/// A message that matches, or a session whose title does.
package struct SearchHit: Sendable, Hashable {
    package let session: Session.ID
    /// Nil: it is the title.
    package let message: Message.ID?
    /// Where it matches; see ``SearchQuery/match(_:)``.
    package let field: SearchField
    /// When it was made, in milliseconds since 1970.
    package let moment: Int64

    package init(session: Session.ID, message: Message.ID?, field: SearchField, moment: Int64) {
        self.session = session
        self.message = message
        self.field = field
        self.moment = moment
    }

    /// The order of results: titles, then what was said, thought, asked of tools and answered by them; in each the newest
    /// first.
    package static func ranksBefore(_ left: SearchHit, _ right: SearchHit) -> Bool {
        if left.field != right.field { return left.field < right.field }
        if left.moment != right.moment { return left.moment > right.moment }
        if left.session != right.session { return left.session < right.session }
        guard let first = left.message else { return right.message != nil }
        return right.message.map { first < $0 } ?? false
    }
}

/// What a search has found, as much of it as a directory shows.
package struct SearchHits: Sendable {
    /// Of all hits.
    package let count: Int
    /// The best, in their order: no more than ``most``.
    package let best: [SearchHit]

    /// Links in one directory (rule Q3).
    package static let most = 1000

    package init(_ hits: [SearchHit]) {
        count = hits.count
        best = Array(hits.prefix(Self.most))
    }
}
