/// A project: what OpenCode scopes sessions by.
package struct Project: Sendable, Identifiable {
    package typealias ID = Identifier<Project>

    package let id: ID
    /// The directory of its main checkout; nil where sessions name a project that has no row.
    package let worktree: [UInt8]?
    package let created: Int64
    package let updated: Int64

    /// - Parameters:
    ///   - created: milliseconds since 1970.
    ///   - updated: milliseconds since 1970.
    package init(id: ID, worktree: [UInt8]?, created: Int64, updated: Int64) {
        self.id = id
        self.worktree = worktree
        self.created = created
        self.updated = updated
    }
}
