internal import SessionModel

/// What the rows of messages held besides what their files showed, for a minute after they were removed here: install,
/// tar x and git remove a file before they write it anew, and that must not move it to the end of the conversation.
struct DepartedMessages {
    private struct Departure {
        let hidden: HiddenColumns
        let at: ContinuousClock.Instant
    }

    private var departures: [Message.ID: Departure] = [:]

    static let duration = Duration.seconds(60)
    /// Whoever removes more is clearing up, and writes none of them anew.
    static let capacity = 10_000

    mutating func add(_ message: Message.ID, _ hidden: HiddenColumns, now: ContinuousClock.Instant) {
        if departures.count >= Self.capacity {
            departures = departures.filter { $0.value.at + Self.duration > now }
            if departures.count >= Self.capacity { departures = [:] }
        }
        departures[message] = Departure(hidden: hidden, at: now)
    }

    func columns(of message: Message.ID, now: ContinuousClock.Instant) -> HiddenColumns? {
        departures[message].flatMap { $0.at + Self.duration > now ? $0.hidden : nil }
    }

    mutating func remove(_ message: Message.ID) {
        departures[message] = nil
    }
}
