package import SQL

/// Why a store cannot do what it was asked.
package enum StoreError: Error, Sendable {
    /// There is no such entity (any more).
    case notFound
    /// It still holds something.
    case notEmpty
    /// The id belongs to something else already.
    case taken(reason: String)
    /// The rules of the tree forbid it here; the reason is for people.
    case notAllowed(reason: String)
    /// Writing needs what this schema or this file does not offer.
    case readOnly(reason: String)
    /// The database has no tables that an OpenCode we know would have.
    case unsupportedSchema(reason: String)
    /// The user of the database may not do this; the reason is for people.
    case denied(reason: String)
    /// Somebody else wrote for as long as we could wait.
    case busy
    /// No space for the change.
    case full
    /// A value is larger than the database takes; the reason names the limit.
    case tooLarge(reason: String)
    /// The caller's time was over; the reason says what was waited for.
    case expired(reason: String = "the database did not answer in time")
    /// The caller was interrupted.
    case cancelled
    /// The database is damaged, out of reach, or not what we think it is.
    case unavailable(reason: String)
}

extension StoreError {
    /// What a store says when its provider refuses.
    package init(_ error: SQLError) {
        self =
            switch error.kind {
            case .busy, .contended: .busy
            case .denied: .denied(reason: error.message)
            case .readOnly: .readOnly(reason: error.message)
            case .full: .full
            case .tooLarge: .tooLarge(reason: error.message)
            case .cancelled: .cancelled
            case .expired: .expired(reason: error.message)
            case .constraint: .notAllowed(reason: "the database forbids it: \(error.message)")
            case .corrupt, .notADatabase, .replaced, .unavailable, .disconnected, .misuse:
                .unavailable(reason: error.code == 0 ? error.message : "\(error.message) (code \(error.code))")
            }
    }
}
