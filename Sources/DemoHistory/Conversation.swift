/// Makes the messages of a session one by one: somebody asks, a model answers in steps, each of which may use tools.
struct Conversation {
    private let session: SessionPlan
    private let project: ProjectPlan
    private var prose: Prose
    private var random: SeededRandom

    private var made = 0
    private var clock: Int64
    private var stepsLeft = 0
    private var isIdlePending = false
    private var promptID = ""
    private var attachmentsLeft: Int
    private let attachmentBytes: Int
    private var agent: String

    /// - Parameter attachmentBytes: size of a typical attachment.
    init(_ session: SessionPlan, in project: ProjectPlan, attachmentBytes: Int, random: SeededRandom) {
        self.session = session
        self.project = project
        self.attachmentBytes = attachmentBytes
        self.random = random
        prose = Prose(
            topic: session.topic, language: project.language, directory: session.directory, random: random.stream(1))
        clock = session.start
        attachmentsLeft = session.attachments
        agent = session.agent
    }

    /// The next message, or nil after the last.
    ///
    /// The last one ends when the session does.
    mutating func next(_ ids: inout OpenCodeIDs) -> DemoMessage? {
        let left = session.messages - made
        guard left > 0 else { return nil }
        let isV2 = session.generation == .v2 || left <= session.continued
        made += 1
        let created = clock
        if stepsLeft > 0 {
            stepsLeft -= 1
            clock = later(left, percent: 20...120)
            let finished = left == 1 ? session.end : created + (clock - created) * Int64(random.within(60...95)) / 100
            isIdlePending = stepsLeft == 0 && isV2
            return step(from: created, to: finished, isLast: stepsLeft == 0 || left == 1, isV2: isV2, &ids)
        }
        if isIdlePending {
            isIdlePending = false
            clock = later(left, percent: 1...2)
            return bare(.idle, at: left == 1 ? session.end : created, &ids)
        }
        if isV2, made > 1, random.chance(4) {
            clock = later(left, percent: 1...5)
            let previous = agent
            agent = previous == "build" ? "plan" : "build"
            return bare(.agentSwitched(to: agent, from: previous), at: left == 1 ? session.end : created, &ids)
        }
        stepsLeft = random.within(1...4) + (random.chance(25) ? random.below(7) : 0)
        clock = later(left, percent: 60...180)
        return prompt(from: created, to: left == 1 ? session.end : created, isV2: isV2, left: left, &ids)
    }

    /// The beginning of the message after this one: a share of what each has on average.
    private mutating func later(_ left: Int, percent: ClosedRange<Int>) -> Int64 {
        guard left > 1 else { return session.end }
        return clock + max(1, (session.end - clock) / Int64(left) * Int64(random.within(percent)) / 100)
    }

    private func bare(_ content: DemoMessage.Content, at moment: Int64, _ ids: inout OpenCodeIDs) -> DemoMessage {
        DemoMessage(
            id: ids.next(.message, atMilliseconds: moment), created: moment, updated: moment, content: content,
            isV2: true)
    }
}

// What users say.
extension Conversation {
    private mutating func prompt(
        from created: Int64, to updated: Int64, isV2: Bool, left: Int, _ ids: inout OpenCodeIDs
    ) -> DemoMessage {
        promptID = ids.next(.message, atMilliseconds: created)
        var attachments: [Attachment] = []
        // No turn has more than 14 messages, so that all find a place before the end.
        let turns = max(1, left / 14)
        for _ in 0..<(attachmentsLeft + turns - 1) / turns {
            attachments.append(Attachment(median: max(1, attachmentBytes), random: &random))
            attachmentsLeft -= 1
        }
        var message = DemoMessage(
            id: promptID, created: created, updated: updated, content: .user(attachments: attachments), isV2: isV2)
        var text = promptText()
        var mention: DemoPart.Content?
        if !isV2, !project.isGlobal, random.chance(8) {
            let file = "src/" + random.pick(session.topic.stems) + "." + project.language.suffix
            text += "\n\nSee ".utf8
            mention = .mention(file: file, at: String(decoding: text, as: UTF8.self).utf16.count)
            text += "@\(file)".utf8
        }
        add(.text(text), to: &message, from: created, to: created, &ids)
        if let mention { add(mention, to: &message, from: created, to: created, &ids) }
        for attachment in attachments { add(.attachment(attachment), to: &message, from: created, to: created, &ids) }
        return message
    }

    private mutating func promptText() -> [UInt8] {
        var text: [UInt8]
        if made == 1 {
            text = prose.say(session.topic.ask)
            for _ in 0..<random.within(1...3) {
                text.append(UInt8(ascii: " "))
                prose.say(random.pick(Sentences.details), to: &text)
            }
        } else {
            text = prose.say(random.pick(Sentences.followUps))
        }
        if random.chance(12) {
            text += "\n\n```\n".utf8
            text += prose.lines(Sentences.logLines, bytes: random.within(300...5_000))
            text += "```".utf8
        }
        return text
    }
}

// What models answer.
extension Conversation {
    private mutating func step(
        from created: Int64, to finished: Int64, isLast: Bool, isV2: Bool, _ ids: inout OpenCodeIDs
    ) -> DemoMessage {
        let id = ids.next(.message, atMilliseconds: created)
        var contents: [DemoPart.Content] = [.stepStart]
        var changed: [String] = []
        let isAborted = isLast && random.chance(2)
        if random.chance(50) {
            let bytes = random.within(150...1_200)
            contents.append(.reasoning(prose.paragraphs(Sentences.reasoning, bytes: bytes, withCode: false)))
        }
        if isLast {
            let bytes = random.within(200...2_200)
            contents.append(.text(prose.paragraphs(Sentences.reports, bytes: bytes, withCode: true)))
        } else {
            if random.chance(40) { contents.append(.text(prose.say(random.pick(Sentences.announcements)))) }
            for _ in 0..<(random.chance(25) ? random.within(2...3) : 1) {
                let call = prose.toolCall(id: ids.nextCall())
                if case .edit(let path, _, _) = call.input, !call.isError {
                    changed.append(String(decoding: path, as: UTF8.self))
                }
                contents.append(.tool(call))
            }
        }
        // What was interrupted never finished its step.
        if !isAborted { contents.append(.stepFinish) }
        if !changed.isEmpty { contents.append(.patch) }

        let written = contents.reduce(0) { $0 + $1.writtenBytes }
        let content = AssistantStep(
            parentID: promptID, finish: isLast ? "stop" : "tool-calls", isAborted: isAborted,
            usage: usage(writtenBytes: written), snapshot: ids.nextHash(), changedFiles: changed)
        var message = DemoMessage(
            id: id, created: created, updated: finished, content: .assistant(content), isV2: isV2)
        let share = (finished - created) / Int64(contents.count)
        for (index, content) in contents.enumerated() {
            let start = created + share * Int64(index)
            add(content, to: &message, from: start, to: start + share, &ids)
        }
        return message
    }

    /// Tokens of about four bytes, at three dollars a million to read and fifteen to write.
    private mutating func usage(writtenBytes: Int) -> Usage {
        var usage = Usage()
        usage.output = Int64(writtenBytes / 4 + random.within(20...200))
        usage.reasoning = Int64(random.chance(50) ? random.within(0...900) : 0)
        usage.input = Int64(random.within(4...2_500))
        usage.cacheRead = Int64(min(180_000, 9_000 + made * 700 + random.below(500)))
        usage.cacheWrite = Int64(random.within(0...3_000))
        usage.cost.millionths =
            usage.input * 3 + (usage.output + usage.reasoning) * 15 + usage.cacheRead * 3 / 10
            + usage.cacheWrite * 15 / 4
        return usage
    }

    private func add(
        _ content: DemoPart.Content, to message: inout DemoMessage, from start: Int64, to end: Int64,
        _ ids: inout OpenCodeIDs
    ) {
        message.parts.append(
            DemoPart(id: ids.next(.part, atMilliseconds: start), start: start, end: end, content: content))
    }
}

extension DemoPart.Content {
    /// Bytes that a model wrote itself.
    fileprivate var writtenBytes: Int {
        switch self {
        case .text(let text), .reasoning(let text): text.count
        case .tool(let call):
            switch call.input {
            case .edit(_, let old, let new): old.count + new.count
            case .bash(let command, _): command.count
            case .read, .grep: 40
            }
        case .attachment, .mention, .stepStart, .stepFinish, .patch: 0
        }
    }
}
