private import Digest
package import SessionModel

/// An identifier as it stands in a file name (rule N4).
///
/// `/`, `%`, `~`, control characters, a leading `.` and bytes that are no UTF-8 become `%XX`. The map is injective and
/// reversible, except that what would not fit is cut and gets `%-` and 16 digits of its SHA-256.
package struct EscapedID: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Whether the end was cut: the name leads back to the id only through the database.
    package var isCut: Bool {
        bytes.count >= Self.cutMark.count
            && bytes.suffix(Self.cutMark.count).starts(with: [UInt8(ascii: "%"), UInt8(ascii: "-")])
    }

    private static let cutMark = Array("%-0123456789abcdef".utf8)

    /// - Parameters:
    ///   - reserved: names that mean something else where the id will stand; their first byte is escaped too.
    ///   - room: bytes that are left for the id.
    package init<Entity>(_ id: Identifier<Entity>, reserved: Set<[UInt8]> = [], room: Int) {
        var escaped = Self.escape(id.bytes)
        if id.bytes.isEmpty { escaped = Array("%empty".utf8) }
        if reserved.contains(escaped), let first = escaped.first {
            escaped = Self.percent(first) + escaped.dropFirst()
        }
        // No byte escapes to %x in lower case: the mark of a blob is its own.
        if id.isBlob { escaped = Array("%x".utf8) + escaped }
        if escaped.count > room {
            let digest = SHA256.digest(of: (id.isBlob ? [1] : []) + id.bytes)
            var mark: [UInt8] = Array("%-".utf8)
            for byte in digest.prefix(8) {
                mark.append(JSONText.hexadecimal(byte >> 4))
                mark.append(JSONText.hexadecimal(byte & 15))
            }
            escaped = Self.cut(escaped, to: max(0, room - mark.count)) + mark
        }
        bytes = escaped
    }

    /// What a part of a name says that stands where an id may stand.
    package init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// The id; nil where this is no spelling of one, or a cut one. The spelling may still not be the canonical one.
    package func decoded<Entity>(as _: Entity.Type = Entity.self) -> Identifier<Entity>? {
        if bytes.elementsEqual("%empty".utf8) { return Identifier(bytes: []) }
        let isBlob = bytes.starts(with: "%x".utf8)
        var rest = bytes.dropFirst(isBlob ? 2 : 0)
        if isBlob, rest.elementsEqual("%empty".utf8) { return Identifier(bytes: [], isBlob: true) }
        var decoded: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Self.nibble), let low = rest.popFirst().flatMap(Self.nibble) else {
                return nil
            }
            decoded.append(high << 4 | low)
        }
        return Identifier(bytes: decoded, isBlob: isBlob)
    }

    /// Escapes what must not stand in a name as it is.
    static func escape(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index != bytes.endIndex {
            let length = UTF8Sequence.length(in: bytes, at: index)
            let end = bytes.index(index, offsetBy: max(1, length))
            let first = bytes[index]
            let isPlain =
                switch length {
                case 0: false
                case 1:
                    first >= 0x20 && first != 0x7f && !"/%~".utf8.contains(first)
                        && !(first == UInt8(ascii: ".") && index == bytes.startIndex)
                // U+0080 to U+009F: control characters of two bytes.
                case 2: !(first == 0xc2 && bytes[bytes.index(after: index)] < 0xa0)
                default: true
                }
            if isPlain {
                escaped += bytes[index..<end]
            } else {
                for byte in bytes[index..<end] { escaped += percent(byte) }
            }
            index = end
        }
        return escaped
    }

    /// The longest beginning within a number of bytes that splits neither a character nor a `%XX`.
    static func cut(_ bytes: [UInt8], to count: Int) -> ArraySlice<UInt8> {
        guard bytes.count > count else { return bytes[...] }
        var end = count
        while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        if let percent = bytes[..<end].suffix(2).lastIndex(of: UInt8(ascii: "%")) { end = percent }
        return bytes[..<end]
    }

    private static func percent(_ byte: UInt8) -> [UInt8] {
        [UInt8(ascii: "%"), upper(byte >> 4), upper(byte & 15)]
    }

    private static func upper(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
