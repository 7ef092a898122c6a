internal import SQL
internal import SessionModel
internal import SessionStore
internal import Timing

/// Brings a database of the Go OpenCode up to date while it is being mounted, and tells people about it
/// (docs/decisions/0009).
struct Migration {
    let provider: Provider
    /// Whether nobody wants the mount any more.
    let isCancelled: @Sendable () -> Bool

    /// How long to wait for others who write.
    private static let patience = Duration.seconds(30)
    /// How long copying and migrating may take.
    private static let longest = Duration.seconds(3600)
    private var database: String { provider.name }
    private static let remedy = "mount it as it is with -o nomigrate, or read-only with -o ro"

    /// How to find who has a file open.
    private var finding: String {
        if case .file(let path) = provider { ", find it with fuser -v \(path)" } else { "" }
    }

    /// - Parameter home: whose the sessions without a project are.
    /// - Throws: where there is something to migrate and it cannot be done. The database is then as it was.
    func run(_ connection: any SQLConnection, home: ProjectIdentity) throws(CommandFailure) {
        let line = ProgressLine("Waiting for another program that writes to the database …")
        defer { line.clear() }
        let log = MigrationLog(database: database)
        let isCancelled = { @Sendable [isCancelled] in
            // Asked often, also while nothing else happens.
            line.show()
            return isCancelled()
        }
        var backup: String?
        let progress = { (step: String) in
            line.set("Migrating: \(step)")
            log.record("step", ("what", .string(step)))
        }
        guard case .file = provider else {
            let options = GoMigrator.Options(
                patience: Self.patience, longest: Self.longest, isCancelled: isCancelled, progress: progress)
            return try migrate(connection, options, line, log) { nil }
        }
        let options = GoMigrator.Options(
            patience: Self.patience, longest: Self.longest, home: home, isCancelled: isCancelled,
            backUp: { () throws(MigrationError) in
                log.record("begins")
                let patience = Patience(until: .now + Self.longest, isCancelled: isCancelled)
                let path = try Backups.add(database, patience) { line.set("Migrating: \($0)") }
                log.record("backup", ("path", .string(path)))
                backup = path
                return path
            },
            progress: progress)
        try migrate(connection, options, line, log) { backup }
    }

    private func migrate(
        _ connection: any SQLConnection, _ options: GoMigrator.Options, _ line: ProgressLine, _ log: MigrationLog,
        backup: () -> String?
    ) throws(CommandFailure) {
        do throws(MigrationError) {
            guard let report = try GoMigrator.migrate(connection, options) else { return }
            line.clear()
            tell(report, log)
        } catch {
            line.clear()
            try tell(error, backup(), log)
        }
    }

    private func tell(_ report: MigrationReport, _ log: MigrationLog) {
        if report.steps > 0 {
            log.record(
                "migrated", ("from", .integer(report.from)), ("to", .integer(report.to)),
                ("steps", .integer(report.steps)))
            Console.note(
                "Migrated \(database) from \(report.from) to \(report.to) (\(Human.count(report.steps, "step")))\(report.backup.map { "; backup: \($0)" } ?? "")"
            )
        }
        if report.adopted > 0, let project = report.project {
            let name = project.withoutCredentials.description
            log.record("adopted", ("sessions", .integer(report.adopted)), ("project", .string(name)))
            Console.note("Gave \(Human.count(report.adopted, "session")) without a project the project \(name)")
        }
    }

    private func tell(_ error: MigrationError, _ backup: String?, _ log: MigrationLog) throws(CommandFailure) {
        let status: ExitStatus
        let reason: String
        switch error {
        case .notAdopted(let cause):
            // They are shown all the same, and the next mount finds them again.
            log.record("not adopted", ("reason", .string(cause.message)))
            Console.note("Sessions without a project stay so until the next mount: \(cause.message)")
            return
        case .refused(let text): (status, reason) = (.unknownSchema, "\(text); nothing was changed")
        case .denied(let text): (status, reason) = (.denied, text)
        case .stopped(let step, let cause):
            (status, reason) = (
                .failure, "\(step) failed: \(cause.message); what is done stays, and the next mount goes on from there"
            )
        case .noBackup(let text): (status, reason) = (.failure, "\(text); nothing was changed")
        case .unavailable(let cause) where cause.kind == .busy:
            (status, reason) = (
                .busy,
                "another program has kept it locked for \(Self.patience.components.seconds) s; try again\(finding)"
            )
        case .unavailable(let cause): (status, reason) = (.failure, cause.message)
        case .failed(let step, let cause):
            // The copy is of what is still there.
            if let backup { Backups.remove(backup) }
            (status, reason) = (.failure, "\(step) failed: \(cause.message); everything was taken back")
        case .notWritten(let cause):
            (status, reason) = (
                .failure,
                "writing to the disk failed: \(cause.message); everything was taken back\(backup.map { ", and a copy lies at \($0)" } ?? "")"
            )
        }
        guard !isCancelled() else {
            log.record("failed", ("reason", .string("interrupted")))
            throw CommandFailure(.failure, "interrupted; \(database) is as it was")
        }
        log.record("failed", ("reason", .string(reason)))
        throw CommandFailure(status, "cannot migrate \(database): \(reason); \(Self.remedy)")
    }
}
