extension Report {
    /// Where and of what these figures are.
    var introduction: String {
        let files = "\(history.messages) messages, \(history.files) files with \(Table.megabytes(history.fileBytes))"
        let cold = PageCache.canBeDropped ? "" : " Not root, who alone can empty the page cache: nothing cold here."
        return "\(machine.text); \(files), a database of \(Table.megabytes(history.databaseBytes)).\(cold)"
    }

    /// All tables, in the order in which they were measured.
    var tables: [Table] {
        var titles: [String] = []
        for figure in figures where !titles.contains(figure.title) { titles.append(figure.title) }
        var tables = titles.map { title in
            let group = figures.filter { $0.title == title }
            return group.contains { $0.isOneOfMany } ? latencies(title, group) : medians(title, group)
        }
        if !daemons.isEmpty { tables.append(memory) }
        return tables
    }

    /// A row for each operation, a column for each means.
    private func medians(_ title: String, _ figures: [Figure]) -> Table {
        let subjects = Figure.Subject.allCases.filter { subject in figures.contains { $0.subject == subject } }
        let others = subjects.filter { $0 != .mount }
        var table = Table(
            title: title, columns: [""] + subjects.map(\.rawValue) + others.map { "mount / " + $0.rawValue })
        var operations: [String] = []
        for figure in figures where !operations.contains(figure.key.operation) {
            operations.append(figure.key.operation)
        }
        for operation in operations {
            let row = figures.filter { $0.key.operation == operation }
            let times = subjects.map { subject in
                row.first { $0.subject == subject }.map { Table.milliseconds($0.median) } ?? ""
            }
            let ratios = row.first { $0.subject == .mount }?.ratios ?? [:]
            table.rows.append([operation] + times + others.map { ratios[$0.rawValue].map(Table.ratio) ?? "" })
        }
        return table
    }

    /// A row for each means: of something small that was done many times, the slow ones count too.
    private func latencies(_ title: String, _ figures: [Figure]) -> Table {
        let isAlone = figures.allSatisfy { $0.subject == .mount }
        var table = Table(
            title: title, columns: ["", "median", "p99", "longest", "of"] + (isAlone ? [] : ["mount / this"]))
        for figure in figures {
            let mount = figures.first { $0.key == figure.key && $0.subject == .mount }
            let ratio = mount.map { $0.median / max(figure.median, 1e-6) }
            let times = [figure.median, figure.p99, figure.maximum].map(Table.milliseconds)
            table.rows.append(
                [figure.key.operation + ", " + figure.subject.rawValue] + times + ["\(figure.count)"]
                    + (isAlone ? [] : [figure.subject == .mount ? "" : ratio.map(Table.ratio) ?? ""]))
        }
        return table
    }

    private var memory: Table {
        var table = Table(
            title: "The daemon",
            columns: ["after", "peak", "resident", "read", "share of the database", "from the disk, cold", "share"])
        let size = Double(max(history.databaseBytes, 1))
        for daemon in daemons {
            table.rows.append([
                daemon.operation, Table.megabytes(daemon.peak), Table.megabytes(daemon.resident),
                Table.megabytes(daemon.read), Table.ratio(Double(daemon.read) / size),
                daemon.fetched.map(Table.megabytes) ?? "",
                daemon.fetched.map { Table.ratio(Double($0) / size) } ?? "",
            ])
        }
        return table
    }

    /// What the mount took then and takes now.
    func comparison(with earlier: Report) -> Table {
        var table = Table(
            title: "Since the earlier run", columns: ["", "then", "now", "now / then", "against", "ratio then", "now"])
        for figure in figures where figure.subject == .mount {
            guard let before = earlier.figures.first(where: { $0.key == figure.key && $0.subject == .mount }) else {
                continue
            }
            // Machines and days differ: the ratio to what was measured beside it tells more than the time.
            let other = Figure.Subject.allCases.first { figure.ratios[$0.rawValue] != nil && $0 != .nothing }
            table.rows.append([
                figure.title + ": " + figure.key.operation, Table.milliseconds(before.median),
                Table.milliseconds(figure.median), Table.ratio(figure.median / max(before.median, 1e-6)),
                other?.rawValue ?? "", other.flatMap { before.ratios[$0.rawValue] }.map(Table.ratio) ?? "",
                other.flatMap { figure.ratios[$0.rawValue] }.map(Table.ratio) ?? "",
            ])
        }
        return table
    }
}

extension Figure {
    fileprivate var title: String {
        key.state.isEmpty ? key.section : key.section + ", " + key.state
    }

    /// Whether the samples are of single calls and not of rounds.
    fileprivate var isOneOfMany: Bool {
        key.state.isEmpty && count >= 20
    }
}
