import Testing
import Timing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, 0, 0, 0), (1, 0, 1, 0), (-1, -1, 999_999_999, -1), (1_000_000_000, 1, 0, 1000),
            (-1_000_000_000, -1, 0, -1000), (-1_000_000_001, -2, 999_999_999, -1001),
            (-1_000_000, -1, 999_000_000, -1), (1_999_999, 0, 1_999_999, 1),
            (.max, 9_223_372_036, 854_775_807, 9_223_372_036_854),
            (.min, -9_223_372_037, 145_224_192, -9_223_372_036_855),
        ] as [(Int64, Int64, Int64, Int64)])
    func `seconds and milliseconds are rounded down, also before 1970`(
        nanoseconds: Int64, seconds: Int64, fraction: Int64, milliseconds: Int64
    ) {
        let moment = Timestamp(nanoseconds: nanoseconds)
        #expect(moment.seconds == seconds)
        #expect(moment.fraction == fraction)
        #expect(moment.milliseconds == milliseconds)
    }

    @Test(
        arguments: [
            (0, 0), (1, 1_000_000), (-1, -1_000_000), (9_223_372_036_854, 9_223_372_036_854_000_000),
            (9_223_372_036_855, .max), (.max, .max), (-9_223_372_036_855, .min), (.min, .min),
        ] as [(Int64, Int64)])
    func `a column too large for 64 bits of nanoseconds is the nearest moment`(milliseconds: Int64, expected: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).nanoseconds == expected)
    }

    @Test(
        arguments: [
            (5, 7, 12), (5, -7, -2), (.max, 1, .max), (.max - 1, 1, .max), (.min, -1, .min), (.min, .max, -1),
        ] as [(Int64, Int64, Int64)])
    func `time stands still at its ends`(start: Int64, count: Int64, expected: Int64) {
        #expect(Timestamp(nanoseconds: start).advanced(byNanoseconds: count).nanoseconds == expected)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_794_998_130_123, "2026-11-18T10:35:30.123Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (.max, "2262-04-11T23:47:16.854Z"), (.min, "1677-09-21T00:12:43.145Z"),
        ] as [(Int64, String)])
    func `rfc3339 names the millisecond in UTC`(milliseconds: Int64, expected: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == expected)
    }

    @Test func `moments are ordered as their nanoseconds`() {
        let moments = [Int64.max, 0, -1, .min, 1].map { Timestamp(nanoseconds: $0) }
        #expect(moments.sorted().map(\.nanoseconds) == [.min, -1, 0, 1, .max])
        #expect(Timestamp.epoch == Timestamp(milliseconds: 0))
    }

    @Test func `now is the wall clock`() {
        let before = Timestamp.now
        let after = Timestamp.now
        #expect(before <= after)
        // 2024-01-01: whoever runs this has a clock that was set.
        #expect(before.seconds > 1_704_067_200)
    }
}
