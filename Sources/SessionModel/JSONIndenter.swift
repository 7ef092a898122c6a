/// Spaces JSON text anew, as `JSON.stringify(value, null, 2)` does: two spaces a level, nothing within empty brackets, no
/// final newline. Every token keeps its spelling.
///
/// Takes the text in portions of any size, cut anywhere, and holds none of it. What is no JSON goes through too; how it is
/// spaced then means nothing.
package struct JSONIndenter {
    private var depth: Int
    private var isInString = false
    private var isEscaped = false
    /// Whether nothing has come since the last opening bracket.
    private var isEmpty = false

    /// - Parameter depth: levels that the text stands in already.
    package init(depth: Int = 0) {
        self.depth = depth
    }

    /// The whole of a text.
    package static func indent(_ text: [UInt8], depth: Int = 0) -> [UInt8] {
        var indenter = JSONIndenter(depth: depth)
        var spaced: [UInt8] = []
        spaced.reserveCapacity(text.count + text.count / 4)
        indenter.add(text[...], to: &spaced)
        return spaced
    }

    /// Adds the next portion of the text, spaced.
    package mutating func add(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if isInString {
                let end = endOfString(bytes, from: index)
                text += bytes[index..<end]
                index = end
                continue
            }
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x20, 0x09, 0x0a, 0x0d: break
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                begin(&text)
                text.append(byte)
                depth += 1
                isEmpty = true
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if !isEmpty { addLine(&text) }
                text.append(byte)
                isEmpty = false
            case UInt8(ascii: ","):
                text.append(byte)
                addLine(&text)
            case UInt8(ascii: ":"):
                text.append(byte)
                text.append(0x20)
            default:
                begin(&text)
                text.append(byte)
                isInString = byte == UInt8(ascii: "\"")
            }
        }
    }

    /// The end of the string that the bytes begin in, behind its last quote, or the end of the bytes.
    private mutating func endOfString(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                return index
            }
        }
        return index
    }

    /// The first value behind an opening bracket stands on a line of its own.
    private mutating func begin(_ text: inout [UInt8]) {
        if isEmpty { addLine(&text) }
        isEmpty = false
    }

    private func addLine(_ text: inout [UInt8]) {
        text.append(0x0a)
        // What is nested deeper is no history, and its spaces would be more than any disk holds.
        text.append(contentsOf: repeatElement(0x20, count: 2 * max(0, min(depth, JSON.maximumDepth))))
    }
}
