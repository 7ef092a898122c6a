package import Timing

/// Whether the server answers, and whom to let try.
///
/// While it does not, one caller a second finds out, and the others are told at once: a shell that waits for a dead server
/// at each file is of no use to anybody. To ask for changes and to read are told apart: who asks for changes gives up soon,
/// since what is known will do; who reads something that is not known has nothing else, and waits for a server that is
/// being started anew.
struct Reachability {
    enum Purpose {
        case changes
        case rows
    }

    /// After a failure nobody tries for so long.
    static let pause = Duration.seconds(1)
    /// How long a caller may try who finds out whether the server is back.
    static let trial = Duration.seconds(2)

    /// Whether the server may be asked now.
    enum Admission: Equatable {
        case granted
        /// To find out whether it is back.
        case trial
        /// It did not answer a moment ago.
        case refused(reason: String)
    }

    private(set) var condition = TeamCondition()
    /// Until then nobody tries; nothing while the server answers.
    private var quietUntil: [Purpose: ContinuousClock.Instant] = [:]

    /// Whether nobody asks for changes at the moment.
    func isQuiet(now: ContinuousClock.Instant) -> Bool {
        quietUntil[.changes].map { now < $0 } ?? false
    }

    var isAway: Bool { !quietUntil.isEmpty }

    mutating func admit(_ purpose: Purpose, now: ContinuousClock.Instant) -> Admission {
        guard let until = quietUntil[purpose] else { return .granted }
        if now < until {
            return .refused(reason: "the database server does not answer: \(condition.lastError ?? "no connection")")
        }
        // Whoever comes while this one tries is refused.
        quietUntil[purpose] = now + Self.trial + Self.pause
        return .trial
    }

    mutating func succeeded(at time: Timestamp) {
        quietUntil = [:]
        if condition.awaySince != nil {
            condition.awaySince = nil
            condition.returned = time
        }
        condition.answered = time
    }

    /// An effort to reach the server has failed for good.
    mutating func failed(_ purpose: Purpose, _ message: String, at time: Timestamp, now: ContinuousClock.Instant) {
        quietUntil[purpose] = now + Self.pause
        if condition.awaySince == nil { condition.awaySince = time }
        condition.lastError = message
    }

    /// Who tried was interrupted, and knows nothing: the next may try.
    mutating func abandoned(_ purpose: Purpose, now: ContinuousClock.Instant) {
        if quietUntil[purpose] != nil { quietUntil[purpose] = now }
    }

    mutating func noteRetry(_ message: String) {
        condition.retries += 1
        condition.lastError = message
    }

    mutating func notePoll() {
        condition.polls += 1
    }
}

/// How a store and its server get along, for status. No password and no text of a conversation is in it.
package struct TeamCondition: Sendable, Equatable {
    /// When the server answered last; nil before it ever did.
    package internal(set) var answered: Timestamp?
    /// Since when it does not; nil while it does.
    package internal(set) var awaySince: Timestamp?
    /// When it came back last, if it was away.
    package internal(set) var returned: Timestamp?
    /// How often it was asked for changes.
    package internal(set) var polls = 0
    /// How often a statement was tried once more.
    package internal(set) var retries = 0
    /// What went wrong last, in the provider's words.
    package internal(set) var lastError: String?

    package init() {}
}
