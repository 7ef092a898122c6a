import SQL
import SessionModel
import TestSupport
import Testing
import Timing

@testable import SessionStore

/// What is believed of a server's history, and until when.
@Suite struct MirrorTests {
    private static let columns = WalkTests.schema.messageColumns
    private let start = ContinuousClock.now
    private let session = Session.ID("s")

    private func row(_ id: String, of session: String = "s", octets: Int64 = 10, updated: Int64 = 100) -> [SQLValue] {
        [
            SQLValue(id), SQLValue(session), SQLValue("user"), .integer(octets), .integer(1), .integer(updated),
        ]
    }

    private func described(
        _ rows: [[SQLValue]], of session: String = "s", in mirror: Mirror, at seconds: Double
    ) -> DescribedSession {
        DescribedSession(
            session: Session.ID(session), columns: Self.columns, rows: rows,
            stamp: given(given(mirror.table)[Session.ID(session)]).stamp, begun: start + .seconds(seconds))
    }

    private func poll(
        _ mirror: inout Mirror, at seconds: Double, table: SessionTable? = nil, clock: Int64 = 1000,
        watched: [Session.ID]? = nil, rows: [[SQLValue]] = []
    ) {
        let now = start + .seconds(seconds)
        let watched = watched ?? mirror.sessionsInUse(now: now)
        mirror.take(
            Mirror.Poll(
                table: table ?? given(mirror.table), clock: clock, watched: watched, rows: rows, columns: Self.columns,
                begun: now, schema: 1), now: now)
    }

    /// A mirror that knows one session with one message.
    private func filled(messages: Int64 = 1) -> Mirror {
        var mirror = Mirror()
        poll(&mirror, at: 0, table: WalkTests.table([("s", nil), ("t", nil)], messages: messages))
        _ = mirror.add(described([row("m")], in: mirror, at: 0.1), isAsked: true, now: start + .seconds(0.1))
        return mirror
    }

    private func isGood(_ mirror: Mirror) -> Bool { mirror.good(session) != nil }

    @Test func `what is watched and unchanged stays good, and the token stands`() {
        var mirror = filled()
        let token = mirror.token
        for second in 1...9 {
            poll(&mirror, at: Double(second))
            #expect(isGood(mirror) && mirror.token == token)
        }
    }

    @Test func `a session whose row says something else is good no longer, and no fallback either`() {
        var mirror = filled()
        let token = mirror.token
        poll(&mirror, at: 1, table: WalkTests.table([("s", nil), ("t", nil)], messages: 2))
        #expect(!isGood(mirror) && mirror.fallback(session) == nil && mirror.token != token)
    }

    @Test func `a session that falls out of use moves the token, and is known as far as nothing speaks against it`() {
        var mirror = filled()
        let token = mirror.token
        poll(&mirror, at: 12)
        #expect(!isGood(mirror) && mirror.fallback(session) != nil && mirror.token != token)
        let later = mirror.token
        poll(&mirror, at: 13)
        #expect(mirror.token == later)
    }

    @Test func `what is watched for long is described anew all the same`() {
        var mirror = filled()
        for second in 1...29 {
            #expect(mirror.good(session, now: start + .seconds(second)) != nil)
            poll(&mirror, at: Double(second))
        }
        let token = mirror.token
        poll(&mirror, at: 31)
        #expect(!isGood(mirror) && mirror.token != token)
    }

    @Test func `a message that changed is taken in, one that came puts the session in doubt`() {
        var mirror = filled()
        var token = mirror.token
        poll(&mirror, at: 1, rows: [row("m", octets: 11)])
        #expect(mirror.good(session)?.rows == [row("m", octets: 11)] && mirror.token != token)
        token = mirror.token
        poll(&mirror, at: 2, rows: [row("m", octets: 11)])
        #expect(isGood(mirror) && mirror.token == token)
        poll(&mirror, at: 3, rows: [row("n")])
        #expect(!isGood(mirror) && mirror.fallback(session) == nil && mirror.token != token)
    }

    @Test func `what was read in the second that its row names is looked at once more`() {
        var mirror = Mirror()
        poll(&mirror, at: 0, table: WalkTests.table([("s", nil)], messages: 1, updated: 1000), clock: 1000)
        _ = mirror.add(described([row("m")], in: mirror, at: 0.1), isAsked: true, now: start + .seconds(0.1))
        #expect(isGood(mirror))
        let token = mirror.token
        poll(&mirror, at: 1, clock: 1001)
        #expect(!isGood(mirror) && mirror.token != token)
        _ = mirror.add(described([row("m")], in: mirror, at: 3.1), isAsked: true, now: start + .seconds(3.1))
        poll(&mirror, at: 3.2, clock: 1003)
        _ = mirror.add(described([row("m")], in: mirror, at: 3.3), isAsked: true, now: start + .seconds(3.3))
        poll(&mirror, at: 4, clock: 1004)
        #expect(isGood(mirror))
    }

    @Test func `what was read while a poll was under way is as good as the poll, and what was read before is not`() {
        var mirror = filled()
        mirror = filled()
        _ = mirror.add(described([row("m")], in: mirror, at: 1.2), isAsked: true, now: start + .seconds(1.3))
        poll(&mirror, at: 1.1, watched: [])
        #expect(isGood(mirror))
        var other = filled()
        poll(&other, at: 1, watched: [])
        #expect(!isGood(other))
        // Its asking began before the poll that has been taken in meanwhile.
        _ = other.add(described([row("m")], in: other, at: 0.9), isAsked: true, now: start + .seconds(1.1))
        #expect(!isGood(other))
    }

    @Test func `what others say of a session moves the token, and the same said again does not`() {
        var mirror = filled()
        let token = mirror.token
        _ = mirror.add(described([row("m")], in: mirror, at: 0.2), isAsked: true, now: start)
        #expect(mirror.token == token)
        _ = mirror.add(described([row("m"), row("n")], in: mirror, at: 0.3), isAsked: true, now: start)
        #expect(mirror.token != token && mirror.count == 2)
        mirror.renew(row("n", octets: 12), of: session)
        #expect(mirror.good(session)?.rows.last == row("n", octets: 12))
        mirror.doubt(session)
        #expect(!isGood(mirror))
    }

    @Test func `own writing forgets the session and moves the token`() {
        var mirror = filled()
        let token = mirror.token
        mirror.wrote([session])
        #expect(!isGood(mirror) && mirror.fallback(session) == nil && mirror.token != token && mirror.count == 0)
        #expect(mirror.writes == 1)
    }

    @Test func `other tables make everything unknown`() {
        var mirror = filled()
        mirror.take(
            Mirror.Poll(
                table: given(mirror.table), clock: 1000, watched: [session], rows: [], columns: Self.columns,
                begun: start,
                schema: 2), now: start)
        #expect(!isGood(mirror) && mirror.count == 0)
    }

    @Test func `no more than so many messages are described, those of the session asked for last always`() {
        var mirror = Mirror()
        let names = (0..<80).map { "s\($0)" }
        poll(&mirror, at: 0, table: WalkTests.table(names.map { ($0, nil) }, messages: 1000))
        var isWaste = false
        for (number, name) in names.enumerated() {
            let rows = (0..<1000).map { row("\(name)-\($0)", of: name) }
            let described = described(rows, of: name, in: mirror, at: 0.1)
            let wasted = mirror.add(described, isAsked: number > 40, now: start + .seconds(Double(number) / 1000))
            isWaste = wasted || isWaste
        }
        #expect(mirror.count <= Mirror.limit && isWaste)
        #expect(mirror.good(.init("s79")) != nil && mirror.good(.init("s0")) == nil)
        let huge = (0..<(Mirror.limit + 10)).map { row("huge-\($0)", of: "s3") }
        _ = mirror.add(described(huge, of: "s3", in: mirror, at: 0.2), isAsked: true, now: start + .seconds(1))
        #expect(mirror.good(.init("s3"))?.rows.count == huge.count && mirror.good(.init("s79")) == nil)
    }

    @Test func `texts are handed out once, not when old, and hold a few megabytes at most`() {
        var cache = TextCache()
        let id = Message.ID("m")
        cache.add(id, TextCache.Text(row: row("m"), bytes: [1, 2, 3], read: start))
        #expect(cache.take(id, notOlderThan: start)?.bytes == [1, 2, 3])
        #expect(cache.take(id, notOlderThan: start) == nil && cache.size == 0)
        cache.add(id, TextCache.Text(row: row("m"), bytes: [1], read: start))
        #expect(cache.take(id, notOlderThan: start + .milliseconds(1)) == nil)
        for number in 0..<100 {
            let text = [UInt8](repeating: 0, count: 1 << 18)
            cache.add(
                .init("\(number)"), TextCache.Text(row: [], bytes: text, read: start + .milliseconds(number)))
        }
        #expect(cache.size <= TextCache.limit && cache.contains(.init("99"), notOlderThan: start))
        #expect(cache.removeAll(olderThan: start + .seconds(1)) > 0 && cache.size == 0)
    }

    @Test func `while a server is away one caller a second tries, and the others are refused`() {
        var reachability = Reachability()
        #expect(reachability.admit(.rows, now: start) == .granted)
        reachability.failed(.rows, "gone", at: Timestamp(nanoseconds: 5), now: start)
        #expect(reachability.condition.awaySince == Timestamp(nanoseconds: 5))
        guard case .refused(let reason) = reachability.admit(.rows, now: start + .milliseconds(999)) else {
            Issue.record("admitted")
            return
        }
        #expect(reason.contains("gone"))
        // Whoever asks for changes has not failed yet.
        #expect(reachability.admit(.changes, now: start) == .granted)
        #expect(reachability.admit(.rows, now: start + .seconds(1)) == .trial)
        #expect(reachability.admit(.rows, now: start + .seconds(1)) != .trial)
        reachability.abandoned(.rows, now: start + .seconds(1))
        #expect(reachability.admit(.rows, now: start + .seconds(1)) == .trial)
        reachability.succeeded(at: Timestamp(nanoseconds: 9))
        #expect(!reachability.isAway && reachability.condition.returned == Timestamp(nanoseconds: 9))
        #expect(reachability.admit(.rows, now: start + .seconds(1)) == .granted)
    }
}
