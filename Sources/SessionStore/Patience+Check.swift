package import Timing

extension Patience {
    /// Ends what nobody waits for any more.
    ///
    /// - Parameter reason: what did not come in time.
    package func check(_ reason: String = "the database did not answer in time") throws(StoreError) {
        switch verdict {
        case nil: return
        case .cancelled: throw .cancelled
        case .expired: throw .expired(reason: reason)
        }
    }
}
