/// Figures in the form of docs/performance.md.
struct Table {
    let title: String
    let columns: [String]
    var rows: [[String]] = []

    var text: String {
        let header = "| " + columns.joined(separator: " | ") + " |"
        let rule = "|" + columns.map { _ in "---|" }.joined()
        return (["### " + title, "", header, rule] + rows.map { "| " + $0.joined(separator: " | ") + " |" } + [""])
            .joined(separator: "\n")
    }

    /// `1.23 ms`, with as many digits as mean something.
    static func milliseconds(_ value: Double) -> String {
        "\(rounded(value, to: value < 10 ? 100 : value < 1000 ? 10 : 1)) ms"
    }

    /// How many times as much, to two digits behind the point.
    static func ratio(_ value: Double) -> String {
        rounded(value, to: 100)
    }

    /// `12.3 MB`
    static func megabytes(_ bytes: Int) -> String {
        "\(rounded(Double(bytes) / 1e6, to: 10)) MB"
    }

    private static func rounded(_ value: Double, to parts: Double) -> String {
        let result = (value * parts).rounded() / parts
        return parts == 1 ? "\(Int(result))" : "\(result)"
    }
}
