internal import SessionModel
internal import Timing

/// A small file as the row that it became in OpenCode 1.2: which member fills which column.
struct LegacyObject: Sendable {
    /// The columns that the file has something for.
    let row: [String: Record.Field]
    /// When the file was written, in milliseconds since 1970.
    let modified: Int64

    /// - Returns: nil where the bytes are no JSON object.
    init?(_ bytes: [UInt8], _ stamp: LegacyStamp) {
        guard let tree = try? JSONTree(parsing: bytes), tree.kind(of: tree.root) == .object else { return nil }
        var row: [String: Record.Field] = [:]
        for (path, column, kind) in Self.columns {
            var value: JSONTree.Value? = tree.root
            for key in path { value = value.flatMap { tree.member(key, of: $0) } }
            guard let value, let field = Self.field(value, of: tree, kind) else { continue }
            row[column] = field
        }
        self.row = row
        modified = stamp.modified.milliseconds
    }

    func integer(_ column: String) -> Int64? { Record(row).integer(column) }
    func text(_ column: String) -> [UInt8]? { Record(row).text(column) }

    private enum Kind {
        case text, number, json
    }

    private static func field(_ value: JSONTree.Value, of tree: JSONTree, _ kind: Kind) -> Record.Field? {
        switch kind {
        case .text: tree.string(value).map { .text($0) }
        case .number: tree.integer(value).map { .integer($0) } ?? tree.double(value).map { .real($0) }
        case .json: tree.kind(of: value) == .null ? nil : .text(tree.compact(value))
        }
    }

    /// Of sessions and projects. The id is asked for where the name does not tell it.
    private static let columns: [(path: [String], column: String, kind: Kind)] = [
        (["id"], "id", .text), (["slug"], "slug", .text), (["directory"], "directory", .text),
        (["parentID"], "parent_id", .text),
        (["title"], "title", .text), (["version"], "version", .text), (["path"], "path", .text),
        (["agent"], "agent", .text), (["model"], "model", .json), (["share", "url"], "share_url", .text),
        (["summary", "additions"], "summary_additions", .number),
        (["summary", "deletions"], "summary_deletions", .number), (["summary", "files"], "summary_files", .number),
        (["summary", "diffs"], "summary_diffs", .json), (["permission"], "permission", .json),
        (["revert"], "revert", .json), (["metadata"], "metadata", .json), (["cost"], "cost", .number),
        (["tokens", "input"], "tokens_input", .number), (["tokens", "output"], "tokens_output", .number),
        (["tokens", "reasoning"], "tokens_reasoning", .number),
        (["tokens", "cache", "read"], "tokens_cache_read", .number),
        (["tokens", "cache", "write"], "tokens_cache_write", .number),
        (["time", "created"], "time_created", .number), (["time", "updated"], "time_updated", .number),
        (["time", "compacting"], "time_compacting", .number), (["time", "archived"], "time_archived", .number),
        (["time", "initialized"], "time_initialized", .number),
        (["worktree"], "worktree", .text), (["vcs"], "vcs", .text), (["name"], "name", .text),
        (["icon", "url"], "icon_url", .text), (["icon", "override"], "icon_url_override", .text),
        (["icon", "color"], "icon_color", .text), (["commands"], "commands", .json),
        (["sandboxes"], "sandboxes", .json),
    ]
}
