package import SessionModel

/// `session.json` (rule R10): the `info` of OpenCode's own export; of the Go family, which has none, the row.
package enum SessionFile {
    package static func render(_ session: SessionRecord) -> [UInt8] {
        switch session.generation {
        case .v1: v1.render(session.row)
        case .v2: v2.render(session.row)
        case .go: go(session.row)
        }
    }

    /// The row of `sessions`: every column in the schema's order.
    private static func go(_ row: Record) -> [UInt8] {
        var file = JSONObject()
        for column in row.columns {
            let value: JSONObject.Value =
                switch row[column] {
                case .integer(let value): .integer(value)
                case .real(let value): .stored(value)
                case .text(let bytes): .string(bytes)
                case nil: .null
                }
            file.add(column, value)
        }
        return file.document()
    }

    /// Session.Info of OpenCode 1.18.
    static let v1 = RecordShape(members: [
        .text("id", "id"),
        .text("slug", "slug", required: true),
        .text("projectID", "project_id"),
        .text("workspaceID", "workspace_id"),
        .text("directory", "directory", required: true),
        .text("path", "path"),
        .text("parentID", "parent_id"),
        summary,
        share,
        .text("title", "title", required: true),
        .text("agent", "agent"),
        .json("model", "model", .object),
        .text("version", "version", required: true),
        time([.number("compacting", "time_compacting"), .number("archived", "time_archived")]),
        .json("permission", "permission", .array, .object),
        .json("revert", "revert", .object),
        .number("cost", "cost", required: true),
        tokens,
        .json("metadata", "metadata", .object),
    ])

    /// The `info` of OpenCode 2's export.
    static let v2 = RecordShape(members: [
        .text("id", "id"),
        .text("projectID", "project_id"),
        .text("parentID", "parent_id"),
        .text("title", "title"),
        .text("agent", "agent"),
        .json("model", "model", .object),
        .object(
            "location", .always,
            [.text("directory", "directory", required: true), .text("workspaceID", "workspace_id")]),
        .text("path", "path"),
        .number("cost", "cost", required: true),
        tokens,
        summary,
        share,
        .json("permission", "permission", .array, .object),
        .json("revert", "revert", .object),
        .json("metadata", "metadata", .object),
        .text("version", "version", required: true),
        time([.number("archived", "time_archived")]),
    ])

    private static let summary = RecordShape.Member.object(
        "summary", .whenFilled,
        [
            .number("additions", "summary_additions"), .number("deletions", "summary_deletions"),
            .number("files", "summary_files"), .json("diffs", "summary_diffs", .array),
        ])

    private static let share = RecordShape.Member.object("share", .whenFilled, [.text("url", "share_url")])

    private static let tokens = RecordShape.Member.object(
        "tokens", .with("tokens_input"),
        [
            .number("input", "tokens_input", required: true), .number("output", "tokens_output", required: true),
            .number("reasoning", "tokens_reasoning", required: true),
            .object(
                "cache", .always,
                [
                    .number("read", "tokens_cache_read", required: true),
                    .number("write", "tokens_cache_write", required: true),
                ]),
        ])

    private static func time(_ more: [RecordShape.Member]) -> RecordShape.Member {
        .object(
            "time", .always,
            [
                .number("created", "time_created", required: true), .number("updated", "time_updated", required: true),
            ] + more)
    }
}
