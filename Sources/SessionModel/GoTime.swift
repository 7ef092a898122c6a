/// Times of the Go family: seconds, but other programs have written milliseconds (rule R3).
package enum GoTime {
    /// Milliseconds since 1970 of what a column holds.
    package static func milliseconds(_ value: Int64) -> Int64 {
        value.magnitude > 100_000_000_000 ? value : value * 1000
    }
}
