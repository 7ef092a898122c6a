package import Timing

/// What stat(2) tells.
package struct Attributes: Equatable, Sendable {
    package enum Kind: Sendable {
        case directory
        case regular
        /// A symbolic link; its size is the length of its target.
        case link
    }

    /// st_ino: from the identity of what the node shows, so that it survives a remount.
    package var inode: UInt64
    package var kind: Kind
    /// The permission bits, 0o600.
    package var permissions: UInt32
    /// Bytes.
    package var size: Int64
    package var modified: Timestamp
    package var owner: UInt32
    package var group: UInt32

    package init(
        inode: UInt64, kind: Kind, permissions: UInt32, size: Int64, modified: Timestamp, owner: UInt32, group: UInt32
    ) {
        self.inode = inode
        self.kind = kind
        self.permissions = permissions
        self.size = size
        self.modified = modified
        self.owner = owner
        self.group = group
    }
}

/// The answer to a lookup, and how long the kernel may believe it.
package struct Entry: Sendable {
    package let node: NodeID
    package let attributes: Attributes
    package let validity: Validity

    package init(node: NodeID, attributes: Attributes, validity: Validity) {
        self.node = node
        self.attributes = attributes
        self.validity = validity
    }
}

/// How long the kernel may answer by itself, in seconds.
package struct Validity: Equatable, Sendable {
    /// For the name: which node it leads to.
    package let name: Double
    /// For the attributes of the node.
    package let attributes: Double

    package init(name: Double, attributes: Double) {
        self.name = name
        self.attributes = attributes
    }
}

/// One line of a listing.
package struct DirectoryEntry: Sendable {
    package let name: FileName
    package let kind: Attributes.Kind
    package let inode: UInt64

    package init(name: FileName, kind: Attributes.Kind, inode: UInt64) {
        self.name = name
        self.kind = kind
        self.inode = inode
    }
}

/// What statfs(2) tells; sizes in bytes.
package struct Statistics: Sendable {
    package let usedBytes: Int64
    package let freeBytes: Int64
    package let usedNodes: Int64

    package init(usedBytes: Int64, freeBytes: Int64, usedNodes: Int64) {
        self.usedBytes = usedBytes
        self.freeBytes = freeBytes
        self.usedNodes = usedNodes
    }
}
