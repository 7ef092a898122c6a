/// What a save, a copy or a move makes of the rows of a history.
///
/// The tree makes these values, a store carries them out; several of them are one transaction.
package enum Change: Sendable {
    case insertMessage(NewMessage)
    case updateMessage(Message.ID, of: Session.ID, MessageUpdate)
    /// Sets when a message says it changed, in milliseconds since 1970, where the schema can hold that.
    case touchMessage(Message.ID, of: Session.ID, milliseconds: Int64)
    case insertSession(Session.ID, [Assignment])
    case updateSession(Session.ID, [Assignment])
    /// Takes the place of a session's whole list of things to do; an empty one removes it.
    case replaceTodos(Session.ID, [Todo])
    /// Sets when the entries of a session's list say they changed, in milliseconds since 1970.
    case touchTodos(Session.ID, milliseconds: Int64)
    case insertProject(Project.ID, [Assignment])
    case updateProject(Project.ID, [Assignment])
}

/// A column and the value it gets.
package struct Assignment: Sendable, Hashable {
    package let column: String
    /// Nil for NULL.
    package let value: Record.Field?

    package init(_ column: String, _ value: Record.Field?) {
        self.column = column
        self.value = value
    }
}

/// The rows of a message that a save changes: what is not mentioned keeps every byte.
package enum MessageUpdate: Sendable {
    /// V1. Parts are updated and inserted as `id: data`.
    case parted(
        info: [UInt8]?, updated: [(id: Message.Part.ID, data: [UInt8])],
        inserted: [(id: Message.Part.ID, data: [UInt8])], removed: [Message.Part.ID])
    /// V2.
    case typed(type: [UInt8]?, data: [UInt8]?)
    /// Go: columns, `parts` among them.
    case row([Assignment])
}

/// A message that a file brings.
package struct NewMessage: Sendable {
    /// How a family keeps it; as in ``Message/Shape``, but with the texts.
    package enum Content: Sendable {
        case parted(info: [UInt8], parts: [(id: Message.Part.ID, data: [UInt8])])
        case typed(type: [UInt8], data: [UInt8])
        /// Every column that the file names, `parts` among them; `id` and `session_id` are not.
        case row([Assignment])
    }

    package let id: Message.ID
    package let session: Session.ID
    package let content: Content
    /// What the text says of when it was made, in milliseconds since 1970.
    package let created: Int64?
    /// When it is to say it changed, in milliseconds since 1970: what utimens(2) asked for.
    package var modified: Int64?
    /// The number in the name it was created under: its place in the conversation.
    package var ordinal: Int64?
    /// Whether it stays without a number where it says so: it comes with all others of its session, whose order their times
    /// tell (Go).
    package var keepsNoNumber = false
    /// What its rows held, besides what its file shows, when it was removed a moment ago (rule W6).
    package var hidden: HiddenColumns?

    package init(id: Message.ID, session: Session.ID, content: Content, created: Int64?) {
        self.id = id
        self.session = session
        self.content = content
        self.created = created
    }
}

/// The columns of a message's rows that its file does not show: its number, the times of its parts.
package struct HiddenColumns: Sendable {
    package let message: [Assignment]
    package let parts: [Message.Part.ID: [Assignment]]

    package init(message: [Assignment], parts: [Message.Part.ID: [Assignment]]) {
        self.message = message
        self.parts = parts
    }
}
