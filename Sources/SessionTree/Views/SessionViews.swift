package import SessionModel
internal import Timing
package import VFS

/// `.opencodefs/sessions/<id>/`: the views of each session, by its bare id.
struct SessionViews: DerivedTree {
    /// The views, by their names. To add one: a line here.
    static let views: [(name: FileName, view: any SessionView)] = [
        (FileName("transcript.md"), TranscriptView()),
        (FileName("conversation.json"), ConversationView()),
        (FileName("metadata.json"), MetadataView()),
        (FileName("context.json"), ContextView()),
        (FileName("export.json"), ExportView()),
    ]

    /// The directories of views beside them. To add one: a line here.
    private static let directories: [(name: FileName, tree: @Sendable (Session.ID) -> any DerivedTree)] = [
        (.attachments, { AttachmentsView(session: $0) }),
        (.files, { FilesView(session: $0) }),
    ]

    /// Those that a session's own directory has a link to. Of directories it is always there: to find out whether there is
    /// anything in them reads what they are made from, which a listing does not (rule R2).
    static let linked: [FileName] = views.filter(\.view.isLinked).map(\.name) + directories.map(\.name)

    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry? {
        guard let first = path.first else {
            let newest = history.catalog.projectOrder.map { history.catalog.updated($0) }.max() ?? 0
            return .directory(modified: Timestamp(milliseconds: newest))
        }
        guard let session = session(first, in: history) else { return nil }
        guard path.count > 1 else { return .directory(modified: Timestamp(milliseconds: session.updated)) }
        if let tree = directory(path[1], of: session.id, in: history) {
            return try tree.entry(at: Array(path.dropFirst(2)), in: history)
        }
        guard path.count == 2 else { return nil }
        // What a view's relative links lead to, beside the view as it is beside the link to it.
        if path[1] == .messages { return link(to: .messages, of: session, in: history) }
        guard let view = Self.views.first(where: { $0.name == path[1] })?.view else { return nil }
        return .file(try view.file(of: session, in: history))
    }

    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)] {
        guard let first = path.first else {
            return history.catalog.sessions.values.map { (history.naming.bareName(of: $0), .directory) }
                .sorted { $0.name < $1.name }
        }
        guard let session = session(first, in: history) else { return [] }
        guard path.count > 1 else {
            return Self.views.map { ($0.name, .regular) }
                + Self.directories.map(\.name).filter { directory($0, of: session.id, in: history) != nil }
                .map { ($0, .directory) }
        }
        return try directory(path[1], of: session.id, in: history)?.list(Array(path.dropFirst(2)), in: history) ?? []
    }

    /// Whether a session has a view of this name, or a directory of views.
    static func has(_ name: FileName, in history: any HistoryReading) -> Bool {
        // Of the families only Go keeps versions of files.
        name != .files || history.keepsFileRevisions
    }

    private func directory(
        _ name: FileName, of session: Session.ID, in history: any HistoryReading
    ) -> (any DerivedTree)? {
        guard Self.has(name, in: history) else { return nil }
        return Self.directories.first { $0.name == name }?.tree(session)
    }

    private func link(to name: FileName, of session: Session, in history: any HistoryReading) -> DerivedEntry? {
        guard let path = history.path(to: session.id) else { return nil }
        let steps = [.parent, .parent, .parent] + path + [name]
        return .link(
            target: Array(steps.map(\.bytes).joined(separator: [UInt8(ascii: "/")])),
            modified: Timestamp(milliseconds: session.created))
    }

    private func session(_ name: FileName, in history: any HistoryReading) -> Session? {
        let found: Session? =
            switch history.naming.identifier(in: name, of: Session.self) {
            case .none: nil
            case .id(let id): history.catalog.sessions[id]
            case .cut: history.catalog.sessions.values.first { history.naming.bareName(of: $0) == name }
            }
        guard let found, history.naming.bareName(of: found) == name else { return nil }
        return found
    }
}

extension Naming {
    /// The name of a session without its label: by it `.opencodefs/` finds sessions, whatever their titles become.
    package func bareName(of session: Session) -> FileName {
        bare(name(of: session))
    }
}

/// A file that is made from one session.
package protocol SessionView: Sendable {
    /// Whether the session's directory has a symbolic link to it, so that `grep -r`, `cp -r` and `du` meet each message once.
    var isLinked: Bool { get }

    func file(of session: Session, in history: any HistoryReading) throws(ViewError) -> DerivedFile
}

/// The link in a session's directory. Its target is computed from where the session stands, so that it leads there from
/// `archived/` and `children/` too.
struct ViewLink: DerivedTree {
    let name: FileName
    let session: Session.ID

    func entry(at path: [FileName], in history: any HistoryReading) -> DerivedEntry? {
        guard path.isEmpty, SessionViews.has(name, in: history), let owner = history.catalog.sessions[session],
            let depth = history.path(to: session)?.count
        else { return nil }
        let steps: [FileName] =
            Array(repeating: .parent, count: depth)
            + [.control, FileName("sessions"), history.naming.bareName(of: owner), name]
        return .link(
            target: Array(steps.map(\.bytes).joined(separator: [UInt8(ascii: "/")])),
            modified: Timestamp(milliseconds: owner.created))
    }

    func list(_ path: [FileName], in history: any HistoryReading) -> [(name: FileName, kind: Attributes.Kind)] { [] }
}
