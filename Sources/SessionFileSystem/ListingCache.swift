internal import SessionModel
internal import SessionStore

/// Listings of messages as they were made, good for one state of the database: a walk that comes again asks it for nothing.
struct ListingCache {
    private var token = ChangeToken.none
    private var lines: [Session.ID: [HandleTable.Line]] = [:]
    private var count = 0

    /// Lines, of about a hundred bytes. What is kept stays when there is no room for more: walks come in one order, and one that is longer would
    /// find nothing if the oldest went.
    private static let capacity = 50_000

    func lines(of session: Session.ID, at token: ChangeToken) -> [HandleTable.Line]? {
        token == self.token ? lines[session] : nil
    }

    mutating func keep(_ listing: [HandleTable.Line], of session: Session.ID, at token: ChangeToken) {
        if token != self.token {
            clear()
            self.token = token
        }
        guard lines[session] == nil, count + listing.count <= Self.capacity else { return }
        lines[session] = listing
        count += listing.count
    }

    /// Names or versions are other than they were, although the database is not.
    mutating func clear() {
        lines = [:]
        count = 0
    }
}
