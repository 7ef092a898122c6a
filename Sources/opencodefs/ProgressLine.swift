private import Synchronization

/// What goes on in something that may take long, on one line of the terminal; nothing in the first second, and nothing
/// where nobody watches.
final class ProgressLine: Sendable {
    private struct State {
        var text: String
        var isNew = true
        var next = ContinuousClock.now + .seconds(1)
        var isShown = false
    }

    /// What is to be shown, and when.
    private let state: Mutex<State>

    init(_ text: String) {
        state = Mutex(State(text: text))
    }

    /// From now on this is going on.
    func set(_ text: String) {
        state.withLock { ($0.text, $0.isNew) = (text, true) }
        show()
    }

    /// Shows it, if it is time. Whoever waits calls this now and then.
    func show() {
        let text: String? = state.withLock { state in
            guard state.isNew, ContinuousClock.now >= state.next else { return nil }
            (state.isNew, state.isShown, state.next) = (false, true, .now + .milliseconds(100))
            return state.text
        }
        if let text { Console.progress(text) }
    }

    /// Takes the line away.
    func clear() {
        if state.withLock({ $0.isShown }) { Console.progress("") }
    }
}
