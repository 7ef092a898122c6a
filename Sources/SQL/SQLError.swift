/// What a provider refuses, sorted by what can be done about it.
///
/// The message is the provider's own and never holds a value: values are people's conversations.
package struct SQLError: Error, Sendable {
    package enum Kind: Sendable {
        /// Somebody else writes, and went on doing so for as long as we may wait.
        case busy
        /// Others wanted the same rows, and the database has taken back all of our transaction: it may be done again.
        case contended
        /// The connection broke. What was not committed has not happened; another connection may do.
        case disconnected
        /// The user may not do this, or not come in at all.
        case denied
        /// A rule of the schema: foreign key, uniqueness, CHECK, NOT NULL.
        case constraint
        /// The database cannot be written, by anyone or by us.
        case readOnly
        /// No space for the change.
        case full
        /// A value is larger than the provider takes.
        case tooLarge
        /// The file is damaged.
        case corrupt
        /// The file is no database of this provider.
        case notADatabase
        /// The name leads to another database now, or to none. Whoever lets go of every connection and connects again
        /// gets what stands there.
        case replaced
        /// The database cannot be opened or reached.
        case unavailable
        /// The caller was interrupted.
        case cancelled
        /// The caller's time is over.
        case expired
        /// The statement does not fit the schema, or another fault of ours.
        case misuse
    }

    package let kind: Kind
    /// The provider's number, for the log.
    package let code: Int
    package let message: String
    /// Of a `.constraint`: the row points at one that is not there.
    package let isForeignKey: Bool
    /// Whether a server said so, of which another may take the place at any time.
    package let isOfServer: Bool

    package init(
        _ kind: Kind, code: Int = 0, message: String, isForeignKey: Bool = false, isOfServer: Bool = false
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.isForeignKey = isForeignKey
        self.isOfServer = isOfServer
    }
}
