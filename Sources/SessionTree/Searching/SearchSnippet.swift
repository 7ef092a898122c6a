package import SessionModel

/// A stretch of text around what was found. Good for a terminal: no control character is in it.
package struct SearchSnippet: Sendable, Hashable {
    package let field: SearchField
    package let text: [UInt8]
    /// Bytes of the text that were searched for, in order and apart.
    package let marks: [Range<Int>]

    /// Bytes before the first find and after the last, about.
    private static let margin = 60

    /// Takes what stands around the first find, and all that is found in the same stretch.
    ///
    /// - Parameter ranges: not empty; bytes of the portion.
    fileprivate init(_ field: SearchField, _ portion: ArraySlice<UInt8>, _ ranges: ArraySlice<Range<Int>>) {
        let bytes = Array(portion)
        let first = ranges.first ?? 0..<0
        let end = min(bytes.count, first.upperBound + Self.margin)
        let stretch = Self.character(max(0, first.lowerBound - Self.margin), in: bytes)..<Self.character(end, in: bytes)
        var marks: [Range<Int>] = []
        for range in ranges where range.upperBound <= stretch.upperBound && range.lowerBound >= stretch.lowerBound {
            let mark = range.lowerBound - stretch.lowerBound..<range.upperBound - stretch.lowerBound
            if let last = marks.last, mark.lowerBound < last.upperBound {
                marks[marks.count - 1] = min(last.lowerBound, mark.lowerBound)..<max(last.upperBound, mark.upperBound)
            } else {
                marks.append(mark)
            }
        }
        self.field = field
        self.marks = marks
        text = Self.tamed(bytes[stretch])
    }

    /// The beginning of the character that a byte belongs to.
    private static func character(_ index: Int, in bytes: [UInt8]) -> Int {
        var index = index
        while index > 0, index < bytes.count, bytes[index] & 0xc0 == 0x80 { index -= 1 }
        return index
    }

    /// The same number of bytes, with space for what a terminal would obey and for what is no UTF-8.
    package static func tamed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result = Array(bytes)
        var index = 0
        while index < result.count {
            let length = max(1, UTF8Sequence.length(in: result, at: index))
            let scalar = UTF8Sequence.scalar(result.span, at: index)
            let isHarmless = scalar.map { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
                default: true
                }
            }
            if isHarmless != true {
                for byte in index..<min(index + length, result.count) { result[byte] = UInt8(ascii: " ") }
            }
            index += length
        }
        return result
    }
}

extension SearchQuery {
    /// What a title says about the query.
    package func snippet(title: [UInt8]) -> SearchSnippet? {
        var (scanner, matcher) = (WordScanner(), SearchMatcher(self, keepsRanges: true))
        matcher.begin(.title)
        scanner.take(title[...], &matcher)
        scanner.finish(&matcher)
        let ranges = matcher.takeRanges()
        return ranges.isEmpty ? nil : SearchSnippet(.title, title[...], ranges[...])
    }

    /// Stretches of a message's text around what was found, the first of those of the fields that weigh most.
    ///
    /// - Parameter limit: no more than so many.
    package func snippets(
        of message: Message, in history: any MessageTexts, limit: Int
    ) throws(ViewError) -> [SearchSnippet] {
        let text = try SearchedText(message, in: history)
        var matcher = SearchMatcher(self, keepsRanges: true)
        var scanner = WordScanner()
        var found: [SearchSnippet] = []
        var position = 0
        try text.portions { field, isFirst, portion in
            if isFirst {
                (scanner, position) = (WordScanner(), 0)
                matcher.begin(field)
            }
            scanner.take(portion, &matcher)
            // A word that goes on in the next portion is rare enough to be cut here for the eye.
            var ending = scanner
            ending.finish(&matcher)
            let ranges = matcher.takeRanges().filter { $0.lowerBound >= position }
                .map { $0.lowerBound - position..<min($0.upperBound - position, portion.count) }
                .sorted { $0.lowerBound < $1.lowerBound }
            position += portion.count
            if !ranges.isEmpty, found.count(where: { $0.field <= field }) < limit {
                found.append(SearchSnippet(field, portion, ranges[...]))
            }
        }
        return Array(found.sorted { $0.field < $1.field }.prefix(limit))
    }
}
