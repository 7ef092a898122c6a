internal import SQL
internal import Timing
internal import SessionModel

/// Removing and changing, so that OpenCode waits as little as can be and nothing is ever in neither place.
///
/// The trash syncs to the disk before anything is done to a row, and OpenCode cannot write while we hold its lock. So rows
/// are read and filed without the lock, and written under it if nothing was committed in between. If something was, the
/// items are taken out again and all begins anew; after some attempts the lock is held throughout.
///
/// On a server, rows are locked one by one, and nobody waits who wants others: there the locks are held from the first look. What
/// the server takes back (a deadlock, a lost connection) is done again from the start.
///
/// Killed at any moment, the rows are in the database, or in the trash, or in both.
extension StoreConnection {
    private static var attempts: Int { 3 }

    /// Writes in one transaction, durably, once the trash has what will be lost.
    ///
    /// - Parameter look: works out what there is to do; nil for nothing. It is asked again when somebody has committed
    ///   meanwhile.
    func write<Plan: RowPlan>(
        _ writing: Writing,
        _ look: (any SQLConnection, Schema) throws(SQLError) -> Result<Plan?, StoreError>
    ) throws(StoreError) {
        if let writingForbidden { throw .readOnly(reason: writingForbidden) }
        var refusal: StoreError?
        try withCurrentSchema(
            { (schema, counter) throws(SQLError) in
                try repeating(writing.patience) { () throws(SQLError) in
                    try withDrawer(for: writing) { (drawer) throws(SQLError) in
                        try pool.lend(writing.patience) { (connection) throws(SQLError) in
                            try attempts(on: connection, drawer, counter, &refusal) { () throws(SQLError) in
                                try look(connection, schema)
                            }
                        }
                    }
                }
            }, writing.patience, isRepeatable: false)
        if let refusal { throw refusal }
    }

    /// - Returns: false where the tables are not those that the schema was read from.
    private func attempts<Plan: RowPlan>(
        on connection: any SQLConnection, _ drawer: Trash.Drawer?, _ counter: Int64, _ refusal: inout StoreError?,
        _ look: () throws(SQLError) -> Result<Plan?, StoreError>
    ) throws(SQLError) -> Bool {
        let first = connection.dialect.locking == .rows ? Self.attempts : 0
        for number in first...Self.attempts {
            let attempt = Attempt(
                connection: connection, drawer: drawer, counter: counter, isLocked: number == Self.attempts)
            switch try attempt.run(look, again: isExecuted) {
            case .done: return true
            case .refused(let error):
                refusal = error
                return true
            case .otherSchema: return false
            case .overtaken: continue
            }
        }
        return false
    }

    /// Whether the rows are what they were to become, seen by a connection that did not write them.
    private func isExecuted(_ plan: some RowPlan) throws(SQLError) -> Bool {
        // Time may have been what ran out; and a server that has just gone may be back in a moment.
        let patience = Patience.lasting(.seconds(5))
        return try repeating(patience) { () throws(SQLError) in
            try pool.lend(patience) { (connection) throws(SQLError) in
                // A server may still be busy with what the lost connection told it. It holds the locks until that is decided.
                guard connection.dialect.locking == .rows else {
                    return try connection.reading { () throws(SQLError) in try plan.isExecuted(on: connection) }
                }
                try connection.beginWriting()
                defer { connection.rollback() }
                return try plan.isExecuted(on: connection)
            }
        }
    }

    private func withDrawer(
        for writing: Writing, _ body: (Trash.Drawer?) throws(SQLError) -> Bool
    ) throws(SQLError) -> Bool {
        guard let trash else { return try body(nil) }
        return try trash.lend(for: writing, body)
    }
}

/// One attempt to write: look and file, then write.
private struct Attempt {
    enum Outcome {
        case done
        case refused(StoreError)
        /// The tables are not those the schema was read from.
        case otherSchema
        /// Somebody committed between filing and writing.
        case overtaken
    }

    let connection: any SQLConnection
    let drawer: Trash.Drawer?
    let counter: Int64
    /// Whether OpenCode's lock is held from the first look to the end.
    let isLocked: Bool

    func run<Plan: RowPlan>(
        _ look: () throws(SQLError) -> Result<Plan?, StoreError>, again isExecuted: (Plan) throws(SQLError) -> Bool
    ) throws(SQLError) -> Outcome {
        if isLocked { try drawer?.lock() }
        if isLocked { try connection.beginWriting() } else { try connection.beginReading() }
        defer { connection.rollback() }
        guard try connection.schemaCounter() == counter else { return .otherSchema }
        let changes = isLocked ? 0 : try connection.changeCounter()
        var plan: Plan
        switch try look() {
        case .failure(let error): return .refused(error)
        case .success(nil): return .done
        case .success(let found?): plan = found
        }
        let items = try drawer.map { (drawer) throws(SQLError) in try plan.file(in: drawer, isLocked: isLocked) } ?? []
        var isUnknown = false
        do throws(SQLError) {
            let outcome = try execute(&plan, since: changes) { isUnknown = true }
            if outcome.isDone { return .done }
            connection.rollback()
            try withdraw(items)
            return outcome
        } catch {
            connection.rollback()
            if isUnknown {
                let isExecuted = try? isExecuted(plan)
                if isExecuted == true { return .done }
                // Where nobody can tell, the items stay: in both places is better than in neither.
                if isExecuted == false, error.kind.isOfTheWay { _ = try? withdraw(items) }
                // Nobody knows: it must not be done again.
                if isExecuted == nil, error.kind == .disconnected {
                    throw SQLError(.unavailable, code: error.code, message: Self.unknown)
                }
                throw error
            }
            // Busy, full, interrupted: nothing was written, so nothing belongs into the trash.
            _ = try? withdraw(items)
            throw error
        }
    }

    /// - Parameter failing: told when the outcome of the COMMIT is not known: it may have been done before its answer was
    ///   lost.
    private func execute(
        _ plan: inout some RowPlan, since changes: Int64, failing: () -> Void
    ) throws(SQLError) -> Outcome {
        if !isLocked {
            connection.rollback()
            try connection.beginWriting()
            guard try connection.changeCounter() == changes else { return .overtaken }
        }
        if let refusal = try plan.execute() { return .refused(refusal) }
        do throws(SQLError) { try connection.commit() } catch {
            // Also what a full disk refuses may be in the log already, and what ran out of time may have been done.
            if error.kind != .busy, error.kind != .constraint, error.kind != .contended { failing() }
            throw error
        }
        return .done
    }

    private static var unknown: String {
        "the connection was lost while the change was being committed, and nobody can tell whether it was"
    }

    private func withdraw(_ items: [Int64]) throws(SQLError) {
        guard let drawer, !items.isEmpty else { return }
        try drawer.withdraw(items)
    }
}

extension SQLError.Kind {
    /// Whether time ran out or the way to the server broke; the database itself has refused nothing.
    fileprivate var isOfTheWay: Bool {
        switch self {
        case .expired, .cancelled, .disconnected: true
        default: false
        }
    }
}

extension Attempt.Outcome {
    fileprivate var isDone: Bool {
        if case .done = self { true } else { false }
    }
}
