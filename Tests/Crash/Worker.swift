import Foundation
import Synchronization
import TestSupport

/// When the program is to die, and whether it has: between the workers and whoever kills.
final class Doom: Sendable {
    private let calls = Atomic(0)
    private let killed = Atomic(false)
    /// An fsync that the kernel is busy with when a file system is shut down may end well although its journal never
    /// reaches the disk: so it is with SQLite alone, in one cut of ten. Real power takes the program with it. So an answer
    /// counts only if it came before the cut began.
    let isPowerCut: Bool
    private let target: Int
    private let reached = DispatchSemaphore(value: 0)

    /// - Parameter target: the call that may change something, by its number, after which to kill.
    init(atCall target: Int, isPowerCut: Bool) {
        self.target = target
        self.isPowerCut = isPowerCut
    }

    /// A call is about to be made that may change the history.
    func noteCall() {
        if calls.wrappingAdd(1, ordering: .relaxed).newValue == target { reached.signal() }
    }

    /// Waits for the call, but not for ever.
    func wait(atMost seconds: Double) {
        _ = reached.wait(timeout: .now() + seconds)
    }

    var hasCome: Bool { killed.load(ordering: .acquiring) }

    func come() {
        killed.store(true, ordering: .releasing)
    }
}

/// A program that works on some sessions of the mount until it dies.
///
/// Unchecked Sendable: one thread runs it, and whoever made it looks at it when that has ended.
final class Worker: @unchecked Sendable {
    /// What it can do, and how often beside the others.
    enum Task: String, CaseIterable, Sendable {
        case save, replace, vim, create, remove, install, move, copy, empty

        var weight: Int {
            switch self {
            case .save, .replace, .vim: 6
            case .create, .remove, .install: 4
            case .move: 2
            case .copy, .empty: 2
            }
        }
    }

    let text: HistoryText
    let mountpoint: String
    let doom: Doom
    let tasks: [Task]
    /// Part of every new id, so that no two workers or rounds make the same.
    let prefix: String
    var random: SeededGenerator
    var ledger: Ledger

    /// What it has done last, for whoever asks what went wrong.
    var journal: [String] = []
    /// Calls that changed something and were acknowledged.
    private(set) var acknowledged = 0
    /// Whether the program died while a call was made that may change something.
    private(set) var isInterrupted = false
    /// Answers that a healthy program does not give.
    private(set) var faults: [String] = []
    var hasLied = false
    let isLiar: Bool
    private var nextNumber: Int

    /// - Parameter sessions: those of the ledger that are its own.
    init(
        _ text: HistoryText, mountpoint: String, ledger: Ledger, tasks: [Task], prefix: String, firstNumber: Int,
        seed: UInt64, doom: Doom, isLiar: Bool
    ) {
        self.text = text
        self.mountpoint = mountpoint
        self.ledger = ledger
        self.tasks = tasks.flatMap { Array(repeating: $0, count: $0.weight) }
        self.prefix = prefix
        self.doom = doom
        self.isLiar = isLiar
        nextNumber = firstNumber
        random = SeededGenerator(seed: seed)
    }

    /// Works until the mount is gone.
    func run() {
        while !doom.hasCome {
            do {
                try perform(tasks[Int.random(in: tasks.indices, using: &random)])
            } catch let error as CallError {
                if doom.hasCome || error.isDeath { return }
                faults.append("\(error)")
                return
            } catch {
                faults.append("\(error)")
                return
            }
        }
    }

    private func perform(_ task: Task) throws {
        let standing = ledger.sessions.keys.filter { ledger.home(of: $0) != nil }.sorted()
        guard let session = pick(standing), let home = ledger.home(of: session) else { return try copySession() }
        let messages = ledger.known(in: session)
        guard let (key, mark) = pick(messages) else { return try createMessage(in: session, home) }
        journal.append("\(task) \(task == .create ? session : "\(key)")")
        switch task {
        case .save: try save(key, mark, home)
        case .replace: try replace(key, mark, home)
        case .vim: try saveAsVim(key, mark, home)
        case .create: try createMessage(in: session, home)
        case .remove:
            if messages.count > 3 { try remove(key, mark, home) } else { try createMessage(in: session, home) }
        case .install: try install(key, mark, home)
        case .move: try move(session, home)
        case .copy: if standing.count < 6 { try copySession() } else { try empty(session, home) }
        case .empty: if standing.count > 2 { try empty(session, home) } else { try copySession() }
        }
    }

    // MARK: Calls that change the history

    /// Makes a call after which a message has another fate.
    func change(_ key: MessageKey, to fate: Ledger.Fate, _ call: () throws -> Void) throws {
        ledger.expect(key, fate)
        try attempt("\(key) \(fate)", call)
        ledger.settle(key, fate)
        acknowledged += 1
    }

    /// Makes a call after which a session has another fate.
    func change(_ session: String, to fate: Ledger.SessionFate, _ call: () throws -> Void) throws {
        ledger.expect(session, fate)
        try attempt("\(session) \(fate)", call)
        ledger.settle(session, fate)
        acknowledged += 1
    }

    private func attempt(_ words: String, _ call: () throws -> Void) throws {
        journal.append("  \(words) …")
        isInterrupted = true
        doom.noteCall()
        do { try call() } catch {
            journal.append("  … \(error)")
            if let error = error as? CallError, !doom.hasCome, !error.isDeath { isInterrupted = false }
            throw error
        }
        if doom.isPowerCut, doom.hasCome {
            journal[journal.count - 1] += " done, as death came"
            throw CallError("too late", words, ENOTCONN)
        }
        isInterrupted = false
        journal[journal.count - 1] += " done"
    }

    func newMark() -> Mark {
        nextNumber += 1
        return Mark(number: nextNumber)
    }

    func path(_ home: Home, _ session: String) -> String {
        "\(mountpoint)/\(home.path)/\(session)"
    }

    func path(_ key: MessageKey, _ home: Home) -> String {
        "\(path(home, key.session))/messages/\(key.id).json"
    }

    func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[Int.random(in: elements.indices, using: &random)]
    }
}
