internal import SQL
internal import SessionModel
internal import Timing

/// Works out which rows a removal takes, files them in the trash and deletes them (rules D1 to D3).
///
/// Each step is for a transaction of the caller's: what is planned and filed in one that reads may be executed in one
/// that writes, as long as nothing was committed in between.
protocol RowRemover {
    associatedtype Schema: StoreSchema

    var connection: any SQLConnection { get }
    var schema: Schema { get }

    /// The column of a table that holds what people and models said, up to hundreds of megabytes. Such a table has an
    /// `id`.
    static var longTexts: [String: String] { get }

    /// Whether what one message's removal files is the same, whatever other messages have been removed by then.
    static var filesAhead: Bool { get }

    init(connection: any SQLConnection, schema: Schema)

    /// What there is to do to remove a message, or why it will not be done.
    func planMessage(_ id: Message.ID, of session: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError>

    /// What there is to do to remove a session that has no messages, or why it will not be done.
    func planSession(_ id: Session.ID) throws(SQLError) -> Result<RemovalPlan, StoreError>
}

/// What one removal does.
struct RemovalPlan {
    let subject: Trash.Subject
    /// What is deleted, in this order.
    let targets: [RowSet]
    /// Rows that stay and that the database's triggers change.
    var touched: [Touch] = []
    /// What has to happen in the same transaction before anything is deleted.
    var preparation: [SQLQuery] = []

    /// A row that the removal of others changes.
    struct Touch {
        let rows: RowSet
        let column: String
        /// What the column will be. Of the others only those change that say when the row did.
        let result: (_ before: SQLValue) -> SQLValue
    }
}

/// Rows of one table with one value in one column.
struct RowSet: Hashable {
    let table: String
    let column: String
    let value: SQLValue

    var condition: SQLQuery {
        "FROM \(SQLIdentifier(table)) WHERE \(SQLFragment.equal(SQLIdentifier(column), value))"
    }
}

/// A removal that is ready to be filed and executed.
struct PlannedRemoval<Remover: RowRemover>: RowPlan {
    let remover: Remover
    let plan: RemovalPlan

    func file(in drawer: Trash.Drawer, isLocked: Bool) throws(SQLError) -> [Int64] {
        let claim = try drawer.claim(plan.subject, isLocked: isLocked) { () throws(SQLError) in
            let rows = Trash.FiledRows()
            try remover.file(plan, in: Trash.Deposit(connection: nil, item: 0, rows: rows))
            return rows
        }
        if case .item(let item) = claim { return [item] }
        // A prediction that was wrong is no reason for another.
        guard case .none = claim, !isLocked, Remover.filesAhead else { return try file(in: drawer, isLocked, []) }
        let successors = drawer.successors
        do throws(SQLError) {
            return try file(in: drawer, isLocked, successors)
        } catch {
            // The trash may have no room for all of them, or one cannot be read: that is no reason not to remove this one.
            guard !successors.isEmpty, remover.connection.patience.verdict == nil else { throw error }
            return try file(in: drawer, isLocked, [])
        }
    }

    /// Files, and with it what will probably be removed next.
    private func file(
        in drawer: Trash.Drawer, _ isLocked: Bool, _ successors: [Writing.Successor]
    ) throws(SQLError) -> [Int64] {
        try drawer.deposit(isLocked: isLocked) { (tray) throws(SQLError) in
            try remover.file(plan, in: tray.item(plan.subject))
            for next in successors {
                let subject = Trash.Subject.message(next.message, of: next.session)
                guard case .success(let plan) = try remover.plan(subject) else { continue }
                let goesOn = try tray.fileAhead(subject, path: next.path) { (deposit) throws(SQLError) in
                    try remover.file(plan, in: deposit)
                }
                guard goesOn else { return }
            }
        }
    }

    func execute() throws(SQLError) -> StoreError? {
        for query in plan.preparation { try remover.connection.run(query) }
        for target in plan.targets { try remover.connection.run("DELETE \(target.condition)") }
        return nil
    }

    func isExecuted(on connection: any SQLConnection) throws(SQLError) -> Bool {
        for target in plan.targets where try connection.exists("SELECT 1 \(target.condition) \(SQLFragment.locked)") {
            return false
        }
        return true
    }
}

extension StoreConnection {
    /// Removes, once the trash has the rows.
    func remove<Remover: RowRemover>(
        _ subject: Trash.Subject, _ removal: Writing, by _: Remover.Type
    ) throws(StoreError) where Remover.Schema == Schema {
        try write(removal) { (connection, schema) throws(SQLError) in
            let remover = Remover(connection: connection, schema: schema)
            return try remover.plan(subject).map { PlannedRemoval(remover: remover, plan: $0) }
        }
    }
}

extension RowRemover {
    /// What there is to do, or why it will not be done.
    func plan(_ subject: Trash.Subject) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        switch subject {
        case .message(let id, let session): try planMessage(id, of: session)
        case .session(let id): try planSession(id)
        case .project: .failure(.notAllowed(reason: "a project is not removed"))
        }
    }

    /// Columns that triggers set to the time of any change of a row.
    private var timeColumns: Set<String> { ["updated_at"] }

    private var filing: RowFiling {
        RowFiling(connection: connection, tables: schema.tables, longTexts: Self.longTexts)
    }

    /// Files the rows in the trash.
    fileprivate func file(_ plan: RemovalPlan, in deposit: Trash.Deposit) throws(SQLError) {
        for touch in plan.touched { try note(touch, in: deposit) }
        // A row goes in before what points at it. A queue, not a recursion: a table may point at itself as often as it
        // likes.
        var queue = Array(plan.targets.reversed())
        var visited = Set(queue)
        var next = 0
        while next < queue.count {
            for set in try collect(queue[next], into: deposit) where visited.insert(set).inserted {
                queue.append(set)
            }
            next += 1
        }
    }

    /// Hands out rows, and takes note of those whose reference to them the database clears.
    ///
    /// - Returns: the rows that the database deletes with them.
    private func collect(_ set: RowSet, into deposit: Trash.Deposit) throws(SQLError) -> [RowSet] {
        // Of what is deleted, only the log of events is not kept: it can be a hundred times the messages.
        guard set.table != "event" else { return [] }
        let columns = filing.columns(of: set.table)
        let references = schema.tables.references.filter { $0.parent == set.table }
        var next: [RowSet] = []
        var cleared: [RowSet] = []
        try filing.removed(set.table, set.condition, in: deposit) { values in
            for reference in references {
                guard let index = columns.firstIndex(of: reference.parentColumn), values[index] != .null else {
                    continue
                }
                let dependents = RowSet(table: reference.table, column: reference.column, value: values[index])
                switch reference.onDelete {
                case .cascade: next.append(dependents)
                case .setNull: cleared.append(dependents)
                case .other: break
                }
            }
        }
        for rows in cleared {
            try note(RemovalPlan.Touch(rows: rows, column: rows.column) { _ in .null }, in: deposit)
        }
        return next
    }

    /// Files what rows are and what will become of them.
    private func note(_ touch: RemovalPlan.Touch, in deposit: Trash.Deposit) throws(SQLError) {
        let isChanging = { (column: String) in column == touch.column || timeColumns.contains(column) }
        try filing.changed(
            touch.rows.table, touch.rows.condition, in: deposit, found: { !isChanging($0) }, changing: isChanging
        ) { row in
            [touch.column: touch.result(row[touch.column] ?? .null)]
        }
    }
}
