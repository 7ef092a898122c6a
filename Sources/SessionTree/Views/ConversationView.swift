internal import SessionModel
internal import Timing

/// `conversation.json`: every message of a session, one shape for all families (docs/schemas/conversation.schema.json).
struct ConversationView: SessionView {
    var isLinked: Bool { true }

    func file(of session: Session, in history: any HistoryReading) throws(ViewError) -> DerivedFile {
        let messages = try SessionMessages(of: session.id, in: history)
        var pieces = [Self.piece("{\"messages\":[")]
        var digest = ContentHash.seed
        for (number, message) in messages.all.enumerated() {
            let version = ContentHash.combine(
                messages.digest(of: message), ContentHash.value(of: message.id.bytes))
            digest = ContentHash.combine(digest, version)
            pieces.append(
                DerivedFile.Piece(digest: version) { (add) throws(ViewError) in
                    try add(Array(number > 0 ? ",\n".utf8 : "\n".utf8)[...])
                    let turn = try TurnReader.turn(of: message, in: history)
                    try withoutActuallyEscaping(add) { (add) throws(ViewError) in
                        try TurnJSONWriter(message: message, history: history, add: add).write(turn)
                    }
                })
        }
        let record = try history.sessionRecord(session.id)
        pieces.append(
            DerivedFile.Piece(digest: ContentHash.combine(digest, UInt64(bitPattern: record?.updated ?? 0))) {
                (add) throws(ViewError) in
                let used = try Self.context(of: record, messages.all, in: history)
                let end = """

                    ],
                    "total_messages":\(messages.all.count),
                    "context_window_used":\(used)}

                    """
                try add(Array(end.utf8)[...])
            })
        return DerivedFile(
            .pieces(pieces, growing: false), changed: Timestamp(milliseconds: max(session.updated, messages.changed)))
    }

    private static func piece(_ text: String) -> DerivedFile.Piece {
        DerivedFile.Piece(digest: 0) { (add) throws(ViewError) in try add(Array(text.utf8)[...]) }
    }

    /// Tokens that the conversation filled when it was last answered; 0 where nothing says so. The Go OpenCode keeps them with
    /// the session.
    private static func context(
        of record: SessionRecord?, _ messages: [Message], in history: any HistoryReading
    ) throws(ViewError) -> Int64 {
        if let record, record.generation == .go {
            let counts = ["prompt_tokens", "completion_tokens"].map { max(0, record.row.integer($0) ?? 0) }
            let (sum, overflow) = counts[0].addingReportingOverflow(counts[1])
            return overflow ? .max : sum
        }
        for message in messages.reversed() {
            let turn = try TurnReader.summary(of: message, in: history)
            if turn.role == .assistant, let tokens = turn.tokens, tokens.context > 0 { return tokens.context }
        }
        return 0
    }
}
