internal import SQL
internal import SessionModel

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
        "FROM \(SQLIdentifier(table)) WHERE \(SQLIdentifier(column)) = \(value)"
    }
}

extension RowRemover {
    /// What there is to do, or why it will not be done.
    func plan(_ subject: Trash.Subject) throws(SQLError) -> Result<RemovalPlan, StoreError> {
        switch subject {
        case .message(let id, let session): try planMessage(id, of: session)
        case .session(let id): try planSession(id)
        }
    }

    /// Columns that triggers set to the time of any change of a row.
    private var timeColumns: Set<String> { ["updated_at"] }

    /// Files the rows in the trash, durably.
    ///
    /// - Returns: the number of the item.
    func file(_ plan: RemovalPlan, in trash: Trash.Drawer, isLocked: Bool) throws(SQLError) -> Int64 {
        try trash.deposit(plan.subject, isLocked: isLocked) { (deposit) throws(SQLError) in
            for touch in plan.touched { try note(touch, in: deposit) }
            // A row goes in before what points at it. A queue, not a recursion: a table may point at itself as often as
            // it likes.
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
    }

    func execute(_ plan: RemovalPlan) throws(SQLError) {
        for query in plan.preparation { try connection.run(query) }
        for target in plan.targets { try connection.run("DELETE \(target.condition)") }
    }

    /// Hands out rows, and takes note of those whose reference to them the database clears.
    ///
    /// - Returns: the rows that the database deletes with them.
    private func collect(_ set: RowSet, into deposit: Trash.Deposit) throws(SQLError) -> [RowSet] {
        // Of what is deleted, only the log of events is not kept: it can be a hundred times the messages.
        guard set.table != "event" else { return [] }
        let columns = columns(of: set.table)
        let references = schema.tables.references.filter { $0.parent == set.table }
        var next: [RowSet] = []
        var cleared: [RowSet] = []
        try rows(of: set, columns) { (values, long) throws(SQLError) in
            try deposit.add(.removed, table: set.table, columns: columns, values: values, long: long) {
                (range) throws(SQLError) in
                let key = columns.firstIndex(of: "id").map { values[$0] } ?? .null
                return try piece(range, of: long?.column ?? "", in: set.table, key)
            }
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
        let columns = columns(of: touch.rows.table)
        try rows(of: touch.rows, columns) { (values, _) throws(SQLError) in
            func add(_ kind: Trash.RecordKind, _ chosen: [Int], _ value: (SQLValue) -> SQLValue) throws(SQLError) {
                try deposit.add(
                    kind, table: touch.rows.table, columns: chosen.map { columns[$0] },
                    values: chosen.map { value(values[$0]) })
            }
            let changing = columns.indices.filter { columns[$0] == touch.column || timeColumns.contains(columns[$0]) }
            try add(.unchanged, columns.indices.filter { !changing.contains($0) }) { $0 }
            try add(.left, columns.indices.filter { columns[$0] == touch.column }, touch.result)
            try add(.changed, changing) { $0 }
        }
    }

    private func columns(of table: String) -> [String] {
        (schema.tables.tables[table] ?? []).map(\.name)
    }

    /// Hands out rows. A text too long to be held stands as NULL among the values, and beside them.
    private func rows(
        of set: RowSet, _ columns: [String], _ body: ([SQLValue], Trash.LongText?) throws(SQLError) -> Void
    ) throws(SQLError) {
        let table = SQLIdentifier(set.table)
        let longColumn = Self.longTexts[set.table].flatMap { columns.contains($0) && columns.contains("id") ? $0 : nil }
        var selected: [SQLQuery] = columns.map { "\(SQLIdentifier($0))" }
        if let longColumn, let index = columns.firstIndex(of: longColumn) {
            let column = SQLIdentifier(longColumn)
            let octets = SQLFragment.octetLength(table: table, column: column)
            // What a CASE does not choose is not read.
            selected[index] = "CASE WHEN \(octets) > \(Int64(Trash.pieceSize)) THEN NULL ELSE \(column) END"
            selected += ["\(octets)", "typeof(\(column)) = 'blob'"]
        }
        let list = SQLQuery.joined(selected, separator: ", ")
        try connection.rows("SELECT \(list) \(set.condition)") { (row) throws(SQLError) in
            var long: Trash.LongText?
            if let longColumn {
                let octets = Int(row.integer(at: columns.count) ?? 0)
                let isBlob = row.integer(at: columns.count + 1) == 1
                if octets > Trash.pieceSize {
                    long = Trash.LongText(column: longColumn, octets: octets, isBlob: isBlob)
                }
            }
            try body(columns.indices.map { row.value(at: $0) }, long)
        }
    }

    private func piece(
        _ range: Range<Int>, of column: String, in table: String, _ id: SQLValue
    ) throws(SQLError) -> [UInt8] {
        let name = SQLIdentifier(table)
        let slice = SQLFragment.slice(
            table: name, column: SQLIdentifier(column), from: range.lowerBound, count: range.count)
        let bytes = try connection.column("SELECT \(slice) FROM \(name) WHERE id = \(id)").first?.bytes ?? []
        guard bytes.count == range.count else {
            throw SQLError(.corrupt, message: "a text is shorter than the database says")
        }
        return bytes
    }
}
