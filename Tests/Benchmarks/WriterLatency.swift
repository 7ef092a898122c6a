import Foundation
import SQL
import Synchronization

/// OpenCode's own latency while an answer streams in: with nothing beside it, beside greps of plain files, and beside the
/// same greps of a mount.
enum WriterLatency {
    static func measure(_ bench: Workbench) throws {
        let database = try bench.copy()
        let log = bench.scratch.file("grep.log")
        var medians: [Figure.Subject: Samples] = [:]
        var tails: [Figure.Subject: Samples] = [:]
        for round in 1...bench.rounds {
            for subject in [Figure.Subject.nothing, .plain, .mount] {
                try bench.begin("round \(round) of \(bench.rounds): writing, \(subject.rawValue)")
                let connection = try bench.connect(to: database, synchronous: "NORMAL")
                let samples =
                    switch subject {
                    case .mount:
                        try bench.mounted(database) { server in
                            try beside(greps: server.mountpoint, log) { try write(to: connection) }
                        }
                    case .plain: try beside(greps: bench.history.plain, log) { try write(to: connection) }
                    case .nothing, .bindfs, .ripgrep, .sqlite, .agentsview, .grep, .search: try write(to: connection)
                    }
                medians[subject, default: Samples()].values.append(samples.median)
                tails[subject, default: Samples()].values.append(samples.percentile(0.99))
            }
        }
        let section = "A writer like OpenCode"
        bench.add(Figure.Key(section: section, operation: "p50"), medians)
        bench.add(Figure.Key(section: section, operation: "p99"), tails)
    }

    /// The part is written again with each piece of the answer, every 2 ms for 3 s.
    private static func write(to connection: any SQLConnection) throws -> Samples {
        guard let part = try connection.column("SELECT id FROM part ORDER BY rowid DESC LIMIT 1").first else {
            throw BenchFailure("the history has no parts")
        }
        var samples = Samples()
        let end = ContinuousClock.now + .seconds(3)
        var number: Int64 = 0
        while .now < end {
            number += 1
            let text = "{\"type\":\"text\",\"text\":\"\(String(repeating: "x", count: Int(number % 4000)))\"}"
            let start = ContinuousClock.now
            try connection.writing { () throws(SQLError) in
                try connection.run("UPDATE part SET data = \(text), time_updated = \(number) WHERE id = \(part)")
            }
            samples.values.append(.now - start)
            usleep(2000)
        }
        return samples
    }

    /// Runs one `grep -r` after the other until the closure returns.
    private static func beside<Result>(
        greps folder: String, _ log: String, _ body: () throws -> Result
    ) throws -> Result {
        let reader = Reader(folder, log)
        defer { reader.stop() }
        return try body()
    }

    /// A thread that starts greps.
    private final class Reader: Sendable {
        private let isOver = Atomic(false)
        private let hasEnded = DispatchSemaphore(value: 0)

        init(_ folder: String, _ log: String) {
            Thread.detachNewThread { [self] in
                // A message that changes under its reader may be stale (R4), and grep says 2 then.
                let pass = Pass("grep", "-rc", "nowhere-to-be-found", ".", highestStatus: 2)
                while !isOver.load(ordering: .relaxed) {
                    guard (try? pass.run(in: folder, log: log)) != nil else { break }
                }
                hasEnded.signal()
            }
        }

        /// Waits for the end of the last one.
        func stop() {
            isOver.store(true, ordering: .relaxed)
            hasEnded.wait()
        }
    }
}
