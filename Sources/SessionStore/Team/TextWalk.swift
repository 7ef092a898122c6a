internal import SessionModel

/// How far to read ahead when the texts of message after message are asked for.
///
/// A few readers are told apart, each by what it should ask for next.
struct TextWalk {
    /// Messages read together, and bytes of their texts, at most.
    static let limit = 1_024
    static let octets = 4 << 20
    /// A text above this is read alone.
    static let largest = 1 << 20
    /// How many readers are remembered.
    private static let readers = 8
    /// Programs with several threads ask a little out of order.
    private static let tolerance = 16
    /// A reader that was silent for so long has gone.
    private static let pause = Duration.seconds(5)

    /// Messages of a session, by their place in it.
    struct Run: Equatable {
        let session: Session.ID
        var positions: Range<Int>
    }

    private struct Reader {
        var session: Session.ID
        /// The place of the message that is expected next.
        var next: Int
        var window = 1
        /// Whether it goes on with the session that stands behind, as far as is known.
        var crosses = true
        var seen: ContinuousClock.Instant
    }

    private var readers: [Reader] = []

    /// Takes note that a text is asked for, and says which reader asks.
    mutating func note(
        _ position: Int, in session: Session.ID, follows: (Session.ID) -> Session.ID?, now: ContinuousClock.Instant
    ) -> Int {
        let known = readers.firstIndex {
            $0.session == session && position >= $0.next - Self.tolerance && position <= $0.next + Self.tolerance
                && $0.seen + Self.pause > now
        }
        if let known {
            readers[known].next = max(readers[known].next, position + 1)
            readers[known].seen = now
            return known
        }
        // At the beginning of a session: somebody who has done with another.
        let newest = readers.indices.max { readers[$0].seen < readers[$1].seen }
        if position < Self.tolerance, let newest, readers[newest].seen + Self.pause > now,
            readers[newest].session != session
        {
            let isExpected = follows(readers[newest].session) == session
            readers[newest] = Reader(
                session: session, next: position + 1, window: readers[newest].window, crosses: isExpected, seen: now)
            return newest
        }
        let fresh = Reader(session: session, next: position + 1, seen: now)
        if readers.count < Self.readers {
            readers.append(fresh)
            return readers.count - 1
        }
        let oldest = readers.indices.min { readers[$0].seen < readers[$1].seen } ?? 0
        readers[oldest] = fresh
        return oldest
    }

    /// Which texts to read for a reader to whom one is missing, that one first.
    ///
    /// - Parameters:
    ///   - lengths: bytes of the texts of a session's messages, where they are described.
    ///   - isWanted: whether a text is neither at hand nor being read.
    mutating func runs(
        for reader: Int, at position: Int, in session: Session.ID, follows: (Session.ID) -> Session.ID?,
        length: (Session.ID, Int) -> Int?, isWanted: (Session.ID, Int) -> Bool
    ) -> [Run] {
        let count = readers[reader].window
        readers[reader].window = min(count * 4, Self.limit)
        var budget = Self.octets - (length(session, position) ?? 0)
        var runs = [Run(session: session, positions: position..<(position + 1))]
        var left = count - 1
        var (current, next) = (session, position + 1)
        while left > 0 {
            guard let octets = length(current, next) else {
                guard readers[reader].crosses, let following = follows(current), following != session,
                    runs.count < Self.limit, length(following, 0) != nil
                else { break }
                (current, next) = (following, 0)
                continue
            }
            if octets <= Self.largest, isWanted(current, next) {
                guard octets <= budget else { break }
                budget -= octets
                left -= 1
                if runs[runs.count - 1].session == current, runs[runs.count - 1].positions.upperBound == next {
                    runs[runs.count - 1].positions = runs[runs.count - 1].positions.lowerBound..<(next + 1)
                } else {
                    runs.append(Run(session: current, positions: next..<(next + 1)))
                }
            }
            next += 1
        }
        return runs
    }

    /// What was read ahead was let go of unused: less is better.
    mutating func wasted() {
        for index in readers.indices { readers[index].window = max(1, readers[index].window / 16) }
    }
}
