import DemoHistory
import Glibc
import SQL
import SQLiteDriver

/// What is found after a death, compared with what may be there.
struct Inspection {
    let text: HistoryText
    let ledger: Ledger
    let rows: HistoryRows
    /// What must not be so, as sentences.
    private(set) var faults: [String]
    /// Changes that were under way, and whether they are in the database.
    private(set) var undone = 0
    private(set) var done = 0
    /// Messages that only the trash has.
    private(set) var inTrash = 0

    init(_ ledger: Ledger, _ rows: HistoryRows, trash: Set<String>, _ text: HistoryText) {
        self.text = text
        self.ledger = ledger
        self.rows = rows
        faults = rows.faults
        for (key, fates) in ledger.messages { check(key, fates, trash) }
        for key in rows.messages.keys where ledger.messages[key] == nil {
            faults.append("\(key) is in the database, and nobody made it")
        }
        for (session, fates) in ledger.sessions { check(session, fates) }
        for session in rows.sessions.keys where ledger.sessions[session] == nil {
            faults.append("\(session) is in the database, and nobody made it")
        }
        for change in ledger.replaced {
            let lost = texts(change.key, change.old).subtracting(texts(change.key, change.new)).subtracting(trash)
            if !lost.isEmpty {
                faults.append("\(change.key): \(change.old), which a save replaced, is not in the trash")
            }
        }
    }

    private func texts(_ key: MessageKey, _ mark: Mark) -> Set<String> {
        Set(text.cells(key, mark).map(\.text))
    }

    private mutating func check(_ key: MessageKey, _ fates: Set<Ledger.Fate>, _ trash: Set<String>) {
        guard let cells = rows.messages[key] else {
            if fates.contains(.unborn) {
                if fates.count > 1 { undone += 1 }
                return
            }
            for case .removed(let mark) in fates {
                if texts(key, mark).isSubset(of: trash) {
                    inTrash += 1
                    if fates.count > 1 { done += 1 }
                } else {
                    faults.append("\(key) is neither in the database nor in the trash as \(mark)")
                }
                return
            }
            faults.append("\(key) is lost; it should say \(Self.words(fates))")
            return
        }
        for case .says(let mark) in fates where text.cells(key, mark) == cells {
            if fates.count > 1 {
                let newest = fates.compactMap { if case .says(let mark) = $0 { mark.number } else { nil } }.max()
                if mark.number == newest, !fates.contains(.removed(mark)) { done += 1 } else { undone += 1 }
            }
            return
        }
        let found = cells.sorted { $0.row < $1.row }.map { "\($0.row).\($0.column): \($0.text.prefix(80))" }
        faults.append("\(key) should be \(Self.words(fates)) and is \(found)")
    }

    private mutating func check(_ session: String, _ fates: Set<Ledger.SessionFate>) {
        if let home = rows.sessions[session] {
            if !fates.contains(.stands(home)) { faults.append("\(session) stands in \(home), not as in \(fates)") }
        } else if !fates.contains(.removed), !fates.contains(.unborn) {
            faults.append("\(session) is lost; it should be one of \(fates)")
        }
    }

    private static func words(_ fates: Set<Ledger.Fate>) -> String {
        fates.map { "\($0)" }.sorted().joined(separator: " or ")
    }

    /// Where the next round begins: what is there.
    func settled(_ rows: HistoryRows) -> Ledger {
        var marks: [MessageKey: Mark] = [:]
        for (key, cells) in rows.messages {
            for fate in ledger.messages[key] ?? [] {
                switch fate {
                case .says(let mark), .removed(let mark): if text.cells(key, mark) == cells { marks[key] = mark }
                case .unborn: break
                }
            }
        }
        return Ledger(messages: marks, sessions: rows.sessions)
    }
}

// MARK: The trash

extension Inspection {
    /// Every text in the trash, read by SQLite alone.
    static func trash(_ path: String) throws -> Set<String> {
        guard Call.exists(path) else { return [] }
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        // The program may have died before it made its tables.
        guard try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'field'") == 1 else { return [] }
        var texts: Set<String> = []
        try connection.rows("SELECT value FROM field WHERE typeof(value) IN ('text', 'blob')") {
            (row) throws(SQLError) in
            texts.insert(String(decoding: row.bytes(at: 0) ?? [], as: UTF8.self))
        }
        return texts
    }

    /// What `opencodefs restore` must bring back so that every byte of every row is as when the round began: ids, and the
    /// rows by table. Things that were only removed.
    func restorable(_ start: HistoryRows) -> (ids: [String], rows: [String: Set<String>]) {
        var ids: [String] = []
        var found: [String: Set<String>] = [:]
        func add(_ key: MessageKey) {
            for cell in start.messages[key] ?? [] {
                for (table, rows) in start.dump where rows[cell.row] != nil {
                    found[table, default: []].insert(cell.row)
                }
            }
        }
        for session in start.sessions.keys.sorted() where !ledger.movedSessions.contains(session) {
            let touched = ledger.touches.filter { $0.key.session == session }
            let removed = touched.keys.filter { touched[$0] == .removed && start.messages[$0] != nil }
            guard !removed.isEmpty || ledger.sessions[session]?.contains(.removed) == true else { continue }
            if touched.values.allSatisfy({ $0 == .removed }) {
                // What was about to be filed when death came is not in the trash.
                guard rows.sessions[session] == nil || removed.contains(where: { rows.messages[$0] == nil }) else {
                    continue
                }
                ids.append(session)
                for (table, rows) in start.dump where rows[session] != nil { found[table, default: []].insert(session) }
                for key in start.messages.keys where key.session == session { add(key) }
            } else if rows.sessions[session] != nil {
                for key in removed where rows.messages[key] == nil {
                    ids.append(key.id)
                    add(key)
                }
            }
        }
        return (ids, found)
    }

    /// Whether rows are, every byte, as they were.
    static func differences(_ start: HistoryRows, _ end: HistoryRows, _ rows: [String: Set<String>]) -> [String] {
        var differences: [String] = []
        for (table, ids) in rows {
            for id in ids where start.dump[table]?[id] != end.dump[table]?[id] {
                let (old, new) = (start.dump[table]?[id] ?? "nothing", end.dump[table]?[id] ?? "nothing")
                differences.append("restored, \(table) \(id) was \(old.prefix(400)) and is \(new.prefix(400))")
            }
        }
        return differences
    }
}

// MARK: The mount

extension Inspection {
    /// What the files of a mount show otherwise than the database.
    static func differences(
        mountpoint: String, _ rows: HistoryRows, _ ledger: Ledger, _ text: HistoryText, all: Bool,
        touched: Set<MessageKey>
    ) throws -> [String] {
        var differences: [String] = []
        for (session, home) in rows.sessions {
            let folder = "\(mountpoint)/\(home.path)/\(session)/messages"
            let expected = rows.messages.keys.filter { $0.session == session }
            let names = try Call.names(in: folder)
            if names != expected.map({ $0.id + ".json" }).sorted() {
                differences.append("\(folder) shows \(names)")
            }
            for key in expected where all || touched.contains(key) {
                let bytes = try Call.contents("\(folder)/\(key.id).json")
                guard let mark = ledger.mark(of: key), text.says(bytes, key, mark) else {
                    differences.append("\(key) is shown as \(String(decoding: bytes.prefix(300), as: UTF8.self))")
                    continue
                }
            }
        }
        for home in Set(rows.sessions.values) {
            let expected = rows.sessions.filter { $0.value == home }.keys.sorted()
            let names = try Call.names(in: "\(mountpoint)/\(home.path)").filter { $0.hasPrefix("ses_") }
            if names != expected { differences.append("\(home) shows \(names), not \(expected)") }
        }
        return differences
    }
}
