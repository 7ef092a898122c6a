package import VFS

/// A node of a file system that a name has led to, held for as long as this lives.
///
/// A file's node is one version of it: what it was when it was looked up.
package final class HeldNode: Sendable {
    package let id: NodeID
    package let attributes: Attributes
    private let fileSystem: any FileSystem

    /// - Parameter entry: the answer to a lookup that has been counted.
    init(_ entry: Entry, of fileSystem: any FileSystem) {
        id = entry.node
        attributes = entry.attributes
        self.fileSystem = fileSystem
    }

    init(root attributes: Attributes, of fileSystem: any FileSystem) {
        id = .root
        self.attributes = attributes
        self.fileSystem = fileSystem
    }

    deinit {
        if id != .root { fileSystem.forget(id, count: 1) }
    }

    package var kind: Attributes.Kind { attributes.kind }
    package var isDirectory: Bool { attributes.kind == .directory }
}
