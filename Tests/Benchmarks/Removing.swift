import Glibc
import SQL

/// rm of one message, with its trash, beside the bare DELETE of another, each durably.
enum Removing {
    static func measure(_ bench: Workbench) throws {
        let database = try bench.copy()
        let connection = try bench.connect(to: database, synchronous: "FULL")
        var samples: [Figure.Subject: Samples] = [:]
        try bench.mounted(database) { server in
            // Messages get their numbers when a mount first sees them, and what goes before that counts for nothing.
            _ = try Pass("find", ".").run(in: server.mountpoint)
            // The last ones: saves and new messages have touched the first.
            let files = bench.history.messages(of: "assistant").suffix(bench.rounds * 80)
            for (number, file) in files.enumerated() {
                try bench.begin("removal \(number + 1) of \(files.count)")
                if number.isMultiple(of: 2) {
                    let path = server.mountpoint + "/" + file
                    let start = ContinuousClock.now
                    guard unlink(path) == 0 else { throw BenchFailure("\(file): \(String(cString: strerror(errno)))") }
                    samples[.mount, default: Samples()].values.append(.now - start)
                } else {
                    let id = History.id(of: file)
                    let start = ContinuousClock.now
                    try connection.writing { () throws(SQLError) in
                        try connection.run("DELETE FROM message WHERE id = \(id)")
                    }
                    samples[.sqlite, default: Samples()].values.append(.now - start)
                }
            }
        }
        bench.add(Figure.Key(section: "Removing", operation: "one message"), samples)
    }
}
