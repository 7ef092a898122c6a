internal import MySQLDriver
internal import SQL
internal import SessionStore

/// Why a database on a server cannot be used: one line that says what, where and the remedy (docs/team.md lists them). No
/// password is in it.
struct ServerFailure {
    let failure: CommandFailure

    /// What a server said to somebody who came, or wanted something.
    init(_ error: SQLError, _ settings: MySQLSettings) {
        let (status, remedy) = Self.meaning(of: error, settings)
        failure = CommandFailure(
            status, "cannot open \(settings.name): \(error.message)\(remedy.map { "; \($0)" } ?? "")")
    }

    /// What the store says, which has no numbers any more.
    init(_ error: StoreError, _ name: String) {
        switch error {
        case .unsupportedSchema(let reason):
            failure = CommandFailure(.unknownSchema, "cannot use \(name): \(reason)")
        case .busy:
            failure = CommandFailure(.busy, "\(name) is in use: others kept its rows locked; try again")
        case .denied(let reason):
            failure = CommandFailure(.denied, "cannot use \(name): \(reason); see docs/team.md for the GRANTs it takes")
        case .unavailable(let reason), .readOnly(let reason), .expired(let reason), .tooLarge(let reason),
            .notAllowed(let reason):
            failure = CommandFailure(.failure, "cannot use \(name): \(reason)")
        case .notFound, .notEmpty, .taken, .full, .cancelled:
            failure = CommandFailure(.failure, "cannot use \(name): \(error)")
        }
    }

    private static func meaning(of error: SQLError, _ settings: MySQLSettings) -> (ExitStatus, remedy: String?) {
        switch error.code {
        case 1045, 1698:
            settings.password.isEmpty
                ? (
                    .denied,
                    "no password was found: give it in OPENCODEFS_PASSWORD_FILE, in passwordFile of \(UserConfiguration.path), or in ~/.my.cnf"
                ) : (.denied, "try: \(client(settings))")
        case 1044, 1142, 1143:
            (
                .denied,
                "is its name right? Its administrator grants it: GRANT SELECT, INSERT, UPDATE, DELETE ON \(settings.database).* TO '\(settings.user)'@'%'"
            )
        case 1130: (.denied, "its administrator makes a user for this host: CREATE USER '\(settings.user)'@'%'")
        case 1049:
            (
                .noDatabase,
                "its administrator makes it: CREATE DATABASE \(settings.database) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; then: opencodefs init \(settings.typed)"
            )
        case 1040, 1203, 1226: (.busy, "try again, or lower maxConnections of sessionProvider.mysql")
        case 2002, 2003, 2005: (.failure, "try: \(client(settings))")
        case 2026:
            (
                .failure,
                settings.encryption == .verified
                    ? "does it have TLS, does tlsCA name the authority that signed its certificate, and is that made out to this name? docs/team.md tells how to see"
                    : "does the server have TLS? see docs/team.md"
            )
        default:
            switch error.kind {
            case .denied: (.denied, nil)
            case .busy, .contended: (.busy, "try again")
            case .expired: (.failure, "try: \(client(settings))")
            default: (.failure, nil)
            }
        }
    }

    /// What to type to see whether others get in.
    private static func client(_ settings: MySQLSettings) -> String {
        switch settings.address {
        case .tcp(let host, let port): "mariadb -h \(host) -P \(port) -u \(settings.user) -p \(settings.database)"
        case .socket(let path): "mariadb -S \(path) -u \(settings.user) -p \(settings.database)"
        }
    }
}

extension MySQLSettings {
    /// What may be typed for --database: the name, with the user.
    var typed: String {
        guard !user.isEmpty, !user.contains(where: { "@:/?%".contains($0) }) else { return name }
        return "mysql://\(user)@" + name.dropFirst("mysql://".count)
    }
}
