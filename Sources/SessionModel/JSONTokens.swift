/// Splits JSON text (RFC 8259) into tokens. Works on a beginning of a text too: it ends with `.end` wherever the
/// bytes end, and only a byte that can never continue is a fault.
package struct JSONTokens {
    package enum Token: Equatable {
        case openObject, closeObject, openArray, closeArray, colon, comma
        /// A string; the range is that of the bytes between the quotes, escapes included.
        case string(Range<Int>)
        case number(Range<Int>)
        case literal(Range<Int>)
        /// No more bytes, or only the beginning of a token.
        case end
        /// A byte that no JSON text has here.
        case fault(at: Int)
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
        start = position
    }

    /// The first byte of the last token.
    package private(set) var start: Int

    package mutating func next() -> Token {
        while position < bytes.endIndex, Self.isSpace(bytes[position]) { position += 1 }
        start = position
        guard position < bytes.endIndex else { return .end }
        switch bytes[position] {
        case UInt8(ascii: "{"): return take(.openObject)
        case UInt8(ascii: "}"): return take(.closeObject)
        case UInt8(ascii: "["): return take(.openArray)
        case UInt8(ascii: "]"): return take(.closeArray)
        case UInt8(ascii: ":"): return take(.colon)
        case UInt8(ascii: ","): return take(.comma)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        case UInt8(ascii: "t"): return literal("true")
        case UInt8(ascii: "f"): return literal("false")
        case UInt8(ascii: "n"): return literal("null")
        default: return .fault(at: position)
        }
    }

    private mutating func take(_ token: Token) -> Token {
        position += 1
        return token
    }

    private mutating func string() -> Token {
        let first = position + 1
        var index = first
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return .string(first..<index)
            case UInt8(ascii: "\\"):
                guard index + 1 < bytes.endIndex else { return .end }
                let isUnicode = bytes[index + 1] == UInt8(ascii: "u")
                guard isUnicode || Self.escapes.contains(bytes[index + 1]) else { return .fault(at: index) }
                index += 2
                guard isUnicode else { continue }
                for _ in 0..<4 {
                    guard index < bytes.endIndex else { return .end }
                    guard Self.isHexadecimal(bytes[index]) else { return .fault(at: index) }
                    index += 1
                }
            case 0..<0x20: return .fault(at: index)
            default: index = endOfPlain(from: index + 1)
            }
        }
        return .end
    }

    /// Where the next byte of a string stands that is more than itself, or the end.
    private func endOfPlain(from start: Int) -> Int {
        let span = bytes.span
        var index = start - bytes.startIndex
        while index < span.count, span[index] >= 0x20, span[index] != UInt8(ascii: "\""),
            span[index] != UInt8(ascii: "\\")
        {
            index += 1
        }
        return index + bytes.startIndex
    }

    private mutating func number() -> Token {
        var index = position
        func digits() -> Int {
            let first = index
            while index < bytes.endIndex, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
            return index - first
        }
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let hasLeadingZero = index < bytes.endIndex && bytes[index] == UInt8(ascii: "0")
        let count = digits()
        if count == 0 { return index < bytes.endIndex ? .fault(at: index) : .end }
        if hasLeadingZero && count > 1 { return .fault(at: start) }
        if index < bytes.endIndex, bytes[index] == UInt8(ascii: ".") {
            index += 1
            if digits() == 0 { return index < bytes.endIndex ? .fault(at: index) : .end }
        }
        if index < bytes.endIndex, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.endIndex, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            if digits() == 0 { return index < bytes.endIndex ? .fault(at: index) : .end }
        }
        position = index
        return .number(start..<index)
    }

    private mutating func literal(_ word: StaticString) -> Token {
        var index = position
        for byte in "\(word)".utf8 {
            guard index < bytes.endIndex else { return .end }
            guard bytes[index] == byte else { return .fault(at: index) }
            index += 1
        }
        position = index
        return .literal(start..<index)
    }

    private static let escapes = Set("\"\\/bfnrt".utf8)

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
