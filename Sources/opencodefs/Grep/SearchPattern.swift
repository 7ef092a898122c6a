internal import SessionStore

/// What grep(1) is asked to look for, as far as it tells what a file must hold to match.
///
/// This knows no regular expression through and through: it finds literal bytes that every match contains, and where it is
/// not sure it finds none. grep itself decides what matches (docs/decisions/0025).
struct SearchPattern {
    enum Syntax {
        /// -G
        case basic
        /// -E
        case extended
        /// -F
        case fixed
        /// -P
        case perl
    }

    let text: [UInt8]
    let syntax: Syntax
    /// -i
    let isFolding: Bool

    /// Words of which every file with a match holds one; nil where nothing can be told.
    var words: [SoughtWord]? {
        guard String(validating: text, as: UTF8.self) != nil else { return nil }
        var words: [SoughtWord] = []
        // Each line is a pattern of its own.
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard let branches = branches(Array(line)) else { return nil }
            for runs in branches {
                guard let word = word(in: runs) else { return nil }
                words.append(word)
            }
        }
        return words
    }

    /// For each alternative of a pattern the runs of bytes that it must have; nil where that cannot be told.
    private func branches(_ pattern: [UInt8]) -> [[[UInt8]]]? {
        if syntax == .fixed { return [[pattern]] }
        var scanner = PatternScanner(pattern, syntax)
        return scanner.scan()
    }

    /// The longest word of some runs.
    private func word(in runs: [[UInt8]]) -> SoughtWord? {
        runs.flatMap { $0.split { !mayStandInWord($0) } }
            .sorted { $0.count > $1.count }
            .lazy.compactMap { SoughtWord(Array($0), isFolding: isFolding) }.first
    }

    /// Where case does not matter, some letters of ASCII are the other case of letters that are none: k of the Kelvin sign, s
    /// of the long s, and i is another in Turkish.
    private func mayStandInWord(_ byte: UInt8) -> Bool {
        guard SoughtWord.mayHold(byte) else { return false }
        return !isFolding || (byte < 0x80 && !"iIkKsS".utf8.contains(byte))
    }
}

/// Walks over a regular expression once, and keeps the literal bytes outside of groups, brackets and what may be repeated.
private struct PatternScanner {
    private let bytes: [UInt8]
    private let syntax: SearchPattern.Syntax
    private var position = 0
    private var branches: [[[UInt8]]] = []
    private var runs: [[UInt8]] = []
    private var run: [UInt8] = []

    init(_ bytes: [UInt8], _ syntax: SearchPattern.Syntax) {
        self.bytes = bytes
        self.syntax = syntax
    }

    mutating func scan() -> [[[UInt8]]]? {
        while let byte = next() {
            guard take(byte) else { return nil }
        }
        endBranch()
        return branches
    }

    private var isBasic: Bool { syntax == .basic }

    private mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func endRun() {
        if !run.isEmpty { runs.append(run) }
        run = []
    }

    private mutating func endBranch() {
        endRun()
        branches.append(runs)
        runs = []
    }

    /// What stood last may be missing: a character of the run, or something that is in none.
    private mutating func makeOptional() {
        // All bytes of one character.
        while let last = run.popLast(), last & 0xc0 == 0x80 {}
        endRun()
    }

    /// - Returns: false where nothing can be told of the pattern.
    private mutating func take(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\\"): return takeEscape()
        case UInt8(ascii: "["):
            endRun()
            return skipBracket()
        case UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "$"): endRun()
        case UInt8(ascii: "*"): makeOptional()
        case UInt8(ascii: "?") where !isBasic: makeOptional()
        // b+? is no b at all to -E.
        case UInt8(ascii: "+") where !isBasic: makeOptional()
        case UInt8(ascii: "{") where !isBasic:
            makeOptional()
            return skipCount(closing: [UInt8(ascii: "}")])
        case UInt8(ascii: "|") where !isBasic: endBranch()
        case UInt8(ascii: "(") where !isBasic: return skipGroup()
        // Literal where no group is open, or an error: grep says which.
        case UInt8(ascii: ")") where !isBasic: return false
        // Comments and white space: only in a mode that a group switches on, and those are not read.
        default: run.append(byte)
        }
        return true
    }

    private mutating func takeEscape() -> Bool {
        guard let byte = next() else { return false }
        let isWord = isLetterOrDigit(byte)
        if isBasic {
            switch byte {
            case UInt8(ascii: "("): return skipGroup()
            case UInt8(ascii: ")"): return false
            case UInt8(ascii: "|"):
                endBranch()
                return true
            case UInt8(ascii: "?"), UInt8(ascii: "+"):
                makeOptional()
                return true
            case UInt8(ascii: "{"):
                makeOptional()
                return skipCount(closing: [UInt8(ascii: "\\"), UInt8(ascii: "}")])
            default: break
            }
        }
        if isWord || byte >= 0x80 {
            endRun()
            // What has no more to it than the letter; of all others of Perl's nothing is known.
            return syntax != .perl || "dDwWsSbBAzZhHvVRKGnrtfae".utf8.contains(byte)
        }
        // Anchors to GNU; a letter of its own in Perl, which costs nothing to leave out.
        if "<>`'".utf8.contains(byte) {
            endRun()
        } else {
            run.append(byte)
        }
        return true
    }

    private func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Skips the rest of `{2,3}`, if it is one; else what follows stands for itself.
    private mutating func skipCount(closing: [UInt8]) -> Bool {
        var end = position
        while end < bytes.count, "0123456789, ".utf8.contains(bytes[end]) { end += 1 }
        if bytes[end...].starts(with: closing) { position = end + closing.count }
        return true
    }

    /// Skips the rest of a bracket: `[]a]`, `[^]a]`, `[[:alpha:]]`.
    private mutating func skipBracket() -> Bool {
        if position < bytes.count, bytes[position] == UInt8(ascii: "^") { position += 1 }
        var isFirst = true
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "]") where !isFirst: return true
            // Perl's escapes may hold a bracket, GNU's are none.
            case UInt8(ascii: "\\") where syntax == .perl: return false
            case UInt8(ascii: "["):
                guard position < bytes.count, ":.=".utf8.contains(bytes[position]) else { break }
                let mark = bytes[position]
                position += 1
                while position < bytes.count,
                    !(bytes[position] == mark && bytes[(position + 1)...].first == UInt8(ascii: "]"))
                {
                    position += 1
                }
                guard position < bytes.count else { return false }
                position += 2
            default: break
            }
            isFirst = false
        }
        return false
    }

    /// Skips a group: nothing in it is certain to be there.
    private mutating func skipGroup() -> Bool {
        endRun()
        guard isKnownGroup else { return false }
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "["):
                guard skipBracket() else { return false }
            case UInt8(ascii: "("):
                guard isBasic || skipGroup() else { return false }
            case UInt8(ascii: ")") where !isBasic: return true
            case UInt8(ascii: "\\"):
                guard let escaped = next() else { return false }
                if isBasic {
                    if escaped == UInt8(ascii: ")") { return true }
                    if escaped == UInt8(ascii: "("), !skipGroup() { return false }
                } else if syntax == .perl, isLetterOrDigit(escaped),
                    !"dDwWsSbBAzZhHvVRKGnrtfae0123456789".utf8.contains(escaped)
                {
                    return false
                }
            default: break
            }
        }
        return false
    }

    /// Whether a group that begins here changes nothing outside of it: Perl's `(?i)` does.
    private var isKnownGroup: Bool {
        guard syntax == .perl, position < bytes.count else { return true }
        if bytes[position] == UInt8(ascii: "*") { return false }
        guard bytes[position] == UInt8(ascii: "?") else { return true }
        return [":", "=", "!", "<=", "<!"].contains { bytes[(position + 1)...].starts(with: $0.utf8) }
    }
}
