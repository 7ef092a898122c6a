internal import SQL

/// What rows become when items are put back.
///
/// What was done last is undone first. Each time a row must be as that removal or save left it, in the database or by what
/// has been undone so far: whatever somebody else has made of it since stays. All that is worked out before anything is
/// written; then each row is written once.
///
/// A removal also changes rows that stay: a session's counter and time, a reference that the database cleared. Where these
/// have changed since they are let be. A save is undone as a whole or not at all.
struct RowStates {
    private let connection: any SQLConnection
    private let trash: any SQLConnection
    private let schema: SQLSchema
    /// The tables of which more than removals is to be undone: only of these each row is kept track of.
    private let tracked: Set<String>
    private var states: [RowKey: State] = [:]
    /// Rows of saves that are as they were before: a save was cut short, or somebody was quicker.
    private(set) var present = 0

    private struct State {
        enum Base {
            /// The row that stands in the database.
            case stored
            /// The one that a record of the trash holds.
            case record(Int64)
            case absent
        }

        var base = Base.stored
        /// The records to insert: more than one where a removal was cut short and done again.
        var records: [Int64] = []
        /// What its columns are to be, where that is other.
        var columns: [String: SQLValue] = [:]
        /// Whether the row that stands in the database goes.
        var isVacated = false
        /// Whether somebody else has changed what a removal left.
        var isForeign = false
        /// Whether a save changed it.
        var isSaved = false
    }

    init(
        of items: [TrashBatch.Item], connection: any SQLConnection, trash: any SQLConnection, schema: SQLSchema
    ) throws(SQLError) {
        self.connection = connection
        self.trash = trash
        self.schema = schema
        var tracked: Set<String> = []
        for item in items {
            let kind = Trash.RecordKind.removed.rawValue
            for origin in try trash.column("SELECT origin FROM record WHERE item = \(item.id) AND kind <> \(kind)") {
                tracked.insert(String(decoding: origin.bytes ?? [], as: UTF8.self))
            }
        }
        self.tracked = tracked
    }

    /// Undoes an item; a newer one has been undone before.
    ///
    /// - Returns: why it cannot be.
    mutating func undo(_ item: TrashBatch.Item) throws(SQLError) -> RestoreError? {
        var (unchanged, left): ([String: Trash.Stored], [String: Trash.Stored]) = ([:], [:])
        for record in try Trash.records(of: item.id, reading: trash) {
            if record.kind == .removed {
                try noteRemoved(record.id, record.table)
                continue
            }
            let fields = try Trash.stored(of: record.id, reading: trash)
            if let lost = fields.keys.sorted().first(where: { !schema.has($0, in: record.table) }) {
                // A counter in a table or column that is gone since has nothing to be put back into.
                if item.kind == .removed { continue }
                return .otherSchema(item, missing: "\(record.table).\(lost)")
            }
            switch record.kind {
            case .unchanged: unchanged = fields
            case .left: left = fields
            case .changed:
                let isStrict = item.kind == .replaced
                let isUndone = try undo(
                    record.table, found: unchanged, left: left, before: fields.compactMapValues(\.value), isStrict,
                    mayBeDone: isStrict ? true : try hasNotHappened(item))
                if !isUndone, isStrict { return .taken(item, table: record.table) }
            case .added:
                guard try take(record.table, fields) else { return .taken(item, table: record.table) }
            case .removed: break
            }
        }
        return nil
    }

    private mutating func noteRemoved(_ record: Int64, _ table: String) throws(SQLError) {
        guard let key = try key(ofRemoved: record, table) else { return }
        var state = states[key] ?? State()
        if state.records.isEmpty {
            state.base = .record(record)
            state.columns = [:]
        }
        state.records.append(record)
        states[key] = state
    }

    /// - Parameter mayBeDone: whether a row that is as it was before says that there is nothing to undo. A counter may be
    ///   so because others have counted on.
    /// - Returns: whether the row is, or already was, what it was before.
    private mutating func undo(
        _ table: String, found: [String: Trash.Stored], left: [String: Trash.Stored], before: [String: SQLValue],
        _ isStrict: Bool, mayBeDone: Bool
    ) throws(SQLError) -> Bool {
        let row = key(table, found.compactMapValues(\.value))
        guard !row.columns.isEmpty else { return false }
        var state = states[row] ?? State()
        if state.isForeign, !isStrict { return false }
        if try holds(row, found.merging(left) { _, left in left }) {
            state.columns.merge(before) { _, before in before }
            state.isSaved = state.isSaved || isStrict
            states[row] = state
            return true
        }
        let former = before.filter { !Trash.timesOfChange.contains($0.key) }.mapValues { Trash.Stored.value($0) }
        if mayBeDone, try holds(row, found.merging(former) { _, former in former }) {
            present += isStrict ? 1 : 0
            return true
        }
        state.isForeign = true
        if !isStrict {
            // Then not even what newer removals left can be put back: the database counts what comes back by itself.
            for column in left.keys { state.columns[column] = nil }
            if state.columns.keys.allSatisfy({ Trash.timesOfChange.contains($0) }) { state.columns = [:] }
        }
        states[row] = state
        return false
    }

    /// Whether a removal was filed and then cut short: its rows stand in the database.
    private func hasNotHappened(_ item: TrashBatch.Item) throws(SQLError) -> Bool {
        for record in try Trash.records(of: item.id, reading: trash) where record.kind == .removed {
            let key = primaryKey(record.table, try keyValues(ofRemoved: record.id, record.table))
            if let key { return try connection.exists("SELECT 1 \(key.condition)") }
        }
        return false
    }

    /// Takes away a row that a save added.
    ///
    /// - Returns: false where it is not as the save left it.
    private mutating func take(_ table: String, _ fields: [String: Trash.Stored]) throws(SQLError) -> Bool {
        let row = key(table, fields.compactMapValues(\.value))
        if try !holds(row, [:]) { return true }
        guard try holds(row, fields) else { return false }
        let isStored = if case .stored = states[row]?.base ?? .stored { true } else { false }
        states[row] = State(base: .absent, isVacated: isStored || states[row]?.isVacated == true)
        return true
    }

    /// Whether a row is there and holds some values, as far as all has been undone.
    private func holds(_ row: RowKey, _ wanted: [String: Trash.Stored]) throws(SQLError) -> Bool {
        let state = states[row] ?? State()
        var known = state.columns
        switch state.base {
        case .absent: return false
        case .record(let record):
            known.merge(try Trash.stored(of: record, reading: trash).compactMapValues(\.value)) { known, _ in known }
            return wanted.allSatisfy { column, value in known[column].map { value.recognises($0) } ?? false }
        case .stored:
            for (column, value) in wanted {
                if let now = known[column], !value.recognises(now) { return false }
            }
            let others = wanted.filter { known[$0.key] == nil }
            let equal = row.columns.merging(others.compactMapValues(\.value)) { key, _ in key }
            let table = SQLIdentifier(row.table)
            guard
                try connection.integer("SELECT count(*) FROM \(table) WHERE \(equal.equality) \(SQLFragment.locked)")
                    == 1
            else {
                return false
            }
            for (column, value) in others where value.value == nil {
                let now = try connection.column("SELECT \(SQLIdentifier(column)) \(row.condition)").first ?? .null
                if !value.recognises(now) { return false }
            }
            return true
        }
    }

    /// By what a row is found: its primary key where the table has one, else all that is known not to change.
    private func key(_ table: String, _ values: [String: SQLValue]) -> RowKey {
        primaryKey(table, values) ?? RowKey(table, values)
    }

    private func primaryKey(_ table: String, _ values: [String: SQLValue]) -> RowKey? {
        let names = keyColumns(of: table)
        let columns = values.filter { names.contains($0.key) && $0.value != .null }
        return !names.isEmpty && columns.count == names.count ? RowKey(table, columns) : nil
    }

    private func keyColumns(of table: String) -> [String] {
        (schema.tables[table] ?? []).filter(\.isKey).map(\.name)
    }

    /// By what a row that was removed is found; nil where nothing tells it from others.
    private func key(ofRemoved record: Int64, _ table: String) throws(SQLError) -> RowKey? {
        guard tracked.contains(table) else { return nil }
        return primaryKey(table, try keyValues(ofRemoved: record, table))
    }

    private func keyValues(ofRemoved record: Int64, _ table: String) throws(SQLError) -> [String: SQLValue] {
        var values: [String: SQLValue] = [:]
        for name in keyColumns(of: table) {
            values[name] = try trash.column("SELECT value FROM field WHERE record = \(record) AND name = \(name)").first
        }
        return values
    }
}

// MARK: Writing

extension RowStates {
    /// Whether a row that was removed is to be there in the end.
    func isWanted(_ record: Int64, _ table: String) throws(SQLError) -> Bool {
        guard let key = try key(ofRemoved: record, table) else { return true }
        return states[key]?.records.contains(record) ?? true
    }

    /// Deletes the rows that are in the way.
    ///
    /// - Returns: how many.
    func vacate() throws(SQLError) -> Int {
        var count = 0
        for (row, state) in states where state.isVacated { count += try connection.run("DELETE \(row.condition)") }
        return count
    }

    /// Makes the rows that stay what they were.
    ///
    /// - Returns: how many of those that a save changed.
    func update() throws(SQLError) -> Int {
        var count = 0
        for (row, state) in states where !state.columns.isEmpty {
            if case .absent = state.base { continue }
            let table = SQLIdentifier(row.table)
            let whole = row.columns.merging(state.columns) { key, _ in key }
            guard try !connection.exists("SELECT 1 FROM \(table) WHERE \(whole.equality) \(SQLFragment.locked)") else {
                continue
            }
            let changed = try connection.update(row, to: state.columns)
            if state.isSaved { count += changed }
        }
        return count
    }
}
