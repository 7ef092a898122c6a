internal import SQL
internal import SessionModel

/// Describes the messages of one session, as one generation keeps them.
protocol MessageReader {
    func order() throws(SQLError) -> [(id: Message.ID, order: Message.Order)]
    /// In the same order; without the role where the beginning of the text does not show it.
    func speakers() throws(SQLError) -> [Message.Speaker]
    func all(_ body: (Message) throws(SQLError) -> Void) throws(SQLError)
    func one(_ id: Message.ID) throws(SQLError) -> Message?
    func newest() throws(SQLError) -> Message?

    /// When the newest message changed, its texts among that; looks at no text.
    func lastChange() throws(SQLError) -> Int64?

    /// A message with its texts; nil for the texts where they have more than `limit` bytes, which are not read then.
    func contents(_ id: Message.ID, upTo limit: Int) throws(SQLError) -> (message: Message, texts: [[UInt8]]?)?
}
