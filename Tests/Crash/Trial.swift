import DemoHistory
import Foundation
import TestSupport

/// Rounds of one family on one kind of disk: work, die at a random moment, look.
final class Trial {
    let text: HistoryText
    let disk: Disk
    private let arena: Arena
    private let options: Options
    private var random: SeededGenerator
    private(set) var report: Report
    /// What the mount shows when a round begins; nil where a new history has to be made.
    private var start: (ledger: Ledger, rows: HistoryRows)?
    private var nextNumber = 10_000

    /// Rounds after which the history is made anew, so that it stays small.
    private static let renewal = 40

    init(_ family: TestFamily, _ disk: Disk, _ options: Options) throws {
        text = HistoryText(family: family)
        self.disk = disk
        self.options = options
        random = SeededGenerator(
            seed: options.seed &+ UInt64(family.rawValue.utf8.first ?? 0) &+ UInt64(disk.rawValue.utf8.count))
        report = Report(family: family.rawValue, disk: disk.rawValue)
        arena = try Arena(program: options.program, disk: disk)
    }

    /// - Parameter progress: told after each round; false ends the trial.
    func run(_ progress: (Report) -> Bool) throws {
        let begin = ContinuousClock.now
        while report.rounds < options.rounds, report.faults.count < options.limit {
            try round()
            report.rounds += 1
            report.seconds = (ContinuousClock.now - begin) / .seconds(1)
            guard progress(report) else { return }
        }
    }

    private func begin() throws -> (ledger: Ledger, rows: HistoryRows) {
        if let start, !report.rounds.isMultiple(of: Self.renewal) { return start }
        try arena.clear()
        let marks = try text.makeHistory(at: arena.database, sessions: 5, messages: 8)
        let rows = try HistoryRows(arena.database, text.family)
        arena.sync()
        try arena.start()
        return (Ledger(messages: marks, sessions: rows.sessions), rows)
    }

    private func round() throws {
        let (ledger, rows) = try begin()
        start = nil
        let workers = try workUntilDeath(ledger)
        try arena.wakeUp()

        var after = Ledger()
        after.merge(ledger)
        for worker in workers { after.merge(worker.ledger) }
        let found = try HistoryRows(arena.database, text.family)
        let trash = try Inspection.trash(arena.trash)
        let inspection = Inspection(after, found, trash: trash, text)
        note(workers, inspection)
        var problems = workers.flatMap(\.faults) + inspection.faults
        if problems.isEmpty {
            let (next, more) = try goOn(inspection, since: rows)
            problems = more
            start = next
        }
        guard !problems.isEmpty else { return }
        start = nil
        tell(problems, workers)
    }

    /// Lets two workers loose on the mount, and takes it away from them.
    private func workUntilDeath(_ ledger: Ledger) throws -> [Worker] {
        // Half of the deaths come a moment after a call that may change something, the others whenever.
        let isAimed = Bool.random(using: &random)
        let doom = Doom(atCall: isAimed ? Int.random(in: 1...25, using: &random) : .max, isPowerCut: disk != .plain)
        let sessions = ledger.sessions.keys.sorted()
        let done = DispatchSemaphore(value: 0)
        let workers = (0..<2).map { number in
            let own = Set(sessions.indices.filter { $0 % 2 == number }.map { sessions[$0] })
            let worker = Worker(
                text, mountpoint: arena.mountpoint,
                ledger: Ledger(
                    messages: Dictionary(
                        uniqueKeysWithValues: own.flatMap { ledger.known(in: $0).map { ($0.key, $0.mark) } }),
                    sessions: ledger.sessions.keys.reduce(into: [:]) { homes, session in
                        if own.contains(session) { homes[session] = ledger.home(of: session) }
                    }),
                tasks: options.tasks, prefix: "r\(report.rounds)w\(number)", firstNumber: nextNumber,
                seed: random.next(), doom: doom, isLiar: options.defect == "lie")
            nextNumber += 5000
            let thread = Thread {
                worker.run()
                done.signal()
            }
            thread.stackSize = 4 << 20
            thread.start()
            return worker
        }
        doom.wait(atMost: isAimed ? 0.3 : Double.random(in: 0...0.15, using: &random))
        if isAimed { usleep(UInt32.random(in: 0...15_000, using: &random)) }
        // From here on an error is no fault.
        doom.come()
        try arena.die()
        for _ in workers where done.wait(timeout: .now() + 30) == .timedOut {
            throw TrialFailure("a program waits for ever in a call to a mount that is gone")
        }
        return workers
    }

    /// Restores what was removed, now and then, and mounts again.
    private func goOn(
        _ inspection: Inspection, since rows: HistoryRows
    ) throws -> (start: (ledger: Ledger, rows: HistoryRows)?, problems: [String]) {
        var current = inspection.rows
        var problems: [String] = []
        let turn = report.rounds % 3
        if turn == 2 {
            let (ids, expected) = inspection.restorable(rows)
            if !ids.isEmpty {
                let run = try arena.restore(ids)
                current = try HistoryRows(arena.database, text.family)
                if run.status != 0 { problems.append("restore \(ids): \(run.errors)") }
                problems += current.faults + Inspection.differences(rows, current, expected)
                report.restored += expected.values.reduce(0) { $0 + $1.count }
            }
        }
        // What is restored by its id is all that the trash has of it: not more than this round's.
        if turn > 0 { try arena.clearState() }
        let ledger = inspection.settled(current)
        arena.sync()
        try arena.start()
        problems += try Inspection.differences(
            mountpoint: arena.mountpoint, current, ledger, text, all: report.rounds.isMultiple(of: 8),
            touched: Set(inspection.ledger.touches.keys))
        return ((ledger, current), problems)
    }

    private func note(_ workers: [Worker], _ inspection: Inspection) {
        report.acknowledged += workers.reduce(0) { $0 + $1.acknowledged }
        if workers.contains(where: \.isInterrupted) { report.interrupted += 1 }
        report.undone += inspection.undone
        report.done += inspection.done
        report.inTrash += inspection.inTrash
    }

    private func tell(_ problems: [String], _ workers: [Worker]) {
        let round = "\(report.family) \(report.disk), round \(report.rounds)"
        report.faults.append("\(round): \(problems[0])")
        var text = "\(round): \(problems[0])\n" + problems.dropFirst().prefix(5).map { "  \($0)\n" }.joined()
        for (number, worker) in workers.enumerated() {
            text += "  worker \(number) did:\n" + worker.journal.suffix(12).map { "    \($0)\n" }.joined()
        }
        say(text, end: "")
        if let folder = options.evidence { try? arena.keepEvidence(at: "\(folder)/\(round)") }
    }
}
