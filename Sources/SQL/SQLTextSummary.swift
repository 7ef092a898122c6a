/// How long a text is and how it begins, in one number: what listings ask of every text.
package struct SQLTextSummary: Hashable, Sendable {
    /// Bytes; the first byte in the next eight bits below, then the second, each 0 where there is none.
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Length in bytes.
    package var octets: Int { Int(rawValue >> 16) }

    /// The first two bytes, or as many as there are.
    package var beginning: [UInt8] {
        switch octets {
        case ..<1: []
        case 1: [first]
        default: [first, second]
        }
    }

    /// The first byte; 0 where there is none.
    package var first: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) }
    /// The second byte; 0 where there is none.
    package var second: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
}
