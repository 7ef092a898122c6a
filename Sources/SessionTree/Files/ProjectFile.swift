package import SessionModel

/// `project.json` (rule R10): the row in the shape of OpenCode 1.1's `storage/project/<id>.json`.
package enum ProjectFile {
    /// - Parameter row: nil where sessions name a project that has no row; the file then holds what is known, its id.
    package static func render(_ id: Project.ID, _ row: Record?) -> [UInt8] {
        var file = JSONObject()
        file.add("id", .string(id.bytes))
        return row.map { shape.render($0, after: file) } ?? file.document()
    }

    /// All but the id, which the place says.
    static let shape = RecordShape(members: [
        .text("worktree", "worktree", required: true),
        .text("vcs", "vcs"),
        .text("name", "name"),
        .object(
            "icon", .whenFilled,
            [.text("url", "icon_url"), .text("override", "icon_url_override"), .text("color", "icon_color")]),
        .json("commands", "commands", .object),
        .object(
            "time", .always,
            [
                .number("created", "time_created", required: true), .number("updated", "time_updated", required: true),
                .number("initialized", "time_initialized"),
            ]),
        .json("sandboxes", "sandboxes", .array, required: true),
    ])
}
