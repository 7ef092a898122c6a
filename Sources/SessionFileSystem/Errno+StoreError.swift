package import SessionStore
package import VFS

extension Errno {
    /// What a program is told when the store refuses.
    package init(_ error: StoreError) {
        self =
            switch error {
            case .notFound: .noEntry
            case .notEmpty: .notEmpty
            case .taken: .exists
            case .notAllowed: .notPermitted
            case .readOnly: .readOnly
            case .unsupportedSchema: .inputOutput
            case .busy: .busy
            case .denied: .accessDenied
            case .full: .noSpace
            case .tooLarge: .tooLarge
            case .expired: .timedOut
            case .cancelled: .interrupted
            case .unavailable: .inputOutput
            }
    }
}
