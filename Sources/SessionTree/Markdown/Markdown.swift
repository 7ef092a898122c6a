/// Pieces of GitHub's Markdown that hold any bytes without letting them out.
package enum Markdown {
    /// Text for a line of its own, such as a heading: what Markdown would take for its own is escaped, line breaks are spaces.
    package static func escaped(_ text: [UInt8]) -> [UInt8] {
        var line: [UInt8] = []
        for byte in singleLine(text) {
            if special.contains(byte) { line.append(UInt8(ascii: "\\")) }
            line.append(byte)
        }
        return line
    }

    private static let special = Set("\\`*_[]<>&#|~$!".utf8)

    /// A code span of one line.
    package static func code(_ text: [UInt8]) -> [UInt8] {
        let line = singleLine(text)
        guard line.contains(where: { $0 != 0x20 }) else { return [] }
        let ticks = [UInt8](repeating: UInt8(ascii: "`"), count: longestRun(in: line[...]) + 1)
        // One space at each end is taken away by who reads it.
        let needsSpace =
            line.first == UInt8(ascii: "`") || line.last == UInt8(ascii: "`")
            || (line.first == 0x20 && line.last == 0x20)
        let space: [UInt8] = needsSpace ? [0x20] : []
        return ticks + space + line + space + ticks
    }

    private static func singleLine(_ text: [UInt8]) -> [UInt8] {
        text.map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }
    }

    /// The longest run of backticks.
    package static func longestRun(in bytes: ArraySlice<UInt8>) -> Int {
        var counter = RunCounter()
        counter.take(bytes)
        return counter.longest
    }

    /// Finds the longest run of backticks in text that comes in portions.
    struct RunCounter {
        private(set) var longest = 0
        private var current = 0

        mutating func take(_ bytes: ArraySlice<UInt8>) {
            for byte in bytes {
                current = byte == UInt8(ascii: "`") ? current + 1 : 0
                if current > longest { longest = current }
            }
        }
    }

    /// A line that opens or closes a fence around text whose longest run of backticks is this.
    static func fence(around longest: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(ascii: "`"), count: max(3, longest + 1))
    }

    /// A path as the target of a link.
    package static func target(_ path: [UInt8]) -> [UInt8] {
        path.flatMap { byte -> [UInt8] in
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            return isPlain ? [byte] : [UInt8(ascii: "%"), hexadecimal(byte >> 4), hexadecimal(byte & 15)]
        }
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }
}
