package import SessionModel
package import VFS

extension FileName {
    package static let control = FileName(".opencodefs")
    package static let projectFile = FileName("project.json")
    package static let archived = FileName("archived")
    package static let sessionFile = FileName("session.json")
    package static let todos = FileName("todo.json")
    package static let preferences = FileName("preferences.json")
    package static let cache = FileName("cache.json")
    package static let messages = FileName("messages")
    package static let children = FileName("children")
    package static let attachments = FileName("attachments")
    package static let files = FileName("files")
    package static let readme = FileName("README.md")
    package static let ignore = FileName(".ignore")
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

extension DocumentName {
    /// The document that a file of this name is.
    package init?(_ name: FileName) {
        guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    package var name: FileName {
        switch self {
        case .preferences: .preferences
        case .cache: .cache
        }
    }
}
