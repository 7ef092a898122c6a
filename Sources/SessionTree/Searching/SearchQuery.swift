/// What is searched for: words, phrases and filters, and how they go together.
///
/// Made by ``init(parsing:)``. An index and a scan find the same because both ask ``truth(in:_:)``.
package struct SearchQuery: Sendable, Hashable {
    /// A word, in lower case, as ``WordScanner`` cuts it.
    package struct Word: Sendable, Hashable {
        package let bytes: [UInt8]
        /// Whether words that only begin so are meant too.
        package let isPrefix: Bool
    }

    /// What a query is put together from.
    package enum Leaf: Sendable, Hashable {
        /// One word, or several that follow each other.
        case words([Word])
        /// Part of a project's id or directory, in lower case.
        case project([UInt8])
        /// `user`, `assistant`, `system`, `tool`, `event`.
        case role([UInt8])
        /// Part of a model's id, in lower case.
        case model([UInt8])
        /// Not before this moment, in milliseconds since 1970.
        case since(Int64)
        /// Before this moment.
        case until(Int64)
    }

    indirect enum Node: Sendable, Hashable {
        case leaf(Int)
        case all([Node])
        case any([Node])
        case not(Node)
    }

    /// As the nodes number them.
    package let leaves: [Leaf]
    let root: Node

    init(leaves: [Leaf], root: Node) {
        self.leaves = leaves
        self.root = root
    }

    /// The words and phrases, by the numbers of their leaves.
    package var texts: [(leaf: Int, words: [Word])] {
        leaves.enumerated().compactMap { number, leaf in
            if case .words(let words) = leaf { (number, words) } else { nil }
        }
    }

    /// Whether something may match that has none of the words: only filters, or NOT.
    package var mayMatchWithoutWords: Bool {
        let blank = leaves.map { leaf in
            if case .words = leaf { Finding.nowhere } else { Finding(sure: .all, possible: .all) }
        }
        // What a filter says is open here.
        return isPossible(root, blank)
    }

    private func isPossible(_ node: Node, _ findings: [Finding]) -> Bool {
        switch node {
        case .leaf(let number): !findings[number].possible.isEmpty
        case .all(let nodes): nodes.allSatisfy { isPossible($0, findings) }
        case .any(let nodes): nodes.contains { isPossible($0, findings) }
        case .not: true
        }
    }
}

extension SearchQuery {
    /// Where one leaf is found.
    package struct Finding: Sendable, Hashable {
        /// Fields that are known to have it.
        package var sure: SearchFields
        /// Fields that may have it: all that do, and perhaps others.
        package var possible: SearchFields

        package init(sure: SearchFields, possible: SearchFields) {
            self.sure = sure
            self.possible = possible
        }

        package static let nowhere = Finding(sure: [], possible: [])

        /// What is found exactly there.
        package init(_ fields: SearchFields) {
            self.init(sure: fields, possible: fields)
        }
    }

    package enum Truth: Int8, Sendable, Comparable {
        case no
        case maybe
        case yes

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Whether a message or title matches, and where: the field that weighs least among the best that suffice.
    ///
    /// - Parameter findings: one for each of the leaves.
    /// - Returns: `.maybe` where only a look at the text can tell. The field is meaningful for `.yes`.
    package func match(_ findings: [Finding]) -> (truth: Truth, field: SearchField) {
        let truth = truth(in: .all, findings)
        guard truth == .yes else { return (truth, .output) }
        for field in SearchField.allCases {
            switch self.truth(in: .upTo(field), findings) {
            case .no: continue
            case .maybe: return (.maybe, field)
            case .yes: return (.yes, field)
            }
        }
        return (.yes, .output)
    }

    /// Whether it matches as far as some fields say.
    package func truth(in fields: SearchFields, _ findings: [Finding]) -> Truth {
        truth(root, fields, findings)
    }

    private func truth(_ node: Node, _ fields: SearchFields, _ findings: [Finding]) -> Truth {
        switch node {
        case .leaf(let number):
            let finding = findings[number]
            if !finding.sure.isDisjoint(with: fields) { return .yes }
            return finding.possible.isDisjoint(with: fields) ? .no : .maybe
        case .all(let nodes):
            var least = Truth.yes
            for node in nodes where least != .no { least = min(least, truth(node, fields, findings)) }
            return least
        case .any(let nodes):
            var most = Truth.no
            for node in nodes where most != .yes { most = max(most, truth(node, fields, findings)) }
            return most
        case .not(let node):
            return switch truth(node, fields, findings) {
            case .no: .yes
            case .maybe: .maybe
            case .yes: .no
            }
        }
    }
}

/// What filters go by.
package struct SearchFacts: Sendable {
    /// The id and the directory of its project.
    package var project: [[UInt8]]
    /// Nil for a title, which nobody said.
    package var role: [UInt8]?
    package var model: [UInt8]?
    /// When it was made, in milliseconds since 1970.
    package var moment: Int64

    package init(project: [[UInt8]], role: [UInt8]?, model: [UInt8]?, moment: Int64) {
        self.project = project
        self.role = role
        self.model = model
        self.moment = moment
    }
}

extension SearchQuery.Leaf {
    /// What a filter says; nil for words.
    package func accepts(_ facts: SearchFacts) -> Bool? {
        switch self {
        case .words: nil
        case .project(let part): facts.project.contains { Self.holds(part, in: $0) }
        case .role(let role): facts.role == role
        case .model(let part): facts.model.map { Self.holds(part, in: $0) } ?? false
        case .since(let moment): facts.moment >= moment
        case .until(let moment): facts.moment < moment
        }
    }

    private static func holds(_ part: [UInt8], in text: [UInt8]) -> Bool {
        guard !part.isEmpty else { return true }
        let text = lowercased(text)
        guard part.count <= text.count else { return false }
        return (0...text.count - part.count).contains { text[$0..<$0 + part.count].elementsEqual(part) }
    }

    static func lowercased(_ text: [UInt8]) -> [UInt8] {
        Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
    }
}
