internal import SessionModel

/// One text of a message, read as JSON in memory that does not grow with it: of a large one, the long strings are left in
/// the database.
struct ConversationText {
    /// A text, or a message, with more bytes than that is not held whole.
    static let largest = 8 << 20
    /// Of such a one, strings with more bytes than that are left out.
    private static let longString = 64 << 10
    /// How much of the beginning of a string that is left out is kept.
    private static let keptBeginning = 256

    /// A string that is left out.
    private struct Omission {
        /// Where its opening quote stands in the shortened text.
        let quote: Int
        /// The bytes between its quotes in the text itself.
        let range: Range<Int>
        let beginning: [UInt8]
    }

    /// As ``Message/texts`` numbers them.
    let number: Int
    private let octets: Int
    private let omissions: [Omission]
    /// Nil where the text is no JSON.
    let tree: JSONTree?
    /// The text, where it is short enough.
    private let bytes: [UInt8]?

    /// Takes a text that is at hand.
    init(_ number: Int, whole bytes: [UInt8]) {
        self.number = number
        octets = bytes.count
        omissions = []
        tree = JSONTree(stored: bytes)
        self.bytes = bytes
    }

    /// Reads a text of a message that is not to be held whole.
    init(_ number: Int, of message: Message, in history: any MessageTexts) throws(ViewError) {
        self.number = number
        octets = message.texts[number].octets
        var shortened = ShortenedText()
        var position = 0
        while position < octets {
            let window = try history.text(
                number, of: message, range: position..<min(position + Passage.window, octets))
            guard !window.isEmpty, shortened.bytes.count <= Self.largest else { break }
            shortened.take(window)
            position += window.count
        }
        omissions = shortened.omissions
        tree = shortened.bytes.count > Self.largest ? nil : JSONTree(stored: shortened.bytes)
        bytes = nil
    }

    /// All of it, as it is stored.
    var passage: Passage {
        bytes.map { .whole($0) } ?? .stored(text: number, range: 0..<octets, isQuoted: false)
    }

    /// What a string says.
    func string(_ value: JSONTree.Value?) -> Passage? {
        guard let tree, let value, tree.kind(of: value) == .string else { return nil }
        if let omission = omission(value, tree) {
            return .stored(text: number, range: omission.range, isQuoted: true)
        }
        return tree.string(value).map { .whole($0) }
    }

    /// What a string says, where it is short; nil for a long one.
    func word(_ value: JSONTree.Value?) -> [UInt8]? {
        guard case .whole(let bytes) = string(value) else { return nil }
        return bytes
    }

    /// A value as JSON.
    func json(_ value: JSONTree.Value) -> Passage {
        guard let tree else { return passage }
        let range = tree.range(of: value)
        let inside = omissions.contains { range.contains($0.quote) }
        guard inside else { return .whole(tree.compact(value)) }
        return .stored(text: number, range: original(range.lowerBound)..<original(range.upperBound), isQuoted: false)
    }

    /// A string as it is spelled: where the text has its first byte, and how it begins.
    func spelling(_ value: JSONTree.Value) -> (start: Int, beginning: [UInt8])? {
        guard let tree, tree.kind(of: value) == .string else { return nil }
        if let omission = omission(value, tree) { return (omission.range.lowerBound, omission.beginning) }
        let inside = tree.bytes[tree.range(of: value)].dropFirst().dropLast()
        return (original(inside.startIndex), Array(inside.prefix(Self.keptBeginning)))
    }

    private func omission(_ value: JSONTree.Value, _ tree: JSONTree) -> Omission? {
        let start = tree.range(of: value).lowerBound
        return omissions.first { $0.quote == start }
    }

    /// Where a byte of the shortened text stands in the text itself.
    private func original(_ position: Int) -> Int {
        position + omissions.reduce(0) { $0 + ($1.quote < position ? $1.range.count : 0) }
    }

    /// A text with its long strings left out, as it goes by.
    private struct ShortenedText {
        private(set) var bytes: [UInt8] = []
        private(set) var omissions: [Omission] = []
        /// Where the string that goes by begins, here and in the text.
        private var quote: (here: Int, there: Int)?
        private var beginning: [UInt8]?
        private var isEscaped = false
        private var position = 0

        mutating func take(_ window: [UInt8]) {
            let window = window.span
            var index = 0
            while index < window.count {
                // What is left out goes by without a thought for each byte.
                if beginning != nil, !isEscaped {
                    let first = index
                    while index < window.count, window[index] != UInt8(ascii: "\""), window[index] != UInt8(ascii: "\\")
                    {
                        index += 1
                    }
                    if index > first {
                        position += index - first
                        continue
                    }
                }
                let byte = window[index]
                index += 1
                defer { position += 1 }
                guard let start = quote else {
                    // What is no JSON must not fill the memory either.
                    if bytes.count <= ConversationText.largest { bytes.append(byte) }
                    if byte == UInt8(ascii: "\"") { quote = (bytes.count - 1, position) }
                    continue
                }
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    if let beginning {
                        omissions.append(
                            Omission(quote: start.here, range: start.there + 1..<position, beginning: beginning))
                    }
                    (quote, beginning) = (nil, nil)
                    bytes.append(byte)
                    continue
                }
                if beginning == nil {
                    bytes.append(byte)
                    if bytes.count - start.here > ConversationText.longString {
                        beginning = Array(bytes[(start.here + 1)...].prefix(ConversationText.keptBeginning))
                        bytes.removeLast(bytes.count - start.here - 1)
                    }
                }
            }
        }
    }
}
