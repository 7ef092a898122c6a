/// Writes JSON as `JSON.stringify` does: no spaces, members in the order they come, only `"`, `\` and control
/// characters escaped (ECMA-262, QuoteJSONString).
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    static func object(_ body: (inout JSONWriter) -> Void) -> JSONWriter {
        var text = JSONWriter()
        text.object(body)
        return text
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    mutating func array(_ body: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    mutating func string(_ text: String) {
        separate()
        quote(text.utf8)
    }

    mutating func string(_ text: [UInt8]) {
        separate()
        quote(text)
    }

    /// A text in two pieces, the second known to need no escapes: a `data:` URL and its base64.
    mutating func string(_ start: String, unescaped rest: [UInt8]) {
        string(start)
        bytes.removeLast()
        bytes += rest
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func number(_ value: Int64) {
        literal(String(value))
    }

    mutating func literal(_ text: String) {
        separate()
        bytes += text.utf8
    }

    /// The name of a member; its value is written next.
    mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }
}

extension JSONWriter {
    mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    mutating func member(_ name: String, _ text: [UInt8]) {
        key(name)
        string(text)
    }

    mutating func member(_ name: String, _ value: Int64) {
        key(name)
        number(value)
    }

    mutating func member(_ name: String, _ value: Bool) {
        key(name)
        literal(value ? "true" : "false")
    }

    mutating func member(_ name: String, _ price: Dollars) {
        key(name)
        literal(price.jsonNumber)
    }

    mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    /// A member that is an array.
    mutating func list(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        array(body)
    }

    private mutating func enclose(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: some Collection<UInt8>) {
        bytes.reserveCapacity(bytes.count + text.count + 2)
        bytes.append(UInt8(ascii: "\""))
        // Where the bytes begin that can be taken as they are.
        var plain = text.startIndex
        var index = plain
        while index != text.endIndex {
            let byte = text[index]
            let next = text.index(after: index)
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes += text[plain..<index]
                escape(byte)
                plain = next
            }
            index = next
        }
        bytes += text[plain...]
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes += "\\\"".utf8
        case UInt8(ascii: "\\"): bytes += "\\\\".utf8
        case 0x0a: bytes += "\\n".utf8
        case 0x09: bytes += "\\t".utf8
        case 0x08: bytes += "\\b".utf8
        case 0x0c: bytes += "\\f".utf8
        case 0x0d: bytes += "\\r".utf8
        default:
            bytes += (byte < 0x10 ? "\\u000" : "\\u00").utf8
            bytes += String(byte, radix: 16).utf8
        }
    }
}
