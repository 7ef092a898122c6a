import Foundation
import SQL

/// A message saved by its file, beside the same UPDATE by SQLite and the same bytes in a plain file, each durably.
enum Saving {
    static func measure(_ bench: Workbench) throws {
        let database = try bench.copy()
        let connection = try bench.connect(to: database, synchronous: "FULL")
        let plain = bench.scratch.file("saved.json")
        var samples: [Figure.Subject: Samples] = [:]
        try bench.mounted(database) { server in
            let files = bench.history.messages(of: "user")
            let count = min(bench.rounds * 40, files.count)
            for (number, file) in files.prefix(count).enumerated() {
                try bench.begin("save \(number + 1) of \(count)")
                let id = History.id(of: file)
                let path = server.mountpoint + "/" + file
                let text = try marked(Data(contentsOf: URL(fileURLWithPath: path)), "saved \(number) ")
                samples[.mount, default: Samples()].values.append(try PlainFile.write(text, to: path))
                samples[.plain, default: Samples()].values.append(try PlainFile.write(text, to: plain, syncs: true))

                let begin = "{\"type\":\"text\",\"text\":\""
                let query: SQLQuery =
                    "SELECT id FROM part WHERE message_id = \(id) AND substr(data, 1, 23) = \(begin) LIMIT 1"
                guard let part = try connection.column(query).first,
                    let old = try connection.column("SELECT data FROM part WHERE id = \(part)").first?.bytes
                else { throw BenchFailure("\(id) has no text") }
                let data = SQLValue.text(Array(try marked(Data(old), "written \(number) ")))
                let duration = try ContinuousClock().measure {
                    _ = try connection.writing { () throws(SQLError) in
                        try connection.run(
                            "UPDATE part SET data = \(data), time_updated = time_updated + 1 WHERE id = \(part)")
                    }
                }
                samples[.sqlite, default: Samples()].values.append(duration)
            }
        }
        bench.add(Figure.Key(section: "Saving", operation: "one message"), samples)
    }

    /// A message or a part whose first text says something more.
    private static func marked(_ text: Data, _ mark: String) throws -> Data {
        guard let range = text.range(of: Data("\"type\":\"text\",\"text\":\"".utf8)) else {
            throw BenchFailure("a user's message without a text")
        }
        var result = text
        result.insert(contentsOf: Array(mark.utf8), at: range.upperBound)
        return result
    }
}
