package import SessionStore

extension StoreError {
    /// Why an index does not get on, for people.
    package var reasonForNoIndex: String {
        switch self {
        case .unavailable(let reason), .denied(let reason), .readOnly(let reason), .notAllowed(let reason),
            .tooLarge(let reason), .taken(let reason), .unsupportedSchema(let reason), .expired(let reason):
            reason
        case .busy: "another program keeps the history or the index locked; it goes on later"
        case .full: "no space left for the index; free space in the cache directory"
        case .cancelled: "it was interrupted"
        case .notFound, .notEmpty: "the history changed while it was read; it goes on later"
        }
    }
}
