/// A document that a person or a tool may keep with a session, and that OpenCode knows nothing of (rule W12).
package enum DocumentName: String, CaseIterable, Sendable {
    case preferences = "preferences.json"
    case cache = "cache.json"
}
