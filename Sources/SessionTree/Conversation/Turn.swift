package import SessionModel
package import VFS

/// One message of a conversation in words that all families share: what views show, whoever wrote the row.
///
/// Made by ``TurnReader``; text of any size is in it as a ``Passage``, so a turn is small whatever its message is.
package struct Turn: Sendable {
    /// Who speaks.
    package enum Role: Sendable, Equatable {
        case user
        case assistant
        case system
        /// Go: the answers to the calls of the turn before.
        case tool
        /// Nobody: something happened, such as V2's `agent-switched`. Also a role that is not known here.
        case event([UInt8])

        /// One word for it.
        package var word: String {
            switch self {
            case .user: "user"
            case .assistant: "assistant"
            case .system: "system"
            case .tool: "tool"
            case .event: "event"
            }
        }
    }

    /// What the model was sent and answered, in tokens; nil where the row does not say.
    package struct Tokens: Sendable, Equatable {
        package var input: Int64?
        package var output: Int64?
        package var reasoning: Int64?
        package var cacheRead: Int64?
        package var cacheWrite: Int64?

        /// How much of the context the conversation filled after this turn.
        package var context: Int64 {
            [input, output, reasoning, cacheRead, cacheWrite].reduce(0) { sum, count in
                let (total, overflow) = sum.addingReportingOverflow(max(0, count ?? 0))
                return overflow ? .max : total
            }
        }
    }

    /// Why a turn ended early.
    package struct Failure: Sendable, Equatable {
        /// `MessageAbortedError`, `aborted`.
        package let name: [UInt8]
        package let message: [UInt8]?
    }

    package let id: Message.ID
    package var role: Role
    /// Milliseconds since 1970, as are all times here.
    package var created: Int64?
    package var completed: Int64?
    package var agent: [UInt8]?
    package var provider: [UInt8]?
    package var model: [UInt8]?
    package var blocks: [Block] = []
    /// Why the model stopped, in the words of its family.
    package var finish: [UInt8]?
    package var failure: Failure?
    /// US dollars.
    package var cost: Double?
    package var tokens: Tokens?
    /// Whether its family says that nothing comes any more.
    package var isFinished = true
    /// Whether some of its rows' text is no JSON, or JSON of another shape: it is shown as it stands.
    package var isMalformed = false

    package init(id: Message.ID, role: Role) {
        self.id = id
        self.role = role
    }
}

/// A part of a turn.
package struct Block: Sendable {
    package enum Content: Sendable {
        /// Synthetic: said by OpenCode in somebody's name.
        case text(Passage, isSynthetic: Bool)
        case reasoning(Passage)
        case tool(ToolUse)
        case file(AttachedFile)
        /// A mark that OpenCode makes; its JSON as it is stored, without the space between tokens.
        case mark(Mark, json: Passage)
        /// What is not known here, and text that is no JSON.
        case other(kind: [UInt8], json: Passage)
    }

    /// The marks that are known, by the names their families have for them.
    package enum Mark: String, Sendable {
        case stepStart = "step-start"
        case stepFinish = "step-finish"
        case snapshot
        case patch
        case agent
        case retry
        case compaction
        case subtask
        case skill
        case agentSwitched = "agent-switched"
        case modelSwitched = "model-switched"
        case locationSwitched = "location-switched"
        case idle
        case toolSearch = "tool_search"
    }

    package internal(set) var content: Content
    /// Whether OpenCode will not change it any more.
    package var isFinal = true

    package init(_ content: Content, isFinal: Bool = true) {
        self.content = content
        self.isFinal = isFinal
    }
}

/// A call of a tool, its answer, or both.
package struct ToolUse: Sendable {
    package enum Status: String, Sendable {
        case pending
        case running
        case completed
        case error
        /// Go: the answer stands in the next turn.
        case called
        case unknown
    }

    package var id: [UInt8]?
    package var name: [UInt8]?
    package var status: Status
    /// JSON as it is stored, or text where ``hasTextInput``.
    package var input: Passage?
    package var hasTextInput = false
    /// Mostly one text; V2 has a list.
    package var outputs: [Passage] = []
    package var error: Passage?
    package var files: [AttachedFile] = []
}

/// A file that belongs to a turn.
package struct AttachedFile: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        /// In the row itself, in the string that begins here: a text as ``Message/texts`` numbers them, and the first byte
        /// behind the quote.
        case inline(text: Int, start: Int)
        /// Somewhere else.
        case url([UInt8])
    }

    /// What `attachments/` shows of a file (rule R9).
    package struct Shown: Sendable, Equatable {
        package let name: FileName
        /// Bytes, decoded.
        package let size: Int
    }

    package let name: [UInt8]?
    /// `image/png`
    package let mime: [UInt8]?
    package let source: Source
    /// Nil where it is somewhere else, and where it cannot be decoded.
    package internal(set) var shown: Shown?
}

extension Turn {
    /// Whether files stand in the rows themselves.
    var hasFilesInside: Bool {
        blocks.contains { block in
            switch block.content {
            case .file(let file): file.isInside
            case .tool(let use): use.files.contains(where: \.isInside)
            case .text, .reasoning, .mark, .other: false
            }
        }
    }

    /// Says of the files that stand in the rows what `attachments/` shows of them: nobody else gives them names.
    ///
    /// - Parameter attachments: those of the message's session.
    mutating func nameFiles(_ attachments: [Attachment]) {
        let mine = attachments.filter { $0.message == id }
        for index in blocks.indices {
            switch blocks[index].content {
            case .file(var file):
                file.name(mine)
                blocks[index].content = .file(file)
            case .tool(var use):
                for number in use.files.indices { use.files[number].name(mine) }
                blocks[index].content = .tool(use)
            case .text, .reasoning, .mark, .other: break
            }
        }
    }
}

extension AttachedFile {
    fileprivate var isInside: Bool {
        if case .inline = source { true } else { false }
    }

    fileprivate mutating func name(_ attachments: [Attachment]) {
        guard case .inline(let text, let start) = source else { return }
        shown = attachments.first { $0.text == text && $0.string.lowerBound == start }
            .map { Shown(name: $0.name, size: $0.size) }
    }
}
