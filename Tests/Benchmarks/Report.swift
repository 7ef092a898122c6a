import Foundation

/// The figures of a run, as they come and as they are printed and kept.
struct Report: Codable {
    let machine: Machine
    let history: HistoryFacts
    private(set) var figures: [Figure] = []
    private(set) var daemons: [DaemonFigure] = []

    init(machine: Machine, history: HistoryFacts) {
        self.machine = machine
        self.history = history
    }

    /// Takes the samples of one thing, by each means it was measured.
    mutating func add(_ key: Figure.Key, _ samples: [Figure.Subject: Samples]) {
        let subjects = Figure.Subject.allCases.filter { samples[$0]?.values.isEmpty == false }
        var added = subjects.map { Figure(key, $0, samples[$0] ?? Samples()) }
        for index in added.indices where added[index].subject == .mount {
            for other in added where other.subject != .mount {
                added[index].ratios[other.subject.rawValue] = added[index].median / max(other.median, 1e-6)
            }
        }
        figures += added
    }

    mutating func add(_ daemon: DaemonFigure) {
        daemons.append(daemon)
    }

    // MARK: As a file

    init(contentsOf path: String) throws {
        self = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    }
}
