internal import SQL

/// Writes one session and its conversation into the tables of V1.
struct V1Writer {
    private let session: SessionPlan
    private let project: ProjectPlan
    private let json: V1JSON
    private var usage = Usage()
    private var changes = ChangeSummary()
    private var lastChange: Int64
    private var eventCount: Int64 = 0

    /// Sessions with events keep those of their first messages.
    private static let maximumEvents: Int64 = 20

    init(_ session: SessionPlan, in project: ProjectPlan) {
        self.session = session
        self.project = project
        json = V1JSON(session: session, project: project)
        lastChange = session.start
    }

    mutating func open(in batches: inout SQLBatches, _ ids: inout OpenCodeIDs) throws(SQLError) {
        // What a subagent must not do is told in its session.
        let permission = session.parentID == nil ? nil : #"[{"permission":"task","pattern":"*","action":"deny"}]"#
        try batches.run(
            """
            INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, share_url, permission,
                agent, model, time_created, time_updated, time_archived)
            VALUES (\(session.id), \(project.id), \(SQLValue(orNull: session.parentID)), \(session.slug),
                \(session.directory), \(session.title), \(session.version), \(SQLValue(orNull: session.shareURL)),
                \(SQLValue(orNull: permission)), \(session.agent), \(SQLValue(JSONWriter.column(session.model))),
                \(session.start), \(session.start), \(SQLValue(orNull: session.archived)))
            """)
        try writeTodos(to: &batches)
        try writeShare(to: &batches, &ids)
        if session.hasEvents {
            try batches.run("INSERT INTO event_sequence (aggregate_id, seq) VALUES (\(session.id), 0)")
        }
    }

    mutating func write(
        _ message: DemoMessage, to batches: inout SQLBatches, _ ids: inout OpenCodeIDs
    ) throws(SQLError) {
        lastChange = max(lastChange, message.updated)
        if case .assistant(let step) = message.content { usage += step.usage }
        let data = json.message(message)
        try batches.run(
            """
            INSERT INTO message (id, session_id, time_created, time_updated, data)
            VALUES (\(message.id), \(session.id), \(message.created), \(message.updated), \(SQLValue(data)))
            """, bytes: data.bytes.count + 150)
        for part in message.parts {
            if case .tool(let call) = part.content { changes.add(call) }
            let data = json.part(part, of: message)
            try batches.run(
                """
                INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
                VALUES (\(part.id), \(message.id), \(session.id), \(part.start), \(part.end), \(SQLValue(data)))
                """, bytes: data.bytes.count + 200)
        }
        try writeEvent(of: message, to: &batches, &ids)
    }

    func close(in batches: inout SQLBatches) throws(SQLError) {
        let diffs = changes.json.map { SQLValue($0) } ?? .null
        try batches.run(
            """
            UPDATE session SET time_updated = \(lastChange), cost = \(SQLValue.real(usage.cost.amount)),
                tokens_input = \(usage.input), tokens_output = \(usage.output), tokens_reasoning = \(usage.reasoning),
                tokens_cache_read = \(usage.cacheRead), tokens_cache_write = \(usage.cacheWrite),
                summary_additions = \(changes.additions), summary_deletions = \(changes.deletions),
                summary_files = \(changes.fileCount), summary_diffs = \(diffs)
            WHERE id = \(session.id)
            """)
        if eventCount > 0 {
            try batches.run("UPDATE event_sequence SET seq = \(eventCount - 1) WHERE aggregate_id = \(session.id)")
        }
    }
}

extension V1Writer {
    private func writeTodos(to batches: inout SQLBatches) throws(SQLError) {
        guard session.hasTodos else { return }
        for (position, todo) in session.todos.enumerated() {
            try batches.run(
                """
                INSERT INTO todo (session_id, content, status, priority, position, time_created, time_updated)
                VALUES (\(session.id), \(todo.content), \(todo.status), \(todo.priority), \(Int64(position)),
                    \(session.start), \(session.end))
                """)
        }
    }

    /// The secret is what would take the share back; opencodefs must never show it.
    private func writeShare(to batches: inout SQLBatches, _ ids: inout OpenCodeIDs) throws(SQLError) {
        guard let url = session.shareURL else { return }
        let secret = "demo-secret-" + ids.nextHash()
        try batches.run(
            """
            INSERT INTO session_share (session_id, id, secret, url, time_created, time_updated)
            VALUES (\(session.id), \(String(session.id.suffix(8))), \(secret), \(url), \(session.end), \(session.end))
            """)
    }

    private mutating func writeEvent(
        of message: DemoMessage, to batches: inout SQLBatches, _ ids: inout OpenCodeIDs
    ) throws(SQLError) {
        guard session.hasEvents, eventCount < Self.maximumEvents else { return }
        let data = json.event(of: message)
        try batches.run(
            """
            INSERT INTO event (id, aggregate_id, seq, type, data)
            VALUES (\(ids.next(.event, atMilliseconds: message.updated)), \(session.id), \(eventCount),
                'message.updated.1', \(SQLValue(data)))
            """, bytes: data.bytes.count + 150)
        eventCount += 1
    }
}
