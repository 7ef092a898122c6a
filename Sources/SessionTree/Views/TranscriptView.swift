internal import SessionModel
internal import Timing
internal import VFS

/// `transcript.md`: a session to be read, as GitHub's Markdown. It grows as the session does: what has been shown
/// stays (docs/decisions/0018-a-transcript-only-grows.md).
struct TranscriptView: SessionView {
    var isLinked: Bool { true }

    func file(of session: Session, in history: any HistoryReading) throws(ViewError) -> DerivedFile {
        let header = try header(of: session, in: history)
        var pieces = [
            DerivedFile.Piece(digest: ContentHash.value(of: header)) { (add) throws(ViewError) in try add(header[...]) }
        ]
        let messages = try SessionMessages(of: session.id, in: history)
        for (message, extent) in try messages.shown(in: history) {
            var digest = ContentHash.combine(messages.digest(of: message), UInt64(extent.rawValue))
            digest = ContentHash.combine(digest, ContentHash.value(of: message.id.bytes))
            pieces.append(
                DerivedFile.Piece(digest: digest) { (add) throws(ViewError) in
                    let turn = try TurnReader.turn(of: message, in: history)
                    try TranscriptWriter(message: message, history: history).write(turn, extent, to: add)
                })
        }
        return DerivedFile(
            .pieces(pieces, growing: true), changed: Timestamp(milliseconds: max(session.updated, messages.changed)))
    }

    /// What a session is. Nothing stands here that each message would change.
    private func header(of session: Session, in history: any HistoryReading) throws(ViewError) -> [UInt8] {
        var text = Array("# ".utf8)
        let title = session.title.map { Markdown.escaped($0) } ?? []
        text += title.contains { $0 != 0x20 } ? title : Array("Session".utf8)
        text += "\n\n- session: ".utf8
        text += Markdown.code(session.id.bytes)
        if let project = history.path(to: session.id)?.first {
            text += Array("\n- project: ".utf8) + Markdown.code(project.bytes)
        }
        if let record = try history.sessionRecord(session.id), let directory = record.row.text("directory"),
            !directory.isEmpty
        {
            text += Array("\n- directory: ".utf8) + Markdown.code(directory)
        }
        text += "\n- created: \(TranscriptWriter.moment(session.created))\n\n".utf8
        return text
    }
}

/// A session's messages without their texts, in OpenCode's order.
struct SessionMessages {
    private(set) var all: [Message] = []
    /// When the newest changed, milliseconds since 1970.
    private(set) var changed: Int64 = .min

    init(of session: Session.ID, in history: any HistoryReading) throws(ViewError) {
        var all: [Message] = []
        try history.messages(of: session) { all.append($0) }
        self.all = all
        for message in all {
            for text in message.texts { changed = max(changed, text.updated) }
        }
    }

    /// Other when a message's rows are, as far as times and lengths tell.
    func digest(of message: Message) -> UInt64 {
        let version = MessageFile.version(of: message)
        return ContentHash.combine(version.digest, UInt64(version.size))
    }

    /// What a transcript shows: all of them, but of a message that is being written only what is settled, and nothing behind
    /// it. OpenCode answers one message at a time, so one that another answer follows was left behind.
    func shown(
        in history: any HistoryReading
    ) throws(ViewError) -> [(message: Message, extent: TranscriptWriter.Extent)] {
        var unfinished: Int?
        for index in all.indices.reversed() {
            let turn = try TurnReader.summary(of: all[index], in: history)
            if !turn.isFinished { unfinished = index }
            if turn.role == .assistant { break }
        }
        guard let unfinished else { return all.map { ($0, .whole) } }
        return all[..<unfinished].map { ($0, .whole) } + [(all[unfinished], .settled)]
    }
}
