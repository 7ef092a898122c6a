internal import Timing

/// Which projects and sessions there will be, decided before the first row is written.
struct HistoryPlan {
    private(set) var projects: [ProjectPlan] = []
    /// Parents stand before their children, the older before the newer otherwise.
    private(set) var sessions: [SessionPlan] = []

    init(_ history: DemoHistory, ids: inout OpenCodeIDs, random: SeededRandom) {
        let count = max(0, history.sessions)
        let projectCount = max(count > 0 ? 1 : 0, history.projects)
        var random = random
        let newest = history.newest.milliseconds
        for index in 0..<projectCount {
            projects.append(ProjectPlan(index: index, of: projectCount, newest: newest, ids: &ids, random: &random))
        }
        guard count > 0 else { return }

        let messages = Self.split(max(0, history.messages), over: count, random: &random)
        // The last root is the newest session; what comes after it are its children.
        let lastRoot = Self.isChild(count - 1) ? count - 2 : count - 1
        var ages: [Int64] = []
        for _ in 0..<lastRoot { ages.append(Self.age(&random)) }
        ages.sort(by: >)
        ages += Array(repeating: 0, count: count - lastRoot)

        for index in 0..<count {
            let parent = Self.isChild(index) ? sessions[index - 1] : nil
            // Every project gets a session before one gets its second.
            let project = parent?.project ?? (index < projectCount ? index : random.below(projectCount))
            var session = SessionPlan(
                index: index, project: project, of: projects[project], parent: parent, messages: messages[index],
                end: newest - ages[index], ids: &ids, random: &random)
            switch history.family {
            case .v1: session.generation = .v1
            case .go: session.rename(&ids)
            case .v2: session.generation = .v2
            case .both: session.generation = parent?.generation ?? (index < (count + 1) * 6 / 10 ? .v1 : .v2)
            }
            session.archive(newest: newest)
            if history.family == .both { session.continueInV2() }
            sessions.append(session)
        }
        give(attachments: history.attachments, random: &random)
    }

    /// Every sixth session was started by the one before it.
    private static func isChild(_ index: Int) -> Bool {
        index % 6 == 5
    }

    /// How long before the newest a session ended, in milliseconds: most of them lately, all within 300 days.
    private static func age(_ random: inout SeededRandom) -> Int64 {
        let fraction = random.fraction()
        return Int64(fraction * fraction * 300 * 86_400_000) + 60_000
    }

    /// How many messages each session gets: one first, the newest before the older, then more for some than for others.
    private static func split(_ messages: Int, over sessions: Int, random: inout SeededRandom) -> [Int] {
        var counts = Array(repeating: 0, count: sessions)
        var left = messages
        let newest = isChild(sessions - 1) ? sessions - 2 : sessions - 1
        for index in [newest] + (0..<sessions).reversed().filter({ $0 != newest }) where left > 0 {
            counts[index] = 1
            left -= 1
        }
        var weights: [Double] = []
        for index in 0..<sessions { weights.append((isChild(index) ? 0.3 : 1) / (1.06 - random.fraction())) }
        let sum = weights.reduce(0, +)
        var weighed = 0.0
        var given = 0
        for index in 0..<sessions {
            weighed += weights[index]
            let target = index == sessions - 1 ? left : min(left, Int(Double(left) * (weighed / sum)))
            counts[index] += max(0, target - given)
            given = max(given, target)
        }
        return counts
    }

    private mutating func give(attachments: Int, random: inout SeededRandom) {
        let receivers = sessions.indices.filter { sessions[$0].messages > 0 }
        guard attachments > 0, !receivers.isEmpty else { return }
        for _ in 0..<attachments { sessions[random.pick(receivers)].attachments += 1 }
    }
}
