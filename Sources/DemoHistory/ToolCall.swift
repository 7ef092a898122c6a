/// One run of a tool.
struct ToolCall {
    enum Input {
        case bash(command: [UInt8], description: String)
        case read(path: [UInt8], limit: Int)
        case edit(path: [UInt8], old: [UInt8], new: [UInt8])
        case grep(pattern: [UInt8], directory: String)
    }

    /// What OpenCode's interface shows about the outcome.
    enum Metadata {
        case exit(Int)
        case matches(Int)
        case diff([UInt8])
        case none
    }

    let callID: String
    let input: Input
    let title: [UInt8]
    let output: [UInt8]
    let metadata: Metadata
    /// The output is an error's text.
    let isError: Bool
}

extension ToolCall {
    /// The tool's name; 2.0 renamed one of them (v1-migration.bun.ts, RENAMED_TOOLS).
    func name(inV2: Bool) -> String {
        switch input {
        case .bash: inV2 ? "shell" : "bash"
        case .read: "read"
        case .edit: "edit"
        case .grep: "grep"
        }
    }

    /// Writes the arguments; 2.0 says `path` where 1.x says `filePath` (v1-migration.bun.ts, PATH_TOOLS).
    func writeInput(to json: inout JSONWriter, inV2: Bool) {
        let path = inV2 ? "path" : "filePath"
        json.object { json in
            switch input {
            case .bash(let command, let description):
                json.member("command", command)
                json.member("description", description)
            case .read(let file, let limit):
                json.member(path, file)
                json.member("limit", Int64(limit))
            case .edit(let file, let old, let new):
                json.member(path, file)
                json.member("oldString", old)
                json.member("newString", new)
            case .grep(let pattern, let directory):
                json.member("pattern", pattern)
                json.member("path", directory)
            }
        }
    }

    func writeMetadata(to json: inout JSONWriter) {
        json.object { json in
            switch metadata {
            case .exit(let code):
                json.member("exit", Int64(code))
                json.member("truncated", false)
            case .matches(let count):
                json.member("matches", Int64(count))
                json.member("truncated", count > 100)
            case .diff(let text): json.member("diff", text)
            case .none: break
            }
        }
    }
}
