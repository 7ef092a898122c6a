import Foundation
import Glibc
import TestSupport

/// Which messages hold a word: by the index, by a grep without a mount, and by what there is without us.
enum Searching {
    /// Something that is looked for.
    private struct Sought {
        let title: String
        let text: String
        /// Whether it is a regular expression, which only greps understand.
        var isExpression = false
    }

    static func measure(_ bench: Workbench) throws {
        // The index of a history that is gone after this is nobody's.
        setenv("XDG_CACHE_HOME", try bench.scratch.directory("cache"), 1)
        let (program, database) = (bench.options.program, bench.history.database)
        try bench.begin("making the index")
        var first = Samples()
        first.values.append(try Pass(program, "search", "--database", database, "--limit", "1", "pool").run(in: "/"))
        let other = Agentsview(for: bench.history)
        defer { other?.stop() }
        var imported = Samples()
        if let other { imported.values.append(try other.sync.run(in: "/")) }
        bench.add(
            Figure.Key(section: "Searching", operation: "the first `search`, which makes the index; the import"),
            other == nil ? [.search: first] : [.search: first, .agentsview: imported])
        let sought = [
            Sought(title: "a rare word", text: try rareWord(database)),
            Sought(title: "a common word", text: "connection"),
            Sought(title: "a regular expression", text: "retry[A-Z][a-z]+|pool exhausted", isExpression: true),
        ]
        var samples: [String: [Figure.Subject: Samples]] = [:]
        try bench.mounted { server in
            for round in 1...bench.rounds {
                for one in sought {
                    try bench.begin("round \(round) of \(bench.rounds): searching \(one.title)")
                    for (subject, pass, folder) in passes(one, round, bench, server.mountpoint, other) {
                        samples[one.title, default: [:]][subject, default: Samples()].values.append(
                            try pass.run(in: folder))
                    }
                }
            }
        }
        for one in sought {
            bench.add(Figure.Key(section: "Searching", operation: one.title), samples[one.title] ?? [:])
        }
    }

    private static func passes(
        _ sought: Sought, _ round: Int, _ bench: Workbench, _ mountpoint: String, _ other: Agentsview?
    ) -> [(Figure.Subject, Pass, folder: String)] {
        let (program, database, text) = (bench.options.program, bench.history.database, sought.text)
        var passes: [(Figure.Subject, Pass, folder: String)] = [
            (.plain, Pass("grep", "-rlE", text, ".", highestStatus: 1), bench.history.plain),
            (.ripgrep, Pass("rg", "-l", text, ".", highestStatus: 1), bench.history.plain),
            (.grep, Pass(program, "grep", "--database", database, "-lE", text, highestStatus: 1), "/"),
        ]
        guard !sought.isExpression else { return passes }
        // Another query each time, with the same answer: what was found lately is kept.
        let query = "\(text) NOT nowhere\(round)"
        let rows = "SELECT count(*) FROM part WHERE data LIKE '%\(text)%'"
        passes += [
            (.sqlite, Pass("sqlite3", "-readonly", database, rows), "/"),
            (.search, Pass([[[program, "search", "--database", database, query]]], highestStatus: 1), "/"),
            (.mount, Pass("ls", mountpoint + "/.opencodefs/search/" + query), "/"),
        ]
        if let other { passes.append((.agentsview, other.search(text), "/")) }
        return passes
    }

    /// A word of one message: what programs print has numbers in hexadecimal.
    private static func rareWord(_ database: String) throws -> String {
        let texts = try Run.program(
            "sqlite3", ["-readonly", database, "SELECT data FROM part WHERE length(data) < 100000 LIMIT 2000"], in: "/")
        for word in texts.text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) where word.count >= 7 {
            guard word.allSatisfy(\.isHexDigit), word.contains(where: \.isNumber), word.contains(where: \.isLetter)
            else { continue }
            return String(word)
        }
        throw BenchFailure("\(database) has no rare word")
    }
}
