package import SessionModel

/// `project.json` (rule R10): the row in the shape of OpenCode 1.1's `storage/project/<id>.json`.
package enum ProjectFile {
    /// - Parameter row: nil where sessions name a project that has no row; the file then holds what is known, its id.
    package static func render(_ id: Project.ID, _ row: Record?) -> [UInt8] {
        var file = JSONObject()
        file.add("id", .string(id.bytes))
        guard let row else { return file.document() }
        file.add("worktree", row.string("worktree"))
        file.add("vcs", row.string("vcs"))
        file.add("name", row.string("name"))
        var icon = JSONObject()
        icon.add("url", row.string("icon_url"))
        icon.add("override", row.string("icon_url_override"))
        icon.add("color", row.string("icon_color"))
        file.add("icon", icon.isEmpty ? nil : .object(icon))
        file.add("commands", row.stored("commands"))
        var time = JSONObject()
        time.add("created", row.number("time_created"))
        time.add("updated", row.number("time_updated"))
        time.add("initialized", row.number("time_initialized"))
        file.add("time", .object(time))
        file.add("sandboxes", row.stored("sandboxes"))
        return file.document()
    }
}
