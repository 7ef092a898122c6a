package import SQL
package import SessionModel
internal import Timing

/// Brings a database of the Go OpenCode to the newest schema we know, as the fork with session providers would.
///
/// In SQLite all of it is one transaction: another program sees the database before or after, and so does a power cut. A
/// server knows no such transaction, and ``MySQLMigrator`` goes about it in another way; the migrations are the same.
package struct GoMigrator {
    /// How a migration goes about it.
    package struct Options {
        /// How long to wait while somebody else writes, or migrates.
        package var patience: Duration
        /// How long the work itself may take, the copy included.
        package var longest: Duration
        /// Whose the sessions without a project are; nil leaves them so.
        package var home: ProjectIdentity?
        /// Asked often, from the thread that works: whether nobody wants it any more.
        package var isCancelled: @Sendable () -> Bool
        /// Makes a proven copy of what is committed and says where it lies. Called while the write lock is held.
        package var backUp: () throws(MigrationError) -> String
        /// Told what is going on, for people who wait.
        package var progress: (String) -> Void

        package init(
            patience: Duration = .seconds(30), longest: Duration = .seconds(3600), home: ProjectIdentity?,
            isCancelled: @escaping @Sendable () -> Bool = { false },
            backUp: @escaping () throws(MigrationError) -> String, progress: @escaping (String) -> Void = { _ in }
        ) {
            self.patience = patience
            self.longest = longest
            self.home = home
            self.isCancelled = isCancelled
            self.backUp = backUp
            self.progress = progress
        }

        /// For a server, of which no copy is made, and whose sessions without a project stay so (docs/decisions/0016).
        package init(
            patience: Duration = .seconds(30), longest: Duration = .seconds(3600),
            isCancelled: @escaping @Sendable () -> Bool = { false }, progress: @escaping (String) -> Void = { _ in }
        ) {
            self.init(
                patience: patience, longest: longest, home: nil, isCancelled: isCancelled,
                backUp: { () throws(MigrationError) in throw .noBackup(reason: "a server is not copied") },
                progress: progress)
        }
    }

    private let connection: any SQLConnection
    private let options: Options

    /// Migrates where something is to be done.
    ///
    /// A server's database without tables gets them; one that holds somebody else's is refused.
    ///
    /// - Returns: what was done; nil for a database of another family, or one that a newer OpenCode has migrated, which are
    ///   left alone.
    package static func migrate(
        _ connection: any SQLConnection, _ options: Options
    ) throws(MigrationError) -> MigrationReport? {
        switch connection.dialect.clock {
        case .temporaryTrigger: try migrateFile(connection, options)
        case .sessionTime: try MySQLMigrator(connection, options).migrate()
        }
    }

    /// Whether a server's database has no table at all, or only the beginnings that a migration left: nothing can be shown
    /// of it before somebody migrates it.
    package static func isEmpty(_ connection: any SQLConnection) throws(SQLError) -> Bool {
        try MySQLCatalog(connection).tables.keys.allSatisfy { $0 == "goose_db_version" }
    }

    private static func migrateFile(
        _ connection: any SQLConnection, _ options: Options
    ) throws(MigrationError) -> MigrationReport? {
        let migrator = GoMigrator(connection: connection, options: options)
        let patience = connection.patience
        defer { connection.patience = patience }
        connection.patience = migrator.patience(options.patience)
        // A look without the lock: a database that is up to date is not locked by every mount.
        guard let seen = try migrator.version() else { return nil }
        if !seen.pending.isEmpty { return try migrator.migrate() }
        do throws(MigrationError) {
            guard try migrator.hasOrphans() else {
                return MigrationReport(from: seen.number, to: seen.number, steps: 0, backup: nil, adopted: 0)
            }
            // A short change, and one that can wait for the next mount.
            connection.patience = migrator.patience(min(options.patience, .seconds(5)))
            return try migrator.migrate()
        } catch .unavailable(let error), .failed(_, let error), .notWritten(let error) {
            throw .notAdopted(error)
        }
    }

    /// Makes the newest schema in an empty database.
    package static func create(in connection: any SQLConnection) throws(SQLError) {
        guard connection.dialect.clock == .temporaryTrigger else { return try createOnServer(connection) }
        try connection.writing { () throws(SQLError) in
            try connection.run(GoVersion.record)
            try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)")
            for migration in GoMigration.all { try migration.run(on: connection) }
        }
    }

    private static func createOnServer(_ connection: any SQLConnection) throws(SQLError) {
        do throws(MigrationError) {
            _ = try MySQLMigrator(connection, Options()).migrate()
        } catch {
            switch error {
            case .refused(let reason), .noBackup(let reason): throw SQLError(.misuse, message: reason)
            case .denied(let reason): throw SQLError(.denied, message: reason)
            case .stopped(_, let cause), .failed(_, let cause), .notWritten(let cause), .notAdopted(let cause),
                .unavailable(let cause):
                throw cause
            }
        }
    }

    private func migrate() throws(MigrationError) -> MigrationReport? {
        try attempt { () throws(SQLError) in try connection.beginWriting() }
        do throws(MigrationError) {
            connection.patience = patience(options.longest)
            let report = try work()
            do throws(SQLError) { try connection.commit() } catch { throw MigrationError.notWritten(error) }
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
        let (adopted, project) = try adopt()
        guard let reached = try self.version(), reached.pending.isEmpty else {
            throw .refused(reason: "its tables changed under the migration")
        }
        return MigrationReport(
            from: version.number, to: reached.number, steps: version.pending.count, backup: backup, adopted: adopted,
            project: project)
    }

    /// Gives the sessions without a project theirs.
    private func adopt() throws(MigrationError) -> (count: Int, project: Project.ID?) {
        guard let home = options.home, try hasOrphans() else { return (0, nil) }
        return try attempt(step: "giving sessions their project") { () throws(SQLError) in
            // As other sessions of this directory have it, if there are any (docs/decisions/0011).
            let known = try connection.column("SELECT DISTINCT project_id FROM sessions WHERE NOT \(Self.isOrphan)")
                .compactMap { Project.ID($0) }
            let project = home.project(among: known) ?? home.id
            let count = try connection.keepingTimesOfSessions(
                "UPDATE sessions SET project_id = \(project.value) WHERE \(Self.isOrphan)")
            return (count, project)
        }
    }

    /// OpenCode takes an empty text for none.
    private static let isOrphan: SQLQuery = "coalesce(project_id, '') = ''"

    /// Whether sessions wait for a project, in the newest schema.
    private func hasOrphans() throws(MigrationError) -> Bool {
        guard options.home != nil else { return false }
        return try attempt { () throws(SQLError) in
            try connection.exists("SELECT 1 FROM sessions WHERE \(Self.isOrphan) LIMIT 1")
        }
    }

    /// The version, checked where steps are to follow; nil where the tables are not ours to migrate.
    private func version() throws(MigrationError) -> GoVersion? {
        let schema = try attempt { () throws(SQLError) in try connection.schema() }
        guard GoVersion.isGo(schema) else { return nil }
        let version = try GoVersion(connection, schema)
        guard !version.isNewer else { return nil }
        try version.check(schema)
        return version
    }

    private func patience(_ duration: Duration) -> Patience {
        Patience(until: .now + duration, isCancelled: options.isCancelled)
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
        for correction in corrections { try connection.keepingTimesOfSessions(correction) }
        try connection.run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (\(version), 1)")
    }
}
