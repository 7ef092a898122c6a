/// Well-formed UTF-8, byte by byte (Unicode, table 3-7).
enum UTF8Sequence {
    /// Bytes of the character that begins at `index`; 0 where the bytes are no UTF-8.
    static func length<Bytes: Collection<UInt8>>(in bytes: Bytes, at index: Bytes.Index) -> Int {
        let first = bytes[index]
        let (count, second): (Int, ClosedRange<UInt8>) =
            switch first {
            case 0x00...0x7f: (1, 0x80...0xbf)
            case 0xc2...0xdf: (2, 0x80...0xbf)
            case 0xe0: (3, 0xa0...0xbf)
            case 0xed: (3, 0x80...0x9f)
            case 0xe1...0xef: (3, 0x80...0xbf)
            case 0xf0: (4, 0x90...0xbf)
            case 0xf1...0xf3: (4, 0x80...0xbf)
            case 0xf4: (4, 0x80...0x8f)
            default: (0, 0x80...0xbf)
            }
        var position = bytes.index(after: index)
        for number in 1..<max(1, count) {
            guard position != bytes.endIndex else { return 0 }
            let allowed = number == 1 ? second : 0x80...0xbf
            guard allowed.contains(bytes[position]) else { return 0 }
            position = bytes.index(after: position)
        }
        return count
    }

    /// The character that begins at `index`; nil where the bytes are no UTF-8.
    static func scalar(_ bytes: borrowing Span<UInt8>, at index: Int) -> Unicode.Scalar? {
        let first = UInt32(bytes[index])
        let count = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        guard first < 0x80 || first >= 0xc2, index + count <= bytes.count else { return nil }
        var value = count == 1 ? first : first & (0x7f >> UInt32(count))
        for number in 1..<max(1, count) {
            let next = UInt32(bytes[index + number])
            guard next & 0xc0 == 0x80 else { return nil }
            value = value << 6 | next & 0x3f
        }
        // What could be spelled shorter is none, and Unicode.Scalar refuses surrogates and what lies beyond.
        guard count < 3 || value >= (count == 3 ? 0x800 : 0x10000) else { return nil }
        return Unicode.Scalar(value)
    }
}
