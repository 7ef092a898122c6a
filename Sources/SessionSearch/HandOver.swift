private import Glibc
internal import SessionStore
private import Synchronization
internal import Timing

/// Where one thread leaves what it has made and another takes it, one at a time: the first is no more than one ahead.
///
/// Each lets the other end. What the maker threw the taker gets, after all that was left before; and a maker whose things nobody
/// takes any more is told so by ``isRefused``.
final class HandOver<Item: Sendable>: Sendable {
    private struct State {
        var item: Item?
        /// How the maker ended; nil while it works.
        var end: Result<Void, StoreError>?
        var isRefused = false
    }

    /// Guards what lies here.
    private let state = Mutex(State())

    /// Whether nothing more will be taken.
    var isRefused: Bool { state.withLock { $0.isRefused } }

    // MARK: The maker's side

    /// Leaves one as soon as the one before has been taken.
    ///
    /// - Parameter patience: must end when ``isRefused`` does.
    func leave(_ item: Item, _ patience: Patience) throws(StoreError) {
        while true {
            let isLeft = state.withLock { state in
                guard state.item == nil else { return false }
                state.item = item
                return true
            }
            if isLeft { return }
            try patience.check("the index is not finished")
            usleep(Self.pause)
        }
    }

    /// Nothing more comes. The maker's last word, whatever happened.
    func end(_ result: Result<Void, StoreError>) {
        state.withLock { $0.end = result }
    }

    // MARK: The taker's side

    /// The next one, as soon as there is one; nil after the last.
    ///
    /// - Throws: what the maker threw, too.
    func take(_ patience: Patience) throws(StoreError) -> Item? {
        while true {
            try patience.check("the index is not finished")
            let (item, end) = state.withLock { state in
                defer { state.item = nil }
                return (state.item, state.end)
            }
            if let item { return item }
            if let end {
                try end.get()
                return nil
            }
            usleep(Self.pause)
        }
    }

    /// Takes nothing more, and waits until the maker has ended.
    func refuse() {
        state.withLock { $0.isRefused = true }
        while state.withLock({ $0.end == nil }) { usleep(Self.pause) }
    }

    /// Microseconds between two looks; what lies here took a hundred times as long to make.
    private static var pause: UInt32 { 500 }
}
