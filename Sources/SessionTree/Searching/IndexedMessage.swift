package import SessionModel

/// What an index keeps of a message: its words, each once for each field, and what filters go by.
package struct IndexedMessage: Sendable {
    /// Words with spaces between them, as ``SearchField/ofMessages`` numbers the fields.
    package let words: [[UInt8]]
    /// Its project is not among them.
    package let facts: SearchFacts
    /// Bytes that were read.
    package let octets: Int

    /// A message with more bytes than that has too many words to hold, and is scanned each time.
    package static let largest = ConversationText.largest

    package init(_ message: Message, in history: any MessageTexts, _ pages: inout IndexedWords) throws(ViewError) {
        let text = try SearchedText(message, in: history)
        pages.removeAll()
        try text.feed(&pages)
        words = pages.sets.map(\.text)
        facts = text.facts(project: [])
        octets = message.texts.reduce(0) { $0 + $1.octets }
    }
}

/// Memory to collect the words of a message in, used again for the next.
package struct IndexedWords: PassageSink {
    fileprivate var sets = SearchField.ofMessages.map { _ in WordSet() }
    private var current = 0

    package init() {}

    fileprivate mutating func removeAll() {
        for index in sets.indices { sets[index].removeAll() }
    }

    mutating func begin(_ field: SearchField) {
        current = SearchField.ofMessages.firstIndex(of: field) ?? 0
    }

    package mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>) {
        sets[current].take(word, isPart: isPart, at: range)
    }
}
