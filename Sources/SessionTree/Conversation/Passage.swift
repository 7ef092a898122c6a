package import SessionModel

/// A stretch of text in a turn: at hand, or left in the database because it is long.
package enum Passage: Sendable, Equatable {
    case whole([UInt8])
    /// Some bytes of one of the message's texts. Quoted: they stand between the quotes of a JSON string.
    case stored(text: Int, range: Range<Int>, isQuoted: Bool)

    /// Bytes fetched at a time: a database walks to where they begin, however far that is.
    static let window = 4 << 20

    package var isEmpty: Bool {
        switch self {
        case .whole(let bytes): bytes.isEmpty
        case .stored(_, let range, _): range.isEmpty
        }
    }

    /// Hands out the text in portions of some megabytes, none of which ends inside a character.
    package func portions(
        of message: Message, in history: any MessageTexts, _ body: (ArraySlice<UInt8>) throws(ViewError) -> Void
    ) throws(ViewError) {
        guard case .stored(let text, let range, let isQuoted) = self else {
            if case .whole(let bytes) = self, !bytes.isEmpty { try body(bytes[...]) }
            return
        }
        var raw: [UInt8] = []
        var decoded: [UInt8] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let end = min(position + Self.window, range.upperBound)
            let portion = try history.text(text, of: message, range: position..<end)
            // The row is shorter than it said: what is there has been shown.
            guard !portion.isEmpty else { break }
            position += portion.count
            raw += portion
            let isLast = position >= range.upperBound
            let cut = isQuoted && !isLast ? Self.endOfWholeEscapes(raw) : raw.count
            decoded += isQuoted ? JSONText.decoded(raw[..<cut]) : Array(raw[..<cut])
            raw.removeFirst(cut)
            let whole = isLast ? decoded.count : Self.endOfWholeCharacters(decoded)
            if whole > 0 { try body(decoded[..<whole]) }
            decoded.removeFirst(whole)
        }
        if !decoded.isEmpty { try body(decoded[...]) }
    }

    /// Where a beginning of a JSON string can be cut without cutting an escape, or a pair of them that is one character.
    static func endOfWholeEscapes(_ bytes: [UInt8]) -> Int {
        guard bytes.suffix(12).contains(UInt8(ascii: "\\")) else { return bytes.count }
        let bytes = bytes.span
        var index = 0
        while index + 12 <= bytes.count {
            if bytes[index] != UInt8(ascii: "\\") {
                index += 1
            } else if bytes[index + 1] != UInt8(ascii: "u") {
                index += 2
            } else if (bytes[index + 2] | 0x20) == UInt8(ascii: "d"), bytes[index + 6] == UInt8(ascii: "\\"),
                bytes[index + 7] == UInt8(ascii: "u")
            {
                index += 12
            } else {
                index += 6
            }
        }
        return min(index, bytes.count)
    }

    /// Where text can be cut without cutting a character of UTF-8.
    static func endOfWholeCharacters(_ bytes: [UInt8]) -> Int {
        for back in 1...4 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte < 0x80 { return bytes.count }
            guard byte >= 0xc0 else { continue }
            let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
            return length > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }
}
