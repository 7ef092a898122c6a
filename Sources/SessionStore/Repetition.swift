private import Glibc
internal import SQL
internal import Synchronization
internal import Timing

extension StoreConnection {
    /// Does something again when a server has taken all of it back: it lost the race for a row, the connection broke, or
    /// another server has become the one that writes. For what may be done again as a whole; what a file's database refuses is
    /// refused once.
    func repeating<Result>(
        _ patience: Patience, _ body: () throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        var repetition = Repetition()
        var obstacle: SQLError?
        while true {
            do throws(SQLError) {
                return try body()
            } catch {
                if error.kind == .contended { obstacle = error }
                guard repetition.isWorthIt(after: error, patience) else {
                    // Time ran out for the sake of others' locks: the database is busy, and answers.
                    if error.kind == .expired, let obstacle { throw obstacle }
                    throw error
                }
                repetitions.add(1, ordering: .relaxed)
                // Behind the same name another server may be the one that writes by now.
                if error.kind == .readOnly { pool.renew() }
            }
        }
    }
}

/// How often something was tried, and how long to rest before it is tried again.
struct Repetition {
    private var count = 0
    private var refusals = 0

    /// Rests, unless there is nothing to be gained.
    mutating func isWorthIt(after error: SQLError, _ patience: Patience) -> Bool {
        switch error.kind {
        case .contended, .disconnected: break
        // It is being started again, or somewhere else.
        case .unavailable where error.isOfServer: break
        case .readOnly where error.isOfServer:
            // A server is read-only while another takes over; one that stays so is so by somebody's will.
            refusals += 1
            if refusals > 4 { return false }
        default: return false
        }
        guard patience.verdict == nil else { return false }
        // 5, 10, 20 … 320 ms and up to as much again, so that those who met do not meet again.
        let milliseconds = 5 << min(count, 6)
        count += 1
        let rest = Duration.milliseconds(milliseconds + Int.random(in: 0...milliseconds))
        let end = ContinuousClock.now + rest
        while ContinuousClock.now < end {
            if patience.verdict != nil { return false }
            usleep(2000)
        }
        return true
    }
}
