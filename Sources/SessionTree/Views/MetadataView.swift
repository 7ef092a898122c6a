internal import SessionModel
internal import Timing

/// `metadata.json`: what a session is, one shape for all families (docs/schemas/metadata.schema.json).
struct MetadataView: SessionView {
    var isLinked: Bool { true }

    func file(of session: Session, in history: any HistoryReading) throws(ViewError) -> DerivedFile {
        let messages = try SessionMessages(of: session.id, in: history)
        let record = try history.sessionRecord(session.id)
        let last: Turn? =
            if let message = messages.all.last { try TurnReader.summary(of: message, in: history) } else { nil }
        // What is told, not when a row was written: a copy of the session says the same.
        let activity = max(session.updated, last?.completed ?? last?.created ?? session.updated)
        var file = JSONObject()
        file.add("session_id", .string(TurnJSONWriter.repaired(session.id.bytes)))
        file.add("created_at", .string(Timestamp(milliseconds: session.created).rfc3339))
        file.add("last_activity", .string(Timestamp(milliseconds: activity).rfc3339))
        let version = record?.row.text("version").map { [UInt8(ascii: "/")] + TurnJSONWriter.repaired($0) } ?? []
        file.add("user_agent", .string(Array("opencode".utf8) + version))
        let isElsewhere = record?.row["workspace_id"] != nil
        file.add("environment", .string(isElsewhere ? "workspace" : "local"))
        // The rows say that OpenCode is at work on it, or was when it ended.
        let isActive = record?.row["time_suspended"] != nil || last?.isFinished == false
        file.add("status", .string(session.isArchived ? "archived" : isActive ? "active" : "idle"))
        return DerivedFile(
            .bytes(file.document()), changed: Timestamp(milliseconds: max(session.updated, messages.changed)))
    }
}
