import SQL

extension TestFamily {
    /// Whether a column holds any bytes, as a text or as a blob, whatever its type. A server's columns hold what they were
    /// made for: texts that are UTF-8.
    package var holdsAnything: Bool { self != .team }

    /// What stands for a value in a text column: the value itself where everything is held, else a text that differs from
    /// all that stands for others.
    package func held(_ value: SQLValue) -> SQLValue {
        guard !holdsAnything else { return value }
        switch value {
        case .null: return .null
        case .integer(let number): return SQLValue("\(number)")
        case .real(let number): return SQLValue("\(number)")
        case .text(let bytes), .blob(let bytes): return .text(held(bytes))
        }
    }

    /// The same of bytes: each that is no UTF-8 becomes the character of its number.
    package func held(_ bytes: [UInt8]) -> [UInt8] {
        guard !holdsAnything, String(validating: bytes, as: UTF8.self) == nil else { return bytes }
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(Unicode.Scalar(byte)) }
        return Array(String(text).utf8)
    }
}
