package import VFS

extension FileName {
    package static let control = FileName(".opencodefs")
    package static let projectFile = FileName("project.json")
    package static let archived = FileName("archived")
    package static let sessionFile = FileName("session.json")
    package static let todos = FileName("todo.json")
    package static let messages = FileName("messages")
    package static let children = FileName("children")
    package static let attachments = FileName("attachments")
    package static let files = FileName("files")
    package static let readme = FileName("README.md")
    package static let trash = FileName("trash")
}

extension ControlFile {
    package var name: FileName {
        switch self {
        case .status: FileName("status.json")
        case .errors: FileName("errors.jsonl")
        }
    }
}
