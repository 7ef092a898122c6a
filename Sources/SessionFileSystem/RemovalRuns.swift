internal import SessionModel
internal import VFS

/// Which programs remove one message of a session after the other, as `rm -r` does.
struct RemovalRuns {
    private struct Run {
        let session: Session.ID
        /// Of the message that was removed last.
        let ordinal: Int64
        let count: Int
        let last: ContinuousClock.Instant
    }

    private var runs: [Int32: Run] = [:]

    /// Numbers may be missing: what they belong to is gone, or was never a message.
    private static let widestGap: Int64 = 8
    private static let longestRest = Duration.seconds(5)
    private static let widest = 256

    /// Takes note of a removal.
    ///
    /// - Returns: up to how many numbers further the program will probably go on.
    mutating func window(
        _ process: Int32, _ label: MessageNames.Label?, _ name: FileName, of session: Session.ID,
        now: ContinuousClock.Instant
    ) -> Int {
        runs = runs.filter { $0.value.last + Self.longestRest > now }
        // Who uses other names than listings show will go on so.
        guard let label, label.name == name else {
            runs[process] = nil
            return 0
        }
        var count = 1
        if let run = runs[process], run.session == session, label.ordinal > run.ordinal,
            label.ordinal - run.ordinal <= Self.widestGap
        {
            count = run.count + 1
        }
        runs[process] = Run(session: session, ordinal: label.ordinal, count: count, last: now)
        return count < 2 ? 0 : min(count * 2, Self.widest)
    }
}
