/// What a session did to files, as OpenCode sums it up in the session's row.
struct ChangeSummary {
    private(set) var additions: Int64 = 0
    private(set) var deletions: Int64 = 0
    /// Lines added and removed for each file, in the order they were first changed.
    private var files: [(name: String, additions: Int64, deletions: Int64)] = []

    var fileCount: Int64 { Int64(files.count) }

    mutating func add(_ call: ToolCall) {
        guard !call.isError, case .edit(let path, let old, let new) = call.input else { return }
        let added = Int64(new.count(where: { $0 == 0x0a }))
        let removed = Int64(old.count(where: { $0 == 0x0a }))
        additions += added
        deletions += removed
        let name = String(decoding: path, as: UTF8.self)
        let place = files.firstIndex { $0.name == name }
        guard let place else { return files.append((name, added, removed)) }
        files[place].additions += added
        files[place].deletions += removed
    }

    /// The column `summary_diffs`; nil where nothing changed.
    var json: JSONWriter? {
        guard !files.isEmpty else { return nil }
        var text = JSONWriter()
        text.array { json in
            for file in files {
                json.object { json in
                    json.member("file", file.name)
                    json.member("additions", file.additions)
                    json.member("deletions", file.deletions)
                    json.member("status", "modified")
                }
            }
        }
        return text
    }
}
