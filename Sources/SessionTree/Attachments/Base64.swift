internal import SessionModel

/// Base64 as RFC 4648 has it, the digits of both of its alphabets.
enum Base64 {
    /// What a byte of a text is to base64 and to JSON.
    enum Class: UInt8 {
        case other, digit, padding, quote, backslash, control
    }

    static let classes: [Class] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            .digit
        case UInt8(ascii: "="): .padding
        case UInt8(ascii: "\""): .quote
        case UInt8(ascii: "\\"): .backslash
        case 0..<0x20: .control
        default: .other
        }
    }

    /// Bytes that so many digits stand for. Bits that make no whole byte are none.
    static func size(ofDigits count: Int) -> Int {
        count / 4 * 3 + [0, 0, 1, 2][count % 4]
    }

    /// Whether a run of digits and the padding behind it are a whole text. Padding may be left out, as decoders allow.
    static func isWhole(digits: Int, padding: Int) -> Bool {
        digits % 4 != 1 && (padding == 0 || (padding <= 2 && (digits + padding) % 4 == 0))
    }

    /// The bytes that digits stand for; nil where one is no digit. What is left of the last one is dropped.
    static func decoded(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3 + 3)
        var (group, count): (UInt32, Int) = (0, 0)
        for digit in digits {
            let value = values[Int(digit)]
            guard value < 64 else { return nil }
            group = group << 6 | UInt32(value)
            count += 1
            if count == 4 {
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
                (group, count) = (0, 0)
            }
        }
        if count == 3 {
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        } else if count == 2 {
            bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        }
        return bytes
    }

    /// With padding.
    static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for digit in 0..<4 {
                let isPadding = digit > group.count
                text.append(isPadding ? UInt8(ascii: "=") : alphabet[value >> (18 - 6 * digit) & 63])
            }
        }
        return text
    }

    /// What each digit is worth; 255 for what is none.
    private static let values: [UInt8] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt8(byte) - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt8(byte) - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: 255
        }
    }
}

/// A data: URL (RFC 2397), as much of it as there is before its data.
struct DataHeader {
    /// Lower case; `text/plain` where it says nothing.
    let mime: [UInt8]
    let isBase64: Bool
    /// Bytes up to the data.
    let count: Int

    /// A header is not longer than that.
    static let longest = 512

    /// - Parameter beginning: of a string; nil where that is no data: URL.
    init?(_ beginning: some Collection<UInt8>) {
        let bytes = Array(beginning.prefix(Self.longest))
        guard bytes.count > 5, bytes[..<5].map({ $0 | 0x20 }).elementsEqual("data:".utf8.map { $0 | 0x20 }),
            let comma = bytes.firstIndex(of: UInt8(ascii: ","))
        else { return nil }
        let fields = bytes[5..<comma].map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
            .split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        mime = fields.first.map { $0.isEmpty ? Array("text/plain".utf8) : Array($0) } ?? []
        isBase64 = fields.count > 1 && fields.last?.elementsEqual("base64".utf8) == true
        count = comma + 1
    }
}

/// Decodes what is spelled in some other way than OpenCode does, as a whole.
enum DataText {
    /// Bytes of a string; a longer one that is no plain base64 is no attachment.
    static let largest = 8 << 20

    /// The bytes of an attachment.
    ///
    /// - Parameter string: what stands between the quotes. A data: URL, percent-encoded or base64; or base64 alone.
    /// - Returns: nil for what is neither.
    static func decoded(_ string: [UInt8]) -> [UInt8]? {
        let text = JSONText.decoded(string[...])
        guard let header = DataHeader(text) else { return base64(text) }
        let data = withoutPercents(text[header.count...])
        return header.isBase64 ? base64(data) : data
    }

    private static func base64(_ text: [UInt8]) -> [UInt8]? {
        let packed = text.filter { !" \t\r\n".utf8.contains($0) }
        let digits = packed.prefix { $0 != UInt8(ascii: "=") }
        let padding = packed.dropFirst(digits.count)
        guard !packed.isEmpty, padding.allSatisfy({ $0 == UInt8(ascii: "=") }),
            Base64.isWhole(digits: digits.count, padding: padding.count)
        else { return nil }
        return Base64.decoded(digits)
    }

    /// `%41` is A; a percent that no two hexadecimal digits follow stands for itself, as browsers have it.
    private static func withoutPercents(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return Array(text) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                !digits.contains(UInt8(ascii: "+"))
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
