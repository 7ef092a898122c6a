package import SessionModel
internal import SessionTree
package import VFS

/// A session, and where it stands.
package struct ListedSession: Sendable {
    package let session: Session
    /// The name of its project's directory.
    package let project: FileName
    /// Its directory, from the root on and without a slash before it.
    package let path: String
}

extension SessionFileSystem {
    /// All sessions that are shown, the one that changed last first; of those that changed at once, in the order of their ids.
    package func listedSessions(for caller: Caller) throws(Errno) -> [ListedSession] {
        try perform("list", .root, nil, caller) { () throws(Failure) in
            let catalog = try catalog(caller.patience).value
            return catalog.sessions.values
                .sorted { ($1.updated, $0.id) < ($0.updated, $1.id) }
                .compactMap { session in
                    guard let project = catalog.projects[session.project] else { return nil }
                    return ListedSession(
                        session: session, project: name(of: project),
                        path: String(path(of: .session(session.id), catalog).dropFirst()))
                }
        }
    }
}
