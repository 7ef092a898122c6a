internal import SessionModel
private import Synchronization

/// The sessions that this mount has inserted, as long as nobody else writes to them.
///
/// A copy brings the messages in any order, and V2 numbers them as they come. While only we have given out numbers, a
/// message may be put where its time says.
final class CopiedSessions: Sendable {
    /// The last numbers that we gave out in each session; nil before the first. Two, since the transaction of the newest
    /// may not have been committed.
    private let numbers = Mutex<[Session.ID: [Int64?]]>([:])

    /// Takes note of the number that a session's sequence has by us; nil where it has none yet.
    func note(_ session: Session.ID, at number: Int64?) {
        numbers.withLock { numbers in
            if number == nil {
                numbers[session] = [nil]
            } else if let before = numbers[session] {
                numbers[session] = before.suffix(1) + [number]
            }
        }
    }

    /// Whether we inserted the session, and nobody else has given out a number since.
    func isOurs(_ session: Session.ID, at number: Int64?) -> Bool {
        numbers.withLock { $0[session]?.contains(number) ?? false }
    }
}
