package import SessionModel

/// Finds the words and phrases of a query in text that goes by.
package struct SearchMatcher: PassageSink {
    /// Words that follow each other: which of them the last words of the text were.
    private struct Phrase {
        let leaf: Int
        let words: [SearchQuery.Word]
        /// Bit n: the words up to the nth have been seen just now.
        var progress: UInt64 = 0
    }

    private var phrases: [Phrase]
    private var field = SearchFields()
    /// Where each leaf of the query has been found.
    private var found: [SearchFields]
    /// Whether any word of the query begins with a byte.
    private var beginnings = [Bool](repeating: false, count: 256)
    private var hasProgress = false
    /// Called for each find, if anybody wants to know: the bytes of its words.
    private var wholeWords: [Range<Int>] = []
    private let keepsRanges: Bool
    /// What was found since ``takeRanges()``, where it is kept.
    private var ranges: [Range<Int>] = []

    /// - Parameter keepsRanges: whether it is to be known where.
    package init(_ query: SearchQuery, keepsRanges: Bool = false) {
        phrases = query.texts.map { Phrase(leaf: $0.leaf, words: $0.words) }
        found = [SearchFields](repeating: [], count: query.leaves.count)
        self.keepsRanges = keepsRanges
        for phrase in phrases {
            for word in phrase.words where !word.bytes.isEmpty { beginnings[Int(word.bytes[0])] = true }
        }
    }

    package mutating func begin(_ field: SearchField) {
        self.field = SearchFields(field)
        stopPhrases()
        wholeWords.removeAll(keepingCapacity: true)
    }

    private mutating func stopPhrases() {
        guard hasProgress else { return }
        for index in phrases.indices { phrases[index].progress = 0 }
        hasProgress = false
    }

    package mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>) {
        if keepsRanges, !isPart {
            wholeWords.append(range)
            if wholeWords.count > 256 { wholeWords.removeFirst(192) }
        }
        guard beginnings[Int(word[0])] else {
            if !isPart { stopPhrases() }
            return
        }
        var hasProgress = isPart && self.hasProgress
        for index in phrases.indices {
            let count = phrases[index].words.count
            if count == 1 {
                guard keepsRanges || !found[phrases[index].leaf].isSuperset(of: field),
                    Self.matches(word, phrases[index].words[0])
                else { continue }
                found[phrases[index].leaf].formUnion(field)
                if keepsRanges { ranges.append(range) }
            } else if !isPart {
                var fitting: UInt64 = 0
                for (number, wanted) in phrases[index].words.enumerated() where Self.matches(word, wanted) {
                    fitting |= 1 << UInt64(number)
                }
                let progress = (phrases[index].progress << 1 | 1) & fitting
                phrases[index].progress = progress
                hasProgress = hasProgress || progress != 0
                if progress >> UInt64(count - 1) & 1 == 1 {
                    found[phrases[index].leaf].formUnion(field)
                    if keepsRanges, let first = wholeWords.dropLast(count - 1).last {
                        ranges.append(first.lowerBound..<range.upperBound)
                    }
                }
            }
        }
        self.hasProgress = hasProgress
    }

    private static func matches(_ word: borrowing Span<UInt8>, _ wanted: SearchQuery.Word) -> Bool {
        guard wanted.isPrefix ? word.count >= wanted.bytes.count : word.count == wanted.bytes.count else {
            return false
        }
        for index in wanted.bytes.indices where word[index] != wanted.bytes[index] { return false }
        return true
    }

    /// Where words were found since the last time, in the order in which they end.
    mutating func takeRanges() -> [Range<Int>] {
        defer { ranges.removeAll(keepingCapacity: true) }
        return ranges
    }

    /// What was found, with what the filters say.
    package func findings(_ query: SearchQuery, _ facts: SearchFacts) -> [SearchQuery.Finding] {
        query.leaves.enumerated().map { number, leaf in
            leaf.accepts(facts).map { $0 ? SearchQuery.Finding(.all) : .nowhere } ?? SearchQuery.Finding(found[number])
        }
    }
}

extension SearchQuery {
    /// Where a title matches; nil where it does not.
    ///
    /// - Parameter fresh: for this query, and not used yet: there are many titles, and to make one takes longer than to read a title.
    package func match(title: [UInt8], _ facts: SearchFacts, _ fresh: SearchMatcher) -> SearchField? {
        var (scanner, matcher) = (WordScanner(), fresh)
        matcher.begin(.title)
        scanner.take(title[...], &matcher)
        scanner.finish(&matcher)
        let (truth, field) = match(matcher.findings(self, facts))
        return truth == .yes ? field : nil
    }

    /// Where a message matches; nil where it does not. All of its text is read.
    ///
    /// - Parameter facts: of its project; the rest is taken from the message.
    package func match(
        _ message: Message, _ project: [[UInt8]], in history: any MessageTexts
    ) throws(ViewError) -> SearchHit? {
        let text = try SearchedText(message, in: history)
        var matcher = SearchMatcher(self)
        try text.feed(&matcher)
        let facts = text.facts(project: project)
        let (truth, field) = match(matcher.findings(self, facts))
        guard truth == .yes else { return nil }
        return SearchHit(session: message.session, message: message.id, field: field, moment: facts.moment)
    }
}

extension SearchedText {
    /// What filters go by.
    func facts(project: [[UInt8]]) -> SearchFacts {
        SearchFacts(
            project: project, role: Array(turn.role.word.utf8), model: turn.model,
            moment: turn.created ?? message.texts.map(\.updated).max() ?? 0)
    }
}
