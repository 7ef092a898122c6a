internal import SQL

/// Writes one session and its conversation into the tables of the Go OpenCode. Times are seconds there.
struct GoWriter {
    private let session: SessionPlan
    private let project: ProjectPlan
    private let json: GoJSON
    private var usage = Usage()
    private var count: Int64 = 0
    private var versions: [String: Int] = [:]

    /// When the column `seq` came: older messages have none.
    private static let numbered: Int64 = 1_772_582_400_000

    init(_ session: SessionPlan, in project: ProjectPlan) {
        self.session = session
        self.project = project
        json = GoJSON(session: session)
    }

    func open(in batches: inout SQLBatches) throws(SQLError) {
        try batches.run(
            """
            INSERT INTO sessions (id, parent_session_id, title, updated_at, created_at, project_id, root_session_id)
            VALUES (\(session.id), \(SQLValue(orNull: session.parentID)), \(session.title), \(session.end / 1000),
                \(session.start / 1000), \(project.goID), \(session.parentID ?? session.id))
            """)
    }

    mutating func write(
        _ message: DemoMessage, to batches: inout SQLBatches, _ ids: inout OpenCodeIDs
    ) throws(SQLError) {
        var role = "user"
        var model: String?
        if case .assistant(let step) = message.content {
            role = "assistant"
            model = session.model.id
            usage += step.usage
        }
        try insert(
            role, json.parts(of: message), model, from: message.created, to: message.updated, &batches, &ids)
        if let results = json.results(of: message) {
            try insert("tool", results, nil, from: message.updated, to: message.updated, &batches, &ids)
        }
        for part in message.parts {
            guard case .tool(let call) = part.content, case .edit(let path, _, let new) = call.input, !call.isError
            else { continue }
            let version = versions[String(decoding: path, as: UTF8.self), default: 0]
            versions[String(decoding: path, as: UTF8.self)] = version + 1
            try batches.run(
                """
                INSERT INTO files (id, session_id, path, content, version, created_at, updated_at)
                VALUES (\(ids.nextUUID()), \(session.id), \(SQLValue.text(path)), \(SQLValue.text(new)),
                    \(version == 0 ? "initial" : "v\(version)"), \(part.start / 1000), \(part.end / 1000))
                """, bytes: new.count + 200)
        }
    }

    private mutating func insert(
        _ role: String, _ parts: JSONWriter, _ model: String?, from created: Int64, to updated: Int64,
        _ batches: inout SQLBatches, _ ids: inout OpenCodeIDs
    ) throws(SQLError) {
        count += 1
        let number = SQLValue(orNull: session.start < Self.numbered ? nil : count)
        let finished = SQLValue(orNull: role == "assistant" ? updated / 1000 : nil)
        try batches.run(
            """
            INSERT INTO messages (id, session_id, role, parts, model, created_at, updated_at, finished_at, seq)
            VALUES (\(ids.nextUUID()), \(session.id), \(role), \(SQLValue(parts)), \(SQLValue(orNull: model)),
                \(created / 1000), \(updated / 1000), \(finished), \(number))
            """, bytes: parts.bytes.count + 200)
    }

    func close(in batches: inout SQLBatches, _ ids: inout OpenCodeIDs) throws(SQLError) {
        let prompt = usage.input + usage.cacheRead + usage.cacheWrite
        try batches.run(
            """
            UPDATE sessions SET message_count = \(count), prompt_tokens = \(usage.input),
                completion_tokens = \(usage.output), cost = \(SQLValue.real(usage.cost.amount)),
                total_prompt_tokens = \(prompt), total_completion_tokens = \(usage.output + usage.reasoning)
            WHERE id = \(session.id)
            """)
        let (start, end) = (session.start / 1000, session.end / 1000)
        if session.index % 4 == 0 {
            try batches.run(
                """
                INSERT INTO session_recaps (id, session_id, content, message_count, created_at)
                VALUES (\(ids.nextUUID()), \(session.id), \("Worked on: " + session.title), \(count), \(end))
                """)
        }
        if session.index % 6 == 2 {
            try batches.run(
                """
                INSERT INTO bridge_sessions (project_id, channel, identity_id, peer_id, session_id, created_at,
                    updated_at)
                VALUES (\(project.goID), 'slack', 'T024', \("C\(session.index)"), \(session.id), \(start), \(end))
                """)
        }
        if session.index % 9 == 2 {
            try batches.run(
                """
                INSERT INTO cron_jobs (id, session_id, schedule, prompt, subagent_type, task_title, task_id, run_count,
                    created_at, updated_at)
                VALUES (\(ids.nextUUID()), \(session.id), '0 7 * * *', 'Run the suite', 'task', 'Nightly suite',
                    'nightly', 3, \(start), \(end))
                """)
        }
        if session.index % 10 == 0 {
            try batches.run(
                """
                INSERT INTO flow_states (session_id, root_session_id, flow_id, step_id, status, created_at, updated_at)
                VALUES (\(session.id), \(session.parentID ?? session.id), 'review', 'collect', 'completed', \(start),
                    \(end))
                """)
        }
    }
}

extension ProjectPlan {
    /// What the Go OpenCode calls a project: the address of its git remote, or the name of its directory.
    var goID: String {
        let name = worktree.split(separator: "/").last ?? "notes"
        return isGlobal ? "notes" : "github.com/dana/" + name
    }
}
