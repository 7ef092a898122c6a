/// A project: a git repository, or `global` for whatever lies outside of one (packages/core/src/project.ts).
struct ProjectPlan {
    let id: String
    let worktree: String
    let language: Language
    let created: Int64
    let updated: Int64

    var isGlobal: Bool { id == "global" }

    init(index: Int, of count: Int, newest: Int64, ids: inout OpenCodeIDs, random: inout SeededRandom) {
        created = newest - 370 * 86_400_000 + Int64(index) * 3_600_000
        updated = newest - Int64(index) * 86_400_000
        language = Language.allCases[index % Language.allCases.count]
        guard index < count - 1 || count == 1 else {
            (id, worktree) = ("global", "/")
            return
        }
        // The commit that the repository began with.
        id = ids.nextHash()
        let name = Self.names[index % Self.names.count]
        let copy = index / Self.names.count
        worktree = "/home/dana/src/" + name + (copy == 0 ? "" : "-\(copy + 1)")
    }

    /// Where a session of the project works.
    func directory(random: inout SeededRandom) -> String {
        if isGlobal { return random.pick(["/home/dana", "/home/dana/notes", "/tmp/scratch"]) }
        return random.chance(80)
            ? worktree : worktree + "/" + random.pick(["packages/api", "services/worker", "tools"])
    }

    private static let names = [
        "webshop", "billing-service", "field-notes", "router-firmware", "atlas-maps", "invoice-parser", "chess-club",
        "podcast-player", "sensor-hub", "recipe-box", "ferry-times", "tax-forms",
    ]
}
