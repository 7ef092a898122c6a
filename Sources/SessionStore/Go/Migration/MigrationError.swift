package import SQL

/// Why a database was not migrated. It is as it was before.
package enum MigrationError: Error, Sendable {
    /// The schema is not what its own record says, or newer than we know; the reason is for people.
    case refused(reason: String)
    /// Nothing was begun, because no proven copy could be made; the reason names the remedy.
    case noBackup(reason: String)
    /// The database refused a step, and everything before it was taken back.
    case failed(step: String, SQLError)
    /// The database could not be read or locked.
    case unavailable(SQLError)
}
