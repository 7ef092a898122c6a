internal import SQL
internal import Timing

/// The row of a project, and a permission that somebody once granted in it.
enum ProjectRows {
    static func write(
        _ project: ProjectPlan, isV2: Bool, at moment: Timestamp, to batches: inout SQLBatches, _ ids: inout OpenCodeIDs
    ) throws(SQLError) {
        let vcs = SQLValue(orNull: project.isGlobal ? nil : "git")
        let sandboxes = project.language == .typescript && !project.isGlobal ? "[\"\(project.worktree)-review\"]" : "[]"
        try batches.run(
            """
            INSERT INTO project (id, worktree, vcs, time_created, time_updated, time_initialized, sandboxes)
            VALUES (\(project.id), \(project.worktree), \(vcs), \(project.created), \(project.updated),
                \(SQLValue(orNull: project.isGlobal ? nil : project.created + 60_000)), \(sandboxes))
            """)
        if isV2 {
            try batches.run("UPDATE project SET time_active = time_updated WHERE id = \(project.id)")
        }
        let id = ids.next(.permission, atMilliseconds: project.updated)
        try batches.run(
            """
            INSERT INTO permission (id, project_id, action, resource, time_created, time_updated)
            VALUES (\(id), \(project.id), 'bash', 'git *', \(project.updated), \(project.updated))
            """)
    }
}
