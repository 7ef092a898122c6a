/// A session and everything about it that is known before its conversation is.
struct SessionPlan {
    enum Generation { case v1, v2 }

    /// Which model answers, with the variant asked for.
    struct Model {
        let id: String
        let provider: String
        let variant: String?
    }

    let index: Int
    private(set) var id: String
    /// Place of the project in the plan.
    let project: Int
    let parentID: String?
    let topic: Topic
    let title: String
    let slug: String
    let directory: String
    let agent: String
    let model: Model
    let start: Int64
    let end: Int64
    let messages: Int
    private(set) var archived: Int64?

    var generation = Generation.v1
    var attachments = 0
    /// How many of the messages came after the session had moved to V2.
    private(set) var continued = 0

    init(
        index: Int, project: Int, of plan: ProjectPlan, parent: SessionPlan?, messages: Int, end: Int64,
        ids: inout OpenCodeIDs, random: inout SeededRandom
    ) {
        self.index = index
        self.project = project
        self.messages = messages
        parentID = parent?.id
        topic = parent?.topic ?? (index % 8 == 1 ? Topic.pool : random.pick(Topic.all))
        directory = parent?.directory ?? plan.directory(random: &random)
        agent = parent == nil ? (random.chance(85) ? "build" : "plan") : "explore"
        model = random.pick(Self.models)
        slug = random.pick(Words.adjectives) + "-" + random.pick(Words.landscapes)
        title =
            if parent != nil {
                "Explore \(random.pick(topic.stems)) (@explore subagent)"
            } else if let foreign = Self.foreignTitles[index] {
                foreign
            } else {
                topic.title
            }

        var duration = Int64(min(messages, 10_000_000)) * Int64(random.within(8_000...60_000)) + 60_000
        duration = min(duration, 60 * 86_400_000)
        if let parent {
            duration = min(duration, (parent.end - parent.start) * 7 / 10)
            self.end = parent.end - (parent.end - parent.start) / 10
        } else {
            self.end = end
        }
        start = self.end - duration
        id = ids.next(.session, atMilliseconds: start)
    }

    /// The Go OpenCode calls a session by a UUID, and one that a tool started by the tool's call.
    mutating func rename(_ ids: inout OpenCodeIDs) {
        id = parentID == nil ? ids.nextUUID() : ids.nextCall()
    }

    /// Every seventh session is put away, an hour after its end.
    mutating func archive(newest: Int64) {
        if index % 7 == 3 { archived = min(newest, end + 3_600_000) }
    }

    /// Every third session of V1 went on after the move.
    mutating func continueInV2() {
        if generation == .v1, index % 3 == 1 { continued = messages / 3 }
    }

    var hasTodos: Bool { index % 4 == 0 && generation == .v1 }
    var isShared: Bool { index % 9 == 2 }
    /// Whether V1 kept the session's events.
    var hasEvents: Bool { index % 10 == 0 }
    /// 2.0 lets a session go without a title.
    var isUntitled: Bool { index % 11 == 9 && generation == .v2 && parentID == nil }

    private static let models = [
        Model(id: "claude-opus-4-5", provider: "anthropic", variant: nil),
        Model(id: "claude-sonnet-4-5", provider: "anthropic", variant: "high"),
        Model(id: "gpt-5.1-codex", provider: "openai", variant: "medium"),
        Model(id: "gemini-3-pro-preview", provider: "google", variant: nil),
    ]

    private static let foreignTitles = [
        2: "修复支付回调重复扣款的问题",
        12: "Найти утечку соединений в пуле",
        26: "ログイン後のリダイレクトを直す — naïve café édition",
    ]
}
