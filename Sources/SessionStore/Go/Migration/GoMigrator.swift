package import SQL
internal import Timing

/// Brings a database of the Go OpenCode to the newest schema we know, as the fork with session providers would.
///
/// All of it is one transaction: another program sees the database before or after, and so does a power cut.
package struct GoMigrator {
    /// How a migration goes about it.
    package struct Options {
        /// How long to wait while somebody else writes, or migrates.
        package var patience: Duration
        /// How long the work itself may take, the copy included.
        package var longest: Duration
        /// What sessions without a project are given; nil leaves them so.
        package var project: String?
        /// Makes a proven copy of what is committed and says where it lies. Called while the write lock is held.
        package var backUp: () throws(MigrationError) -> String
        /// Told what is going on, for people who wait.
        package var progress: (String) -> Void

        package init(
            patience: Duration = .seconds(120), longest: Duration = .seconds(3600), project: String?,
            backUp: @escaping () throws(MigrationError) -> String, progress: @escaping (String) -> Void = { _ in }
        ) {
            self.patience = patience
            self.longest = longest
            self.project = project
            self.backUp = backUp
            self.progress = progress
        }
    }

    private let connection: any SQLConnection
    private let options: Options

    /// Migrates where something is to be done.
    ///
    /// - Returns: what was done; nil for a database of another family, which is left alone.
    package static func migrate(
        _ connection: any SQLConnection, _ options: Options
    ) throws(MigrationError) -> MigrationReport? {
        let migrator = GoMigrator(connection: connection, options: options)
        let patience = connection.patience
        defer { connection.patience = patience }
        connection.patience = .lasting(options.patience)
        // A look without the lock: a database that is up to date is not locked by every mount.
        guard let seen = try migrator.version() else { return nil }
        let hasOrphans = try migrator.hasOrphans(seen)
        guard !seen.pending.isEmpty || hasOrphans else {
            return MigrationReport(from: seen.number, to: seen.number, steps: 0, backup: nil, adopted: 0)
        }
        return try migrator.migrate()
    }

    /// Makes the newest schema in an empty database.
    package static func create(in connection: any SQLConnection) throws(SQLError) {
        try connection.writing { () throws(SQLError) in
            try connection.run(GoVersion.record)
            try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)")
            for migration in GoMigration.all { try migration.run(on: connection) }
        }
    }

    private func migrate() throws(MigrationError) -> MigrationReport? {
        try attempt { () throws(SQLError) in try connection.beginWriting() }
        do throws(MigrationError) {
            connection.patience = .lasting(options.longest)
            let report = try work()
            try attempt(step: "to write it all to the disk") { () throws(SQLError) in try connection.commit() }
            return report
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// What happens in the transaction.
    private func work() throws(MigrationError) -> MigrationReport? {
        // Again, now that nobody else can write: another opencodefs may have done it while we waited.
        guard let version = try version() else { return nil }
        var backup: String?
        if !version.pending.isEmpty { backup = try options.backUp() }
        for (index, migration) in version.pending.enumerated() {
            options.progress("step \(index + 1) of \(version.pending.count): \(migration.summary)")
            try attempt(step: "step \(migration.version) (\(migration.summary))") { () throws(SQLError) in
                try migration.run(on: connection)
            }
        }
        let adopted = try adopt()
        guard let reached = try self.version(), reached.pending.isEmpty else {
            throw .refused(reason: "its tables changed under the migration")
        }
        return MigrationReport(
            from: version.number, to: reached.number, steps: version.pending.count, backup: backup, adopted: adopted)
    }

    /// Gives the sessions without a project theirs.
    private func adopt() throws(MigrationError) -> Int {
        guard let project = options.project else { return 0 }
        return try attempt(step: "to give the sessions without a project theirs") { () throws(SQLError) in
            guard try connection.exists("SELECT 1 FROM sessions WHERE project_id IS NULL LIMIT 1") else { return 0 }
            return try GoMigration.correct(
                "UPDATE sessions SET project_id = \(project) WHERE project_id IS NULL", on: connection)
        }
    }

    private func hasOrphans(_ version: GoVersion) throws(MigrationError) -> Bool {
        guard options.project != nil, version.pending.isEmpty else { return false }
        return try attempt { () throws(SQLError) in
            try connection.exists("SELECT 1 FROM sessions WHERE project_id IS NULL LIMIT 1")
        }
    }

    /// The version; nil where the tables are another family's.
    private func version() throws(MigrationError) -> GoVersion? {
        let schema = try attempt { () throws(SQLError) in try connection.schema() }
        return GoVersion.isGo(schema) ? try GoVersion(connection, schema) : nil
    }

    private func attempt<Result>(
        step: String? = nil, _ body: () throws(SQLError) -> Result
    ) throws(MigrationError) -> Result {
        do throws(SQLError) {
            return try body()
        } catch {
            throw step.map { .failed(step: $0, error) } ?? .unavailable(error)
        }
    }
}

extension GoMigration {
    /// Runs the step and records it, within the caller's transaction.
    func run(on connection: any SQLConnection) throws(SQLError) {
        for statement in statements { try connection.run(statement) }
        for correction in corrections { try Self.correct(correction, on: connection) }
        try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(version), 1)")
    }

    /// Changes rows of `sessions` without touching `updated_at`: lists are ordered by it, and OpenCode cleans up by it.
    ///
    /// The trigger that sets it is taken away and put back word for word; the transaction shows nobody the gap.
    @discardableResult
    static func correct(_ correction: SQLQuery, on connection: any SQLConnection) throws(SQLError) -> Int {
        let trigger = try connection.column(
            "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'update_sessions_updated_at'"
        ).first?.bytes.map { String(decoding: $0, as: UTF8.self) }
        if trigger != nil { try connection.run("DROP TRIGGER update_sessions_updated_at") }
        let count = try connection.run(correction)
        if let trigger { try connection.run(SQLQuery(stringLiteral: trigger)) }
        return count
    }
}
