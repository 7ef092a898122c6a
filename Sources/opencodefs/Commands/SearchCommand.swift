internal import Fuse
internal import SessionModel
internal import SessionSearch
internal import SessionStore
internal import SessionTree
internal import Timing

/// Full text search.
enum SearchCommand: Command {
    static let name = "search"
    /// 1 says that nothing was found.
    static let statusOfLostOutput = ExitStatus.usage
    static let summary = "find messages by what they say"
    static let usage = ["[OPTION...] QUERY..."]
    static let limit = CommandOption("limit", argument: "N", help: "no more than N results (default: all)")
    static let noIndex = CommandOption("no-index", help: "read every text, and make and use no index")
    static let json = CommandOption("json", help: "one JSON object a line")
    static let options: [CommandOption] = [.database, .db, limit, noIndex, json]
    static let details = """
        A QUERY is words that must all be there, "phrases", prefix*, AND, OR, NOT and
        parentheses, and project:NAME, role:user, model:NAME, since:2026-11-18,
        until:2026-11. Titles, text, reasoning, and input and output of tools are
        searched, whatever the case. Titles come first, then what was said, thought,
        asked of tools and answered by them; in each the newest first. In a shell, single
        quotes keep together what has "quotes", (parentheses) or a minus: 'cat -dog'.
        The first search makes an index in ~/.cache/opencodefs. The exit status is
        0 when something is found, 1 when nothing is, 2 for a QUERY that is none and for
        what fails without a number of its own.
        """
    static let examples = [
        ("opencodefs search rate limit", "messages with both words"),
        ("opencodefs search '\"rate limit\" role:user since:2026-11'", "what you said of it this month"),
        ("opencodefs search --json --limit 10 'retr* NOT webhook'", "for scripts"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        let text = arguments.operands.joined(separator: " ")
        let query: SearchQuery
        do throws(SearchQueryError) {
            query = try SearchQuery(parsing: Array(text.utf8))
        } catch {
            throw CommandFailure(.usage, "search: \(error.message); see: opencodefs search --help")
        }
        let limit = try count(arguments[limit])
        let provider = try DatabaseSearch(named: arguments.database).chosen().provider(try UserConfiguration())
        let store = try History.open(
            provider, History.Wishes(trash: nil, isReadOnly: true, home: History.home(of: provider)))
        defer { store.close() }
        let progress = ProgressLine("Looking for what has changed…")
        defer { progress.clear() }
        let index = arguments.has(noIndex) ? nil : History.searchIndex(for: provider.name)
        defer { index?.close() }
        do throws(StoreError) {
            let known = index.flatMap { bringUpToDate($0, store, progress) }
            return try show(query, store, index, known, limit, progress, asJSON: arguments.has(json))
        } catch {
            // As grep has it: 1 says that nothing was found, and nothing else.
            let failure = History.failure(error, provider)
            throw CommandFailure(failure.status == .failure ? .usage : failure.status, failure.message)
        }
    }

    private static func count(_ text: String?) throws(CommandFailure) -> Int {
        guard let text else { return .max }
        guard let count = Int(text), count > 0 else {
            throw CommandFailure(.usage, "search: --limit \(text): must be a number above 0")
        }
        return count
    }

    /// Without an index that knows all, the search is as complete and takes longer.
    private static func bringUpToDate(
        _ index: SearchIndex, _ store: any SessionStore, _ progress: ProgressLine
    ) -> Known? {
        let indexer = SearchIndexer(store: store, index: index, startThread: { Thread.start($0) })
        do throws(StoreError) {
            return try indexer.run(.lasting(.seconds(24 * 3600))) { state in
                progress.set("Indexing: \(state.sessions) of \(Human.count(state.of, "session"))")
            }
        } catch {
            progress.clear()
            Console.complain("the index cannot be brought up to date, so the texts are read: \(error.reasonForNoIndex)")
            return nil
        }
    }

    private typealias Known = (token: ChangeToken, fingerprints: [Session.ID: Int64])

    private static func show(
        _ query: SearchQuery, _ store: any SessionStore, _ index: SearchIndex?, _ known: Known?, _ limit: Int,
        _ progress: ProgressLine, asJSON: Bool
    ) throws(StoreError) -> ExitStatus {
        let isStanding = try known.map { (known) throws(StoreError) in try store.changeToken() == known.token } ?? false
        let (catalog, hits) = try store.reading(.lasting(.seconds(24 * 3600))) { (snapshot) throws(StoreError) in
            let catalog = Catalog(projects: try snapshot.projects(), sessions: try snapshot.sessions(), scope: .all)
            let search = HistorySearch(query, in: snapshot, catalog, .lasting(.seconds(24 * 3600)))
            let fingerprints = isStanding ? known?.fingerprints : nil
            let now = if let fingerprints { fingerprints } else { try snapshot.fingerprints(of: nil) }
            let hits = try search.hits(index, now) { done, all in
                progress.set("Reading: \(done) of \(Human.count(all, "session"))")
            }
            return (catalog, hits)
        }
        progress.clear()
        let printer = SearchPrinter(query: query, catalog: catalog, asJSON: asJSON)
        let shown = hits.prefix(limit)
        var start = shown.startIndex
        // Nothing of the history is held while whoever reads this does not.
        while start < shown.endIndex {
            let portion = shown[start..<min(start + 50, shown.endIndex)]
            let lines = try store.reading(.lasting(.seconds(600))) { (snapshot) throws(StoreError) in
                try portion.enumerated().map { (offset, hit) throws(StoreError) in
                    try printer.lines(for: hit, rank: start + offset + 1, snapshot)
                }
            }
            for line in lines { Console.print(bytes: line) }
            start = portion.endIndex
        }
        if shown.count < hits.count { Console.note("\(shown.count) of \(hits.count) results; without --limit: all") }
        return hits.isEmpty ? .failure : .success
    }
}
