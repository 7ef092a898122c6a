internal import MySQLDriver
internal import SQL
internal import Synchronization
internal import Timing

/// How much space a team's tables take, for df and status. Nobody waits for it: what was known last will do.
final class ServerVolume: Sendable {
    private struct Known {
        var used: Int64
        var next: ContinuousClock.Instant
    }

    private let open: SQLOpener
    /// Guards what is known and who asks. No SQL inside.
    private let known: Mutex<Known>

    /// To add up the lengths of all tables is not free for a server.
    private static let interval = Duration.seconds(60)
    /// df stands still for no longer, once in that time.
    private static let patience = Duration.milliseconds(300)

    /// What a server's disk has left, it does not tell. A program that looks before it copies must not give up: so there is
    /// as much as sshfs says there is where it cannot know (1000 GiB).
    static let free: Int64 = 1000 << 30

    /// - Parameter connection: what tells the size for the first time.
    init(_ open: @escaping SQLOpener, _ connection: any SQLConnection) {
        self.open = open
        known = Mutex(Known(used: (try? Self.size(connection)) ?? 0, next: .now + Self.interval))
    }

    /// Bytes of the tables and their indexes, as the server estimates them.
    var used: Int64 {
        let isDue = known.withLock { known in
            guard known.next <= .now else { return false }
            known.next = .now + Self.interval
            return true
        }
        if isDue, let size = try? Self.size(open(.lasting(Self.patience))) {
            known.withLock { $0.used = size }
        }
        return known.withLock { $0.used }
    }

    private static func size(_ connection: any SQLConnection) throws(SQLError) -> Int64 {
        try connection.integer(
            "SELECT CAST(SUM(data_length + index_length) AS SIGNED) FROM information_schema.tables WHERE table_schema = DATABASE()"
        ) ?? 0
    }
}
