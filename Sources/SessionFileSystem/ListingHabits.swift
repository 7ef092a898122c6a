internal import SessionModel

/// Which programs look at what they list (docs/decisions/0026).
///
/// The size of a message is a look at its rows. `ls -l`, `grep -r` and `du` want it of every file they list; `find`, `fd`
/// and fzf want names. A listing does not say for whom it is, but what follows it does: the first that a program asks
/// for leaves out what its last messages are, and a program that has looked none of these up when it lists the next
/// directory gets names alone from then on; until it looks one up.
struct ListingHabits {
    /// What a listing says of its messages.
    enum Extent {
        case names
        /// Everything of all but the last ``tokens``.
        case most
        case everything
    }

    private struct Habit {
        /// What was listed, the latest last: another thread may look at what one has listed.
        var sessions: [Session.ID]
        var looks: Bool
        var last: ContinuousClock.Instant
    }

    /// Messages of a first listing that have to be looked up by whoever wants to know what they are.
    static let tokens = 3

    /// A program that has rested so long may be doing something else, or be another with the same number.
    private static let longestRest = Duration.seconds(5)
    private static let longestMemory = 8

    /// By thread: the kernel names no other.
    private var habits: [Int32: Habit] = [:]

    /// A program lists a session's messages.
    mutating func extent(of session: Session.ID, for process: Int32, now: ContinuousClock.Instant) -> Extent {
        habits = habits.filter { $0.value.last + Self.longestRest > now }
        guard var habit = habits[process] else {
            habits[process] = Habit(sessions: [session], looks: false, last: now)
            return .most
        }
        habit.last = now
        habit.sessions = habit.sessions.suffix(Self.longestMemory - 1) + [session]
        habits[process] = habit
        return habit.looks ? .everything : .names
    }

    /// Somebody has looked up a message of a session.
    mutating func noteLook(at session: Session.ID) {
        for (process, habit) in habits where !habit.looks && habit.sessions.contains(session) {
            habits[process]?.looks = true
        }
    }
}
