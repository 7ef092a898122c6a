private import Glibc

/// A moment as file systems keep it: nanoseconds since 1970-01-01 UTC.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The moment of a column in milliseconds; what 64 bits of nanoseconds cannot hold is the nearest they can.
    package init(milliseconds: Int64) {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        nanoseconds = overflow ? (milliseconds < 0 ? .min : .max) : product
    }

    /// Seconds since 1970 and nanoseconds of the next, as struct timespec has them.
    package init(seconds: Int64, fraction: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let whole = Timestamp(nanoseconds: overflow ? (seconds < 0 ? .min : .max) : product)
        nanoseconds = whole.advanced(byNanoseconds: fraction).nanoseconds
    }

    package static let epoch = Timestamp(nanoseconds: 0)

    /// Whole seconds, rounded down also before 1970.
    package var seconds: Int64 {
        nanoseconds >= 0 || nanoseconds % 1_000_000_000 == 0
            ? nanoseconds / 1_000_000_000 : nanoseconds / 1_000_000_000 - 1
    }

    /// What is left of the second, from 0 to 999,999,999.
    package var fraction: Int64 {
        nanoseconds &- seconds &* 1_000_000_000
    }

    package var milliseconds: Int64 {
        nanoseconds >= 0 || nanoseconds % 1_000_000 == 0 ? nanoseconds / 1_000_000 : nanoseconds / 1_000_000 - 1
    }

    /// This moment, some nanoseconds later; at the end of time it stays there.
    package func advanced(byNanoseconds count: Int64) -> Timestamp {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(count)
        return Timestamp(nanoseconds: overflow ? (count < 0 ? .min : .max) : sum)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Timestamp {
    /// The wall clock.
    package static var now: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}

extension Timestamp {
    /// `2026-11-18T10:15:30.123Z` (RFC 3339).
    package var rfc3339: String {
        var seconds = time_t(self.seconds)
        var parts = unsafe tm()
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return "\(milliseconds)" }
        func padded(_ number: Int, _ count: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
        }
        let date = unsafe [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        let time = unsafe [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
        return date.map(padded).joined(separator: "-") + "T" + time.map { padded($0, 2) }.joined(separator: ":") + "."
            + padded(Int(fraction / 1_000_000), 3) + "Z"
    }
}
