/// A text of a message, by the ids of its rows.
package struct TextSource: Sendable, Hashable {
    package let message: Message.ID
    /// V1: the row of `part`; nil for the text of the message's own row.
    package let part: Message.Part.ID?

    package init(message: Message.ID, part: Message.Part.ID? = nil) {
        self.message = message
        self.part = part
    }

    /// Which text it is, as ``Message/texts`` numbers them; nil where the message has none such.
    package func index(in message: Message) -> Int? {
        guard let part else { return 0 }
        guard case .parted(_, let parts) = message.shape else { return nil }
        return parts.firstIndex { $0.id == part }.map { $0 + 1 }
    }
}
