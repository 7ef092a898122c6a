/// What one thing took, in one state, by one means: the samples of all rounds in short.
struct Figure: Codable {
    /// What is measured: an operation, in a state where there are several.
    struct Key: Codable, Hashable {
        let section: String
        let operation: String
        /// Empty where there is but one.
        var state = ""
    }

    /// By what means.
    enum Subject: String, Codable, CaseIterable {
        case nothing = "nothing beside it"
        case plain = "plain files"
        case bindfs
        case ripgrep = "rg, plain files"
        case sqlite = "SQLite"
        case agentsview
        case grep = "opencodefs grep"
        case search = "opencodefs search"
        case mount
    }

    let key: Key
    let subject: Subject
    let count: Int
    /// All of these in milliseconds.
    let median: Double
    let minimum: Double
    let maximum: Double
    let p99: Double
    /// Of the mount: how many times as long as by each other means.
    var ratios: [String: Double] = [:]

    init(_ key: Key, _ subject: Subject, _ samples: Samples) {
        self.key = key
        self.subject = subject
        count = samples.values.count
        median = samples.median.milliseconds
        minimum = samples.percentile(0).milliseconds
        maximum = samples.percentile(1).milliseconds
        p99 = samples.percentile(0.99).milliseconds
    }
}

/// What the daemon needed for an operation on a fresh mount, in bytes: the most of all rounds.
struct DaemonFigure: Codable {
    let operation: String
    /// In memory at the most, and after the operation and its repetition.
    var peak = 0
    var resident = 0
    /// Read during the first pass, from wherever; and from the disk with nothing cached, nil where that was not measured.
    var read = 0
    var fetched: Int?

    init(operation: String) {
        self.operation = operation
    }

    mutating func note(_ footprint: Footprint) {
        peak = max(peak, footprint.peak)
        resident = max(resident, footprint.resident)
    }
}
