/// A stretch of time as people write it, where the program runs: `2026`, `2026-11`, `2026-11-18`, `2026-11-18T10:15`.
struct SearchPeriod {
    /// Milliseconds since 1970.
    let start: Int64
    /// The first millisecond after it.
    let end: Int64

    init?(_ text: [UInt8]) {
        let halves = text.split(separator: UInt8(ascii: "T"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let date = Self.numbers(halves[0], "-", widths: [4, 2, 2]) else { return nil }
        var fields = date
        if halves.count == 2 {
            guard date.count == 3, let time = Self.numbers(halves[1], ":", widths: [2, 2, 2]), time.count >= 2 else {
                return nil
            }
            fields += time
        }
        let lowest = [0, 1, 1, 0, 0, 0]
        guard fields.count < 2 || (1...12).contains(fields[1]),
            fields.count < 3 || (1...Self.days(inMonth: fields[1], of: fields[0])).contains(fields[2]),
            fields.count < 4 || (0...23).contains(fields[3]), fields.count < 5 || (0...59).contains(fields[4]),
            fields.count < 6 || (0...59).contains(fields[5])
        else { return nil }
        var following = fields
        following[following.count - 1] += 1
        guard let start = TimeZoneRule.milliseconds(fields + lowest.dropFirst(fields.count)),
            let end = TimeZoneRule.milliseconds(following + lowest.dropFirst(fields.count))
        else { return nil }
        (self.start, self.end) = (start, end)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Numbers of so many digits; at least one, at most as many as there are widths.
    private static func numbers(_ text: ArraySlice<UInt8>, _ separator: Unicode.Scalar, widths: [Int]) -> [Int]? {
        let pieces = text.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false)
        guard pieces.count <= widths.count else { return nil }
        var numbers: [Int] = []
        for (piece, width) in zip(pieces, widths) {
            guard piece.count == width, piece.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(String(decoding: piece, as: UTF8.self))
            else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
