internal import SQL
internal import Timing
internal import SessionModel

/// Removing and changing, so that OpenCode waits as little as can be and nothing is ever in neither place.
///
/// The trash syncs to the disk before anything is done to a row, and OpenCode cannot write while we hold its lock. So rows
/// are read and filed without the lock, and written under it if nothing was committed in between. If something was, the
/// items are taken out again and all begins anew; after some attempts the lock is held throughout.
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
                try withDrawer(for: writing) { (drawer) throws(SQLError) in
                    try pool.lend(writing.patience) { (connection) throws(SQLError) in
                        for number in 0...Self.attempts {
                            let attempt = Attempt(
                                connection: connection, drawer: drawer, counter: counter,
                                isLocked: number == Self.attempts)
                            let outcome = try attempt.run { () throws(SQLError) in
                                try look(connection, schema)
                            } again: {
                                (plan) throws(SQLError) in
                                try isExecuted(plan, writing)
                            }
                            switch outcome {
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
                }
            }, writing.patience, isRepeatable: false)
        if let refusal { throw refusal }
    }

    /// Whether the rows are what they were to become, seen by a connection that did not write them.
    private func isExecuted(_ plan: some RowPlan, _ writing: Writing) throws(SQLError) -> Bool {
        // Time may have been what ran out.
        try pool.lend(.lasting(.seconds(5))) { (connection) throws(SQLError) in
            try connection.reading { () throws(SQLError) in try plan.isExecuted(on: connection) }
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
        let changes = try connection.changeCounter()
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
                if isExecuted == false, error.kind == .expired || error.kind == .cancelled { _ = try? withdraw(items) }
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
            if error.kind != .busy, error.kind != .constraint { failing() }
            throw error
        }
        return .done
    }

    private func withdraw(_ items: [Int64]) throws(SQLError) {
        guard let drawer, !items.isEmpty else { return }
        try drawer.withdraw(items)
    }
}

extension Attempt.Outcome {
    fileprivate var isDone: Bool {
        if case .done = self { true } else { false }
    }
}
