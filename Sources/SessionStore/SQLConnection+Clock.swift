internal import SQL

/// OpenCode's triggers set a time column of a row that is updated to now. Where a row is to keep the time that it has, or to
/// get back the one that it had, they stay where they are and are told another time, or are not heard.
extension SQLConnection {
    /// Changes rows of a session, or inserts messages of it, without its time of change being touched: lists are ordered by
    /// it, and OpenCode cleans up by it.
    ///
    /// What fails is for the caller to roll back.
    ///
    /// - Parameter session: the one session that is concerned.
    func keepingTime(of session: SQLValue, _ query: SQLQuery) throws(SQLError) {
        switch dialect.clock {
        case .temporaryTrigger: try keepingTimesOfSessions(query)
        case .sessionTime:
            let time = try column(
                "SELECT updated_at FROM sessions WHERE \(GoSchema.has(session)) \(SQLFragment.locked)"
            ).first?.integer
            _ = try at(time) { () throws(SQLError) in try run(query) }
        }
    }

    /// The same for any number of sessions, where triggers can be silenced.
    ///
    /// OpenCode's trigger that sets the time stays; a TEMP trigger of our connection has its UPDATE ignored
    /// (docs/decisions/0010).
    ///
    /// - Returns: how many rows the query changed.
    @discardableResult
    func keepingTimesOfSessions(_ query: SQLQuery) throws(SQLError) -> Int {
        try run(
            """
            CREATE TEMP TRIGGER opencodefs_times BEFORE UPDATE OF updated_at ON main.sessions
            BEGIN SELECT RAISE(IGNORE); END
            """)
        let count = try run(query)
        try run("DROP TRIGGER opencodefs_times")
        return count
    }

    /// Updates a row whose time of change is among the values, although a trigger would set that to now.
    func update(_ row: RowKey, to values: [String: SQLValue]) throws(SQLError) -> Int {
        let query = RowWrite.update(row, values).query
        switch dialect.clock {
        case .temporaryTrigger: return try guarding(row, values) { () throws(SQLError) in try run(query) }
        case .sessionTime:
            let time = values.first { Trash.timesOfChange.contains($0.key) }?.value.integer
            return try at(time) { () throws(SQLError) in try run(query) }
        }
    }

    /// Runs statements that a server takes to be executed at another time.
    ///
    /// - Parameter seconds: since 1970; the time is now where they are nil, or more than the server takes (its variable ends
    ///   in 2038; another program has written milliseconds).
    private func at<Result>(
        _ seconds: Int64?, _ body: () throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        guard let seconds, (1...Int64(Int32.max)).contains(seconds) else { return try body() }
        try run("SET SESSION timestamp = \(seconds)")
        do throws(SQLError) {
            let result = try body()
            try run("SET SESSION timestamp = DEFAULT")
            return result
        } catch {
            // A connection that goes on in another time would date everything wrongly; without an answer it is broken.
            _ = try? run("SET SESSION timestamp = DEFAULT")
            throw error
        }
    }

    /// Other values than those wanted are ignored while `update` runs, by a trigger of this connection alone.
    private func guarding<Result>(
        _ row: RowKey, _ values: [String: SQLValue], _ update: () throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        let table = SQLIdentifier(row.table)
        // The time alone will do: nobody compares long texts for it.
        let times = values.filter { Trash.timesOfChange.contains($0.key) }
        let compared = times.isEmpty ? values : times
        let columns = row.columns.merging(compared) { key, _ in key }.sorted { $0.key < $1.key }
        let names = columns.indices.map { SQLIdentifier("c\($0)") }
        // Columns without a type: what is put in stays as it is.
        try run("CREATE TEMP TABLE opencodefs_wanted (\(.joined(names.map { "\($0)" }, separator: ", ")))")
        try run("INSERT INTO opencodefs_wanted VALUES (\(.joined(columns.map { "\($0.value)" }, separator: ", ")))")
        let isRow = columns.indices.filter { row.columns[columns[$0].key] != nil }
            .map { "\(names[$0]) IS new.\(SQLIdentifier(columns[$0].key))" as SQLQuery }
        let isOther = columns.indices.filter { row.columns[columns[$0].key] == nil }
            .map { "\(names[$0]) IS NOT new.\(SQLIdentifier(columns[$0].key))" as SQLQuery }
        try run(
            """
            CREATE TEMP TRIGGER opencodefs_guard BEFORE UPDATE ON main.\(table) WHEN EXISTS (SELECT 1 \
            FROM opencodefs_wanted WHERE \(.joined(isRow, separator: " AND ")) \
            AND (\(.joined(isOther, separator: " OR ")))) BEGIN SELECT RAISE(IGNORE); END
            """)
        // Where the update fails, the transaction is rolled back, and this with it.
        let result = try update()
        try run("DROP TRIGGER opencodefs_guard")
        try run("DROP TABLE opencodefs_wanted")
        return result
    }
}
