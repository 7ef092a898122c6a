internal import SQL
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing

/// A message that an index names.
struct IndexedHit {
    let session: Session.ID
    let message: Message.ID
    /// Of the message that was read.
    let version: Int64
    /// Its project is not among them. Nil: it is too large for an index to know more than that it is there.
    let facts: SearchFacts?
    /// For the words of the query; what its filters say is open.
    let findings: [SearchQuery.Finding]
}

/// What an index answers.
struct IndexAnswer {
    /// Sessions of which it knows all there is now.
    var accounted: Set<Session.ID> = []
    /// Of sessions that have changed since: the versions of messages that it knows.
    var outdated: [Session.ID: [Message.ID: Int64]] = [:]
    /// Of all of these: every message that matches, and perhaps others.
    var hits: [IndexedHit] = []
}

extension SearchIndex {
    /// Messages that may match.
    ///
    /// - Parameter current: the fingerprints of the sessions that are asked for.
    func answer(
        _ query: SearchQuery, _ current: [Session.ID: Int64], _ patience: Patience
    ) throws(SQLError) -> IndexAnswer? {
        try reading(patience) { (connection) throws(SQLError) in
            var answer = IndexAnswer()
            var sessions: [Int64: Session.ID] = [:]
            try connection.rows("SELECT id, name, fingerprint FROM session") { (row) throws(SQLError) in
                guard let number = row.integer(at: 0), let name = Session.ID(row.value(at: 1)),
                    let fingerprint = current[name]
                else { return }
                sessions[number] = name
                if row.integer(at: 2) == fingerprint {
                    answer.accounted.insert(name)
                } else {
                    answer.outdated[name] = [:]
                }
            }
            for name in answer.outdated.keys {
                answer.outdated[name] = try IndexedSession(name, connection).documents.mapValues(\.version)
            }
            guard !sessions.isEmpty else { return answer }
            let postings = try Postings(query, connection)
            try postings.documents(of: sessions, connection) { answer.hits.append($0) }
            return answer
        }
    }
}

/// Which documents have the words of a query, and where.
private struct Postings {
    private let query: SearchQuery
    /// For each document that has any of them.
    private var findings: [Int64: [SearchQuery.Finding]] = [:]
    private let open: [SearchQuery.Finding]

    /// As many are looked up one by one; for more, all documents are read.
    private static let mostLookups = 3000

    init(_ query: SearchQuery, _ connection: any SQLConnection) throws(SQLError) {
        self.query = query
        open = query.leaves.map { leaf in
            if case .words = leaf { .nowhere } else { SearchQuery.Finding(sure: [], possible: .all) }
        }
        let shards = try connection.column("SELECT id FROM shard ORDER BY id").compactMap(\.integer)
        for (leaf, words) in query.texts {
            // What no phrase of several words can tell is whether they follow each other.
            let isSure = words.count == 1
            for shard in shards {
                for row in try Self.rows(words, in: shard, connection) {
                    let field = IndexTables.field(row)
                    var all = findings[IndexTables.document(row)] ?? open
                    all[leaf].possible.formUnion(field)
                    if isSure { all[leaf].sure.formUnion(field) }
                    findings[IndexTables.document(row)] = all
                }
            }
        }
    }

    /// Rows that have all of some words.
    private static func rows(
        _ words: [SearchQuery.Word], in shard: Int64, _ connection: any SQLConnection
    ) throws(SQLError) -> [Int64] {
        // Every word is letters and digits: nothing in it could end the string. The same word twice is one question.
        var seen: Set<SearchQuery.Word> = []
        let terms = words.filter { seen.insert($0).inserted }.map { word in
            "\"" + String(decoding: word.bytes, as: UTF8.self) + (word.isPrefix ? "\" *" : "\"")
        }
        let table = IndexTables.words(shard)
        var rows: [Int64] = []
        try connection.rows("SELECT rowid FROM \(table) WHERE \(table) MATCH \(terms.joined(separator: " AND "))") {
            (row) throws(SQLError) in
            if let number = row.integer(at: 0) { rows.append(number) }
        }
        return rows
    }

    /// Hands out what may match.
    func documents(
        of sessions: [Int64: Session.ID], _ connection: any SQLConnection, _ body: (IndexedHit) -> Void
    ) throws(SQLError) {
        var names: [Int64: [UInt8]] = [:]
        try connection.rows("SELECT id, text FROM word") { (row) throws(SQLError) in
            if let number = row.integer(at: 0) { names[number] = row.bytes(at: 1) }
        }
        let unknown = query.texts.reduce(into: open) {
            $0[$1.leaf] = SearchQuery.Finding(sure: [], possible: .all)
        }
        func take(_ row: any SQLRow) {
            guard let id = row.integer(at: 0), let session = row.integer(at: 1).flatMap({ sessions[$0] }),
                let message = Message.ID(row.value(at: 2))
            else { return }
            let isLarge = row.integer(at: 6) == 1
            let found = isLarge ? unknown : findings[id] ?? open
            guard query.truth(in: .all, found) != .no else { return }
            let facts = SearchFacts(
                project: [], role: row.integer(at: 4).flatMap { names[$0] },
                model: row.integer(at: 5).flatMap { names[$0] }, moment: row.integer(at: 3) ?? 0)
            body(
                IndexedHit(
                    session: session, message: message, version: row.integer(at: 7) ?? 0,
                    facts: isLarge ? nil : facts, findings: found))
        }
        if query.mayMatchWithoutWords || findings.count > Self.mostLookups {
            return try connection.rows("SELECT \(Self.columns) FROM document") { (row) throws(SQLError) in take(row) }
        }
        try connection.rows("SELECT \(Self.columns) FROM document WHERE large") { (row) throws(SQLError) in take(row) }
        for (document, found) in findings where query.truth(in: .all, found) != .no {
            try connection.rows(Self.document(.integer(document))) { (row) throws(SQLError) in
                if row.integer(at: 6) != 1 { take(row) }
            }
        }
    }

    private static let columns: SQLQuery = "id, session, message, created, role, model, large, version"
    private static let document = SQLTemplate("SELECT \(columns) FROM document WHERE id = \(.parameter)")
}
