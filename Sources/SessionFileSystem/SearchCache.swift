internal import SessionModel
internal import SessionStore
internal import SessionTree

/// What was found lately: a directory of results is read, and then each of its links is looked up.
struct SearchCache {
    private struct Answer {
        let query: SearchQuery
        let hits: SearchHits
        let token: ChangeToken
        let found: ContinuousClock.Instant
    }

    /// The one that was kept last at the end.
    private var answers: [Answer] = []
    private var fingerprints: (token: ChangeToken, value: [Session.ID: Int64])?

    private static let capacity = 8
    /// How long the links of a directory are looked up in what was found when it was read.
    private static let listedFor = Duration.seconds(10)

    /// What is in one version of the history.
    func hits(_ query: SearchQuery, _ token: ChangeToken) -> SearchHits? {
        answers.last { $0.token == token && $0.query == query }?.hits
    }

    /// What was found last, if that is not long ago.
    func listed(_ query: SearchQuery, now: ContinuousClock.Instant) -> SearchHits? {
        answers.last { $0.query == query && $0.found + Self.listedFor > now }?.hits
    }

    mutating func keep(_ hits: SearchHits, of query: SearchQuery, _ token: ChangeToken) {
        answers.removeAll { $0.query == query }
        answers.append(Answer(query: query, hits: hits, token: token, found: .now))
        if answers.count > Self.capacity { answers.removeFirst() }
    }

    func fingerprints(_ token: ChangeToken) -> [Session.ID: Int64]? {
        fingerprints?.token == token ? fingerprints?.value : nil
    }

    mutating func keep(_ value: [Session.ID: Int64], _ token: ChangeToken) {
        fingerprints = (token, value)
    }
}
