internal import SessionModel
internal import VFS

/// Names of sessions as they were made from titles: each listing and each link to a view needs some, and a title is read letter
/// by letter for that.
struct SessionNames {
    private struct Made {
        let title: [UInt8]?
        let created: Int64
        let name: FileName
    }

    private var made: [Session.ID: Made] = [:]

    /// The name of a session whose title is still the one it was made from.
    func name(of session: Session) -> FileName? {
        guard let made = made[session.id], made.created == session.created, made.title == session.title else {
            return nil
        }
        return made.name
    }

    mutating func note(_ name: FileName, of session: Session) {
        made[session.id] = Made(title: session.title, created: session.created, name: name)
    }
}
