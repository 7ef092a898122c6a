/// Writes a JSON object for people and programs: one member a line, indented by two spaces, as
/// `JSON.stringify(value, null, 2)` does for its outermost level.
package struct JSONObject: Sendable {
    private var members: [(key: String, value: [UInt8])] = []

    package init() {}

    /// Adds a member; where there is no value, none is added.
    package mutating func add(_ key: String, _ value: Value?) {
        guard let value else { return }
        members.append((key, value.text))
    }

    package var isEmpty: Bool { members.isEmpty }

    /// The object on lines of its own, with a final newline.
    package func document() -> [UInt8] {
        var text: [UInt8] = Array("{\n".utf8)
        for (index, member) in members.enumerated() {
            text += "  ".utf8
            text += JSONText.quoted(member.key)
            text += ": ".utf8
            text += member.value
            text += (index + 1 < members.count ? ",\n" : "\n").utf8
        }
        text += "}\n".utf8
        return text
    }

    /// The object on one line.
    package func line() -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += JSONText.quoted(member.key)
            text.append(UInt8(ascii: ":"))
            text += member.value
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// A value of a member.
    package struct Value: Sendable {
        fileprivate let text: [UInt8]

        /// The value as JSON, without space between its tokens where it was made here.
        package var bytes: [UInt8] { text }

        package static func string(_ bytes: [UInt8]) -> Value { Value(text: JSONText.quoted(bytes)) }
        package static func string(_ text: String) -> Value { Value(text: JSONText.quoted(text)) }
        package static func integer(_ value: Int64) -> Value { Value(text: Array("\(value)".utf8)) }
        package static func integer(_ value: Int) -> Value { Value(text: Array("\(value)".utf8)) }
        package static func boolean(_ value: Bool) -> Value { Value(text: Array("\(value)".utf8)) }
        package static let null = Value(text: Array("null".utf8))

        /// A number as JavaScript would write it; what JSON has no number for is null.
        package static func real(_ value: Double) -> Value {
            guard value.isFinite else { return .null }
            if let whole = Int64(exactly: value) { return .integer(whole) }
            return Value(text: Array("\(value)".utf8))
        }

        /// A number of a column, as it reads back.
        package static func stored(_ value: Double) -> Value { Value(text: JSONText.number(value)) }

        package static func object(_ object: JSONObject) -> Value { Value(text: object.line()) }

        package static func array(_ values: [Value]) -> Value {
            var text: [UInt8] = [UInt8(ascii: "[")]
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text += value.text
            }
            text.append(UInt8(ascii: "]"))
            return Value(text: text)
        }

        /// Text that is JSON already stands as it is; other text becomes a string, so that nothing is lost and the
        /// whole stays JSON.
        package static func stored(_ bytes: [UInt8]) -> Value {
            JSONText.fault(in: bytes) == nil ? Value(text: bytes) : .string(bytes)
        }
    }
}

extension JSONObject {
    /// Adds all members of another object.
    package mutating func add(contentsOf other: JSONObject) {
        members += other.members
    }
}
