package import SessionModel

/// What a migration did.
package struct MigrationReport: Sendable, Equatable {
    /// The version the database had; 0 for none.
    package let from: Int64
    /// The version it has now.
    package let to: Int64
    /// Steps that were run.
    package let steps: Int
    /// Where the copy of what was before lies; nil where no step was run.
    package let backup: String?
    /// Sessions that belonged to no project and now do.
    package let adopted: Int
    /// Which that is.
    package let project: Project.ID?
    /// Sessions whose number of messages is still wrong (a server only): their time cannot be kept while it is corrected.
    package let uncorrected: Int
    /// Whether an earlier start was cut off, and this one went on from there (a server only).
    package let isContinued: Bool

    package init(
        from: Int64, to: Int64, steps: Int, backup: String?, adopted: Int, project: Project.ID? = nil,
        uncorrected: Int = 0, isContinued: Bool = false
    ) {
        self.from = from
        self.to = to
        self.steps = steps
        self.backup = backup
        self.adopted = adopted
        self.project = project
        self.uncorrected = uncorrected
        self.isContinued = isContinued
    }
}
