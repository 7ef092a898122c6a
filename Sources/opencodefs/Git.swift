/// The program git, asked about directories.
enum Git {
    /// How long git may take, where a directory is on a network that does not answer.
    private static let patience: Duration = .seconds(5)

    /// `remote.origin.url` of the repository that a directory is in, as it stands in git's configuration; nil where there is
    /// none, no repository, or no git.
    static func origin(of directory: String) -> [UInt8]? {
        // A mount of root's may be of another user's repository, which git would say nothing of; asked for one setting, it
        // runs nothing that stands there.
        let program = Program(
            words: ["git", "-C", directory, "-c", "safe.directory=*", "config", "--get", "remote.origin.url"],
            environment: System.variables.filter(isKept), patience: patience)
        return try? program.output()
    }

    /// What stays of git's variables. The others may name a repository or settings for somebody else's sake: a hook that
    /// mounts has them.
    private static let keptVariables: Set<String> = [
        "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
    ]

    private static func isKept(_ variable: String) -> Bool {
        guard variable.hasPrefix("GIT_") else { return true }
        return keptVariables.contains(String(variable.prefix { $0 != "=" }))
    }
}
