/// Something to do, as the todo tool of V1 keeps it.
struct Todo {
    let content: String
    let status: String
    let priority: String
}

extension SessionPlan {
    /// The OpenCode that made the session, where it was one of V1: the later the newer.
    var version: String {
        switch index {
        case ..<8: "1.15.11"
        case 8..<16: "1.17.13"
        default: "1.18.32"
        }
    }

    var shareURL: String? {
        isShared ? "https://opncd.ai/share/\(id.suffix(8))" : nil
    }

    var todos: [Todo] {
        [
            Todo(content: "Reproduce it in a test", status: "completed", priority: "high"),
            Todo(content: "Read \(topic.stems.joined(separator: ", "))", status: "completed", priority: "medium"),
            Todo(content: "Change the code", status: "in_progress", priority: "high"),
            Todo(content: "Run the whole suite", status: "pending", priority: "medium"),
            Todo(
                content: "Leave \(Words.components[index % Words.components.count]) alone", status: "cancelled",
                priority: "low"),
        ]
    }
}
