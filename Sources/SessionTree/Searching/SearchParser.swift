/// Why a query is none, and where.
package struct SearchQueryError: Error, Hashable {
    /// Characters before the fault, and one.
    package let position: Int
    /// For people.
    package let reason: String

    /// In one line.
    package var message: String { "\(reason), at character \(position) of the query" }
}

extension SearchQuery {
    /// Reads a query: words, `"phrases"`, `prefix*`, AND, OR, NOT (`-`), parentheses, `project:`, `role:`, `model:`, `since:` and
    /// `until:`. Words that stand side by side are all meant.
    package init(parsing text: [UInt8]) throws(SearchQueryError) {
        var parser = SearchParser(text)
        self = try parser.query()
    }
}

/// Reads a query from its beginning to its end.
private struct SearchParser {
    private let text: [UInt8]
    private var position = 0
    private var leaves: [SearchQuery.Leaf] = []
    private var depth = 0

    /// More would only be a way to fill the stack.
    private static let deepest = 64
    private static let longestPhrase = 64
    private static let mostLeaves = 64

    init(_ text: [UInt8]) {
        self.text = text
    }

    mutating func query() throws(SearchQueryError) -> SearchQuery {
        guard next != nil else { throw fault("there is nothing to search for") }
        let root = try alternatives()
        if next != nil { throw fault("there is no ( for this )") }
        return SearchQuery(leaves: leaves, root: root)
    }

    // MARK: Grammar

    private mutating func alternatives() throws(SearchQueryError) -> SearchQuery.Node {
        var nodes = [try conjunction()]
        while take("OR") { nodes.append(try conjunction()) }
        return nodes.count == 1 ? nodes[0] : .any(nodes)
    }

    private mutating func conjunction() throws(SearchQueryError) -> SearchQuery.Node {
        var nodes = [try negation()]
        while let byte = next, byte != UInt8(ascii: ")"), !sees("OR") {
            _ = take("AND")
            nodes.append(try negation())
        }
        return nodes.count == 1 ? nodes[0] : .all(nodes)
    }

    private mutating func negation() throws(SearchQueryError) -> SearchQuery.Node {
        try deeper()
        defer { depth -= 1 }
        if take("NOT") { return .not(try negation()) }
        guard let byte = next else { throw fault("something to search for is missing") }
        switch byte {
        case UInt8(ascii: "-") where isTermBegun(at: position + 1):
            position += 1
            return .not(try negation())
        case UInt8(ascii: "("):
            let opening = position
            position += 1
            let node = try alternatives()
            guard next == UInt8(ascii: ")") else { throw fault("this ( is not closed", at: opening) }
            position += 1
            return node
        case UInt8(ascii: ")"): throw fault("something to search for is missing")
        default:
            if sees("AND") || sees("OR") { throw fault("something to search for is missing") }
            return try term()
        }
    }

    private mutating func deeper() throws(SearchQueryError) {
        depth += 1
        if depth > Self.deepest { throw fault("more than \(Self.deepest) levels") }
    }

    private mutating func term() throws(SearchQueryError) -> SearchQuery.Node {
        let start = position
        if let filter = filterName() {
            let value = try value()
            let leaf = try leaf(filter, value.bytes, at: value.start)
            return try add(leaf, at: start)
        }
        let value = try value()
        let isPrefix = value.isPrefix
        var words = SearchQuery.words(in: value.bytes)
        guard let last = words.popLast() else { throw fault("there is no letter and no digit in this", at: start) }
        guard words.count < Self.longestPhrase else {
            throw fault("a phrase of more than \(Self.longestPhrase) words", at: start)
        }
        words.append(SearchQuery.Word(bytes: last.bytes, isPrefix: isPrefix))
        return try add(.words(words), at: start)
    }

    private mutating func add(_ leaf: SearchQuery.Leaf, at start: Int) throws(SearchQueryError) -> SearchQuery.Node {
        if let known = leaves.firstIndex(of: leaf) { return .leaf(known) }
        guard leaves.count < Self.mostLeaves else { throw fault("more than \(Self.mostLeaves) things", at: start) }
        leaves.append(leaf)
        return .leaf(leaves.count - 1)
    }

    // MARK: Filters

    private static let filters = ["project", "role", "model", "since", "until"]
    private static let roles = ["user", "assistant", "system", "tool", "event"]

    /// The filter that begins here, which is passed over.
    private mutating func filterName() -> String? {
        for name in Self.filters
        where text[position...].prefix(name.utf8.count + 1).map({ $0 | 0x20 }).elementsEqual((name + ":").utf8) {
            position += name.utf8.count + 1
            return name
        }
        return nil
    }

    private func leaf(
        _ filter: String, _ value: [UInt8], at start: Int
    ) throws(SearchQueryError) -> SearchQuery.Leaf {
        guard !value.isEmpty else { throw fault("\(filter): is followed by nothing", at: start) }
        let lower = SearchQuery.Leaf.lowercased(value)
        switch filter {
        case "project": return .project(lower)
        case "model": return .model(lower)
        case "role":
            guard Self.roles.contains(where: { lower.elementsEqual($0.utf8) }) else {
                throw fault("role: is followed by none of \(Self.roles.joined(separator: ", "))", at: start)
            }
            return .role(lower)
        default:
            guard let period = SearchPeriod(value) else {
                throw fault("\(filter): is followed by no date such as 2026-11-18 or 2026-11-18T10:15", at: start)
            }
            return filter == "since" ? .since(period.start) : .until(period.end)
        }
    }

    // MARK: Characters

    /// What stands next, behind space.
    private var next: UInt8? {
        mutating get {
            while position < text.count, Self.isSpace(text[position]) { position += 1 }
            return position < text.count ? text[position] : nil
        }
    }

    /// A term up to space or a parenthesis, or what stands in quotes; whether a `*` ends it.
    private mutating func value() throws(SearchQueryError) -> (bytes: [UInt8], isPrefix: Bool, start: Int) {
        let start = position
        guard position < text.count, text[position] == UInt8(ascii: "\"") else {
            while position < text.count, !Self.endsTerm(text[position]) { position += 1 }
            var bytes = Array(text[start..<position])
            let isPrefix = bytes.last == UInt8(ascii: "*")
            if isPrefix { bytes.removeLast() }
            return (bytes, isPrefix, start)
        }
        guard let closing = text[(start + 1)...].firstIndex(of: UInt8(ascii: "\"")) else {
            throw fault("this \" is not closed", at: start)
        }
        position = closing + 1
        var bytes = Array(text[(start + 1)..<closing])
        var isPrefix = position < text.count && text[position] == UInt8(ascii: "*")
        if isPrefix {
            position += 1
        } else if bytes.last == UInt8(ascii: "*"), bytes.dropLast().last.map(Self.isSpace) == false {
            // On either side of the quote: `"rate lim*"`.
            (isPrefix, _) = (true, bytes.removeLast())
        }
        return (bytes, isPrefix, start)
    }

    private func isTermBegun(at index: Int) -> Bool {
        index < text.count && !Self.isSpace(text[index]) && text[index] != UInt8(ascii: ")")
            && text[index] != UInt8(ascii: "-")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

    private static func endsTerm(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "\"")
    }

    /// Whether an operator stands next, as a word by itself.
    private mutating func sees(_ word: String) -> Bool {
        guard next != nil, text[position...].starts(with: word.utf8) else { return false }
        let end = position + word.utf8.count
        return end == text.count || Self.endsTerm(text[end])
    }

    private mutating func take(_ word: String) -> Bool {
        guard sees(word) else { return false }
        position += word.utf8.count
        return true
    }

    private func fault(_ reason: String, at byte: Int? = nil) -> SearchQueryError {
        let before = text[..<(byte ?? position)]
        return SearchQueryError(position: before.count { $0 & 0xc0 != 0x80 } + 1, reason: reason)
    }
}

extension SearchQuery {
    /// The words of a text, in its order.
    package static func words(in text: [UInt8]) -> [Word] {
        struct Collector: WordScanner.Sink {
            var words: [Word] = []

            mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>) {
                guard !isPart else { return }
                var bytes: [UInt8] = []
                for index in word.indices { bytes.append(word[index]) }
                words.append(Word(bytes: bytes, isPrefix: false))
            }
        }
        var (scanner, collector) = (WordScanner(), Collector())
        scanner.take(text[...], &collector)
        scanner.finish(&collector)
        return collector.words
    }
}
