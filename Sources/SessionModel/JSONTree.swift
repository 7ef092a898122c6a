/// A JSON text and where its values stand in it: to compare and to change it without spelling anew what stays.
///
/// It keeps positions, not values: a string of megabytes costs no more than a short one.
package struct JSONTree: Sendable {
    package enum Kind: UInt8, Sendable {
        case object, array, string, number, boolean, null
    }

    /// A value of one tree.
    package struct Value: Hashable, Sendable {
        let index: Int
    }

    struct Node: Sendable {
        let kind: Kind
        /// The first byte, and the one behind the last.
        let start: UInt32
        var end: UInt32
        /// The bytes between the quotes of its key; empty where it has none.
        let keyStart: UInt32
        let keyEnd: UInt32
        /// The node behind those inside this one.
        var next: UInt32
    }

    package let bytes: [UInt8]
    private(set) var nodes: [Node] = []

    /// Reads a text that is one JSON value and nothing else.
    ///
    /// - Throws: also when it is nested deeper than ``JSON/maximumDepth``: what walks a tree may recurse.
    package init(parsing bytes: [UInt8]) throws(JSON.Fault) {
        guard bytes.count < Int(UInt32.max) else { throw JSON.Fault(offset: Int(UInt32.max)) }
        self.bytes = bytes
        try parse()
    }

    package var root: Value { Value(index: 0) }

    package func kind(of value: Value) -> Kind {
        nodes[value.index].kind
    }

    /// The bytes of a value, from its first quote or bracket to its last.
    package func range(of value: Value) -> Range<Int> {
        Int(nodes[value.index].start)..<Int(nodes[value.index].end)
    }

    /// The bytes between the quotes of a member's key, escapes included.
    package func keyRange(of member: Value) -> Range<Int> {
        Int(nodes[member.index].keyStart)..<Int(nodes[member.index].keyEnd)
    }

    /// The members of an object or the elements of an array, in the order of the text; none of anything else.
    package func children(of value: Value) -> [Value] {
        let end = next(after: value)
        var children: [Value] = []
        var child = Value(index: value.index + 1)
        while child != end {
            children.append(child)
            child = next(after: child)
        }
        return children
    }

    /// The value behind a value and all inside it; the one behind the last is none.
    func next(after value: Value) -> Value {
        Value(index: Int(nodes[value.index].next))
    }

    private enum Expected {
        case value, valueOrClose, key, keyOrClose, colon, commaOrClose, nothing
    }

    private mutating func parse() throws(JSON.Fault) {
        var tokens = JSONTokens(bytes[...])
        /// The nodes that are not closed yet.
        var open: [Int] = []
        var key = 0..<0
        var expected = Expected.value
        while true {
            let token = tokens.next()
            switch (token, expected) {
            case (.fault(let offset), _): throw JSON.Fault(offset: offset)
            case (.end, .nothing):
                // What is left may be the beginning of something, and nothing may follow.
                guard tokens.start == bytes.endIndex else { throw JSON.Fault(offset: tokens.start) }
                return
            case (.end, _): throw JSON.Fault(offset: bytes.count)
            case (.openObject, .value), (.openObject, .valueOrClose), (.openArray, .value), (.openArray, .valueOrClose):
                guard open.count < JSON.maximumDepth else { throw JSON.Fault(offset: tokens.start) }
                open.append(nodes.count)
                add(token == .openObject ? .object : .array, tokens.start..<tokens.start, key)
                expected = token == .openObject ? .keyOrClose : .valueOrClose
            case (.string(let range), .key), (.string(let range), .keyOrClose):
                key = range
                expected = .colon
            case (.string(let range), .value), (.string(let range), .valueOrClose):
                add(.string, range.lowerBound - 1..<range.upperBound + 1, key)
                expected = open.isEmpty ? .nothing : .commaOrClose
            case (.number(let range), .value), (.number(let range), .valueOrClose):
                add(.number, range, key)
                expected = open.isEmpty ? .nothing : .commaOrClose
            case (.literal(let range), .value), (.literal(let range), .valueOrClose):
                add(bytes[range.lowerBound] == UInt8(ascii: "n") ? .null : .boolean, range, key)
                expected = open.isEmpty ? .nothing : .commaOrClose
            case (.colon, .colon): expected = .value
            case (.comma, .commaOrClose):
                let isObject = open.last.map { nodes[$0].kind == .object } ?? false
                if !isObject { key = 0..<0 }
                expected = isObject ? .key : .value
            case (.closeObject, .keyOrClose), (.closeObject, .commaOrClose),
                (.closeArray, .valueOrClose), (.closeArray, .commaOrClose):
                let kind: Kind = token == .closeObject ? .object : .array
                guard let last = open.popLast(), nodes[last].kind == kind else {
                    throw JSON.Fault(offset: tokens.start)
                }
                nodes[last].end = UInt32(tokens.start + 1)
                nodes[last].next = UInt32(nodes.count)
                expected = open.isEmpty ? .nothing : .commaOrClose
            default: throw JSON.Fault(offset: tokens.start)
            }
            if case .openArray = token { key = 0..<0 }
        }
    }

    private mutating func add(_ kind: Kind, _ range: Range<Int>, _ key: Range<Int>) {
        nodes.append(
            Node(
                kind: kind, start: UInt32(range.lowerBound), end: UInt32(range.upperBound),
                keyStart: UInt32(key.lowerBound), keyEnd: UInt32(key.upperBound), next: UInt32(nodes.count + 1)))
    }
}
