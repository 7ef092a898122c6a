internal import SQL
internal import SessionModel
internal import Timing

/// Works out which rows a change writes, as they stand in the transaction it is asked in.
///
/// What replaces or deletes is worked out twice: for the trash, in a transaction that may only read, and again when the rows
/// are written. Nothing is committed in between, so the answers are the same.
protocol RowEditor {
    associatedtype Schema: StoreSchema

    var connection: any SQLConnection { get }
    var schema: Schema { get }

    /// As in ``RowRemover``.
    static var longTexts: [String: String] { get }

    /// The rows that a change writes, in this order; none where they are so already.
    func writes(for change: Change) throws(SQLError) -> Result<[RowWrite], StoreError>

    /// Writes a row.
    func run(_ write: RowWrite) throws(SQLError)

    /// Told when the rows of a change have been written in the transaction.
    func wrote(_ change: Change, _ writes: [RowWrite])
}

/// Changes that are ready to be filed and executed.
struct PlannedSave<Editor: RowEditor>: RowPlan {
    private let editor: Editor
    private let changes: [Change]
    /// What becomes of rows that are there, and of those that join them, by the entity that they belong to.
    private var losses: [(subject: Trash.Subject, rows: RowOutcomes)] = []
    private var outcomes = RowOutcomes()

    private init(_ changes: [Change], by editor: Editor) {
        self.editor = editor
        self.changes = changes
    }

    /// - Returns: why the changes will not be made, if that can be told before.
    static func look(_ changes: [Change], by editor: Editor) throws(SQLError) -> Result<Self?, StoreError> {
        guard !changes.isEmpty else { return .success(nil) }
        var plan = Self(changes, by: editor)
        for change in changes where change.isReplacing {
            switch try editor.writes(for: change) {
            case .success(let writes): plan.note(writes, of: change.subject)
            // What an earlier one of the changes inserts is not there yet. Executing will tell.
            case .failure(.notFound): continue
            case .failure(let error): return .failure(error)
            }
        }
        return .success(plan)
    }

    private mutating func note(_ writes: [RowWrite], of subject: Trash.Subject) {
        let index = losses.firstIndex { $0.subject == subject } ?? losses.endIndex
        if index == losses.endIndex { losses.append((subject, RowOutcomes())) }
        for write in writes { losses[index].rows.note(write) }
    }

    func file(in drawer: Trash.Drawer, isLocked: Bool) throws(SQLError) -> [Int64] {
        let losses = losses.filter { $0.rows.isLoss }
        guard !losses.isEmpty else { return [] }
        return try drawer.deposit(isLocked: isLocked) { (tray) throws(SQLError) in
            for (subject, outcomes) in losses {
                let deposit = try tray.item(subject)
                for row in outcomes.rows { try file(row, outcomes[row], in: deposit) }
            }
        }
    }

    private func file(_ row: RowKey, _ outcome: RowOutcomes.Outcome?, in deposit: Trash.Deposit) throws(SQLError) {
        let filing = RowFiling(
            connection: editor.connection, tables: editor.schema.tables, longTexts: Editor.longTexts)
        switch outcome {
        case .deleted: try filing.removed(row.table, row.condition, in: deposit)
        case .changed(let columns):
            let left = columns.filter { !Trash.timesOfChange.contains($0.key) }
            try filing.changed(
                row.table, row.condition, in: deposit, found: { row.columns[$0] != nil },
                changing: { columns[$0] != nil || Trash.timesOfChange.contains($0) }, left: { _ in left })
        case .inserted(let columns):
            let all = columns.merging(row.columns) { _, key in key }
                .filter { !Trash.timesOfChange.contains($0.key) }.sorted { $0.key < $1.key }
            try deposit.add(
                .added, table: row.table, columns: all.map(\.key), values: all.map(\.value),
                key: Array(row.columns.keys))
        case nil: break
        }
    }

    mutating func execute() throws(SQLError) -> StoreError? {
        for change in changes {
            switch try editor.writes(for: change) {
            case .failure(let error): return error
            case .success(let writes):
                for write in writes {
                    try editor.run(write)
                    outcomes.note(write)
                }
                editor.wrote(change, writes)
            }
        }
        return nil
    }

    func isExecuted(on connection: any SQLConnection) throws(SQLError) -> Bool {
        try outcomes.hold(on: connection)
    }
}

extension StoreConnection {
    /// Changes what `decide` says, once the trash has what that replaces.
    func apply<Editor: RowEditor>(
        _ writing: Writing, _ decide: (any HistorySnapshot) throws(StoreError) -> [Change],
        reading snapshot: (any SQLConnection, Schema) -> any HistorySnapshot,
        by editor: (any SQLConnection, Schema) -> Editor
    ) throws(StoreError) where Editor.Schema == Schema {
        try write(writing) { (connection, schema) throws(SQLError) -> Result<PlannedSave<Editor>?, StoreError> in
            let changes: [Change]
            do throws(StoreError) {
                changes = try decide(snapshot(connection, schema))
            } catch {
                if let lost = error.takenBack(by: connection) { throw lost }
                return .failure(error)
            }
            return try PlannedSave.look(changes, by: editor(connection, schema))
        }
    }
}

extension StoreError {
    /// What a server did to the transaction while somebody decided: it lost the race for a row, or the connection broke. All of
    /// it is to be done again, then; nil where the decision stands.
    fileprivate func takenBack(by connection: any SQLConnection) -> SQLError? {
        guard connection.dialect.locking == .rows else { return nil }
        // A server counts in seconds when somebody waits for a row: in less there is no other attempt.
        if case .busy = self, connection.patience.deadline - .now >= .seconds(1) {
            return SQLError(.contended, message: "another transaction holds the rows")
        }
        // Whoever waits knows what for: see ``StoreConnection/repeating(_:_:)``.
        if case .expired(let reason) = self { return SQLError(.expired, message: reason) }
        if case .unavailable(let reason) = self, connection.isBroken {
            return SQLError(.disconnected, message: reason, isOfServer: true)
        }
        return nil
    }
}

extension RowEditor {
    func run(_ write: RowWrite) throws(SQLError) {
        try connection.run(write.query)
    }

    /// A new row: what it needs must be given, and what is given must have its column.
    ///
    /// - Parameter known: the columns of the table that we would fill if we were asked to.
    func insertion(
        _ row: RowKey, _ columns: [String: SQLValue], known: Set<String>
    ) -> Result<RowWrite, StoreError> {
        let given = columns.filter { $0.value != .null || schema.tables.has($0.key, in: row.table) }
        if let stray = given.keys.sorted().first(where: { !schema.tables.has($0, in: row.table) }) {
            return .failure(.notAllowed(reason: "this database has no \(row.table).\(stray)"))
        }
        for column in schema.tables.tables[row.table] ?? [] where column.isRequired {
            guard (row.columns[column.name] ?? given[column.name] ?? .null) == .null else { continue }
            let name = "\(row.table).\(column.name)"
            return .failure(
                known.contains(column.name)
                    ? .notAllowed(reason: "\(name) has no value")
                    : .readOnly(reason: "a new row needs \(name), which this opencodefs does not know"))
        }
        return .success(.insert(row, given))
    }

    /// Those of the columns that are other than in the row; nil where there is no row.
    func differing(_ row: RowKey, _ columns: [String: SQLValue]) throws(SQLError) -> [String: SQLValue]? {
        let names = columns.keys.sorted()
        let list = SQLQuery.joined(
            ["1"] + names.map { "\(SQLFragment.identical(SQLIdentifier($0), columns[$0] ?? .null))" }, separator: ", ")
        var result: [String: SQLValue]?
        try connection.rows("SELECT \(list) \(row.condition) \(SQLFragment.locked)") { (found) throws(SQLError) in
            let other = names.indices.filter { found.integer(at: $0 + 1) != 1 }.map { names[$0] }
            result = Dictionary(other.map { ($0, columns[$0] ?? .null) }) { first, _ in first }
        }
        return result
    }

    /// An update of what is other in a row; none where nothing is.
    ///
    /// - Parameter time: when it changes, where the row is to say so and no other time is given. It is written with anything
    ///   else, also where it stands there: a trigger would set another.
    func update(
        _ row: RowKey, _ columns: [String: SQLValue], time: (column: String, value: SQLValue)? = nil
    ) throws(SQLError) -> Result<[RowWrite], StoreError> {
        let given = columns.filter { $0.value != .null || schema.tables.has($0.key, in: row.table) }
        if let stray = given.keys.sorted().first(where: { !schema.tables.has($0, in: row.table) }) {
            return .failure(.notAllowed(reason: "this database has no \(row.table).\(stray)"))
        }
        guard var other = try differing(row, given) else { return .failure(.notFound) }
        guard !other.isEmpty else { return .success([]) }
        if let time, schema.tables.has(time.column, in: row.table) {
            other[time.column] = given[time.column] ?? time.value
        }
        return .success([.update(row, other)])
    }

    func exists(_ row: RowKey) throws(SQLError) -> Bool {
        try connection.exists("SELECT 1 \(row.condition) \(SQLFragment.locked)")
    }
}

extension [Assignment] {
    /// The columns but for some; of one that is named twice the last value.
    func values(without left: Set<String> = []) -> [String: SQLValue] {
        Dictionary(filter { !left.contains($0.column) }.map { ($0.column, SQLValue($0.value)) }) { _, last in last }
    }
}

extension Change {
    /// Whether it changes rows that are there. New ones take nothing away, and a time is no text of anybody's.
    var isReplacing: Bool {
        switch self {
        case .updateMessage, .updateSession, .updateProject, .replaceTodos: true
        case .insertMessage, .insertSession, .insertProject, .touchMessage, .touchTodos: false
        }
    }

    var subject: Trash.Subject {
        switch self {
        case .insertMessage(let message): .message(message.id, of: message.session)
        case .updateMessage(let id, let session, _), .touchMessage(let id, let session, _): .message(id, of: session)
        case .insertSession(let id, _), .updateSession(let id, _), .replaceTodos(let id, _), .touchTodos(let id, _):
            .session(id)
        case .insertProject(let id, _), .updateProject(let id, _): .project(id)
        }
    }
}

extension RowOutcomes {
    /// Whether something is replaced or deleted.
    var isLoss: Bool {
        rows.contains { row in
            switch self[row] {
            case .deleted, .changed: true
            case .inserted: row.table == "part"
            case nil: false
            }
        }
    }
}

extension Trash {
    /// Columns that say when a row changed: the database or we set them, and no two saves agree on them.
    static let timesOfChange: Set = ["updated_at", "time_updated"]
}
