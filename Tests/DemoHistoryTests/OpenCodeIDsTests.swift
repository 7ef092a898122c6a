import Testing
import Timing

@testable import DemoHistory

@Suite struct OpenCodeIDsTests {
    /// The first is from a message, the second from a session that OpenCode 1.1.18 made.
    @Test(arguments: [
        (OpenCodeIDs.Kind.message, Int64(1_767_751_314_819), "msg_b96306d83001"),
        (.session, 1_767_751_314_787, "ses_469cf929cffe"),
    ])
    func `an identifier begins as OpenCode's does`(kind: OpenCodeIDs.Kind, milliseconds: Int64, start: String) {
        var ids = OpenCodeIDs(seed: 1)
        let id = ids.next(kind, at: Timestamp(milliseconds: milliseconds))
        #expect(id.hasPrefix(start))
        #expect(id.utf8.count == 30)
    }

    @Test func `the digits start again on 2026-08-14`() {
        var ids = OpenCodeIDs(seed: 1)
        let wrap = Int64(26) << 36
        #expect(ids.next(.message, at: Timestamp(milliseconds: wrap - 1)).hasPrefix("msg_fffffffff001"))
        #expect(ids.next(.message, at: Timestamp(milliseconds: wrap)).hasPrefix("msg_000000000001"))
    }

    @Test func `identifiers of one millisecond are in order`() {
        var ids = OpenCodeIDs(seed: 1)
        let made = (0..<100).map { _ in ids.next(.part, at: Timestamp(milliseconds: 1_790_000_000_000)) }
        #expect(made == made.sorted())
        #expect(Set(made).count == 100)
    }

    @Test(arguments: [Int64.min, -1, 0, Int64.max])
    func `no moment is too far away`(nanoseconds: Int64) {
        var ids = OpenCodeIDs(seed: 1)
        #expect(ids.next(.event, at: Timestamp(nanoseconds: nanoseconds)).utf8.count == 30)
    }
}
