import Glibc

/// Programs that read a history to its end, timed from the start of the first to the end of the last.
struct Pass: Sendable {
    /// Programs of which each reads what the one before it writes.
    typealias Line = [[String]]

    /// Lines that run at once.
    private let lines: [Line]
    /// What the programs may end with: grep says 1 where it finds nothing.
    private let highestStatus: CInt

    init(_ lines: [Line], highestStatus: CInt = 0) {
        self.lines = lines
        self.highestStatus = highestStatus
    }

    init(_ words: String..., highestStatus: CInt = 0) {
        self.init([[words]], highestStatus: highestStatus)
    }

    /// What a person would type.
    var title: String {
        let line = (lines.first ?? []).map { $0.joined(separator: " ") }.joined(separator: " | ")
        return lines.count > 1 ? "\(lines.count) × " + line : line
    }

    /// Runs all of it.
    ///
    /// - Parameter log: a file for what the programs say on standard error, which is ours otherwise.
    func run(in folder: String, log: String? = nil) throws -> Duration {
        let start = ContinuousClock.now
        var drain = try Drain()
        var children: [Child] = []
        for line in lines {
            var input: CInt?
            for (index, words) in line.enumerated() {
                let next = index + 1 < line.count ? try Drain.pipe() : nil
                children.append(
                    try Child(words, in: folder, input: input, output: next?.entry ?? drain.entry, log: log))
                if let input { close(input) }
                if let next { close(next.entry) }
                input = next?.exit
            }
        }
        drain.run()
        let statuses = children.map { ($0.name, $0.wait()) }
        let duration = ContinuousClock.now - start
        for (name, status) in statuses where status > highestStatus {
            throw BenchFailure("\(name) in \(folder) ended with \(status)")
        }
        return duration
    }
}
