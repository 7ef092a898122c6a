internal import SessionModel
internal import SessionStore
internal import SessionTree

/// What was found lately: a directory of results is read, and then each of its links is looked up.
struct SearchCache {
    private struct Answer {
        let query: SearchQuery
        let hits: [SearchHit]
    }

    /// Everything here is of this version of the history.
    private var token: ChangeToken?
    /// The one that was asked for last at the end.
    private var answers: [Answer] = []
    private var fingerprints: [Session.ID: Int64]?

    private static let capacity = 8

    private mutating func forgetOthers(than token: ChangeToken) {
        guard self.token != token else { return }
        self = SearchCache()
        self.token = token
    }

    mutating func hits(_ query: SearchQuery, _ token: ChangeToken) -> [SearchHit]? {
        forgetOthers(than: token)
        guard let position = answers.firstIndex(where: { $0.query == query }) else { return nil }
        let answer = answers.remove(at: position)
        answers.append(answer)
        return answer.hits
    }

    mutating func keep(_ hits: [SearchHit], of query: SearchQuery, _ token: ChangeToken) {
        forgetOthers(than: token)
        answers.append(Answer(query: query, hits: hits))
        if answers.count > Self.capacity { answers.removeFirst() }
    }

    mutating func fingerprints(_ token: ChangeToken) -> [Session.ID: Int64]? {
        forgetOthers(than: token)
        return fingerprints
    }

    mutating func keep(_ fingerprints: [Session.ID: Int64], _ token: ChangeToken) {
        forgetOthers(than: token)
        self.fingerprints = fingerprints
    }
}
