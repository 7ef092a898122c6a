package import SessionModel

/// What a session or a message tells of itself in extended attributes `user.opencode.*` (rule R7): what its row and the
/// beginning of its text know, never the conversation.
package struct ExtendedAttributes: Sendable {
    /// Names behind `user.opencode.`, in the order they are listed.
    package static let names: [String] = [
        "id", "title", "role", "agent", "model", "cost", "tokens.input", "tokens.output", "tokens.reasoning",
        "tokens.cache.read", "tokens.cache.write",
    ]

    /// Bytes that a value may have: the kernel takes 64 KiB (xattr(7)), and a title is meant for people.
    private static let longest = 4096

    private var values: [String: [UInt8]] = [:]

    /// Those that have a value.
    package var present: [String] {
        Self.names.filter { values[$0] != nil }
    }

    package subscript(_ name: String) -> [UInt8]? {
        values[name]
    }

    private mutating func set(_ name: String, _ value: [UInt8]?) {
        guard let value, !value.isEmpty else { return }
        values[name] = Array(EscapedID.cut(value, to: Self.longest))
    }

    /// Of a session.
    ///
    /// - Parameter traits: what the history knows of it besides its row.
    package init(of session: SessionRecord, traits: SessionTraits?) {
        let row = session.row
        set("id", row.text("id"))
        set("title", row.text("title"))
        set("agent", traits?.agent)
        set("model", traits?.model)
        set("cost", row["cost"]?.spelled)
        switch session.generation {
        case .v1, .v2:
            for (name, column) in [
                ("input", "tokens_input"), ("output", "tokens_output"), ("reasoning", "tokens_reasoning"),
                ("cache.read", "tokens_cache_read"), ("cache.write", "tokens_cache_write"),
            ] {
                set("tokens." + name, row[column]?.spelled)
            }
        case .go:
            set("tokens.input", row["prompt_tokens"]?.spelled)
            set("tokens.output", row["completion_tokens"]?.spelled)
        }
    }

    /// Of a message.
    ///
    /// - Parameters:
    ///   - role: as its name has it.
    ///   - text: the first of its texts; nil where that is too long to be looked at. One that is no JSON tells nothing.
    package init(of message: Message, role: [UInt8]?, text: [UInt8]?) {
        set("id", message.id.bytes)
        set("role", role)
        if case .row(let before, _, let after) = message.shape {
            set("model", (before + after).first { $0.name == "model" }?.value?.spelled)
            return
        }
        guard let text, let tree = JSONTree(stored: text) else { return }
        func member(_ path: String...) -> JSONTree.Value? {
            var value: JSONTree.Value? = tree.root
            for key in path { value = value.flatMap { tree.member(key, of: $0) } }
            return value
        }
        func string(_ value: JSONTree.Value?) -> [UInt8]? { value.flatMap { tree.string($0) } }
        func number(_ value: JSONTree.Value?) -> [UInt8]? {
            value.flatMap { tree.kind(of: $0) == .number ? Array(tree.bytes[tree.range(of: $0)]) : nil }
        }
        set("agent", string(member("agent")))
        // V1: an assistant's, a user's; V2.
        set("model", string(member("modelID")) ?? string(member("model", "modelID")) ?? string(member("model", "id")))
        set("cost", number(member("cost")))
        for name in ["input", "output", "reasoning"] { set("tokens." + name, number(member("tokens", name))) }
        for name in ["read", "write"] { set("tokens.cache." + name, number(member("tokens", "cache", name))) }
    }
}

extension Record.Field {
    /// As JSON would spell it, a text without its quotes.
    fileprivate var spelled: [UInt8] {
        switch self {
        case .integer(let value): Array("\(value)".utf8)
        case .real(let value): Int64(exactly: value).map { Array("\($0)".utf8) } ?? JSONText.number(value)
        case .text(let bytes): bytes
        }
    }
}
