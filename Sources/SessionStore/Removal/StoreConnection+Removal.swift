internal import SQL
internal import SessionModel

/// Removing, so that OpenCode waits as little as can be and nothing is ever in neither place.
///
/// The trash syncs to the disk before anything is deleted, and OpenCode cannot write while we hold its lock. So rows are
/// read and filed without the lock, and deleted under it if nothing was committed in between. If something was, the item
/// is taken out again and all begins anew; after some attempts the lock is held throughout.
///
/// Killed at any moment, the rows are in the database, or in the trash, or in both.
extension StoreConnection {
    private static var attempts: Int { 3 }

    func remove<Remover: RowRemover>(
        _ subject: Trash.Subject, _ removal: Removal, by _: Remover.Type
    ) throws(StoreError) where Remover.Schema == Schema {
        if let writingForbidden { throw .readOnly(reason: writingForbidden) }
        var refusal: StoreError?
        try withCurrentSchema(
            { (schema, counter) throws(SQLError) in
                try withDrawer(for: removal) { (drawer) throws(SQLError) in
                    try pool.lend(removal.patience) { (connection) throws(SQLError) in
                        let remover = Remover(connection: connection, schema: schema)
                        for _ in 0..<Self.attempts {
                            switch try attempt(subject, remover, drawer, counter) {
                            case .done: return true
                            case .refused(let error):
                                refusal = error
                                return true
                            case .otherSchema: return false
                            case .overtaken: continue
                            }
                        }
                        return try insist(subject, remover, drawer, counter, &refusal)
                    }
                }
            }, removal.patience, isRepeatable: false)
        if let refusal { throw refusal }
    }

    private typealias Attempt = RemovalAttempt

    private func attempt(
        _ subject: Trash.Subject, _ remover: some RowRemover, _ drawer: Trash.Drawer?, _ counter: Int64
    ) throws(SQLError) -> Attempt {
        let connection = remover.connection
        var changes: Int64 = 0
        var item: Int64?
        let plan: Result<RemovalPlan, StoreError>? = try connection.reading { () throws(SQLError) in
            guard try connection.schemaCounter() == counter else { return nil }
            changes = try connection.changeCounter()
            let plan = try remover.plan(subject)
            if case .success(let plan) = plan, let drawer {
                item = try remover.file(plan, in: drawer, isLocked: false)
            }
            return plan
        }
        guard let plan else { return .otherSchema }
        switch plan {
        case .failure(let error): return .refused(error)
        case .success(let plan):
            do throws(SQLError) {
                let isDone = try connection.writing { () throws(SQLError) in
                    guard try connection.changeCounter() == changes else { return false }
                    try remover.execute(plan)
                    return true
                }
                if isDone { return .done }
            } catch {
                // Busy, full, interrupted: nothing was deleted, so nothing belongs into the trash. When the outcome of a
                // COMMIT is unknown, it stays: in both places is better than in neither.
                if error.kind != .unavailable, let drawer, let item { _ = try? drawer.withdraw(item) }
                throw error
            }
            if let drawer, let item { try drawer.withdraw(item) }
            return .overtaken
        }
    }

    /// Does it with OpenCode's lock held from the first look to the end.
    ///
    /// - Returns: false, and has done nothing, where the tables are others.
    private func insist(
        _ subject: Trash.Subject, _ remover: some RowRemover, _ drawer: Trash.Drawer?, _ counter: Int64,
        _ refusal: inout StoreError?
    ) throws(SQLError) -> Bool {
        try drawer?.lock()
        let connection = remover.connection
        try connection.beginWriting()
        defer { connection.rollback() }
        guard try connection.schemaCounter() == counter else { return false }
        switch try remover.plan(subject) {
        case .failure(let error): refusal = error
        case .success(let plan):
            if let drawer { _ = try remover.file(plan, in: drawer, isLocked: true) }
            try remover.execute(plan)
            try connection.commit()
        }
        return true
    }

    private func withDrawer(
        for removal: Removal, _ body: (Trash.Drawer?) throws(SQLError) -> Bool
    ) throws(SQLError) -> Bool {
        guard let trash else { return try body(nil) }
        return try trash.lend(for: removal, body)
    }
}

/// What came of trying to remove something without holding the lock all the time.
private enum RemovalAttempt {
    case done
    case refused(StoreError)
    /// The tables are not those the schema was read from.
    case otherSchema
    /// Somebody committed between filing and deleting.
    case overtaken
}
