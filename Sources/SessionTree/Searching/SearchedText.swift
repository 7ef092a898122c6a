internal import SessionModel

/// What gets the words of a message, one passage after the other.
protocol PassageSink: WordScanner.Sink {
    /// A passage of this field begins: no phrase goes on from the one before.
    mutating func begin(_ field: SearchField)
}

/// What a message says, as far as it is searched: text, reasoning, what tools were asked and what they answered.
struct SearchedText {
    let message: Message
    let turn: Turn
    private let history: any MessageTexts

    init(_ message: Message, in history: any MessageTexts) throws(ViewError) {
        self.message = message
        self.history = history
        turn = try TurnReader.words(of: message, in: history)
    }

    /// Cuts all of it into words.
    func feed<Sink: PassageSink>(_ sink: inout Sink) throws(ViewError) {
        for (field, passage) in turn.searched {
            var scanner = WordScanner()
            sink.begin(field)
            try passage.portions(of: message, in: history) { (portion) throws(ViewError) in
                scanner.take(portion, &sink)
            }
            scanner.finish(&sink)
        }
    }

    /// Hands out its passages, portion by portion.
    func portions(
        _ body: (SearchField, _ isFirst: Bool, ArraySlice<UInt8>) throws(ViewError) -> Void
    ) throws(ViewError) {
        for (field, passage) in turn.searched {
            var isFirst = true
            try passage.portions(of: message, in: history) { (portion) throws(ViewError) in
                try body(field, isFirst, portion)
                isFirst = false
            }
        }
    }
}

extension Turn {
    /// What is searched of it.
    fileprivate var searched: [(field: SearchField, passage: Passage)] {
        var passages: [(field: SearchField, passage: Passage)] = []
        for block in blocks {
            switch block.content {
            case .text(let passage, _): passages.append((.text, passage))
            case .reasoning(let passage): passages.append((.reasoning, passage))
            case .tool(let use):
                if let input = use.input { passages.append((.input, use.hasTextInput ? input : input.unescaped)) }
                for passage in use.outputs + (use.error.map { [$0] } ?? []) { passages.append((.output, passage)) }
            case .mark(.subtask, let json), .mark(.compaction, let json), .mark(.skill, let json), .other(_, let json):
                // What it says is not known here, so all of it is searched.
                passages.append((.text, json.unescaped))
            case .mark, .file: break
            }
        }
        return passages
    }
}

extension Passage {
    /// JSON with the escapes of its strings resolved: `\n` is no letter.
    fileprivate var unescaped: Passage {
        switch self {
        case .whole(let bytes): .whole(JSONText.decoded(bytes[...]))
        case .stored(let text, let range, _): .stored(text: text, range: range, isQuoted: true)
        }
    }
}
