import Foundation
import Synchronization

/// Threads of a test's own that do the same thing over and over until the test has done its part.
final class Crew: Sendable {
    private let isOver = Atomic(false)
    private let problems = Mutex<[String]>([])
    private let ended = DispatchSemaphore(value: 0)
    private let rounds = Mutex(0)

    /// Runs `round` on some threads while `body` runs on this one, and once more after that.
    ///
    /// - Returns: how many rounds there were, and what was thrown in them or by `body`.
    static func working(
        _ count: Int, _ round: @escaping @Sendable (_ worker: Int) throws -> Void, during body: () throws -> Void
    ) -> (rounds: Int, problems: [String]) {
        let crew = Crew()
        for worker in 0..<count {
            Thread {
                crew.work(worker, round)
                crew.ended.signal()
            }.start()
        }
        do { try body() } catch { crew.note(error) }
        crew.isOver.store(true, ordering: .relaxed)
        for _ in 0..<count { crew.ended.wait() }
        return (crew.rounds.withLock { $0 }, crew.problems.withLock { $0 })
    }

    private func work(_ worker: Int, _ round: (Int) throws -> Void) {
        var isLast = false
        while !isLast {
            isLast = isOver.load(ordering: .relaxed)
            do {
                try round(worker)
                rounds.withLock { $0 += 1 }
            } catch {
                note(error)
            }
        }
    }

    private func note(_ error: any Error) {
        problems.withLock { $0.append("\(error)") }
    }
}
