/// How long somebody waits for an answer, and whether they still want it.
///
/// One travels with every request from the kernel down to the driver, so that no request blocks for ever and a
/// program interrupted by a signal is let go.
package struct Patience: Sendable {
    package let deadline: ContinuousClock.Instant
    private let isCancelled: @Sendable () -> Bool

    /// - Parameter isCancelled: asked often and from the thread that works; must not block.
    package init(until deadline: ContinuousClock.Instant, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.deadline = deadline
        self.isCancelled = isCancelled
    }

    /// Patience that ends the given time from now.
    package static func lasting(_ duration: Duration) -> Patience {
        Patience(until: .now + duration)
    }

    /// The same patience, ending sooner.
    package func atMost(_ duration: Duration) -> Patience {
        Patience(until: min(deadline, .now + duration), isCancelled: isCancelled)
    }

    /// The same patience, ending too when something else is over.
    ///
    /// - Parameter isOver: asked as often as `isCancelled`.
    package func unless(_ isOver: @escaping @Sendable () -> Bool) -> Patience {
        Patience(until: deadline) { [isCancelled] in isCancelled() || isOver() }
    }

    /// Why to stop working, or nil while there is time.
    package var verdict: Verdict? {
        if isCancelled() { return .cancelled }
        return ContinuousClock.now >= deadline ? .expired : nil
    }

    package enum Verdict: Sendable {
        /// Nobody waits any more: the program was interrupted.
        case cancelled
        /// The deadline has passed.
        case expired
    }
}
