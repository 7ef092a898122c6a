/// Something to measure: its name for the command line, and how.
struct Section: Sendable {
    let name: String
    let summary: String
    let measure: @Sendable (Workbench) throws -> Void

    /// In the order in which they run: what changes the database works on a copy, and comes last.
    static let all: [Section] = [
        Section(name: "walks", summary: "all operations below: programs that read the history to its end") {
            var walks = try Walks($0)
            try walks.measure()
        },
        Section(name: "mounting", summary: "from mount to the first ls", measure: Mounting.measure),
        Section(
            name: "searching", summary: "words and an expression, beside grep -r, rg and LIKE",
            measure: Searching.measure),
        Section(
            name: "writer", summary: "what a writer like OpenCode waits beside greps", measure: WriterLatency.measure),
        Section(name: "visibility", summary: "from another process's commit to stat", measure: Visibility.measure),
        Section(name: "saving", summary: "save of a message, beside the same UPDATE", measure: Saving.measure),
        Section(name: "creating", summary: "a new message, beside the same INSERT", measure: Creating.measure),
        Section(name: "removing", summary: "rm of a message, beside its DELETE", measure: Removing.measure),
        Section(name: "clearing", summary: "rm -r of 10,000 messages, beside one DELETE", measure: Clearing.measure),
    ]

    /// Those that were asked for, all if none was.
    ///
    /// - Throws: ``OptionError`` when a name is no one's.
    static func chosen(_ names: [String]) throws(OptionError) -> [Section] {
        let operations = Operation.names
        guard names.allSatisfy({ name in operations.contains(name) || all.contains { $0.name == name } }) else {
            throw OptionError()
        }
        guard !names.isEmpty else { return all }
        let isWalking = names.contains { operations.contains($0) }
        return all.filter { names.contains($0.name) || ($0.name == "walks" && isWalking) }
    }

    /// A line for each, and for each operation of walks.
    static var list: String {
        var lines = all.map { $0.name.padded(to: 12) + $0.summary }
        for (index, name) in Operation.names.enumerated() {
            lines.insert("  " + name.padded(to: 10) + Operation.summaries[index], at: index + 1)
        }
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
