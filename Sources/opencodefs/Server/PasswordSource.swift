/// Where a password may come from besides what names the server; the first that says one is taken.
enum PasswordSource {
    /// How long a command may take, with somebody typing into it.
    private static let patience = Duration.seconds(120)

    /// From the environment, which comes before every file: `OPENCODEFS_PASSWORD`, `OPENCODEFS_PASSWORD_FILE`.
    static func environment() throws(CommandFailure) -> String? {
        if let password = SecretVariables.password { return password }
        guard let path = System.environment("OPENCODEFS_PASSWORD_FILE") else { return nil }
        return try read(System.path(path, below: System.workingDirectory), origin: "OPENCODEFS_PASSWORD_FILE")
    }

    /// From opencodefs's own configuration: `passwordFile`, `passwordCommand`.
    static func configuration(_ configuration: UserConfiguration) throws(CommandFailure) -> String? {
        if let path = configuration.passwordFile {
            return try read(path, origin: "passwordFile in \(UserConfiguration.path)")
        }
        guard let words = configuration.passwordCommand else { return nil }
        return try run(words)
    }

    /// The first line of a file that nobody else can read.
    private static func read(_ path: String, origin: String) throws(CommandFailure) -> String {
        guard let bytes = System.contents(path, limit: 1 << 16) else {
            throw CommandFailure(.failure, "cannot read \(path) (\(origin)): \(ErrorNumber().text)")
        }
        try requirePrivate(path)
        guard let line = firstLine(bytes) else {
            throw CommandFailure(.failure, "\(path) (\(origin)) holds no password: its first line is empty")
        }
        return line
    }

    /// The first line of what a program says.
    private static func run(_ words: [String]) throws(CommandFailure) -> String {
        let origin = "passwordCommand in \(UserConfiguration.path)"
        let bytes: [UInt8]
        do throws(Program.Failure) {
            bytes = try Program(words: words, isInteractive: true, patience: patience).output()
        } catch {
            let reason =
                switch error {
                case .notStarted(let error): "cannot start \(words[0]): \(error.text)"
                case .tooSlow: "\(words[0]) took more than \(patience.components.seconds) s"
                case .failed: "\(words[0]) failed"
                }
            throw CommandFailure(.failure, "\(origin): \(reason); try it by hand")
        }
        guard let line = firstLine(bytes) else {
            throw CommandFailure(.failure, "\(origin): \(words[0]) printed no password; try it by hand")
        }
        return line
    }

    private static func firstLine(_ bytes: [UInt8]) -> String? {
        let line = bytes.prefix { $0 != 0x0a && $0 != 0x0d && $0 != 0 }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Refuses a file with a password that others may read.
    static func requirePrivate(_ path: String) throws(CommandFailure) {
        guard !System.isPrivate(path) else { return }
        throw CommandFailure(
            .failure, "\(path) holds a password and others may read it; run: chmod 600 \(path)")
    }
}
