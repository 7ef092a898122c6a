/// A turn of a conversation. Its rows are described, not held: a part may have hundreds of megabytes.
package struct Message: Sendable, Identifiable {
    package typealias ID = Identifier<Message>

    package let id: ID
    package let session: Session.ID
    package let shape: Shape
    /// What the mount's listing sorts and numbers by.
    package let order: Order
    /// The first bytes of its own text, as many as were read with its description; perhaps none.
    package let beginning: Beginning

    package init(id: ID, session: Session.ID, shape: Shape, order: Order, beginning: [UInt8] = []) {
        self.id = id
        self.session = session
        self.shape = shape
        self.order = order
        self.beginning = Beginning(bytes: beginning)
    }

    /// Some bytes of a text. Whoever prints a message does not print them: what people said stands in no log.
    package struct Beginning: Sendable, CustomStringConvertible {
        package let bytes: [UInt8]

        package var description: String { "…" }
    }

    /// How a family keeps a message.
    package enum Shape: Sendable {
        /// V1: a row of `message` and the rows of `part` that name it, in order of id.
        case parted(info: StoredText, parts: [Part])
        /// V2: one row of `session_message`.
        case typed(type: [UInt8], data: StoredText)
        /// Go: one row of `messages`, whose columns stand before and after the text of its parts.
        case row(before: [Column], parts: StoredText, after: [Column])
    }

    /// A column that is no text of a conversation.
    package struct Column: Sendable {
        package let name: String
        /// Nil for NULL.
        package let value: Record.Field?

        package init(name: String, value: Record.Field?) {
            self.name = name
            self.value = value
        }
    }

    package enum Order: Sendable {
        /// The number the database keeps (V2: `seq`).
        case stored(Int64)
        /// The place among the others when this mount first sees it (V1, Go).
        case rank
    }

    /// What the name of a message's file says of it.
    package struct Speaker: Sendable {
        package let id: ID
        package let order: Order
        /// Who speaks (V2: the type); nil where the text does not say.
        package let role: [UInt8]?

        package init(id: ID, order: Order, role: [UInt8]?) {
            self.id = id
            self.order = order
            self.role = role
        }
    }

    /// A row of V1's `part`.
    package struct Part: Sendable, Identifiable {
        package typealias ID = Identifier<Part>

        package let id: ID
        /// The column `session_id`, which no foreign key ties to the message's.
        package let session: Session.ID
        package let data: StoredText

        package init(id: ID, session: Session.ID, data: StoredText) {
            self.id = id
            self.session = session
            self.data = data
        }
    }

    /// The texts of its rows: V1 the message's, then one for each part; V2 and Go one.
    package var texts: [StoredText] {
        switch shape {
        case .parted(let info, let parts): [info] + parts.map(\.data)
        case .typed(_, let data): [data]
        case .row(_, let parts, _): [parts]
        }
    }
}

/// A text in the database: how long it is and how it begins, enough to frame it without reading it.
package struct StoredText: Hashable, Sendable {
    package enum Opening: UInt8, Sendable {
        /// Begins with `{`.
        case object
        /// Is `{}`.
        case emptyObject
        /// Anything else, also nothing.
        case other
    }

    /// Length in bytes.
    package let octets: Int
    package let opening: Opening
    /// When the row says it changed, in milliseconds since 1970.
    package let updated: Int64

    package init(octets: Int, opening: Opening, updated: Int64) {
        self.octets = octets
        self.opening = opening
        self.updated = updated
    }
}
