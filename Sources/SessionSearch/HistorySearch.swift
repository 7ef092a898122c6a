package import SessionModel
package import SessionStore
package import SessionTree
package import Timing

/// Finds what a query says in one version of a history: by the index as far as that knows it, in the texts as far as not.
/// What is found does not depend on the index; it writes nothing.
package struct HistorySearch {
    private let query: SearchQuery
    private let snapshot: any HistorySnapshot
    private let catalog: Catalog
    private let patience: Patience

    /// - Parameter catalog: what may be found, and where it stands.
    package init(
        _ query: SearchQuery, in snapshot: any HistorySnapshot, _ catalog: Catalog, _ patience: Patience
    ) {
        self.query = query
        self.snapshot = snapshot
        self.catalog = catalog
        self.patience = patience
    }

    /// What matches, the best first.
    ///
    /// - Parameters:
    ///   - fingerprints: of all sessions in the snapshot.
    ///   - progress: told now and then how many sessions without an index have been read, and of how many.
    package func hits(
        _ index: SearchIndex?, _ fingerprints: [Session.ID: Int64], progress: (Int, Int) -> Void = { _, _ in }
    ) throws(StoreError) -> [SearchHit] {
        let projects = Dictionary(uniqueKeysWithValues: catalog.projects.map { ($0.key, Self.names(of: $0.value)) })
        func names(_ session: Session) -> [[UInt8]] { projects[session.project] ?? [session.project.bytes] }
        let matcher = SearchMatcher(query)
        var hits: [SearchHit] = []
        for session in catalog.sessions.values {
            guard let title = session.title else { continue }
            let facts = SearchFacts(project: names(session), role: nil, model: nil, moment: session.created)
            guard let field = query.match(title: title, facts, matcher) else { continue }
            hits.append(SearchHit(session: session.id, message: nil, field: field, moment: session.created))
        }
        let answer = answer(index, fingerprints)
        var outdated: [Session.ID: [Message.ID: IndexedHit]] = [:]
        for found in answer.hits {
            if answer.outdated[found.session] != nil {
                outdated[found.session, default: [:]][found.message] = found
                continue
            }
            guard let session = catalog.sessions[found.session] else { continue }
            if let hit = try verified(found, names(session)) { hits.append(hit) }
        }
        let rest = catalog.sessions.values.filter {
            fingerprints[$0.id] != nil && !answer.accounted.contains($0.id)
        }
        for (number, session) in rest.enumerated() {
            progress(number, rest.count)
            try scan(session.id, names(session), answer.outdated[session.id] ?? [:], outdated[session.id] ?? [:]) {
                hits.append($0)
            }
        }
        return hits.sorted(by: SearchHit.ranksBefore)
    }

    /// What an index that cannot be read knows is nothing.
    private func answer(_ index: SearchIndex?, _ fingerprints: [Session.ID: Int64]) -> IndexAnswer {
        guard let index else { return IndexAnswer() }
        return (try? index.answer(query, fingerprints, patience.atMost(.seconds(2)))) ?? IndexAnswer()
    }

    /// Whether it does match; its text is read where nothing else can tell.
    ///
    /// - Parameter message: it, where it is at hand.
    private func verified(
        _ found: IndexedHit, _ project: [[UInt8]], _ message: Message? = nil
    ) throws(StoreError) -> SearchHit? {
        guard var facts = found.facts else { return try read(found, project, message) }
        facts.project = project
        var findings = found.findings
        for (number, leaf) in query.leaves.enumerated() {
            if let accepts = leaf.accepts(facts) { findings[number] = accepts ? SearchQuery.Finding(.all) : .nowhere }
        }
        let (truth, field) = query.match(findings)
        switch truth {
        case .no: return nil
        case .yes:
            return SearchHit(session: found.session, message: found.message, field: field, moment: facts.moment)
        case .maybe: return try read(found, project, message)
        }
    }

    private func read(
        _ found: IndexedHit, _ project: [[UInt8]], _ message: Message?
    ) throws(StoreError) -> SearchHit? {
        if let message { return try match(message, project) }
        guard let message = try snapshot.message(found.message, of: found.session) else { return nil }
        return try match(message, project)
    }

    /// Looks at each message of a session that an index does not know as it is now: of those that have not changed it knows
    /// enough all the same.
    ///
    /// - Parameters:
    ///   - known: versions of messages that the index has.
    ///   - found: what it says of those that may match.
    private func scan(
        _ session: Session.ID, _ project: [[UInt8]], _ known: [Message.ID: Int64], _ found: [Message.ID: IndexedHit],
        _ body: (SearchHit) -> Void
    ) throws(StoreError) {
        var messages: [Message] = []
        try snapshot.messages(of: session) { (message) throws(StoreError) in messages.append(message) }
        for message in messages {
            if !known.isEmpty, let version = known[message.id], version == IndexBatch.version(of: message) {
                guard let found = found[message.id], found.version == version else { continue }
                if let hit = try verified(found, project, message) { body(hit) }
            } else if let hit = try match(message, project) {
                body(hit)
            }
        }
    }

    private func match(_ message: Message, _ project: [[UInt8]]) throws(StoreError) -> SearchHit? {
        try patience.check("the history is not indexed yet, and searching its texts takes longer")
        do throws(ViewError) {
            return try query.match(message, project, in: SnapshotTexts(snapshot))
        } catch {
            throw StoreError(error)
        }
    }

    /// What `project:` looks at.
    private static func names(of project: Project) -> [[UInt8]] {
        [project.id.withoutCredentials.bytes] + (project.worktree.map { [$0] } ?? [])
    }
}
