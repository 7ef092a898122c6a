/// What a step cost, counted in millionths of a US dollar so that sums and texts are exact.
struct Dollars {
    var millionths: Int64 = 0

    /// The value of a REAL column.
    var amount: Double { Double(millionths) / 1_000_000 }

    /// The number as JavaScript prints it: no trailing zeros, no exponent down to 0.000001.
    var jsonNumber: String {
        let whole = millionths / 1_000_000
        var rest = millionths % 1_000_000
        if rest == 0 { return String(whole) }
        var digits = 6
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        let decimals = String(rest)
        return "\(whole)." + String(repeating: "0", count: digits - decimals.count) + decimals
    }
}
