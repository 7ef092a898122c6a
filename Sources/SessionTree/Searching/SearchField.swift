/// Where in a message, or of a session, words are found. The order is that of the results: what stands first weighs most.
package enum SearchField: Int, CaseIterable, Sendable, Comparable {
    /// The title of a session.
    case title
    /// What somebody said.
    case text
    case reasoning
    /// What a tool was asked.
    case input
    /// What it answered.
    case output

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The fields of a message, as an index numbers them.
    package static let ofMessages: [SearchField] = [.text, .reasoning, .input, .output]

    /// For people and scripts.
    package var word: String {
        switch self {
        case .title: "title"
        case .text: "text"
        case .reasoning: "reasoning"
        case .input: "tool input"
        case .output: "tool output"
        }
    }
}

/// A set of fields.
package struct SearchFields: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package init(_ field: SearchField) {
        rawValue = 1 << UInt8(field.rawValue)
    }

    package static let all = SearchFields(rawValue: 0b11111)

    /// A field and those that weigh more.
    package static func upTo(_ field: SearchField) -> SearchFields {
        SearchFields(rawValue: (2 << UInt8(field.rawValue)) - 1)
    }
}
