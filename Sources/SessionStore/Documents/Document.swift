package import SessionModel

/// A document of a session, without its bytes.
package struct Document: Sendable, Hashable {
    package let name: DocumentName
    /// Bytes.
    package let size: Int
    /// Milliseconds since 1970.
    package let modified: Int64
    /// A hash of the bytes, as whoever saved them made it.
    package let digest: UInt64

    package init(name: DocumentName, size: Int, modified: Int64, digest: UInt64) {
        self.name = name
        self.size = size
        self.modified = modified
        self.digest = digest
    }
}

/// A text that is to become a document's.
package struct DocumentSave: Sendable {
    package let bytes: [UInt8]
    package let digest: UInt64
    /// The hash of what it may replace; nil where nothing may be there.
    package let expected: UInt64?
    /// When it is to say it changed, in milliseconds since 1970; nil for now.
    package let modified: Int64?

    package init(bytes: [UInt8], digest: UInt64, expected: UInt64?, modified: Int64?) {
        self.bytes = bytes
        self.digest = digest
        self.expected = expected
        self.modified = modified
    }

    /// What came of it.
    package enum Outcome: Sendable {
        case saved
        /// These very bytes stood there already, whoever had saved them.
        case unchanged
        /// Something else stands there than what may be replaced. Nothing was changed.
        case conflict
    }
}
