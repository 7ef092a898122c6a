internal import Client
internal import SessionFileSystem
internal import SessionModel
internal import SessionStore
private import Synchronization
internal import VFS

/// A history that a command works on by the paths of a mount, without one.
///
/// Below the paths it is the same code that serves a mount, so that whatever the tree promises of reading, writing and
/// removing holds here too. A mount of the same history goes on meanwhile; both follow the rules of the database.
struct TreeSession {
    let tree: HistoryTree
    let client: FileSystemClient
    /// What goes on, where somebody waits for the database; to be cleared before anything is printed.
    let progress = ProgressLine("asking the database…")
    /// "opencodefs cat", for messages.
    private let speaker: String
    private let reasons: Reasons

    static let project = CommandOption(
        "project", "p", argument: "ID|.|all", help: "work on one project; . is that of the working directory")
    static let mountOptions = CommandOption(
        "options", "o", argument: "LIST", help: "as mount -o: names=id, ro, trash=DAYS, …")
    /// What every command that works so takes, beside its own; as mount does.
    static let options: [CommandOption] = [.database, .db, project, mountOptions]
    /// The same for a command whose letters mean something else.
    static let optionsWithoutLetters = options.map { $0.withoutLetter }

    /// - Parameter isReadOnly: whether the command changes nothing: then nothing can be changed.
    init(_ arguments: Arguments, command: String, isReadOnly: Bool) throws(CommandFailure) {
        let configuration = try UserConfiguration()
        var options = MountOptions()
        if let list = configuration.options { try options.add(list) }
        for list in arguments.all(Self.mountOptions) { try options.add(list) }
        let project = ProjectIdentity.typed(
            arguments[Self.project] ?? options.project ?? configuration.project ?? "all")
        let provider = try DatabaseSearch(named: arguments.database).chosen().provider(configuration)
        if case .file(let path) = provider, LegacyDirectory.isOne(path) { options.isReadOnly = true }
        if isReadOnly { options.isReadOnly = true }
        var plan = HistoryTree.Plan(
            provider, options, project: project, in: (System.workingDirectory, System.namedWorkingDirectory))
        plan.showsTrash = options.trashDays > 0
        let reasons = Reasons()
        tree = try HistoryTree(plan) { reasons.note($0) }
        client = FileSystemClient(tree.fileSystem) { [progress] in
            progress.show()
            return Signals.isPending
        }
        speaker = "opencodefs \(command)"
        self.reasons = reasons
        trashDays = options.trashDays
    }

    private let trashDays: Int

    /// The end of a command that may have changed something: nobody else may ever clean up here.
    func closeTidily() {
        if let trash = tree.trash {
            _ = try? trash.expire(olderThanDays: trashDays)
            tree.salvage.prune()
        }
        tree.close()
    }

    /// Whether something was done that ends with this process, which on a mount would have lasted for a while.
    var holdsFleetingFiles: Bool { tree.fileSystem.holdsFleetingFiles }

    /// What to answer then.
    func refusalOfFleeting() -> Errno {
        explain(
            "nothing of the history has such a name, and a temporary file would be gone at once; see docs/tree.md, rule W6"
        )
        return .notPermitted
    }

    /// Why the next complaint is made, where the file system does not know it.
    func explain(_ reason: String) { reasons.set(reason) }

    /// `opencodefs rm: cannot remove 'x': Operation not permitted (why, and what to do)`, on standard error.
    func complain(_ what: String, _ error: Errno) {
        let reason = reasons.take().map { " (\($0))" } ?? ""
        complain("\(what): \(ErrorNumber(error.rawValue).text)\(reason)")
    }

    func complain(_ text: String) {
        progress.clear()
        Console.note("\(speaker): \(text)")
    }

    /// Why what failed last did, where the file system has more to say than an errno.
    private final class Reasons: Sendable {
        private let last = Mutex<String?>(nil)

        /// - Parameter line: of errors.jsonl.
        func note(_ line: String) {
            guard let json = try? JSON(parsing: Array(line.utf8)) else { return }
            let parts = [json["reason"]?.string, json["remedy"]?.string].compactMap { $0 }.filter { !$0.isEmpty }
            set(parts.isEmpty ? nil : parts.joined(separator: "; "))
        }

        func set(_ reason: String?) { last.withLock { $0 = reason } }

        func take() -> String? {
            last.withLock { last in
                defer { last = nil }
                return last
            }
        }
    }
}
