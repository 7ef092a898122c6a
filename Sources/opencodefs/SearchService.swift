internal import Fuse
private import Glibc
internal import SessionSearch
internal import SessionStore
private import Synchronization
internal import Timing

/// Keeps the index of a mount's searches up to date, in a thread of its own that gives way to everybody else.
///
/// The index is made when somebody searches for the first time; where there is one, it follows the history. It is never
/// waited for: until it is whole, searches read texts.
final class SearchService: Sendable {
    private struct State {
        var isRunning = false
        /// Whether somebody has searched since it was last looked whether there is an index.
        var isWanted = false
        var isStopped = false
        /// Whether it reads the history now.
        var isWorking = false
    }

    let index: SearchIndex
    private let store: any SessionStore
    private let indexer: SearchIndexer
    /// Guards whether the thread may work.
    private let state = Mutex(State())

    /// How often it asks whether anything has been committed.
    private static let pause = Duration.seconds(1)
    /// It waits until nothing has been committed for so long,
    private static let quiet = Duration.seconds(5)
    /// but no longer than this.
    private static let latest = Duration.seconds(60)

    init(store: any SessionStore, index: SearchIndex) {
        self.store = store
        self.index = index
        indexer = SearchIndexer(store: store, index: index, startThread: { Thread.start($0) })
    }

    var progress: SearchIndexer.Progress { indexer.progress }

    /// Starts, where somebody has searched before.
    func start() {
        if index.exists { want() }
    }

    /// Somebody searches.
    func want() {
        let isNew = state.withLock { state in
            state.isWanted = true
            guard !state.isRunning, !state.isStopped else { return false }
            state.isRunning = true
            return true
        }
        if isNew { Thread.start { self.run() } }
    }

    /// Ends the work, and waits until the history is not used any more.
    func stop() {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.isWorking }) { usleep(500) }
    }

    private func run() {
        // Of this thread alone, as Linux has it.
        _ = nice(10)
        // Moments: of the last change that was seen, and of the last time that the index was brought up to date.
        var changed = ContinuousClock.now - Self.quiet
        var done = ContinuousClock.now - Self.latest
        var seen: ChangeToken?
        var indexed: ChangeToken?
        while begin() {
            if let token = try? store.changeToken(patience(.seconds(5))) {
                if seen != token, seen != nil { changed = .now }
                seen = token
                // Anybody may remove it, and it may turn out to be damaged.
                if isWanted(), indexed == token, !index.answers(patience(.seconds(5))) { indexed = nil }
                let isDue = changed + Self.quiet <= .now || done + Self.latest <= .now
                if indexed != token, isDue {
                    // What fails now, for want of space perhaps, is tried again after a while: with the next token, or
                    // when this one is as good as another.
                    let isDone = (try? indexer.run(patience(.seconds(24 * 3600)))) != nil
                    indexed = isDone ? token : nil
                    done = .now
                    changed = isDone ? changed : .now + Self.latest
                }
            }
            state.withLock { $0.isWorking = false }
            usleep(UInt32(Self.pause / .microseconds(1)))
        }
    }

    /// Whether somebody has searched since this was asked.
    private func isWanted() -> Bool {
        state.withLock { state in
            defer { state.isWanted = false }
            return state.isWanted
        }
    }

    private func begin() -> Bool {
        state.withLock { state in
            state.isWorking = !state.isStopped
            return state.isWorking
        }
    }

    private func patience(_ duration: Duration) -> Patience {
        Patience(until: .now + duration) { self.state.withLock { $0.isStopped } }
    }
}
