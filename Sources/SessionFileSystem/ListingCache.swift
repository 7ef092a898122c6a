internal import SessionModel
internal import SessionStore
internal import SessionTree

/// What the messages of sessions are, as listings have found it, good for one state of the database: a walk that comes again asks it
/// for nothing.
struct ListingCache {
    /// Messages go by their places in ``MessageNames``.
    struct Listing {
        /// As they are listed.
        private(set) var places: [Int32] = []
        /// By place; nil for those that are gone.
        private var versions: [FileVersion?] = []

        init(capacity: Int) {
            places.reserveCapacity(capacity)
            versions.reserveCapacity(capacity)
        }

        subscript(_ place: Int) -> FileVersion? { versions.indices.contains(place) ? versions[place] : nil }

        mutating func append(_ place: Int, _ version: FileVersion) {
            places.append(Int32(place))
            while versions.count <= place { versions.append(nil) }
            versions[place] = version
        }
    }

    private var token = ChangeToken.none
    private var listings: [Session.ID: Listing] = [:]
    /// Messages that were looked at by themselves, in sessions that are not here.
    private var looks: [Session.ID: Int] = [:]
    private var count = 0

    /// Messages, of 44 bytes. What is kept stays when there is no room for more: walks come in one order, and one that is longer would
    /// find nothing if the oldest went.
    private static let capacity = 100_000

    func listing(of session: Session.ID, at token: ChangeToken) -> Listing? {
        token == self.token ? listings[session] : nil
    }

    mutating func keep(_ listing: Listing, of session: Session.ID, at token: ChangeToken) {
        move(to: token)
        guard listings[session] == nil, count + listing.places.count <= Self.capacity else { return }
        listings[session] = listing
        count += listing.places.count
    }

    /// Takes note that a message is looked at by itself, as by a program that was given names of files.
    ///
    /// - Parameter messages: how many the session has.
    /// - Returns: whether so many were that a look at all of them will probably cost less than the looks to come.
    mutating func noteLook(at session: Session.ID, of messages: Int, at token: ChangeToken) -> Bool {
        move(to: token)
        guard listings[session] == nil, count + messages <= Self.capacity else { return false }
        looks[session, default: 0] += 1
        return looks[session, default: 0] == max(4, messages / 8)
    }

    private mutating func move(to token: ChangeToken) {
        guard token != self.token else { return }
        clear()
        self.token = token
    }

    /// Names or versions are other than they were, although the database is not.
    mutating func clear() {
        listings = [:]
        looks = [:]
        count = 0
    }
}
