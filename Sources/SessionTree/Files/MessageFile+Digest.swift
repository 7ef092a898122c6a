package import SessionModel

extension MessageFile {
    /// A hash of what a message's file says, to compare saves with: not of when its row changed, which the Go family's
    /// triggers set by themselves (rules W3 and W4).
    ///
    /// - Parameter bytes: the file as a whole.
    package static func digest(of message: Message, texts: [[UInt8]], rendered bytes: [UInt8]) -> UInt64 {
        guard case .row(let before, _, let after) = message.shape else { return ContentHash.value(of: bytes) }
        var hash = IdentityHash()
        for text in texts { hash.add(ContentHash.value(of: text)) }
        for column in before + after where column.name != "updated_at" {
            hash.add(0, Array(column.name.utf8))
            switch column.value {
            case .integer(let value): hash.add(UInt64(bitPattern: value))
            case .real(let value): hash.add(value.bitPattern)
            case .text(let bytes): hash.add(1, bytes)
            case nil: hash.add(2 as UInt8)
            }
        }
        return hash.value
    }
}
