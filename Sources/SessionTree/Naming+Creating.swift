package import SessionModel
package import VFS

/// What a name says under which something is made or moved (rules W5 to W7).
extension Naming {
    /// The title in the label of a session's name: without the day in front of it, and unescaped; nil where nothing is left.
    package static func title(in name: FileName) -> [UInt8]? {
        guard var label = label(in: name) else { return nil }
        if isDay(label.prefix(dayCount)) {
            switch label.dropFirst(dayCount).first {
            case nil: label = []
            case UInt8(ascii: "."): label = label.dropFirst(dayCount + 1)
            default: break
            }
        }
        var title: [UInt8] = []
        while let byte = label.popFirst() {
            let digits = label.prefix(2)
            if byte == UInt8(ascii: "%"), let escaped: Session.ID = EscapedID(bytes: [byte] + digits).decoded(),
                digits.count == 2, !escaped.isBlob
            {
                title += escaped.bytes
                label = label.dropFirst(2)
            } else {
                title.append(byte)
            }
        }
        return title.isEmpty ? nil : title
    }

    /// The number in the label of a message's name.
    package static func ordinal(in name: FileName) -> Int64? {
        guard name.bytes.count > json.count, name.bytes.suffix(json.count).elementsEqual(json) else { return nil }
        return label(in: name).flatMap(ordinal(of:))
    }

    /// The message that is made when a file of this name is; nil for the name of a scratch file.
    package static func newMessage(_ name: FileName, _ generation: SessionRecord.Generation) -> Message.ID? {
        guard name.bytes.first != UInt8(ascii: "."), case .id(let id) = message(in: name), !id.isBlob else {
            return nil
        }
        let label = label(in: name)
        // Any other label is somebody's draft.
        if let label, ordinal(of: label) == nil { return nil }
        switch generation {
        case .v1, .v2: return id.bytes.starts(with: "msg".utf8) ? id : nil
        case .go: return label != nil || isUUID(id.bytes) ? id : nil
        }
    }

    /// The session that is made when a directory of this name is; nil where none is called so.
    package static func newSession(_ name: FileName, _ generation: SessionRecord.Generation) -> Session.ID? {
        guard name.bytes.first != UInt8(ascii: "."), case .id(let id) = identifier(in: name, of: Session.self),
            !id.isBlob
        else { return nil }
        switch generation {
        case .v1, .v2: return id.bytes.starts(with: "ses".utf8) ? id : nil
        case .go: return id
        }
    }

    private static func label(in name: FileName) -> ArraySlice<UInt8>? {
        name.bytes.lastIndex(of: separator).map { name.bytes[..<$0] }
    }

    /// `000007.user`: six digits or more, as ``Label/message(ordinal:role:)`` writes them.
    private static func ordinal(of label: ArraySlice<UInt8>) -> Int64? {
        let digits = label.prefix { $0 != UInt8(ascii: ".") }
        let isNegative = digits.first == UInt8(ascii: "-")
        guard digits.count >= (isNegative ? 7 : 6), digits.dropFirst(isNegative ? 1 : 0).allSatisfy(isDigit) else {
            return nil
        }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static let dayCount = "2026-11-18".utf8.count

    private static func isDay(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count == dayCount
            && zip(bytes, "dddd-dd-dd".utf8).allSatisfy { $1 == UInt8(ascii: "d") ? isDigit($0) : $0 == $1 }
    }

    private static func isUUID(_ bytes: [UInt8]) -> Bool {
        let pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".utf8
        return bytes.count == pattern.count
            && zip(bytes, pattern).allSatisfy { byte, expected in
                expected == UInt8(ascii: "x")
                    ? isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20) : byte == expected
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
