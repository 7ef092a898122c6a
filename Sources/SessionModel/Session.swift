/// A conversation, as much of it as listings need.
package struct Session: Sendable, Identifiable, Equatable {
    package typealias ID = Identifier<Session>

    package let id: ID
    package let project: Project.ID
    package let parent: ID?
    /// NULL in V2 until the session has one.
    package let title: [UInt8]?
    /// Milliseconds since 1970.
    package let created: Int64
    /// Milliseconds since 1970.
    package let updated: Int64
    package let isArchived: Bool

    package init(
        id: ID, project: Project.ID, parent: ID?, title: [UInt8]?, created: Int64, updated: Int64, isArchived: Bool
    ) {
        self.id = id
        self.project = project
        self.parent = parent
        self.title = title
        self.created = created
        self.updated = updated
        self.isArchived = isArchived
    }
}
