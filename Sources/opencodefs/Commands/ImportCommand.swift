internal import Fuse
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing

/// Makes a session of an export.
enum ImportCommand: Command {
    static let name = "import"
    static let summary = "make a session of an export.json"
    static let usage = ["[OPTION...] FILE|-"]
    static let into = CommandOption("into", argument: "MOUNTPOINT", help: "the history that is mounted there")
    static let newIDs = CommandOption("new-ids", help: "make another session of it, with ids of its own")
    static let project = CommandOption(
        "project", "p", argument: "ID|.", help: "into this project, not the one it is of; . is the working directory's")
    static let options: [CommandOption] = [.database, .db, into, project, newIDs, .dryRun, .json]
    static let details = """
        FILE is what opencode export printed, or the export.json of a session in
        .opencodefs/sessions of a mount; - is standard input. What OpenCode could not read is
        refused before anything is written. Importing what is there already does nothing.
        """
    static let examples = [
        ("opencodefs import ./export.json", "the session with its ids, into its project"),
        ("opencodefs import --project . --new-ids ./export.json", "another one like it, into this project"),
        ("opencode export ses_4d58… | opencodefs import --into ~/history -", "through a pipe"),
        ("opencodefs import --dry-run --json ./export.json", "says what would be done"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        guard arguments.operands.count == 1, let path = arguments.operands.first else {
            throw CommandFailure(
                .usage, "import: name one file, or - for standard input; see: opencodefs import --help")
        }
        let provider = try provider(arguments)
        // Git is asked before the database is open: it is another process.
        let home = History.home(of: provider)
        let here =
            arguments[project] == "."
            ? ProjectIdentity(directory: System.workingDirectory, named: System.namedWorkingDirectory) : nil
        let store = try History.open(provider, History.Wishes(home: home))
        defer { store.close() }
        let progress = ProgressLine("reading \(path)")
        defer { progress.clear() }
        let run = SessionImport(
            source: try ImportSource(path), store: store,
            project: try arguments[project].map { (word) throws(CommandFailure) in try choose(word, here, store) },
            makesNewIDs: arguments.has(newIDs), progress: progress)
        let outcome = try run.run(isRehearsal: arguments.has(.dryRun))
        progress.clear()
        report(outcome, isRehearsal: arguments.has(.dryRun), asJSON: arguments.has(.json))
        return .success
    }

    private static func provider(_ arguments: Arguments) throws(CommandFailure) -> Provider {
        var name = arguments.database
        if let given = arguments[into] {
            guard name == nil else {
                throw CommandFailure(.usage, "import: --into and --database are two histories; name one")
            }
            let path = System.realPath(given) ?? given
            guard let mount = MountTable.mount(at: path), mount.type == MountTable.type else {
                throw CommandFailure(.notFound, "\(given) is no mount of opencodefs; see: opencodefs mount")
            }
            guard !mount.isReadOnly else {
                throw CommandFailure(.failure, "\(given) is mounted read-only; name its database with --database")
            }
            // The mount table does not say as whom a server was asked; what OpenCode is set up for does.
            let search = try DatabaseSearch(named: nil)
            if let same = search.candidates.first(where: { $0.source == mount.source }) {
                return try same.provider(try UserConfiguration())
            }
            name = mount.source
        }
        return try DatabaseSearch(named: name).chosen().provider(try UserConfiguration())
    }

    private static func choose(
        _ word: String, _ here: ProjectIdentity?, _ store: any SessionStore
    ) throws(CommandFailure) -> Project.ID {
        let catalog: Catalog
        let isGo: Bool
        do throws(StoreError) {
            (catalog, isGo) = try store.reading(.lasting(.seconds(10))) { (snapshot) throws(StoreError) in
                (
                    Catalog(projects: try snapshot.projects(), sessions: [], scope: .all),
                    snapshot.generation == .go
                )
            }
        } catch {
            throw CommandFailure(.failure, "cannot read the projects: \(error)")
        }
        let identity = here ?? ProjectIdentity(Project.ID(ProjectIdentity.typed(word)))
        let found =
            here == nil
            ? catalog.projects[Project.ID(word)] : catalog.project(containing: Array(System.workingDirectory.utf8))
        if let project = found ?? catalog.project(identity) { return project.id }
        // There a project is what its sessions name.
        guard isGo else {
            throw CommandFailure(
                .notFound,
                here == nil
                    ? "no project \"\(ProjectIdentity.typed(word))\" in this history; leave --project out to make the export's own"
                    : "no project has its worktree at or above \(System.workingDirectory); leave --project out to make the export's own"
            )
        }
        return identity.id
    }

    private static func report(_ outcome: SessionImport.Outcome, isRehearsal: Bool, asJSON: Bool) {
        if asJSON {
            var document = JSONObject()
            document.add("dryRun", .boolean(isRehearsal))
            document.add("session", .string(outcome.session.bytes))
            document.add("project", .string(outcome.project.bytes))
            document.add("newSession", .boolean(outcome.isNewSession))
            document.add("newProject", .boolean(outcome.isNewProject))
            document.add("inserted", .integer(outcome.inserted))
            document.add("alreadyThere", .integer(outcome.present))
            Console.print(bytes: document.document())
            return
        }
        let verb = isRehearsal ? "Would import" : "Imported"
        if outcome.isNewSession {
            Console.print("\(verb) \(outcome.session): \(Human.count(outcome.inserted, "message")).")
            if outcome.isNewProject { Console.note("The project \(outcome.project) is new.") }
        } else if outcome.inserted > 0 {
            Console.print(
                "\(verb) \(Human.count(outcome.inserted, "message")) that \(outcome.session) lacked; \(outcome.present) were there."
            )
        } else {
            Console.print("\(outcome.session) is there already, with all of its messages; nothing was changed.")
            if outcome.isOtherRow {
                Console.note("Its session.json has been changed since the export, and was left as it is.")
            }
        }
    }
}
