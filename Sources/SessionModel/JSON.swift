/// A JSON value that keeps what a careful editor keeps: the order of keys and the spelling of numbers.
package enum JSON: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// As it is spelled.
    case number(String)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// Nesting that a value may have: more is a fault, so that no text can exhaust the stack.
    package static let maximumDepth = 512

    /// Why a text is no JSON value.
    package struct Fault: Error, Equatable {
        /// The byte where it is seen.
        package let offset: Int
    }

    /// Reads a text that is one JSON value and nothing else.
    package init(parsing bytes: [UInt8]) throws(Fault) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    /// The first value of a key, where this is an object that has it.
    package subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let one), .boolean(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.string(let one), .string(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)):
            one.count == other.count && zip(one, other).allSatisfy { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var tokens: JSONTokens

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        tokens = JSONTokens(bytes[...])
    }

    mutating func document() throws(JSON.Fault) -> JSON {
        let value = try value(tokens.next(), depth: 0)
        guard tokens.next() == .end else { throw JSON.Fault(offset: bytes.count) }
        return value
    }

    private mutating func value(_ token: JSONTokens.Token, depth: Int) throws(JSON.Fault) -> JSON {
        guard depth < JSON.maximumDepth else { throw JSON.Fault(offset: bytes.count) }
        switch token {
        case .string(let range): return .string(unescaped(range))
        case .number(let range): return .number(String(decoding: bytes[range], as: UTF8.self))
        case .literal(let range):
            return switch bytes[range.lowerBound] {
            case UInt8(ascii: "t"): .boolean(true)
            case UInt8(ascii: "f"): .boolean(false)
            default: .null
            }
        case .openArray: return try array(depth: depth)
        case .openObject: return try object(depth: depth)
        case .fault(let offset): throw JSON.Fault(offset: offset)
        case .closeObject, .closeArray, .colon, .comma, .end: throw JSON.Fault(offset: bytes.count)
        }
    }

    private mutating func array(depth: Int) throws(JSON.Fault) -> JSON {
        var elements: [JSON] = []
        var token = tokens.next()
        if token == .closeArray { return .array([]) }
        while true {
            elements.append(try value(token, depth: depth + 1))
            switch tokens.next() {
            case .comma: token = tokens.next()
            case .closeArray: return .array(elements)
            default: throw JSON.Fault(offset: bytes.count)
            }
        }
    }

    private mutating func object(depth: Int) throws(JSON.Fault) -> JSON {
        var members: [(key: String, value: JSON)] = []
        var token = tokens.next()
        if token == .closeObject { return .object([]) }
        while true {
            guard case .string(let key) = token, tokens.next() == .colon else {
                throw JSON.Fault(offset: bytes.count)
            }
            members.append((unescaped(key), try value(tokens.next(), depth: depth + 1)))
            switch tokens.next() {
            case .comma: token = tokens.next()
            case .closeObject: return .object(members)
            default: throw JSON.Fault(offset: bytes.count)
            }
        }
    }

    private func unescaped(_ range: Range<Int>) -> String {
        JSONText.unescape(bytes[range])
    }
}
