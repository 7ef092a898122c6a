internal import SessionModel
internal import SessionStore
internal import SessionTree

/// What the messages of sessions are, as listings have found it, good for one state of the database: a walk that comes again asks it
/// for nothing.
struct ListingCache {
    /// A message by its place in ``MessageNames``, and its version.
    struct Item {
        let place: Int
        let version: FileVersion
    }

    private var token = ChangeToken.none
    private var listings: [Session.ID: [Item]] = [:]
    private var count = 0

    /// Items, of 40 bytes. What is kept stays when there is no room for more: walks come in one order, and one that is longer would
    /// find nothing if the oldest went.
    private static let capacity = 100_000

    func items(of session: Session.ID, at token: ChangeToken) -> [Item]? {
        token == self.token ? listings[session] : nil
    }

    mutating func keep(_ listing: [Item], of session: Session.ID, at token: ChangeToken) {
        if token != self.token {
            clear()
            self.token = token
        }
        guard listings[session] == nil, count + listing.count <= Self.capacity else { return }
        listings[session] = listing
        count += listing.count
    }

    /// Names or versions are other than they were, although the database is not.
    mutating func clear() {
        listings = [:]
        count = 0
    }
}
