/// A length of time as Go writes it: `30s`, `1m30s`, `0.5m`, `250ms` (time.ParseDuration).
enum GoDuration {
    /// The nanoseconds of each unit; both spellings of micro (U+00B5, U+03BC) are Go's.
    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "\u{b5}s": 1e3, "\u{3bc}s": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
    /// A hundred years are for ever, and no sum of two instants overflows by it.
    private static let longest = Duration.seconds(100 * 365 * 86_400)

    /// Nil for what is no length of time, or a negative one.
    static func read(_ text: String) -> Duration? {
        var rest = Substring(text).unicodeScalars
        if rest.first == "+" { rest.removeFirst() }
        if String(rest) == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var nanoseconds = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0 != "." && !("0"..."9").contains($0) }
            rest = rest.dropFirst(unit.count)
            guard let scale = units[String(unit)], let number = decimal(String(digits)) else { return nil }
            nanoseconds += number * scale
        }
        // Go refuses what does not fit 64 bits of nanoseconds.
        guard nanoseconds < Double(Int64.max) else { return nil }
        return min(.nanoseconds(Int64(nanoseconds)), longest)
    }

    /// `1`, `1.5`, `.5`, `1.`: digits on one side of the point at least.
    private static func decimal(_ text: String) -> Double? {
        guard text.contains(where: { $0 != "." }) else { return nil }
        return Double("0" + text + (text.hasSuffix(".") ? "0" : ""))
    }
}
