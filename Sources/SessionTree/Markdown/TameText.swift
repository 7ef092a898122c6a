/// Whether Markdown that somebody else wrote can stand in a document of ours as it is: whatever it says, what follows
/// it must be read as if it were not there.
///
/// Four things reach beyond a text: a fence that is not closed, raw HTML (a comment or a tag swallows what follows), the
/// definition of a reference or a footnote, and a list that takes in what is indented. This is no parser of Markdown: it knows a text
/// to be harmless only where all ways to read it agree, and calls it wild otherwise; then it is shown in a fence.
struct TameText {
    enum Verdict: Equatable {
        /// Harmless, with this line behind it: the end of a fence that it leaves open, or nothing.
        case tame(closing: [UInt8])
        case wild
    }

    /// A fence that is open.
    private struct Fence {
        let mark: UInt8
        let count: Int
        let indent: Int
        /// In a list it is one, elsewhere it is not, for it is indented too far.
        var isDoubtful: Bool { indent > 3 }
    }

    private var fence: Fence?
    /// Whether something in this paragraph could pair with a backtick of a later line, or take one in.
    private var isRisky = false
    /// Whether a line of this paragraph begins with a bracket.
    private var hasBracket = false

    static func verdict(_ text: [UInt8]) -> Verdict {
        var scan = TameText()
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0a, text[end] != 0x0d { end += 1 }
            guard scan.take(text[start..<end]) else { return .wild }
            start = end + 1
        }
        guard let fence = scan.fence else { return .tame(closing: []) }
        guard fence.indent == 0 else { return .wild }
        return .tame(closing: [UInt8](repeating: fence.mark, count: fence.count))
    }

    /// - Returns: false when it is wild.
    private mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
        var indent = 0
        var rest = line
        while let byte = rest.first, byte == 0x20 || byte == 0x09 {
            indent += byte == 0x20 ? 1 : 4 - indent % 4
            rest = rest.dropFirst()
        }
        let run = Self.fenceRun(rest)
        if let fence { return takeInside(fence, rest, indent, run) }
        guard !rest.isEmpty else {
            (isRisky, hasBracket) = (false, false)
            return true
        }
        if let run, let mark = rest.first {
            fence = Fence(mark: mark, count: run, indent: indent)
            (isRisky, hasBracket) = (false, false)
            return true
        }
        let words = Self.withoutMarkers(rest)
        // A list item that begins with a fence: where it ends depends on what follows.
        if words.count < rest.count, rest.first != UInt8(ascii: ">"), Self.fenceRun(words) != nil { return false }
        if words.first == UInt8(ascii: "[") { hasBracket = true }
        if hasBracket, Self.contains(line, "]:") { return false }
        return takeWords(line)
    }

    private mutating func takeInside(_ open: Fence, _ rest: ArraySlice<UInt8>, _ indent: Int, _ run: Int?) -> Bool {
        if let mark = rest.first, mark == open.mark,
            case let count = rest.prefix(while: { $0 == mark }).count, count >= open.count,
            rest.dropFirst(count).allSatisfy({ $0 == 0x20 || $0 == 0x09 })
        {
            if open.indent == 0 {
                if indent <= 3 { fence = nil }
                return true
            }
            guard open.isDoubtful ? indent == open.indent : open.indent <= indent && indent <= 3 else { return false }
            fence = nil
            // If it was none, its backticks are words of a paragraph.
            isRisky = open.isDoubtful
            return true
        }
        guard open.indent > 0, !rest.isEmpty else { return true }
        // A line further left ends a list, and its fence with it.
        guard indent >= open.indent else { return false }
        guard open.isDoubtful else { return true }
        if run != nil || Self.fenceRun(Self.withoutMarkers(rest)) != nil || Self.contains(rest, "]:") { return false }
        return !Self.hasTag(rest)
    }

    /// How many marks a line begins with that opens a fence; nil for one that does not.
    private static func fenceRun(_ rest: ArraySlice<UInt8>) -> Int? {
        guard let mark = rest.first, mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else { return nil }
        let count = rest.prefix { $0 == mark }.count
        guard count >= 3 else { return nil }
        if mark == UInt8(ascii: "`"), rest.dropFirst(count).contains(mark) { return nil }
        return count
    }

    /// What a line says behind the marks of lists and quotes.
    private static func withoutMarkers(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        rest.drop { byte in
            switch byte {
            case 0x20, 0x09, UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ">"),
                UInt8(ascii: "."), UInt8(ascii: ")"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
    }

    /// Reads a line outside of fences: tags may stand in code spans that are ones for certain.
    private mutating func takeWords(_ line: ArraySlice<UInt8>) -> Bool {
        let hasTag = Self.hasTag(line)
        let takesBackticks =
            line.contains { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "|") || $0 == UInt8(ascii: "$") }
            || Self.contains(line, "://") || Self.contains(line, "www.") || Self.contains(line, "\\`")
        if takesBackticks { isRisky = true }
        let runs = BacktickRuns(line)
        var outside = line.startIndex
        var number = 0
        while number < runs.all.count {
            guard let closing = runs.closing[number] else {
                isRisky = true
                number += 1
                continue
            }
            let (index, end) = (runs.all[number].lowerBound, runs.all[closing].upperBound)
            if hasTag {
                if Self.hasTag(line[outside..<index]) { return false }
                if isRisky, Self.hasTag(line[index..<end]) { return false }
            }
            number = closing + 1
            outside = end
        }
        return !hasTag || !Self.hasTag(line[outside...])
    }

    /// Whether something could be a tag, a comment or the like. `<https://…>` is none.
    private static func hasTag(_ text: ArraySlice<UInt8>) -> Bool {
        for index in text.indices where text[index] == UInt8(ascii: "<") && index + 1 < text.endIndex {
            switch text[index + 1] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "/"),
                UInt8(ascii: "!"), UInt8(ascii: "?"):
                if !isAddress(text[(index + 1)...]) { return true }
            default: break
            }
        }
        return false
    }

    private static func isAddress(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.starts(with: "https://".utf8) || text.starts(with: "http://".utf8),
            let end = text.firstIndex(of: UInt8(ascii: ">"))
        else { return false }
        return text[..<end].allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "`") }
    }

    private static func contains(_ text: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
        let bytes = Array("\(word)".utf8)
        guard let first = bytes.first else { return true }
        for index in text.indices where text[index] == first && text[index...].starts(with: bytes) { return true }
        return false
    }
}

/// The runs of backticks in a line. Found once: a line may have millions of them, and each may ask for its end.
struct BacktickRuns {
    private(set) var all: [Range<Int>] = []
    /// For each the next one of the same length, which ends the code span that it begins; nil where none does.
    let closing: [Int?]

    init(_ line: ArraySlice<UInt8>) {
        var start: Int?
        for index in line.indices {
            if line[index] == UInt8(ascii: "`") {
                start = start ?? index
            } else if let first = start {
                all.append(first..<index)
                start = nil
            }
        }
        if let start { all.append(start..<line.endIndex) }
        var closing = [Int?](repeating: nil, count: all.count)
        var next: [Int: Int] = [:]
        for number in all.indices.reversed() {
            let length = all[number].count
            closing[number] = next[length]
            next[length] = number
        }
        self.closing = closing
    }
}
