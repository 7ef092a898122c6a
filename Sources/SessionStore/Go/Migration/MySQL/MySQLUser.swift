internal import SQL

/// Who we are to a MySQL or MariaDB server, and what its grants let us do with the database.
struct MySQLUser {
    /// As CURRENT_USER() has it, `name@host`: the account that grants are made to.
    let account: String
    let database: String
    let grants: MySQLGrants
    /// Whether the server takes triggers from users with SUPER alone, and we are none as far as can be known.
    let needsTrustForTriggers: Bool

    /// The server's number for what ``distrust`` says.
    static let distrustCode = 1419
    /// A binary log makes triggers a matter of trust.
    static let distrust = MigrationError.denied(
        reason: """
            the server keeps a binary log and lets only users with SUPER make triggers; an administrator can run: \
            SET GLOBAL log_bin_trust_function_creators = 1
            """)

    init(_ connection: any SQLConnection) throws(MigrationError) {
        do throws(SQLError) {
            let facts = try connection.texts(
                "SELECT CURRENT_USER(), DATABASE(), @@log_bin, @@log_bin_trust_function_creators", columns: 4)
            account = facts.first?[0] ?? ""
            database = facts.first?[1] ?? ""
            let lines = try connection.texts("SHOW GRANTS", columns: 1).compactMap { $0[0] }
            grants = MySQLGrants(lines, database: database)
            let isDistrusted = facts.first?[2] == "1" && facts.first?[3] == "0"
            needsTrustForTriggers = isDistrusted && !grants.isSuper && !grants.isPartial
        } catch {
            throw .unavailable(error)
        }
    }

    /// What to say where privileges are lacking.
    func denial(of privileges: Set<String>) -> MigrationError {
        .denied(
            reason: """
                user \(account) may not \(privileges.sorted().joined(separator: ", ")) there; an administrator can run: \
                \(grant(of: privileges))
                """)
    }

    /// What an administrator has to run, for people.
    func grant(of privileges: Set<String>) -> String {
        MySQLGrants.statement(privileges, database: database, user: account)
    }
}
