import Dispatch
import Glibc
import Synchronization

/// Whether a signal has asked to end.
///
/// Unchecked Sendable: the sources are made once and only held.
package final class Interruption: @unchecked Sendable {
    private let flag = Atomic(false)
    private let sources: [any DispatchSourceSignal]

    package init(_ signals: [CInt]) {
        sources = signals.map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.flag.store(true, ordering: .relaxed) }
            source.resume()
        }
    }

    package var hasCome: Bool { flag.load(ordering: .relaxed) }
}
