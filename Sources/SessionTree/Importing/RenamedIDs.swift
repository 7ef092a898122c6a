package import SessionModel

/// New ids in the place of those that an export has, wherever it speaks of them.
package struct RenamedIDs: Sendable {
    private var names: [[UInt8]: [UInt8]] = [:]

    package init() {}

    /// From here on one stands for the other.
    package mutating func rename<Entity>(_ id: Identifier<Entity>, to other: Identifier<Entity>) {
        names[id.bytes] = other.bytes
    }

    /// The new id in the place of one.
    package subscript<Entity>(_ id: Identifier<Entity>) -> Identifier<Entity> {
        names[id.bytes].map { Identifier(bytes: $0) } ?? id
    }

    /// A piece of an export with the new ids. All else keeps every byte.
    package func applied(to bytes: [UInt8]) -> [UInt8] {
        guard !names.isEmpty else { return bytes }
        var tokens = JSONTokens(bytes[...])
        var renamed: [UInt8] = []
        renamed.reserveCapacity(bytes.count)
        var copied = 0
        /// The string in front of the last colon, which is the key of what comes now.
        var key: Range<Int>?
        var last: Range<Int>?
        while true {
            switch tokens.next() {
            case .string(let range):
                if let name = key, Self.keys.contains(Array(bytes[name])),
                    let new = names[JSONText.decoded(bytes[range])]
                {
                    renamed += bytes[copied..<range.lowerBound]
                    renamed += new
                    copied = range.upperBound
                }
                (last, key) = (range, nil)
            case .colon: (key, last) = (last, nil)
            case .end, .fault: return renamed + bytes[copied...]
            case .openObject, .openArray, .closeObject, .closeArray, .comma, .number, .literal: (key, last) = (nil, nil)
            }
        }
    }

    /// The members that name sessions, messages and parts. A text that happens to be an id is none of them.
    private static let keys: Set<[UInt8]> = Set(
        [
            "id", "sessionID", "messageID", "parentID", "partID", "tail_start_id", "session_id", "parent_session_id",
            "root_session_id", "summary_message_id",
        ].map { Array($0.utf8) })
}
