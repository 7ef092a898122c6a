/// The name of a directory entry: 1 to 255 bytes without `/` and NUL, and neither `.` nor `..`.
///
/// What comes from a database becomes a name only by an initialiser that escapes it, so an unescaped one cannot reach
/// the kernel.
package struct FileName: Hashable, Sendable, Comparable {
    /// NAME_MAX of Linux.
    package static let maximumLength = 255

    package let bytes: [UInt8]

    /// A name somebody gave us; nil where it is none.
    package init?(bytes: [UInt8]) {
        guard (1...Self.maximumLength).contains(bytes.count), bytes != [0x2e], bytes != [0x2e, 0x2e],
            !bytes.contains(where: { $0 == 0x2f || $0 == 0 })
        else { return nil }
        self.bytes = bytes
    }

    /// A name that stands in the source.
    package init(_ literal: StaticString) {
        let text = "\(literal)"
        bytes = Array(text.utf8)
        precondition(FileName(bytes: bytes) != nil, "not a file name: \(text)")
    }

    private init(special: String) {
        bytes = Array(special.utf8)
    }

    /// `.`, which only listings have.
    package static let current = FileName(special: ".")
    /// `..`, which only listings have.
    package static let parent = FileName(special: "..")

    package static func < (left: FileName, right: FileName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension FileName: CustomStringConvertible {
    /// For people: bytes that are no UTF-8 are replaced.
    package var description: String {
        String(decoding: bytes, as: UTF8.self)
    }
}
