/// An option file of MariaDB's and MySQL's programs, as `~/.my.cnf` is one (mariadb.com/kb, "Configuring MariaDB with
/// Option Files"): groups in brackets, `name = value`, quotes, escapes and comments. Of the groups, those that every
/// client reads count. `!include` is not followed.
struct OptionFile {
    /// By name, with `-` for `_`; the last one of a name wins. An option without a value has the empty one.
    let options: [String: String]

    private static let groups: Set = ["client", "client-server", "client-mariadb"]

    init(_ text: String) {
        var options: [String: String] = [:]
        var isOurs = false
        for line in text.utf8.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let bytes = Self.trimmed(line)
            switch bytes.first {
            case nil, UInt8(ascii: "#"), UInt8(ascii: ";"), UInt8(ascii: "!"): continue
            case UInt8(ascii: "["):
                let name = bytes.dropFirst().prefix { $0 != UInt8(ascii: "]") }
                isOurs = Self.groups.contains(String(decoding: name, as: UTF8.self))
            default:
                guard isOurs else { continue }
                let bare = Self.withoutComment(bytes)
                let name = Self.trimmed(bare.prefix { $0 != UInt8(ascii: "=") })
                let value = Self.trimmed(bare.dropFirst(name.count).drop { $0 != UInt8(ascii: "=") }.dropFirst())
                options[Self.name(name)] = Self.unescaped(Self.unquoted(value))
            }
        }
        self.options = options
    }

    /// An option that is switched on or off; nil where it is not mentioned.
    func truth(_ name: String) -> Bool? {
        if options["skip-\(name)"] != nil || options["disable-\(name)"] != nil { return false }
        return options[name].map { !["0", "off", "false", "no"].contains($0.lowercased()) }
    }

    private typealias Piece = Substring.UTF8View

    private static func trimmed(_ bytes: Piece) -> Piece {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes = bytes.dropLast() }
        return bytes
    }

    /// A number sign outside of quotes begins a comment.
    private static func withoutComment(_ bytes: Piece) -> Piece {
        var quote: UInt8?
        var isEscaped = false
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(ascii: "#"), quote == nil { return bytes[..<index] }
            if [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(byte), !isEscaped {
                if quote == nil { quote = byte } else if quote == byte { quote = nil }
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return bytes
    }

    private static func name(_ bytes: Piece) -> String {
        let name = String(decoding: bytes.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
        return name.hasPrefix("loose-") ? String(name.dropFirst(6)) : name
    }

    private static func unquoted(_ value: Piece) -> Piece {
        guard value.count > 1, let first = value.first, first == value.last,
            [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(first)
        else { return value }
        return value.dropFirst().dropLast()
    }

    /// `\b`, `\t`, `\n`, `\r`, `\s` for a blank, `\\`, and quotes; before anything else a backslash is one.
    private static func unescaped(_ value: Piece) -> String {
        var bytes: [UInt8] = []
        var rest = value
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "n"): bytes.append(0x0a)
            case UInt8(ascii: "r"): bytes.append(0x0d)
            case UInt8(ascii: "s"): bytes.append(0x20)
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(next)
            default: bytes += [byte, next]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
