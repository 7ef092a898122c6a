package import SessionModel

/// `session.json` (rule R10): the `info` of OpenCode's own export; of the Go family, which has none, the row.
package enum SessionFile {
    package static func render(_ session: SessionRecord) -> [UInt8] {
        switch session.generation {
        case .v1: v1(session.row)
        case .v2: v2(session.row)
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
    private static func v1(_ row: Record) -> [UInt8] {
        var info = JSONObject()
        info.add("id", row.string("id"))
        info.add("slug", row.string("slug"))
        info.add("projectID", row.string("project_id"))
        info.add("workspaceID", row.string("workspace_id"))
        info.add("directory", row.string("directory"))
        info.add("path", row.string("path"))
        info.add("parentID", row.string("parent_id"))
        info.add("summary", summary(row))
        info.add("share", row.string("share_url").map { .object(JSONObject("url", $0)) })
        info.add("title", row.string("title"))
        info.add("agent", row.string("agent"))
        info.add("model", row.stored("model"))
        info.add("version", row.string("version"))
        info.add("time", time(row, [("compacting", "time_compacting"), ("archived", "time_archived")]))
        info.add("permission", row.stored("permission"))
        info.add("revert", row.stored("revert"))
        info.add("cost", row.number("cost"))
        info.add("tokens", tokens(row))
        info.add("metadata", row.stored("metadata"))
        return info.document()
    }

    /// The `info` of OpenCode 2's export.
    private static func v2(_ row: Record) -> [UInt8] {
        var info = JSONObject()
        info.add("id", row.string("id"))
        info.add("projectID", row.string("project_id"))
        info.add("parentID", row.string("parent_id"))
        info.add("title", row.string("title"))
        info.add("agent", row.string("agent"))
        info.add("model", row.stored("model"))
        var location = JSONObject()
        location.add("directory", row.string("directory"))
        location.add("workspaceID", row.string("workspace_id"))
        info.add("location", .object(location))
        info.add("path", row.string("path"))
        info.add("cost", row.number("cost"))
        info.add("tokens", tokens(row))
        info.add("summary", summary(row))
        info.add("share", row.string("share_url").map { .object(JSONObject("url", $0)) })
        info.add("permission", row.stored("permission"))
        info.add("revert", row.stored("revert"))
        info.add("metadata", row.stored("metadata"))
        info.add("version", row.string("version"))
        info.add("time", time(row, [("archived", "time_archived")]))
        return info.document()
    }

    private static func summary(_ row: Record) -> JSONObject.Value? {
        var summary = JSONObject()
        summary.add("additions", row.number("summary_additions"))
        summary.add("deletions", row.number("summary_deletions"))
        summary.add("files", row.number("summary_files"))
        summary.add("diffs", row.stored("summary_diffs"))
        return summary.isEmpty ? nil : .object(summary)
    }

    private static func tokens(_ row: Record) -> JSONObject.Value? {
        guard row["tokens_input"] != nil else { return nil }
        var cache = JSONObject()
        cache.add("read", row.number("tokens_cache_read"))
        cache.add("write", row.number("tokens_cache_write"))
        var tokens = JSONObject()
        tokens.add("input", row.number("tokens_input"))
        tokens.add("output", row.number("tokens_output"))
        tokens.add("reasoning", row.number("tokens_reasoning"))
        tokens.add("cache", .object(cache))
        return .object(tokens)
    }

    private static func time(_ row: Record, _ more: [(key: String, column: String)]) -> JSONObject.Value {
        var time = JSONObject()
        time.add("created", row.number("time_created"))
        time.add("updated", row.number("time_updated"))
        for (key, column) in more { time.add(key, row.number(column)) }
        return .object(time)
    }
}

extension JSONObject {
    /// An object of one member.
    fileprivate init(_ key: String, _ value: Value) {
        self.init()
        add(key, value)
    }
}
