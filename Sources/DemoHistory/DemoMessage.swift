/// A message of a history before it is JSON: what both generations of OpenCode can say.
///
/// Times are milliseconds.
struct DemoMessage {
    enum Content {
        case user(attachments: [Attachment])
        case assistant(AssistantStep)
        /// V2: the session has nothing left to do.
        case idle
        /// V2: another agent takes over.
        case agentSwitched(to: String, from: String)
    }

    let id: String
    let created: Int64
    let updated: Int64
    let content: Content
    /// In the order of their identifiers.
    var parts: [DemoPart] = []
    /// Written by OpenCode 2.0, so that tools go by their new names.
    let isV2: Bool
}

/// What an assistant's message knows besides its parts: one request to a model.
struct AssistantStep {
    let parentID: String
    let finish: String
    let isAborted: Bool
    let usage: Usage
    let snapshot: String
    /// Absolute paths of the files that the step changed.
    let changedFiles: [String]
}

/// One piece of a message, a row of its own in V1.
struct DemoPart {
    enum Content {
        case text([UInt8])
        case reasoning([UInt8])
        case tool(ToolCall)
        case attachment(Attachment)
        /// A file of the worktree that the user mentioned with @, and where in the text: in UTF-16, as JavaScript counts.
        case mention(file: String, at: Int)
        case stepStart
        case stepFinish
        case patch
    }

    let id: String
    let start: Int64
    let end: Int64
    let content: Content
}

/// Tokens and price of a step, or of a session.
struct Usage {
    var cost = Dollars()
    var input: Int64 = 0
    var output: Int64 = 0
    var reasoning: Int64 = 0
    var cacheRead: Int64 = 0
    var cacheWrite: Int64 = 0

    static func += (total: inout Usage, step: Usage) {
        total.cost.millionths += step.cost.millionths
        total.input += step.input
        total.output += step.output
        total.reasoning += step.reasoning
        total.cacheRead += step.cacheRead
        total.cacheWrite += step.cacheWrite
    }
}
