internal import SessionModel
private import Synchronization

/// The sessions that this mount has inserted a moment ago: while a copy goes on, its messages come one by one, and none of
/// them is news of the session.
final class RecentCopies: Sendable {
    private let sessions = Mutex<[Session.ID: ContinuousClock.Instant]>([:])

    /// How long after the last message a copy is taken to go on.
    private static let pause = Duration.seconds(60)

    /// A session, or a message of it, was inserted.
    func note(_ session: Session.ID) {
        sessions.withLock { sessions in
            sessions = sessions.filter { $0.value + Self.pause > .now }
            sessions[session] = .now
        }
    }

    func contains(_ session: Session.ID) -> Bool {
        sessions.withLock { $0[session].map { $0 + Self.pause > .now } ?? false }
    }
}
