/// Programs that read a history to its end, from three states:
///
/// - cold: a fresh mount, nothing of any file in memory. Needs root.
/// - hot: a fresh mount, the database in the page cache; beside plain files that are cached in full.
/// - warm: the same again on the same mount.
struct Walks {
    private enum State: String, CaseIterable {
        case cold, hot, warm
    }

    private let bench: Workbench
    private let operations: [Operation]
    private var samples: [State: [String: [Figure.Subject: Samples]]] = [:]
    private var daemons: [String: DaemonFigure] = [:]

    init(_ bench: Workbench) throws {
        self.bench = bench
        let only = bench.options.only
        let all = Operation.all(of: bench.history, empty: try bench.scratch.directory("empty"))
        operations = only.isEmpty || only.contains("walks") ? all : all.filter { only.contains($0.name) }
    }

    /// All operations take turns within a round, and all means within an operation: what else the machine does meets them
    /// alike.
    mutating func measure() throws {
        defer { addFigures() }
        for round in 1...bench.rounds {
            for operation in operations {
                let text = "round \(round) of \(bench.rounds): \(operation.name)"
                if PageCache.canBeDropped, operation.isColdToo || bench.options.isThorough {
                    try bench.begin(text + ", cold")
                    try measureCold(operation)
                }
                try bench.begin(text + ", hot and warm")
                try measureHot(operation)
            }
        }
    }

    /// Also where the run was ended: what was measured until then is measured.
    private func addFigures() {
        for state in State.allCases {
            for operation in operations {
                guard let found = samples[state]?[operation.name] else { continue }
                bench.add(
                    Figure.Key(section: "Walks", operation: operation.title, state: state.rawValue), found)
            }
        }
        for operation in operations {
            if let daemon = daemons[operation.name], daemon.peak > 0 { bench.add(daemon) }
        }
    }

    private mutating func measureCold(_ operation: Operation) throws {
        try PageCache.drop()
        note(.cold, operation, .plain, try operation.run(in: bench.history.plain))
        try bench.mounted { server in
            let before = server.footprint.fetched
            try PageCache.drop()
            note(.cold, operation, .mount, try operation.run(in: server.mountpoint))
            let fetched = server.footprint.fetched - before
            change(operation) { $0.fetched = max($0.fetched ?? 0, fetched) }
        }
        try bench.passedThrough { server in
            try PageCache.drop()
            note(.cold, operation, .bindfs, try operation.run(in: server.mountpoint))
        }
        if let pass = operation.inDatabase {
            try PageCache.drop()
            note(.cold, operation, .sqlite, try pass.run(in: bench.scratch.path))
        }
    }

    private mutating func measureHot(_ operation: Operation) throws {
        // What it reads is what must be cached; the others of its round have pushed nothing out that fits into memory.
        _ = try operation.run(in: bench.history.plain)
        try PageCache.fill(with: bench.history.database)
        note(.hot, operation, .plain, try operation.run(in: bench.history.plain))
        try bench.mounted { server in
            let before = server.footprint.read
            note(.hot, operation, .mount, try operation.run(in: server.mountpoint))
            let read = server.footprint.read - before
            note(.warm, operation, .mount, try operation.run(in: server.mountpoint))
            change(operation) { daemon in
                daemon.read = max(daemon.read, read)
                daemon.note(server.footprint)
            }
        }
        try bench.passedThrough { server in
            note(.hot, operation, .bindfs, try operation.run(in: server.mountpoint))
            note(.warm, operation, .bindfs, try operation.run(in: server.mountpoint))
        }
        if let pass = operation.inDatabase {
            note(.hot, operation, .sqlite, try pass.run(in: bench.scratch.path))
            note(.warm, operation, .sqlite, try pass.run(in: bench.scratch.path))
        }
        note(.warm, operation, .plain, try operation.run(in: bench.history.plain))
    }

    private mutating func note(
        _ state: State, _ operation: Operation, _ subject: Figure.Subject, _ duration: Duration
    ) {
        samples[state, default: [:]][operation.name, default: [:]][subject, default: Samples()].values.append(duration)
    }

    private mutating func change(_ operation: Operation, _ body: (inout DaemonFigure) -> Void) {
        body(&daemons[operation.name, default: DaemonFigure(operation: operation.title)])
    }
}
