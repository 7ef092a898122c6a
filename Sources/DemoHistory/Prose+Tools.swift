extension Prose {
    /// A run of one of the tools, with as much output as such runs have.
    mutating func toolCall(id: String) -> ToolCall {
        switch random.below(100) {
        case 0..<38: bash(id)
        case 38..<65: read(id)
        case 65..<85: edit(id)
        default: grep(id)
        }
    }

    /// Bytes of an output: most have 0.2 to 4 kB, some up to 15 kB, a few up to 60 kB.
    private mutating func outputSize() -> Int {
        switch random.below(100) {
        case 0..<78: random.within(200...4_000)
        case 78..<94: random.within(4_000...15_000)
        default: random.within(15_000...60_000)
        }
    }

    private mutating func bash(_ id: String) -> ToolCall {
        let (command, description, templates) = random.pick([
            (language.testCommand, "Run the tests", Sentences.testLines),
            ("git log --oneline -~n -- ~f", "Show recent commits", Sentences.commitLines),
            ("git status --short && git diff --stat", "Show what has changed", Sentences.statusLines),
            ("tail -n ~n log/development.log", "Read the end of the log", Sentences.logLines),
            (
                "psql -c 'EXPLAIN ANALYZE SELECT * FROM ~v WHERE ~v > ~n'", "Ask for the query plan",
                Sentences.queryLines
            ),
            ("grep -c '~h' log/*.log | sort", "Count the requests", Sentences.logLines),
        ])
        let fails = random.chance(8)
        return ToolCall(
            callID: id, input: .bash(command: say(command), description: description), title: Array(description.utf8),
            output: lines(templates, bytes: outputSize()), metadata: .exit(fails ? 1 : 0), isError: false)
    }

    private mutating func read(_ id: String) -> ToolCall {
        let path = say("~a")
        if random.chance(6) {
            return ToolCall(
                callID: id, input: .read(path: path, limit: 2000), title: path,
                output: Array("File not found: ".utf8) + path, metadata: .none, isError: true)
        }
        let source = code(bytes: outputSize() * 9 / 10)
        var output: [UInt8] = Array("<file>\n".utf8)
        output.reserveCapacity(source.count * 5 / 4)
        var number = 0
        for line in source.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            let digits = String(number)
            output += String(repeating: "0", count: max(0, 5 - digits.utf8.count)).utf8
            output += digits.utf8
            output += "| ".utf8
            output += line
            output.append(0x0a)
        }
        output += "\n(End of file - total \(number) lines)\n</file>".utf8
        return ToolCall(
            callID: id, input: .read(path: path, limit: 2000), title: path, output: output, metadata: .none,
            isError: false)
    }

    private mutating func edit(_ id: String) -> ToolCall {
        let path = say("~a")
        let old = code(bytes: random.within(60...700))
        let new = code(bytes: random.within(60...900))
        var diff = Array("--- ".utf8) + path + Array("\n+++ ".utf8) + path
        diff += say("\n@@ -~n,~n +~n,~n @@\n")
        prefix(old, with: UInt8(ascii: "-"), to: &diff)
        prefix(new, with: UInt8(ascii: "+"), to: &diff)
        if random.chance(5) {
            return ToolCall(
                callID: id, input: .edit(path: path, old: old, new: new), title: path,
                output: Array("oldString not found in content".utf8), metadata: .none, isError: true)
        }
        return ToolCall(
            callID: id, input: .edit(path: path, old: old, new: new), title: path,
            output: Array("Edit applied successfully.".utf8), metadata: .diff(diff), isError: false)
    }

    private mutating func grep(_ id: String) -> ToolCall {
        let pattern = say(random.pick(["~m\\\\(", "class ~t", "\"~v\":\\\\s*~n", "TODO|FIXME"]))
        let found = lines(
            ["~a:\n  Line ~n:   const ~v = ~m(~v)", "  Line ~k: // ~r", "  Line ~n: ~t.~m(~v, \"~h\")"],
            bytes: outputSize() / 2)
        let matches = found.count(where: { $0 == 0x0a })
        return ToolCall(
            callID: id, input: .grep(pattern: pattern, directory: directory), title: pattern,
            output: Array("Found \(matches) matches\n".utf8) + found, metadata: .matches(matches), isError: false)
    }

    /// The lines of a text, each with a character in front.
    private func prefix(_ text: [UInt8], with mark: UInt8, to result: inout [UInt8]) {
        for line in text.split(separator: 0x0a) {
            result.append(mark)
            result += line
            result.append(0x0a)
        }
    }
}
