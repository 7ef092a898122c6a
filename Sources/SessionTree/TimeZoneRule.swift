private import Glibc

/// Which day and time a moment is, where the mount runs.
package struct TimeZoneRule: Sendable {
    package init() {
        tzset()
    }

    /// `2026-11-18` for milliseconds since 1970; nil for what no calendar of ours reaches.
    package func day(_ milliseconds: Int64) -> [UInt8]? {
        time(milliseconds).map { Array($0.prefix { $0 != UInt8(ascii: " ") }) }
    }

    /// `2026-11-18 10:15:30`, of the same.
    package func time(_ milliseconds: Int64) -> [UInt8]? {
        // JavaScript's own limit of a date (ECMA-262, time values).
        guard milliseconds.magnitude <= 8_640_000_000_000_000 else { return nil }
        var seconds = time_t((milliseconds - (milliseconds < 0 ? 999 : 0)) / 1000)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return nil }
        func padded(_ number: Int, _ count: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
        }
        let (year, month, day) = unsafe (Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
        let (hour, minute, second) = unsafe (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
        return Array(
            ("\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) "
                + "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))").utf8)
    }

    /// Milliseconds since 1970 of year, month, day, hour, minute and second where the program runs; what lies beyond a month
    /// or day is counted on. Nil for what no calendar of ours reaches.
    static func milliseconds(_ fields: [Int]) -> Int64? {
        guard fields.count == 6, fields.allSatisfy({ (0...9999).contains($0) }) else { return nil }
        tzset()
        var parts = unsafe tm()
        unsafe parts.tm_year = CInt(fields[0] - 1900)
        unsafe parts.tm_mon = CInt(fields[1] - 1)
        unsafe parts.tm_mday = CInt(fields[2])
        unsafe parts.tm_hour = CInt(fields[3])
        unsafe parts.tm_min = CInt(fields[4])
        unsafe parts.tm_sec = CInt(fields[5])
        unsafe parts.tm_isdst = -1
        return Int64(unsafe mktime(&parts)) * 1000
    }
}
