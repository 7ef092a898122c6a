internal import SessionModel
private import Synchronization

/// The sessions that this mount has inserted a moment ago: while a copy goes on, its messages come one by one, and none of
/// them is news of the session.
final class RecentCopies: Sendable {
    private struct Copy {
        let parent: Session.ID?
        var last = ContinuousClock.now
    }

    private let sessions = Mutex<[Session.ID: Copy]>([:])

    /// How long after the last message a copy is taken to go on.
    private static let pause = Duration.seconds(60)

    /// A session was inserted.
    func note(_ session: Session.ID, childOf parent: Session.ID?) {
        sessions.withLock { sessions in
            sessions = sessions.filter { $0.value.last + Self.pause > .now }
            sessions[session] = Copy(parent: parent)
            Self.goOn(parent, &sessions)
        }
    }

    /// A message was inserted.
    func noteMessage(of session: Session.ID) {
        sessions.withLock { sessions in
            guard let copy = sessions[session], copy.last + Self.pause > .now else { return }
            Self.goOn(session, &sessions)
        }
    }

    func contains(_ session: Session.ID) -> Bool {
        sessions.withLock { $0[session].map { $0.last + Self.pause > .now } ?? false }
    }

    /// The copy of a session goes on as long as that of its children does: its own messages may come behind theirs.
    private static func goOn(_ session: Session.ID?, _ sessions: inout [Session.ID: Copy]) {
        var current = session
        var seen: Set<Session.ID> = []
        while let id = current, let copy = sessions[id], seen.insert(id).inserted {
            guard copy.last + pause > .now else { return }
            sessions[id]?.last = .now
            current = copy.parent
        }
    }
}
