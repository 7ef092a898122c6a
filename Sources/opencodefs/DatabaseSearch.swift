internal import MySQLDriver
internal import SessionModel

/// Where an OpenCode database may be, in the order of precedence.
struct DatabaseSearch {
    enum Place {
        case file(path: String)
        case server(ServerSource)
    }

    struct Candidate {
        /// What led here: `--database`, a variable, a file.
        let origin: String
        let place: Place
        /// Whether somebody named it, so that nothing else will do in its place.
        let isExplicit: Bool

        /// Whether there is such a file. A server is never asked: whoever names one means it. The files of OpenCode 1.1 are
        /// shown when they are named, and never found: OpenCode has moved on from them.
        var exists: Bool {
            switch place {
            case .file(let path): System.isFile(path) || (isExplicit && LegacyDirectory.isOne(path))
            case .server: true
            }
        }

        /// What to call it: a path, or a URL without a password.
        var name: String {
            switch place {
            case .file(let path): path
            case .server(let source): source.name ?? "mysql"
            }
        }

        /// The same as what a mount of it has for a source.
        var source: String {
            guard case .file(let path) = place else { return name }
            return System.realPath(path) ?? path
        }
    }

    let candidates: [Candidate]

    /// - Parameter named: the value of --database.
    init(named: String?) throws(CommandFailure) {
        let directory = System.workingDirectory
        let home = System.home
        let data = (System.environment("XDG_DATA_HOME") ?? home + "/.local/share") + "/opencode"
        var candidates: [Candidate] = []
        func add(_ origin: String, _ path: String, isExplicit: Bool = false) {
            let path = System.path(path, below: directory)
            candidates.append(Candidate(origin: origin, place: .file(path: path), isExplicit: isExplicit))
        }
        func add(_ source: ServerSource) {
            candidates.append(Candidate(origin: source.origin, place: .server(source), isExplicit: true))
        }
        let configuration = OpenCodeConfiguration(workingDirectory: directory, home: home)
        let provider = configuration.sessionProvider
        if let named {
            if DSN.isURL(named) {
                add(try Self.server(url: named, provider))
            } else {
                try Self.refuseMemory(named, origin: "--database")
                add("--database", named, isExplicit: true)
            }
        }
        let type = System.environment("OPENCODE_SESSION_PROVIDER_TYPE")
        if named == nil { try Self.check(type: type, provider.type) }
        if type == "mysql" { add(Self.server(provider, origin: "OPENCODE_SESSION_PROVIDER_TYPE")) }
        if let variable = System.environment("OPENCODE_DB") {
            if candidates.isEmpty { try Self.refuseMemory(variable, origin: "OPENCODE_DB") }
            add("OPENCODE_DB", System.path(variable, below: data), isExplicit: candidates.isEmpty)
        }
        if type == nil, let saying = provider.type, saying.text == "mysql" {
            add(Self.server(provider, origin: "sessionProvider in \(saying.file)"))
        }
        if let (value, file) = configuration.dataDirectory {
            add("data.directory in \(file)", System.path(value, below: directory) + "/opencode.db")
        }
        add("./.opencode", directory + "/.opencode/opencode.db")
        add("~/.opencode", home + "/.opencode/opencode.db")
        add("XDG data directory", data + "/opencode.db")
        self.candidates = candidates
    }

    /// What looks like a choice of a server and is none; nil where there is nothing to say.
    var hint: String? {
        let isChosen = candidates.contains { if case .server = $0.place { true } else { false } }
        guard SecretVariables.dsn != nil, !isChosen else { return nil }
        return "OPENCODE_MYSQL_DSN is set and not used; to use it: export OPENCODE_SESSION_PROVIDER_TYPE=mysql"
    }

    /// The server that OpenCode is configured for: the DSN of the environment before that of a file, a DSN before its pieces.
    private static func server(_ provider: SessionProvider, origin: String) -> ServerSource {
        if let dsn = SecretVariables.dsn {
            ServerSource(words: .name(dsn, file: nil), origin: "OPENCODE_MYSQL_DSN", tuning: provider)
        } else if let saying = provider.mysql[.dsn] {
            ServerSource(
                words: .name(saying.text, file: saying.file), origin: "sessionProvider.mysql.dsn in \(saying.file)",
                tuning: provider)
        } else {
            ServerSource(words: .pieces(provider.mysql), origin: origin, tuning: provider)
        }
    }

    /// The server that --database names. Its password is somewhere else: what stands on a command line, everybody sees.
    private static func server(url: String, _ provider: SessionProvider) throws(CommandFailure) -> ServerSource {
        guard !DSN.holdsPassword(url: url) else {
            throw CommandFailure(
                .usage,
                "--database holds a password, which every user of this computer can see in the list of processes: change it, and give it in OPENCODEFS_PASSWORD_FILE, in passwordFile or passwordCommand of \(UserConfiguration.path), or in [client] of ~/.my.cnf"
            )
        }
        return ServerSource(words: .name(url, file: nil), origin: "--database", tuning: provider)
    }

    private static func check(type: String?, _ saying: SessionProvider.Saying?) throws(CommandFailure) {
        let origin = type == nil ? "sessionProvider.type in \(saying?.file ?? "")" : "OPENCODE_SESSION_PROVIDER_TYPE"
        guard let type = type ?? saying?.text, !["sqlite", "mysql"].contains(type) else { return }
        throw CommandFailure(
            .usage, "invalid session provider type: \(type) (must be 'sqlite' or 'mysql'); mend \(origin)")
    }

    private static func refuseMemory(_ path: String, origin: String) throws(CommandFailure) {
        guard path == ":memory:" || path.isEmpty else { return }
        throw CommandFailure(.usage, "\(origin) is \"\(path)\", a database that no other program can open; name a file")
    }

    /// The one to use: the first that exists, unless one that was named is missing. What is said of a server is looked at,
    /// the server is not asked.
    func chosen() throws(CommandFailure) -> Candidate {
        for candidate in candidates {
            guard case .file(let path) = candidate.place else {
                if case .server(let source) = candidate.place { try source.check() }
                return candidate
            }
            if candidate.exists { return candidate }
            if candidate.isExplicit {
                if case .success(.directory) = System.kind(path) {
                    throw CommandFailure(
                        .noDatabase,
                        "\(path) (\(candidate.origin)) is a directory; name the file in it, or the storage directory of an OpenCode up to 1.1"
                    )
                }
                throw CommandFailure(
                    .noDatabase,
                    "no database at \(path) (\(candidate.origin)); see where others are: opencodefs where")
            }
        }
        let list = candidates.map { "  \($0.name)  (\($0.origin))" }.joined(separator: "\n")
        throw CommandFailure(
            .noDatabase,
            """
            no OpenCode database found. Looked for:
            \(list)
            Name one with --database PATH, or make one to try: opencodefs demo ./demo.db
            """)
    }

    /// Others that exist, besides the one to use, each once.
    func others(than chosen: Candidate) -> [Candidate] {
        var seen = [chosen.source]
        return candidates.filter { candidate in
            guard candidate.exists, !seen.contains(candidate.source) else { return false }
            seen.append(candidate.source)
            return true
        }
    }
}

extension DatabaseSearch.Candidate {
    /// The database itself, with all that is needed to open it: for a server that is a password too, which may be asked for.
    func provider(_ configuration: UserConfiguration) throws(CommandFailure) -> Provider {
        switch place {
        case .file(let path):
            guard let path = System.realPath(path) else {
                throw CommandFailure(.noDatabase, "cannot open \(path): \(ErrorNumber().text)")
            }
            return .file(path: path)
        case .server(let source):
            let (server, notes) = try source.server(configuration)
            for note in notes { Console.note("  \(note)") }
            return .server(server)
        }
    }
}
