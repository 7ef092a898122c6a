internal import SessionModel

/// What a file or a directory of the layout is called, without `.json`: the id, as OpenCode 1.1 wrote it. In a copy of
/// `.opencodefs/storage/` an id that is no name is escaped (rule N4); then the file says what it is.
enum LegacyName {
    /// The id that a name stands for.
    ///
    /// - Parameter said: what the file says that its id is; nil where there is none to ask.
    static func id<Entity>(_ name: String, said: [UInt8]?) -> Identifier<Entity> {
        guard isEscaped(name) else { return Identifier(name) }
        let decoded = decoded(name)
        guard let said else { return decoded.map { Identifier(bytes: $0) } ?? Identifier(name) }
        // Of what was cut to fit, nothing but the file knows the rest.
        return said == decoded || isCut(name) || name == "%empty" && said.isEmpty
            ? Identifier(bytes: said) : Identifier(name)
    }

    /// Whether a name may be another one than its id.
    static func isEscaped(_ name: String) -> Bool {
        name.utf8.contains(UInt8(ascii: "%"))
    }

    /// Whether an id is its own name in any case.
    static func isPlain<Entity>(_ id: Identifier<Entity>) -> Bool {
        !id.isBlob && (1...200).contains(id.bytes.count) && id.bytes.first != UInt8(ascii: ".")
            && id.bytes.allSatisfy { (0x20..<0x7f).contains($0) && !"/%~".utf8.contains($0) }
    }

    private static func isCut(_ name: String) -> Bool {
        let mark = name.utf8.suffix(18)
        return mark.count == 18 && mark.starts(with: "%-".utf8)
            && mark.dropFirst(2).allSatisfy { value(of: $0) != nil || (0x61...0x66).contains($0) }
    }

    /// Nil where a percent sign begins no escape of ours.
    private static func decoded(_ name: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(value), let low = rest.popFirst().flatMap(value) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
