/// What the shell sees. The numbers are a contract with scripts (docs/commands.md) and never reused.
enum ExitStatus: Int32 {
    case success = 0
    case failure = 1
    case usage = 2
    /// Some of several things failed.
    case partial = 3
    /// No such session, project or batch.
    case notFound = 5
    /// Something else stands where it should go.
    case conflict = 6
    case noDatabase = 10
    case busy = 11
    /// The server lets nobody in with this user and password, or this user not into this database.
    case denied = 12
    /// A schema this version does not know.
    case unknownSchema = 13
    /// The mount failed, as mount(8) reports it; only for mount.opencodefs.
    case mountFailure = 32
}

/// Why a command ends early: one line that says what, where and the remedy.
struct CommandFailure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
