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
        let rest = tokens.next()
        // What is left may be the beginning of a token, which is `.end` too.
        guard rest == .end, tokens.start == bytes.count else { throw fault(rest, at: tokens.start) }
        return value
    }

    private mutating func value(_ token: JSONTokens.Token, depth: Int) throws(JSON.Fault) -> JSON {
        guard depth < JSON.maximumDepth else { throw JSON.Fault(offset: tokens.start) }
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
        case .closeObject, .closeArray, .colon, .comma, .end, .fault: throw fault(token)
        }
    }

    private mutating func array(depth: Int) throws(JSON.Fault) -> JSON {
        var elements: [JSON] = []
        var token = tokens.next()
        if token == .closeArray { return .array([]) }
        while true {
            elements.append(try value(token, depth: depth + 1))
            let separator = tokens.next()
            switch separator {
            case .comma: token = tokens.next()
            case .closeArray: return .array(elements)
            default: throw fault(separator)
            }
        }
    }

    private mutating func object(depth: Int) throws(JSON.Fault) -> JSON {
        var members: [(key: String, value: JSON)] = []
        var token = tokens.next()
        if token == .closeObject { return .object([]) }
        while true {
            guard case .string(let key) = token else { throw fault(token) }
            let colon = tokens.next()
            guard colon == .colon else { throw fault(colon) }
            members.append((unescaped(key), try value(tokens.next(), depth: depth + 1)))
            let separator = tokens.next()
            switch separator {
            case .comma: token = tokens.next()
            case .closeObject: return .object(members)
            default: throw fault(separator)
            }
        }
    }

    /// The fault of a token that must not stand where it does.
    private func fault(_ token: JSONTokens.Token, at end: Int? = nil) -> JSON.Fault {
        switch token {
        case .fault(let offset): JSON.Fault(offset: offset)
        case .end: JSON.Fault(offset: end ?? bytes.count)
        default: JSON.Fault(offset: tokens.start)
        }
    }

    private func unescaped(_ range: Range<Int>) -> String {
        JSONText.unescape(bytes[range])
    }
}
