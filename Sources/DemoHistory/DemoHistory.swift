package import SQL
package import Timing

/// An invented history of conversations, written as OpenCode would have: for newcomers, tests and benchmarks.
///
/// The same parameters give the same bytes in every row. Nothing in it is a person's.
package struct DemoHistory: Sendable {
    /// Whose tables: OpenCode 1.18 (`v1`), 2.0 (`v2`), or 2.0 in a file that 1.18 began (`both`).
    ///
    /// In `both` the tables of V1 hold the older sessions as they were when the file moved, and the tables of V2 hold
    /// copies of them under the same ids, some continued and renamed since, besides sessions that only V2 has seen.
    ///
    /// `go`: the Go OpenCode's fork with session providers.
    package enum Family: String, CaseIterable, Sendable { case v1, v2, both, go }

    package var family = Family.v1
    /// The last of several projects is `global`.
    package var projects = 4
    package var sessions = 40
    /// Messages of all sessions together, about 5 kB each; V2 copies of V1 sessions are not counted again.
    package var messages = 1_000
    /// File parts with base64 data, all in messages of users.
    package var attachments = 6
    /// Bytes of a typical attachment, the median; sizes lie between 20 kB and 5 MB unless this does not.
    package var attachmentBytes = 200_000
    package var seed: UInt64 = 1
    /// When the newest message changed last; all others lie before it, over up to a year.
    package var newest: Timestamp

    package init(newest: Timestamp) {
        self.newest = newest
    }

    /// Fills an empty database: schema and rows, in transactions of bounded size.
    ///
    /// The connection's patience bounds the whole; a large history needs more than the usual seconds. What was
    /// committed before an error stays in the file.
    ///
    /// - Parameter progress: told now and then how many messages are written, and at the end.
    package func write(
        to connection: any SQLConnection, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(SQLError) {
        try Self.createTables(family, on: connection, at: newest, withTriggers: false)
        let random = SeededRandom(seed: seed)
        var ids = OpenCodeIDs(seed: ~seed)
        let plan = HistoryPlan(self, ids: &ids, random: random.stream(-1))
        var batches = try SQLBatches(on: connection)
        do throws(SQLError) {
            // The Go OpenCode has no table of projects.
            for project in plan.projects where family != .go {
                try ProjectRows.write(project, isV2: family != .v1, at: newest, to: &batches, &ids)
            }
            var done = 0
            for session in plan.sessions {
                let project = plan.projects[session.project]
                var conversation = Conversation(
                    session, in: project, attachmentBytes: attachmentBytes, random: random.stream(session.index))
                var v1 = session.generation == .v1 && family != .go ? V1Writer(session, in: project) : nil
                var v2 = family == .v2 || family == .both ? V2Writer(session, in: project) : nil
                var go = family == .go ? GoWriter(session, in: project) : nil
                try go?.open(in: &batches)
                try v1?.open(in: &batches, &ids)
                try v2?.open(in: &batches)
                while let message = conversation.next(&ids) {
                    if !message.isV2 { try v1?.write(message, to: &batches, &ids) }
                    try v2?.write(message, to: &batches, &ids)
                    try go?.write(message, to: &batches, &ids)
                    done += 1
                    if done.isMultiple(of: 256) { progress(done, messages) }
                }
                try v1?.close(in: &batches)
                try v2?.close(in: &batches, &ids)
                try go?.close(in: &batches, &ids)
            }
            // They would set the time of each row to now.
            if family == .go {
                for statement in GoTables.triggers { try batches.run(SQLQuery(stringLiteral: statement)) }
            }
            try batches.finish()
            progress(done, done)
        } catch {
            batches.abandon()
            throw error
        }
    }
}
