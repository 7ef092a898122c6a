/// The identifier of an entity, as its bytes stand in the database. Two are equal when every byte is.
///
/// OpenCode's ids look like `msg_0a1b…`, but a database may hold anything: text that is no UTF-8, slashes, a blob.
package struct Identifier<Entity>: Hashable, Sendable, Comparable {
    package let bytes: [UInt8]
    /// Whether the column holds a blob. SQLite never finds a blob when asked for a text of the same bytes.
    package let isBlob: Bool

    package init(bytes: [UInt8], isBlob: Bool = false) {
        self.bytes = bytes
        self.isBlob = isBlob
    }

    package init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    /// All bytes at once: the hasher of an array takes them one by one.
    package func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.isBlob != right.isBlob { return right.isBlob }
        return left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension Identifier: CustomStringConvertible {
    /// For people: bytes that are no UTF-8 are replaced.
    package var description: String {
        String(decoding: bytes, as: UTF8.self)
    }
}
