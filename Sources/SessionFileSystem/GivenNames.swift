internal import SessionModel
internal import VFS

/// Names that mkdir(2) and rename(2) gave to projects and sessions. They stay for the life of the mount (rule N3): a
/// program that made a directory finds it again, whatever its title says by then.
struct GivenNames {
    private var projects: [Project.ID: FileName] = [:]
    private var sessions: [Session.ID: FileName] = [:]

    subscript(_ project: Project.ID) -> FileName? {
        get { projects[project] }
        set { projects[project] = newValue }
    }

    subscript(_ session: Session.ID) -> FileName? {
        get { sessions[session] }
        set { sessions[session] = newValue }
    }
}
