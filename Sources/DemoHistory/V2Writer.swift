internal import SQL

/// Writes one session and its conversation into the tables of V2; one that V1 began is written as the import copies it.
struct V2Writer {
    private let session: SessionPlan
    private let project: ProjectPlan
    private let json: V2JSON
    private var usage = Usage()
    private var changes = ChangeSummary()
    private var lastChange: Int64
    private var lastSeq: Int64
    private var hasTools = false
    private var isIdle = false
    private var isImported: Bool
    private var random: SeededRandom

    init(_ session: SessionPlan, in project: ProjectPlan) {
        self.session = session
        self.project = project
        json = V2JSON(session: session)
        lastChange = session.start
        isImported = session.generation == .v2
        // That the session was created is event 0 in V2; an import counts its messages alone.
        lastSeq = session.generation == .v2 ? 0 : -1
        random = SeededRandom(seed: UInt64(truncatingIfNeeded: session.start))
    }

    func open(in batches: inout SQLBatches) throws(SQLError) {
        let title = session.isUntitled ? nil : session.continued > 0 ? session.title + " (2)" : session.title
        let version = session.generation == .v2 ? "2.0.18" : session.version
        try batches.run(
            """
            INSERT INTO session_v2 (id, project_id, parent_id, slug, directory, title, version, share_url, agent, model,
                time_created, time_updated, time_archived)
            VALUES (\(session.id), \(project.id), \(SQLValue(orNull: session.parentID)), \(session.slug),
                \(session.directory), \(SQLValue(orNull: title)), \(version), \(SQLValue(orNull: session.shareURL)),
                \(session.agent), \(SQLValue(JSONWriter.column(session.model))), \(session.start), \(session.start),
                \(SQLValue(orNull: session.archived)))
            """)
    }

    mutating func write(
        _ message: DemoMessage, to batches: inout SQLBatches, _ ids: inout OpenCodeIDs
    ) throws(SQLError) {
        if message.isV2 { try finishImport(in: &batches, &ids) }
        lastChange = max(lastChange, message.updated)
        if case .assistant(let step) = message.content { usage += step.usage }
        if case .idle = message.content { isIdle = true } else { isIdle = false }
        for part in message.parts {
            if case .tool(let call) = part.content {
                hasTools = true
                changes.add(call)
            }
        }
        // Not every event becomes a message, so the numbers have gaps; those of an import have none.
        lastSeq += message.isV2 ? Int64(1 + random.below(4)) : 1
        try insert(
            id: message.id, type: json.type(of: message), created: message.created, updated: message.updated,
            json.message(message), to: &batches)
    }

    mutating func close(in batches: inout SQLBatches, _ ids: inout OpenCodeIDs) throws(SQLError) {
        try finishImport(in: &batches, &ids)
        let idle = isIdle ? lastChange : nil
        let diffs = changes.json.map { SQLValue($0) } ?? .null
        try batches.run(
            """
            UPDATE session_v2 SET time_updated = \(lastChange), cost = \(SQLValue.real(usage.cost.amount)),
                tokens_input = \(usage.input), tokens_output = \(usage.output), tokens_reasoning = \(usage.reasoning),
                tokens_cache_read = \(usage.cacheRead), tokens_cache_write = \(usage.cacheWrite),
                summary_additions = \(changes.additions), summary_deletions = \(changes.deletions),
                summary_files = \(changes.fileCount), summary_diffs = \(diffs),
                time_idle = \(SQLValue(orNull: idle)), time_viewed = \(SQLValue(orNull: idle)),
                idle_outcome = \(SQLValue(orNull: idle == nil ? nil : "succeeded"))
            WHERE id = \(session.id)
            """)
        try batches.run(
            """
            INSERT INTO event_sequence (aggregate_id, seq) VALUES (\(session.id), \(lastSeq))
            ON CONFLICT (aggregate_id) DO UPDATE SET seq = excluded.seq
            """)
        // The import clears what V1 kept.
        try batches.run("DELETE FROM event WHERE aggregate_id = \(session.id)")
    }

    /// Ends the copy of a V1 session, with a notice where its tools have changed.
    private mutating func finishImport(in batches: inout SQLBatches, _ ids: inout OpenCodeIDs) throws(SQLError) {
        guard !isImported else { return }
        isImported = true
        guard hasTools else { return }
        lastSeq += 1
        try insert(
            id: ids.next(.message, atMilliseconds: lastChange), type: "system", created: lastChange,
            updated: lastChange,
            V2JSON.notice(at: lastChange), to: &batches)
    }

    private func insert(
        id: String, type: String, created: Int64, updated: Int64, _ data: JSONWriter, to batches: inout SQLBatches
    ) throws(SQLError) {
        try batches.run(
            """
            INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data)
            VALUES (\(id), \(session.id), \(type), \(lastSeq), \(created), \(updated), \(SQLValue(data)))
            """, bytes: data.bytes.count + 200)
    }
}
