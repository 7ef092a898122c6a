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
}

/// Durations of one kind of thing.
struct Samples {
    var values: [Duration] = []

    func percentile(_ share: Double) -> Duration {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .zero }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    var median: Duration { percentile(0.5) }
}

extension Duration {
    /// `1.23 ms`
    var milliseconds: String {
        let value = seconds * 1000
        return value < 10 ? "\((value * 100).rounded() / 100) ms" : "\((value * 10).rounded() / 10) ms"
    }

    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// How many times as long as another.
    func ratio(to other: Duration) -> String {
        "\((seconds / max(other.seconds, 1e-9) * 100).rounded() / 100)"
    }
}
