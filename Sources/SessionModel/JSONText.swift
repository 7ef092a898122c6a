/// Facts about JSON text, and pieces of it.
package enum JSONText {
    /// A string with its quotes, escaped as JSON.stringify does. Bytes that are no UTF-8 stay as they are: it is the
    /// database's text, and to replace them would hide that.
    package static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 2)
        result.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""): result += "\\\"".utf8
            case UInt8(ascii: "\\"): result += "\\\\".utf8
            case 0x08: result += "\\b".utf8
            case 0x09: result += "\\t".utf8
            case 0x0a: result += "\\n".utf8
            case 0x0c: result += "\\f".utf8
            case 0x0d: result += "\\r".utf8
            case 0..<0x20:
                result += "\\u00".utf8
                result.append(hexadecimal(byte >> 4))
                result.append(hexadecimal(byte & 15))
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return result
    }

    package static func quoted(_ text: String) -> [UInt8] {
        quoted(Array(text.utf8))
    }

    /// Bytes of ``quoted(_:)-([UInt8])`` without making it. Not generic, like its sibling: a listing asks this of every
    /// id, and between modules a generic function would cost ten times as much.
    package static func quotedCount(_ bytes: [UInt8]) -> Int {
        var count = bytes.count + 2
        for byte in bytes where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0a, 0x0c, 0x0d: count += 1
            default: count += 5
            }
        }
        return count
    }

    /// A number that reads back as the same one; what JSON has no number for is null.
    package static func number(_ value: Double) -> [UInt8] {
        value.isFinite ? Array("\(value)".utf8) : Array("null".utf8)
    }

    /// A lower-case hexadecimal digit.
    package static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + (nibble & 15) - 10
    }

    /// The string value of a member of the outermost object, found in a beginning of the text; nil where the
    /// beginning does not show one. Nothing behind it is looked at.
    package static func member(_ name: String, inBeginning bytes: [UInt8]) -> [UInt8]? {
        var tokens = JSONTokens(bytes[...])
        guard tokens.next() == .openObject else { return nil }
        var depth = 1
        var isKey = true
        while depth > 0 {
            switch tokens.next() {
            case .openObject, .openArray: depth += 1
            case .closeObject, .closeArray: depth -= 1
            case .comma: isKey = depth == 1
            case .colon: isKey = false
            case .string(let range) where depth == 1 && isKey && bytes[range].elementsEqual(name.utf8):
                guard tokens.next() == .colon, case .string(let value) = tokens.next() else { return nil }
                return Array(bytes[value])
            case .string, .number, .literal: break
            case .end, .fault: return nil
            }
        }
        return nil
    }

    /// The first byte at which a text stops being one JSON value; nil when it is one. Takes any depth of nesting.
    package static func fault(in bytes: [UInt8]) -> Int? {
        enum Expected { case value, valueOrClose, key, keyOrClose, colon, commaOrClose, nothing }
        var tokens = JSONTokens(bytes[...])
        /// What each open bracket is: true for an object.
        var open: [Bool] = []
        var expected = Expected.value
        func afterValue() -> Expected { open.isEmpty ? .nothing : .commaOrClose }
        while true {
            let token = tokens.next()
            switch (token, expected) {
            case (.fault(let offset), _): return offset
            // What is left may be the beginning of something, and nothing may follow.
            case (.end, .nothing): return tokens.start == bytes.endIndex ? nil : tokens.start
            case (.end, _): return bytes.count
            case (.openObject, .value), (.openObject, .valueOrClose):
                open.append(true)
                expected = .keyOrClose
            case (.openArray, .value), (.openArray, .valueOrClose):
                open.append(false)
                expected = .valueOrClose
            case (.string, .key), (.string, .keyOrClose): expected = .colon
            case (.string, .value), (.string, .valueOrClose), (.number, .value), (.number, .valueOrClose),
                (.literal, .value), (.literal, .valueOrClose):
                expected = afterValue()
            case (.colon, .colon): expected = .value
            case (.comma, .commaOrClose): expected = open.last == true ? .key : .value
            case (.closeObject, .keyOrClose), (.closeObject, .commaOrClose):
                guard open.popLast() == true else { return tokens.start }
                expected = afterValue()
            case (.closeArray, .valueOrClose), (.closeArray, .commaOrClose):
                guard open.popLast() == false else { return tokens.start }
                expected = afterValue()
            default: return tokens.start
            }
        }
    }

    /// The text that a JSON string's bytes stand for; surrogates without a partner become U+FFFD.
    package static func unescape(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var text = ""
        func flush() {
            text += String(decoding: units, as: UTF16.self)
            units = []
        }
        var index = bytes.startIndex
        var plain = index
        while index < bytes.endIndex {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.endIndex else {
                index += 1
                continue
            }
            if plain < index {
                flush()
                text += String(decoding: bytes[plain..<index], as: UTF8.self)
            }
            switch bytes[index + 1] {
            case UInt8(ascii: "u"):
                let digits = bytes[min(index + 2, bytes.endIndex)..<min(index + 6, bytes.endIndex)]
                units.append(UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xfffd)
                index += 2 + digits.count
            case UInt8(ascii: "b"): (units, index) = (units + [8], index + 2)
            case UInt8(ascii: "f"): (units, index) = (units + [12], index + 2)
            case UInt8(ascii: "n"): (units, index) = (units + [10], index + 2)
            case UInt8(ascii: "r"): (units, index) = (units + [13], index + 2)
            case UInt8(ascii: "t"): (units, index) = (units + [9], index + 2)
            case let byte: (units, index) = (units + [UInt16(byte)], index + 2)
            }
            plain = index
        }
        flush()
        if plain < bytes.endIndex { text += String(decoding: bytes[plain...], as: UTF8.self) }
        return text
    }
}
