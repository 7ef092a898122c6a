internal import SessionModel

extension SessionRecord {
    /// A session's row, as this generation keeps it.
    init(_ generation: Generation, _ row: Record) {
        switch generation {
        case .v1, .v2: self.init(generation: generation, row: row, updated: row.integer("time_updated") ?? 0)
        case .go:
            var shown = row
            if let project = row.text("project_id") {
                let id = Project.ID(bytes: project).withoutCredentials
                shown = row.replacing("project_id", by: .text(id.bytes))
            }
            self.init(generation: .go, row: shown, updated: GoSchema.milliseconds(row.integer("updated_at")))
        }
    }
}
