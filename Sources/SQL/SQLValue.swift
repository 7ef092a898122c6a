/// A value as databases keep it. Text is bytes: nothing is decoded, so nothing is lost.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
    case blob([UInt8])

    package init(_ text: String) {
        self = .text(Array(text.utf8))
    }

    /// The bytes of a text or a blob.
    package var bytes: [UInt8]? {
        switch self {
        case .text(let bytes), .blob(let bytes): bytes
        case .null, .integer, .real: nil
        }
    }

    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .real(let value): Int64(exactly: value.rounded(.towardZero))
        case .null, .text, .blob: nil
        }
    }
}
