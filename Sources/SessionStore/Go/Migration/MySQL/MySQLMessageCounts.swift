internal import SQL

/// Sets `message_count` of sessions to what it counts, and leaves their `updated_at` as it is.
///
/// OpenCode's trigger sets `updated_at` to the time of the change, and lists are ordered by it. So the connection is told
/// that it is that time (`SET timestamp`), while OpenCode's trigger stays: others work meanwhile.
struct MySQLMessageCounts {
    let connection: any SQLConnection
    /// Told now and then how many sessions have been looked at, and of how many.
    let progress: (_ done: Int, _ of: Int) -> Void

    private static let sessionsAtOnce = 50
    private static let attempts = 20

    /// - Returns: how many sessions keep a wrong number: times before 1970 and after 2038 cannot be set so.
    func correct() throws(SQLError) -> Int {
        // Compared as the triggers compare: by the collation.
        let wrong = try connection.column(
            """
            SELECT s.id FROM sessions AS s
            LEFT JOIN (SELECT session_id, COUNT(*) AS messages FROM messages GROUP BY session_id) AS m
                ON m.session_id = s.id
            WHERE s.message_count <> COALESCE(m.messages, 0) ORDER BY s.id
            """)
        var left = 0
        for start in stride(from: 0, to: wrong.count, by: Self.sessionsAtOnce) {
            progress(start, wrong.count)
            left += try correct(Array(wrong[start..<min(start + Self.sessionsAtOnce, wrong.count)]))
        }
        return left
    }

    /// Corrects some sessions; where one of them would get another time, all but that one.
    private func correct(_ sessions: [SQLValue]) throws(SQLError) -> Int {
        var sessions = sessions
        var left = 0
        for attempt in 1... {
            do throws(SQLError) {
                let moved = try attemptCorrecting(sessions)
                if moved.isEmpty { return left }
                left += moved.count
                sessions.removeAll { moved.contains($0) }
            } catch {
                guard error.kind == .contended, attempt < Self.attempts else { throw error }
            }
        }
        return left
    }

    /// One transaction.
    ///
    /// - Returns: sessions whose time would have moved; then nothing was changed at all.
    private func attemptCorrecting(_ sessions: [SQLValue]) throws(SQLError) -> Set<SQLValue> {
        guard !sessions.isEmpty else { return [] }
        try connection.beginWriting()
        do throws(SQLError) {
            let moved = try correctLocked(sessions)
            if moved.isEmpty { try connection.commit() } else { connection.rollback() }
            return moved
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func correctLocked(_ sessions: [SQLValue]) throws(SQLError) -> Set<SQLValue> {
        let list = SQLQuery.joined(sessions.map { "\($0)" }, separator: ", ")
        // From here on no message of these sessions comes or goes: its foreign key and its trigger need the session.
        let times = try values("SELECT id, updated_at, message_count FROM sessions WHERE id IN (\(list)) FOR UPDATE")
        let counts = try values(
            """
            SELECT s.id, COUNT(m.id) FROM sessions AS s LEFT JOIN messages AS m ON m.session_id = s.id
            WHERE s.id IN (\(list)) GROUP BY s.id
            """)
        let countOf = Dictionary(counts.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        do throws(SQLError) {
            for line in times {
                guard let count = countOf[line[0]], count != line[2] else { continue }
                guard try set(line[1]) else {
                    try connection.run("SET SESSION timestamp = DEFAULT")
                    return [line[0]]
                }
                try connection.run("UPDATE sessions SET message_count = \(count) WHERE id = \(line[0])")
            }
            try connection.run("SET SESSION timestamp = DEFAULT")
        } catch {
            _ = try? connection.run("SET SESSION timestamp = DEFAULT")
            throw error
        }
        let now = try values("SELECT id, updated_at FROM sessions WHERE id IN (\(list))")
        let timeOf = Dictionary(now.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        return Set(times.filter { timeOf[$0[0]] != $0[1] }.map { $0[0] })
    }

    /// Tells the connection which time it is.
    ///
    /// - Returns: false for a time that the server does not take, strict as it is told to be (error 1231).
    private func set(_ time: SQLValue) throws(SQLError) -> Bool {
        do throws(SQLError) {
            // 0 would be taken for the real time; what follows the point is cut off again.
            try connection.run("SET SESSION timestamp = \(time == .integer(0) ? .real(0.5) : time)")
            return true
        } catch {
            guard [1231, 1232, 1292].contains(error.code) else { throw error }
            return false
        }
    }

    /// Rows of up to three columns.
    private func values(_ query: SQLQuery) throws(SQLError) -> [[SQLValue]] {
        var lines: [[SQLValue]] = []
        try connection.rows(query) { (row) throws(SQLError) in
            lines.append((0..<3).map { row.value(at: $0) })
        }
        return lines
    }
}
