extension JSONTree {
    /// The last member with a key, which is the one that JSON.parse takes.
    package func member(_ key: String, of value: Value) -> Value? {
        guard kind(of: value) == .object else { return nil }
        var found: Value?
        // Not through an array of them: a message is asked for a dozen of its members.
        var child = Value(index: value.index + 1)
        let end = next(after: value)
        while child != end {
            if hasKey(child, key) { found = child }
            child = next(after: child)
        }
        return found
    }

    /// Whether a member is called so.
    package func hasKey(_ member: Value, _ key: String) -> Bool {
        let range = keyRange(of: member)
        // Nearly all keys are spelled plainly, and most are of another length.
        if range.count == key.utf8.count, bytes[range].elementsEqual(key.utf8) { return true }
        guard range.count > key.utf8.count, bytes[range].contains(UInt8(ascii: "\\")) else { return false }
        return JSONText.decoded(bytes[range]).elementsEqual(key.utf8)
    }

    /// The key of a member, unescaped.
    package func key(of member: Value) -> [UInt8] {
        JSONText.decoded(bytes[keyRange(of: member)])
    }

    /// The bytes a string stands for; nil where the value is none.
    package func string(_ value: Value) -> [UInt8]? {
        guard kind(of: value) == .string else { return nil }
        return JSONText.decoded(bytes[range(of: value)].dropFirst().dropLast())
    }

    /// A number, as near as a Double is; nil where the value is none.
    package func double(_ value: Value) -> Double? {
        guard kind(of: value) == .number else { return nil }
        return Double(String(decoding: bytes[range(of: value)], as: UTF8.self))
    }

    /// A number without a fraction that a column of integers can hold.
    package func integer(_ value: Value) -> Int64? {
        guard kind(of: value) == .number else { return nil }
        return Int64(String(decoding: bytes[range(of: value)], as: UTF8.self))
            ?? double(value).flatMap { Int64(exactly: $0) }
    }

    package func boolean(_ value: Value) -> Bool? {
        guard kind(of: value) == .boolean else { return nil }
        return bytes[range(of: value).lowerBound] == UInt8(ascii: "t")
    }

    /// A value as it is spelled, without the space between its tokens.
    package func compact(_ value: Value) -> [UInt8] {
        var text: [UInt8] = []
        appendCompact(range(of: value), to: &text)
        return text
    }

    /// An object of some members of this tree, without the space between their tokens.
    package func compactObject(_ members: [Value]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (number, member) in members.enumerated() {
            if number > 0 { text.append(UInt8(ascii: ",")) }
            appendCompactMember(member, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    func appendCompactMember(_ member: Value, to text: inout [UInt8]) {
        let key = keyRange(of: member)
        text += bytes[key.lowerBound - 1..<key.upperBound + 1]
        text.append(UInt8(ascii: ":"))
        appendCompact(range(of: member), to: &text)
    }

    func appendCompact(_ range: Range<Int>, to text: inout [UInt8]) {
        var (plain, index) = (range.lowerBound, range.lowerBound)
        var isInString = false
        while index < range.upperBound {
            let byte = bytes[index]
            if isInString {
                if byte == UInt8(ascii: "\\") { index += 1 }
                isInString = byte != UInt8(ascii: "\"")
            } else if byte == 0x20 || (0x09...0x0d).contains(byte) {
                text += bytes[plain..<index]
                plain = index + 1
            } else {
                isInString = byte == UInt8(ascii: "\"")
            }
            index += 1
        }
        text += bytes[plain..<range.upperBound]
    }
}

extension JSONText {
    /// The bytes that a JSON string's bytes stand for: those that are no UTF-8 stay as they are, surrogates without a
    /// partner become U+FFFD.
    package static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let portion = bytes
        let bytes = portion.span
        var index = endOfPlain(bytes, from: 0)
        guard index < bytes.count else { return Array(portion) }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var plain = 0
        while true {
            text += portion[portion.startIndex + plain..<portion.startIndex + index]
            // The backslash is passed over.
            index += 1
            guard index < bytes.count else { break }
            let escape = bytes[index]
            index += 1
            switch escape {
            case UInt8(ascii: "u"):
                var unit = codeUnit(bytes, at: index)
                index = min(index + 4, bytes.count)
                if unit & 0xfc00 == 0xd800, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index + 1] == UInt8(ascii: "u")
                {
                    let low = codeUnit(bytes, at: index + 2)
                    if low & 0xfc00 == 0xdc00 {
                        unit = 0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff
                        index = min(index + 6, bytes.count)
                    }
                }
                text += String(Unicode.Scalar(unit) ?? "\u{fffd}").utf8
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            default: text.append(escape)
            }
            plain = index
            index = endOfPlain(bytes, from: plain)
        }
        return text
    }

    /// Where the next backslash stands, or the end.
    @inline(__always)
    private static func endOfPlain(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\\") { index += 1 }
        return index
    }

    /// Whether two strings say the same, given the bytes between their quotes. What is no UTF-8 is taken for the U+FFFD
    /// that every program makes of it.
    package static func isSame(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        if one.elementsEqual(other) { return true }
        if isPlain(one), isPlain(other) { return false }
        return isSameText(decoded(one), decoded(other))
    }

    /// Whether a string has one spelling that matters: ASCII without escapes.
    private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "\\") }
    }

    /// Whether two texts are the same but for bytes that are no UTF-8.
    package static func isSameText(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        if one == other { return true }
        if String(validating: one, as: UTF8.self) != nil, String(validating: other, as: UTF8.self) != nil {
            return false
        }
        return String(decoding: one, as: UTF8.self).utf8.elementsEqual(String(decoding: other, as: UTF8.self).utf8)
    }

    private static func codeUnit(_ bytes: Span<UInt8>, at index: Int) -> UInt32 {
        var unit: UInt32 = 0
        for position in index..<max(index, min(index + 4, bytes.count)) {
            let digit = bytes[position]
            let value: UInt8 =
                switch digit {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
                default: (digit | 0x20) &- UInt8(ascii: "a") &+ 10
                }
            unit = unit << 4 | UInt32(value & 15)
        }
        return unit
    }
}
