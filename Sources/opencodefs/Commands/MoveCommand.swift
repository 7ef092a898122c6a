internal import Client
internal import VFS

/// Moves sessions, and brings things back out of the trash.
enum MoveCommand: Command {
    static let name = "mv"
    static let summary = "move or rename sessions, without a mount"
    static let usage = ["[OPTION...] SOURCE... TARGET"]
    static let parents = CommandOption("parents", help: "make TARGET where it is missing: archived/ of a project")
    static let options: [CommandOption] = [parents] + TreeSession.options
    static let details = """
        Paths as in a mount, from its root on. A session moves to another project and into
        and out of archived/; another label is another title; what is moved out of
        .opencodefs/trash/ is undone. Everything else is as mv on a mount.
        """
    static let examples = [
        ("opencodefs mv --parents 'myapp~4b0e…/ses_4d58…' 'myapp~4b0e…/archived/'", "archives a session"),
        ("opencodefs mv 'app/ses_4d58…' 'app/2026-11-18.another-title~ses_4d58…'", "gives it another title"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard arguments.operands.count >= 2, let target = arguments.operands.last else {
            throw CommandFailure(.usage, "mv: what, and where to? see: opencodefs mv --help")
        }
        let session = try TreeSession(arguments, command: name, isReadOnly: false)
        defer {
            session.progress.clear()
            session.closeTidily()
        }
        if arguments.has(parents) {
            do throws(Errno) { try session.client.makeDirectories(TreePath(target)) } catch {
                session.complain("cannot make '\(target)'", error)
                return .failure
            }
        }
        let sources = arguments.operands.dropLast()
        let isDirectory = ((try? session.client.node(at: TreePath(target))) ?? nil)?.isDirectory ?? false
        guard sources.count == 1 || isDirectory else {
            session.complain("target '\(target)' is not a directory")
            return .failure
        }
        var status = ExitStatus.success
        for source in sources where !move(source, to: target, isDirectory, session) { status = .failure }
        return status
    }

    private static func move(_ source: String, to target: String, _ isInto: Bool, _ session: TreeSession) -> Bool {
        let (path, targetPath) = (TreePath(source), TreePath(target))
        do throws(Errno) {
            _ = try session.client.node(at: path, followsLast: false)
        } catch {
            session.complain("cannot stat '\(source)'", error)
            return false
        }
        guard let name = path.split?.name else {
            session.complain("cannot move '\(source)' to '\(target)'", .busy)
            return false
        }
        // mv a/ses_1 a/ses_1 is a rename to itself, not into itself.
        let isSame = isInto && isOne(path, targetPath, session)
        do throws(Errno) {
            try session.client.rename(path, to: isInto && !isSame ? targetPath.appending(name) : targetPath)
            // A name of no message's: on a mount an editor's backup, which here nobody could bring back.
            if session.holdsFleetingFiles { throw session.refusalOfFleeting() }
        } catch {
            session.complain("cannot move '\(source)' to '\(target)'", error)
            return false
        }
        return true
    }

    /// Whether two paths lead to one session under two names of it: then it is to be called by the second.
    private static func isOne(_ path: TreePath, _ other: TreePath, _ session: TreeSession) -> Bool {
        guard let one = try? session.client.node(at: path, followsLast: false),
            let two = try? session.client.node(at: other, followsLast: false)
        else { return false }
        return one.attributes.inode == two.attributes.inode
    }
}
