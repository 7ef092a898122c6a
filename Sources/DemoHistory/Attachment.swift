/// A file that a user gave with a prompt: its first bytes are those of its format, the rest is noise.
struct Attachment {
    let name: String
    let mime: String
    let base64: [UInt8]

    /// - Parameter median: bytes of a typical file. Sizes spread from an eighth of it to 25 times as much, between
    ///   20 kB and 5 MB unless the median itself lies outside.
    init(median: Int, random: inout SeededRandom) {
        let format = random.pick(Self.formats)
        mime = format.mime
        name = random.pick(format.names) + "." + format.suffix

        let percent = random.pick(Self.spread) * random.within(85...115) / 100
        let (product, overflow) = median.multipliedReportingOverflow(by: percent)
        let limit = min(max(5_000_000, median), Self.largest)
        let size = min(max(overflow ? .max : product / 100, min(20_000, median)), limit)
        var data = format.start
        data.reserveCapacity(size + 8)
        while data.count < size {
            let noise = random.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                data.append(UInt8(truncatingIfNeeded: noise >> shift))
            }
        }
        if data.count > size { data.removeLast(data.count - size) }
        base64 = Base64.encode(data)
    }

    /// No row of SQLite holds more than 10^9 bytes (sqlite.org/limits.html), in base64 here.
    private static let largest = 500_000_000

    /// Sizes in percent of the median, half of them below it.
    private static let spread = [12, 20, 33, 45, 60, 75, 90, 110, 130, 160, 220, 350, 700, 2500]

    private struct Format {
        let mime: String
        let suffix: String
        let names: [String]
        let start: [UInt8]
    }

    private static let formats = [
        Format(
            mime: "image/png", suffix: "png", names: ["screenshot", "flamegraph", "diff-view", "dashboard"],
            start: [
                0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
                0, 0, 5, 0, 0, 0, 3, 0x20, 8, 2, 0, 0, 0,
            ]),
        Format(
            mime: "image/jpeg", suffix: "jpg", names: ["whiteboard", "mockup"],
            start: [0xff, 0xd8, 0xff, 0xe0, 0, 16] + Array("JFIF".utf8) + [0, 1, 1, 0, 0, 72, 0, 72, 0, 0]),
        Format(
            mime: "application/pdf", suffix: "pdf", names: ["specification", "invoice sample", "load test"],
            start: Array("%PDF-1.7\n".utf8)),
    ]
}
