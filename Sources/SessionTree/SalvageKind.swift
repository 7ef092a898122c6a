package import VFS

/// Why bytes of a save are kept aside instead of saved.
package enum SalvageKind: String, CaseIterable, Sendable {
    /// They are nothing that OpenCode would read (rule W2).
    case rejected
    /// Somebody else has changed what they would replace (rule W3).
    case conflict

    /// The directory that shows them, in `.opencodefs`.
    package var directory: FileName {
        switch self {
        case .rejected: FileName("rejected")
        case .conflict: FileName("conflicts")
        }
    }
}
