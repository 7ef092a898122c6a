internal import Synchronization

extension SessionFileSystem {
    /// Whether there is something that goes with this process: a file under a name that is none of the history's (rule W6), or
    /// a directory that mkdir made and nothing has come into (W5, W11).
    package var holdsFleetingFiles: Bool {
        state.withLock { state in !state.scratch.isEmpty || !state.arrivals.pending.isEmpty }
    }
}
