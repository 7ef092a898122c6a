internal import SessionModel

/// Where an OpenCode database may be, in the order of precedence.
struct DatabaseSearch {
    struct Candidate {
        /// What led here: `--database`, a variable, a file.
        let origin: String
        let path: String
        /// Whether somebody named it, so that nothing else will do in its place.
        let isExplicit: Bool

        var exists: Bool { System.isFile(path) }
    }

    let candidates: [Candidate]

    /// - Parameter named: the value of --database.
    init(named: String?) throws(CommandFailure) {
        let directory = System.workingDirectory
        let home = System.home
        let data = (System.environment("XDG_DATA_HOME") ?? home + "/.local/share") + "/opencode"
        var candidates: [Candidate] = []
        func add(_ origin: String, _ path: String, isExplicit: Bool = false) {
            candidates.append(
                Candidate(origin: origin, path: System.path(path, below: directory), isExplicit: isExplicit))
        }
        if let named {
            try Self.refuseMemory(named, origin: "--database")
            add("--database", named, isExplicit: true)
        }
        if let variable = System.environment("OPENCODE_DB") {
            if named == nil { try Self.refuseMemory(variable, origin: "OPENCODE_DB") }
            add("OPENCODE_DB", System.path(variable, below: data), isExplicit: named == nil)
        }
        let configuration = OpenCodeConfiguration(workingDirectory: directory, home: home)
        if let (value, file) = configuration.dataDirectory {
            add("data.directory in \(file)", System.path(value, below: directory) + "/opencode.db")
        }
        add("./.opencode", directory + "/.opencode/opencode.db")
        add("~/.opencode", home + "/.opencode/opencode.db")
        add("XDG data directory", data + "/opencode.db")
        self.candidates = candidates
    }

    private static func refuseMemory(_ path: String, origin: String) throws(CommandFailure) {
        guard path == ":memory:" || path.isEmpty else { return }
        throw CommandFailure(.usage, "\(origin) is \"\(path)\", a database that no other program can open; name a file")
    }

    /// The one to use: the first that exists, unless one that was named is missing.
    func chosen() throws(CommandFailure) -> Candidate {
        for candidate in candidates {
            if candidate.exists { return candidate }
            if candidate.isExplicit {
                if case .success(.directory) = System.kind(candidate.path) {
                    throw CommandFailure(
                        .noDatabase, "\(candidate.path) (\(candidate.origin)) is a directory; name the file in it")
                }
                throw CommandFailure(
                    .noDatabase,
                    "no database at \(candidate.path) (\(candidate.origin)); see where others are: opencodefs where")
            }
        }
        let list = candidates.map { "  \($0.path)  (\($0.origin))" }.joined(separator: "\n")
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
        var seen = [System.realPath(chosen.path)]
        return candidates.filter { candidate in
            guard candidate.exists, let path = System.realPath(candidate.path), !seen.contains(path) else {
                return false
            }
            seen.append(path)
            return true
        }
    }
}
