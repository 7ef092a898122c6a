internal import Digest
internal import SQL
internal import Timing
private import Glibc

/// Brings a database of a MySQL or MariaDB server to the newest schema we know, step by step.
///
/// A server commits each step by itself. So nothing is begun that cannot be finished as far as can be known: the whole
/// database and the user's privileges are looked at first. What is cut off is continued by the next start
/// (docs/decisions/0016).
struct MySQLMigrator {
    private let connection: any SQLConnection
    private let options: GoMigrator.Options

    /// What is to be done, and the record it starts from; nil where there is no record yet.
    private struct Plan {
        let version: GoVersion?
        /// Whether an earlier start was cut off in the middle of it.
        var isCutOff = false
        var count: Int { version?.count ?? 0 }
        var pending: ArraySlice<GoMigration> { GoMigration.all[count...] }
        var number: Int64 { version?.number ?? 0 }
    }

    /// How long a step waits for transactions that use its table. While it waits, whoever comes later waits behind it.
    private static let tableWait = 5
    /// And how long the others then have their turn.
    private static let pause = Duration.seconds(1)

    init(_ connection: any SQLConnection, _ options: GoMigrator.Options) {
        self.connection = connection
        self.options = options
    }

    /// Migrates where something is to be done; an empty database gets its tables.
    ///
    /// - Returns: what was done; nil for a database that a newer OpenCode has migrated, which is left alone.
    func migrate() throws(MigrationError) -> MigrationReport? {
        let patience = connection.patience
        defer { connection.patience = patience }
        connection.patience = self.patience(options.patience)
        // A look without the lock: a database that is up to date is not locked by every mount.
        // Record and tables are read one after the other: what does not fit may be somebody's migration in between, and is
        // looked at once more when nobody else migrates.
        do throws(MigrationError) {
            guard let seen = try plan() else { return nil }
            guard !seen.pending.isEmpty else { return report(from: seen, to: seen, uncorrected: 0) }
        } catch {
            guard case .refused = error else { throw error }
        }
        return try whileLocked { () throws(MigrationError) in
            // Again: another opencodefs may have done it while we waited.
            guard let plan = try self.plan() else { return nil }
            guard !plan.pending.isEmpty else { return report(from: plan, to: plan, uncorrected: 0) }
            try checkPrivileges(plan)
            connection.patience = self.patience(options.longest)
            if plan.isCutOff { options.progress("going on where an earlier migration was cut off") }
            let uncorrected = try withShortTableWait { () throws(MigrationError) in
                try begun { () throws(MigrationError) in try work(plan) }
            }
            guard let reached = try begun({ () throws(MigrationError) in try self.plan() }), reached.pending.isEmpty
            else {
                throw .refused(reason: "its tables changed under the migration")
            }
            return report(from: plan, to: reached, uncorrected: uncorrected)
        }
    }

    private func report(from plan: Plan, to reached: Plan, uncorrected: Int) -> MigrationReport {
        MigrationReport(
            from: plan.number, to: reached.number, steps: plan.pending.count - reached.pending.count, backup: nil,
            adopted: 0, uncorrected: uncorrected, isContinued: plan.isCutOff)
    }

    // MARK: What is to be done

    /// Looks at everything there is.
    ///
    /// - Returns: nil for a database that a newer OpenCode has migrated.
    /// - Throws: `.refused` where the tables contradict the record, or are somebody else's.
    private func plan() throws(MigrationError) -> Plan? {
        let catalog = try attempt { () throws(SQLError) in try MySQLCatalog(connection) }
        guard !catalog.tables.isEmpty else { return Plan(version: nil) }
        let strangers = catalog.tables.keys.filter { !GoMigration.mysqlTables.contains($0) }.sorted()
        guard let record = catalog.tables["goose_db_version"], record.column("version_id") != nil,
            record.column("is_applied") != nil
        else {
            throw .refused(
                reason: strangers.isEmpty
                    ? "it has no goose_db_version, so nobody knows which migrations it has had"
                    : Self.foreign(strangers))
        }
        let version = try GoVersion(recordIn: connection)
        guard !version.isNewer else { return nil }
        guard version.count > 0 || strangers.isEmpty else { throw .refused(reason: Self.foreign(strangers)) }
        try version.checkOrder()
        if let reason = GoMigration.mysqlObstacle(after: version.count, in: catalog) { throw .refused(reason: reason) }
        let isCutOff = GoMigration.mysqlIsCutOff(after: version.count, in: catalog)
        return Plan(version: version, isCutOff: isCutOff)
    }

    private static func foreign(_ tables: [String]) -> String {
        let names = tables.prefix(3).joined(separator: ", ") + (tables.count > 3 ? ", …" : "")
        return "it holds tables that are not OpenCode's (\(names)); name a database of OpenCode, or an empty one"
    }

    /// Finds out what the user may not do before anything is begun.
    private func checkPrivileges(_ plan: Plan) throws(MigrationError) {
        let catalog = try attempt { () throws(SQLError) in try MySQLCatalog(connection) }
        let steps = plan.pending.flatMap(\.mysql).filter { $0.state(in: catalog) == .missing }
        var wanted = steps.reduce(into: Set(["SELECT", "INSERT"])) { $0.formUnion($1.privileges) }
        if plan.version == nil { wanted.insert("CREATE") }
        let user = try MySQLUser(connection)
        let lacking = user.grants.lacking(wanted)
        guard lacking.isEmpty else { throw user.denial(of: lacking) }
        if user.needsTrustForTriggers, wanted.contains("TRIGGER") { throw MySQLUser.distrust }
    }

    // MARK: Doing it

    /// - Returns: sessions whose number of messages is still wrong.
    private func work(_ plan: Plan) throws(MigrationError) -> Int {
        if plan.version == nil { try perform("the record of migrations", [GoVersion.mysqlRecord], isDone: hasRecord) }
        try record(0)
        var uncorrected = 0
        for (index, migration) in plan.pending.enumerated() {
            let name = "step \(index + 1) of \(plan.pending.count): \(migration.summary)"
            options.progress(name)
            // What an earlier start has left, and what OpenCode itself may be doing at this moment.
            let catalog = try attempt { () throws(SQLError) in try MySQLCatalog(connection) }
            for step in migration.mysql {
                switch step.state(in: catalog) {
                case .done: break
                case .different(let reason): throw .refused(reason: reason)
                case .missing:
                    if case .messageCounts = step {
                        uncorrected += try correctMessageCounts(migration, name)
                    } else {
                        try perform("step \(migration.version) (\(step.description))", step.statements) {
                            (connection) throws(SQLError) in step.state(in: try MySQLCatalog(connection)) == .done
                        }
                    }
                }
            }
            try record(migration.version)
        }
        return uncorrected
    }

    private func hasRecord(_ connection: any SQLConnection) throws(SQLError) -> Bool {
        try MySQLCatalog(connection).tables["goose_db_version"] != nil
    }

    private func correctMessageCounts(_ migration: GoMigration, _ name: String) throws(MigrationError) -> Int {
        do throws(SQLError) {
            return try MySQLMessageCounts(connection: connection) { done, count in
                options.progress("\(name), \(done) of \(count) sessions")
            }.correct()
        } catch {
            throw failure(of: "step \(migration.version) (\(migration.summary))", error)
        }
    }

    /// Runs the statements of one step, waiting for those who use the table.
    ///
    /// - Parameter isDone: whether the effect is there, by whomever.
    private func perform(
        _ step: String, _ statements: [SQLQuery], isDone: (any SQLConnection) throws(SQLError) -> Bool
    ) throws(MigrationError) {
        let deadline = ContinuousClock.now + options.patience
        while true {
            do throws(SQLError) {
                for statement in statements { try connection.run(statement) }
                return
            } catch {
                // Nobody holds a lock that OpenCode asks for: its own migrations may have been faster.
                if !connection.isBroken, (try? isDone(connection)) == true { return }
                guard error.kind == .contended, ContinuousClock.now < deadline, !options.isCancelled() else {
                    throw failure(of: step, error)
                }
            }
            options.progress("\(step) waits for transactions of others")
            wait(Self.pause)
        }
    }

    private func failure(of step: String, _ error: SQLError) -> MigrationError {
        guard error.kind == .denied else { return .stopped(step: step, error) }
        return error.code == MySQLUser.distrustCode
            ? MySQLUser.distrust
            : .denied(
                reason: "\(step): \(error.message); an administrator has to grant it")
    }

    /// Records a migration, unless it is recorded.
    private func record(_ version: Int64) throws(MigrationError) {
        do throws(SQLError) {
            let latest = try connection.integer(
                "SELECT is_applied FROM goose_db_version WHERE version_id = \(version) ORDER BY id DESC LIMIT 1")
            guard latest != 1 else { return }
            try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(version), 1)")
        } catch {
            throw .stopped(step: "recording migration \(version)", error)
        }
    }

    // MARK: Waiting

    /// Keeps other opencodefs from migrating meanwhile. The server frees the lock when the connection ends, whatever ends it.
    private func whileLocked<Result>(
        _ body: () throws(MigrationError) -> Result
    ) throws(MigrationError) -> Result {
        let lock = Self.lock(
            try attempt { () throws(SQLError) in try connection.texts("SELECT DATABASE()", columns: 1) })
        var hasWaited = false
        let deadline = ContinuousClock.now + options.patience
        // Longer, so that the last turn is not broken off, and the connection with it.
        connection.patience = patience(options.patience + .seconds(10))
        while true {
            let answer = try attempt { () throws(SQLError) in
                // In short turns, so that whoever waits is asked whether they still want to.
                try connection.integer("SELECT GET_LOCK(\(lock), \(hasWaited ? 1 : 0))")
            }
            if answer == 1 { break }
            if options.isCancelled() { throw .unavailable(SQLError(.cancelled, message: "interrupted")) }
            if ContinuousClock.now >= deadline { throw .unavailable(SQLError(.busy, message: try holder(of: lock))) }
            if !hasWaited { options.progress("another opencodefs migrates the database, waiting for it") }
            hasWaited = true
        }
        defer { if !connection.isBroken { _ = try? connection.run("DO RELEASE_LOCK(\(lock))") } }
        return try body()
    }

    /// Names of locks are the server's, and have 64 characters at most.
    private static func lock(_ database: [[String?]]) -> String {
        let name = (database.first?.first ?? nil) ?? ""
        let plain = "opencodefs migrates " + name
        guard plain.utf8.count > 64 else { return plain }
        // Two databases may have the same long beginning.
        let digest = SHA256.digest(of: Array(name.utf8)).prefix(16)
        return "opencodefs migrates " + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func holder(of lock: String) throws(MigrationError) -> String {
        let connection = try attempt { () throws(SQLError) in
            try self.connection.integer("SELECT IS_USED_LOCK(\(lock))")
        }
        let who = connection.map { " (connection \($0) of the server, see SHOW PROCESSLIST)" } ?? ""
        return "another opencodefs has been migrating it for \(options.patience.components.seconds) s\(who); try again"
    }

    /// A step that waits for a table keeps all others waiting who come after it, by default for a day.
    private func withShortTableWait<Result>(
        _ body: () throws(MigrationError) -> Result
    ) throws(MigrationError) -> Result {
        let usual = try attempt { () throws(SQLError) in
            let usual = try connection.integer("SELECT @@SESSION.lock_wait_timeout")
            try connection.run("SET SESSION lock_wait_timeout = \(Int64(Self.tableWait))")
            return usual
        }
        defer {
            if let usual, !connection.isBroken {
                _ = try? connection.run("SET SESSION lock_wait_timeout = \(usual)")
            }
        }
        return try body()
    }

    private func wait(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, connection.patience.verdict == nil { usleep(20_000) }
    }

    private func patience(_ duration: Duration) -> Patience {
        Patience(until: .now + duration, isCancelled: options.isCancelled)
    }

    /// What fails from the first step on has left something done.
    private func begun<Result>(_ body: () throws(MigrationError) -> Result) throws(MigrationError) -> Result {
        do throws(MigrationError) {
            return try body()
        } catch {
            guard case .unavailable(let cause) = error else { throw error }
            throw .stopped(step: "looking at the tables between two steps", cause)
        }
    }

    private func attempt<Result>(_ body: () throws(SQLError) -> Result) throws(MigrationError) -> Result {
        do throws(SQLError) { return try body() } catch { throw .unavailable(error) }
    }
}
