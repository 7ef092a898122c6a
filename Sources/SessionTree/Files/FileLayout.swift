/// A file made of bytes of ours and texts of the database, none of which need to be in memory.
package struct FileLayout: Sendable {
    package enum Segment: Sendable {
        case literal([UInt8])
        /// Bytes of the text with this number, from an offset on.
        case stored(text: Int, from: Int, count: Int)

        fileprivate var count: Int {
            switch self {
            case .literal(let bytes): bytes.count
            case .stored(_, _, let count): count
            }
        }
    }

    private var segments: [Segment] = []
    /// The size of the file in bytes.
    package private(set) var size = 0

    package init() {}

    package mutating func add(_ text: String) {
        add(Array(text.utf8))
    }

    package mutating func add(_ bytes: [UInt8]) {
        size += bytes.count
        // Neighbours are joined: a read then copies once.
        if case .literal(let before) = segments.last {
            segments[segments.count - 1] = .literal(before + bytes)
        } else {
            segments.append(.literal(bytes))
        }
    }

    package mutating func add(text: Int, from: Int, count: Int) {
        guard count > 0 else { return }
        size += count
        segments.append(.stored(text: text, from: from, count: count))
    }

    /// Bytes of the file, made of as little of the texts as they need.
    ///
    /// - Parameter fetch: bytes of a text; what it returns must have the length of the range.
    /// - Throws: what `fetch` throws.
    package func bytes<Failure: Error>(
        _ range: Range<Int>, fetch: (_ text: Int, _ range: Range<Int>) throws(Failure) -> ArraySlice<UInt8>
    ) throws(Failure) -> [UInt8] {
        let wanted = range.clamped(to: 0..<size)
        var result: [UInt8] = []
        result.reserveCapacity(wanted.count)
        var start = 0
        for segment in segments {
            let end = start + segment.count
            let overlap = wanted.clamped(to: start..<end)
            if !overlap.isEmpty {
                let inside = (overlap.lowerBound - start)..<(overlap.upperBound - start)
                switch segment {
                case .literal(let bytes): result += bytes[inside]
                case .stored(let text, let from, _):
                    result += try fetch(text, (from + inside.lowerBound)..<(from + inside.upperBound))
                }
            }
            start = end
            if start >= wanted.upperBound { break }
        }
        return result
    }
}
