internal import SessionModel

/// What `.opencode.json` says to the Go OpenCode, as far as it concerns the database.
///
/// It reads one file of the user's, the first that exists, and lays the working directory's over it
/// (opencode-ai/opencode, internal/config/config.go).
struct OpenCodeConfiguration {
    /// `data.directory`, and the file that says so.
    private(set) var dataDirectory: (value: String, file: String)?
    /// `sessionProvider`
    private(set) var sessionProvider = SessionProvider()

    init(workingDirectory: String, home: String) {
        let configuration = System.environment("XDG_CONFIG_HOME").map { ["\($0)/opencode/.opencode.json"] } ?? []
        let user = (["\(home)/.opencode.json"] + configuration + ["\(home)/.config/opencode/.opencode.json"])
            .first { System.isFile($0) }
        // Later ones win.
        for file in [user, workingDirectory + "/.opencode.json"].compactMap({ $0 }) {
            guard let bytes = System.contents(file), let json = try? JSON(parsing: bytes) else { continue }
            if let directory = json["data"]?["directory"]?.string, !directory.isEmpty {
                dataDirectory = (directory, file)
            }
            if let provider = json["sessionProvider"] { sessionProvider.add(provider, file: file) }
        }
    }
}
