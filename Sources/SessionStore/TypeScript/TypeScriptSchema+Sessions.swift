internal import SQL
internal import SessionModel

extension TypeScriptSchema {
    /// The generations that hold a session, the one it is shown from first.
    func generations(of session: Session.ID, on connection: any SQLConnection) throws(SQLError) -> [Generation] {
        var found: [Generation] = []
        for generation in generations
        where try connection.exists("SELECT 1 FROM \(generation.sessions) WHERE id = \(session.value)") {
            found.append(generation)
        }
        return found
    }

    /// Whether a session is replayed to and from a remote: a change of ours would be undone or would fork it (rule W9).
    func isBoundToWorkspace(_ session: Session.ID, on connection: any SQLConnection) throws(SQLError) -> Bool {
        for generation in try generations(of: session, on: connection)
        where tables.has("workspace_id", in: generation.sessions.name) {
            let isBound = try connection.exists(
                "SELECT 1 FROM \(generation.sessions) WHERE id = \(session.value) AND workspace_id IS NOT NULL")
            if isBound { return true }
        }
        guard tables.has("owner_id", in: "event_sequence") else { return false }
        return try connection.exists(
            "SELECT 1 FROM event_sequence WHERE aggregate_id = \(session.value) AND owner_id IS NOT NULL")
    }
}
