package import SQL

/// Why a database was not migrated. It is as it was before, unless ``stopped(step:_:)``.
package enum MigrationError: Error, Sendable {
    /// The schema is not what its own record says; the reason is for people.
    case refused(reason: String)
    /// The user of the server lacks privileges; the reason names the remedy.
    case denied(reason: String)
    /// A step failed on a server, where those before it are done and stay; the next start continues with it.
    case stopped(step: String, SQLError)
    /// Nothing was begun, because no proven copy could be made; the reason names the remedy.
    case noBackup(reason: String)
    /// The database refused a step, and everything before it was taken back.
    case failed(step: String, SQLError)
    /// All steps were done, but the database could not write them to the disk, and took them back.
    case notWritten(SQLError)
    /// There was nothing to migrate, and sessions without a project stay without.
    case notAdopted(SQLError)
    /// The database could not be read or locked.
    case unavailable(SQLError)
}
