/// The kernel's number for a node, as it stands in every request. Never used twice in the life of a mount.
package struct NodeID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The root of the mount (FUSE_ROOT_ID).
    package static let root = NodeID(rawValue: 1)
}

/// The number of an open file or directory.
package struct HandleID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
