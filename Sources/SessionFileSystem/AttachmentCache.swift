internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import VFS

/// Which files are inside of messages, as found out before: to look for them reads the texts.
struct AttachmentCache {
    /// What is known of a session, for one change token.
    private struct Known {
        let token: ChangeToken
        let list: [Attachment]
    }

    /// A text of one version of a message.
    struct Source: Hashable {
        let message: Message.ID
        let text: Int
        let version: FileVersion
    }

    private var sessions: [Session.ID: Known] = [:]
    private var texts: [Source: [Attachment]] = [:]

    /// More are not kept than that: they are found out anew then.
    private static let longest = 1024

    func list(_ session: Session.ID, _ token: ChangeToken) -> [Attachment]? {
        sessions[session].flatMap { $0.token == token ? $0.list : nil }
    }

    subscript(_ source: Source) -> [Attachment]? { texts[source] }

    mutating func set(_ session: Session.ID, _ token: ChangeToken, _ list: [Attachment]) {
        if sessions.count >= Self.longest { sessions = [:] }
        sessions[session] = Known(token: token, list: list)
    }

    mutating func set(_ source: Source, _ attachments: [Attachment]) {
        if texts.count >= Self.longest { texts = [:] }
        texts[source] = attachments
    }
}

extension SessionFileSystem {
    /// All files inside of a session's messages.
    func attachments(
        of session: Session.ID, _ token: ChangeToken, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> [Attachment] {
        if let known = state.withLock({ $0.attachments.list(session, token) }) { return known }
        var list: [Attachment] = []
        for source in try snapshot.textsWithFiles(of: session) {
            list += try attachments(in: source, of: session, snapshot)
        }
        state.withLock { [list] in $0.attachments.set(session, token, list) }
        return list
    }

    private func attachments(
        in source: TextSource, of session: Session.ID, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> [Attachment] {
        guard let message = try snapshot.message(source.message, of: session), let text = source.index(in: message)
        else { return [] }
        let key = AttachmentCache.Source(
            message: message.id, text: text,
            version: revised(MessageFile.version(of: message), of: .message(message.id, of: session)))
        if let known = state.withLock({ $0.attachments[key] }) { return known }
        let found = try Attachment.all(in: message, text: text) {
            (range) throws(StoreError) in try snapshot.text(text, of: message, range: range)
        }
        state.withLock { $0.attachments.set(key, found) }
        return found
    }
}
